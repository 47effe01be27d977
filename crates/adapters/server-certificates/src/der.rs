//! Reads the parts of a certificate that do not depend on its version (RFC 5280, section 4.1).

use time::{Date, Month, OffsetDateTime, Time};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const IDENTIFIER: u8 = 0x06;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// 2.5.29.19
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];

/// A public key, as a certificate has it.
pub(crate) struct PublicKey<'a> {
    /// The content of its `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    /// The key itself.
    pub(crate) bits: &'a [u8],
}

/// Returns the `notAfter` of a DER certificate (RFC 5280 4.1.2.5), or `None` when it is not in its place.
pub fn not_after(der: &[u8]) -> Option<OffsetDateTime> {
    let (validity, _) = expect(validity_and_on(der)?, SEQUENCE)?;
    let (_, _not_before, rest) = element(validity)?;
    let (tag, not_after, _) = element(rest)?;
    time(tag, not_after)
}

/// Whether a DER certificate is of X.509 version 1, which has no extensions and so neither names of hosts nor
/// the mark of an authority. Version 1 is the one that is not written (RFC 5280 4.1.2.1).
pub fn is_version_1(der: &[u8]) -> bool {
    to_be_signed(der).is_some_and(|content| expect(content, INTEGER).is_some())
}

/// Whether a DER certificate says that it is that of an authority: `basicConstraints` with `cA` (RFC 5280
/// 4.2.1.9).
pub fn is_authority(der: &[u8]) -> bool {
    extension(der, &BASIC_CONSTRAINTS).is_some_and(|value| {
        let flag = expect(value, SEQUENCE).and_then(|(content, _)| expect(content, BOOLEAN));
        flag.is_some_and(|(flag, _)| flag == [0xff])
    })
}

/// The value of an extension (RFC 5280 4.2).
fn extension<'a>(der: &'a [u8], identifier: &[u8]) -> Option<&'a [u8]> {
    let (_validity, rest) = expect(validity_and_on(der)?, SEQUENCE)?;
    let (_subject, rest) = expect(rest, SEQUENCE)?;
    let (_key, mut rest) = expect(rest, SEQUENCE)?;
    let extensions = loop {
        let (tag, content, after) = element(rest)?;
        if tag == EXTENSIONS {
            break content;
        }
        rest = after;
    };
    let (mut list, _) = expect(extensions, SEQUENCE)?;
    loop {
        let (one, after) = expect(list, SEQUENCE)?;
        let (found, value) = expect(one, IDENTIFIER)?;
        if found == identifier {
            let value = expect(value, BOOLEAN).map_or(value, |(_critical, value)| value);
            return expect(value, OCTET_STRING).map(|(value, _)| value);
        }
        list = after;
    }
}

pub(crate) fn public_key(der: &[u8]) -> Option<PublicKey<'_>> {
    let (_validity, rest) = expect(validity_and_on(der)?, SEQUENCE)?;
    let (_subject, rest) = expect(rest, SEQUENCE)?;
    let (key, _) = expect(rest, SEQUENCE)?;
    let (algorithm, rest) = expect(key, SEQUENCE)?;
    let (bits, _) = expect(rest, BIT_STRING)?;
    // The first byte counts the bits of the last one that do not belong to the key. There are none.
    Some(PublicKey { algorithm, bits: bits.strip_prefix(&[0])? })
}

/// The length of the modulus of an `RSAPublicKey` (RFC 8017, appendix A.1.1).
pub(crate) fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (key, _) = expect(key, SEQUENCE)?;
    let (modulus, _) = expect(key, INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let highest = modulus.first()?;
    Some(modulus.len() * 8 - usize::try_from(highest.leading_zeros()).ok()?)
}

fn to_be_signed(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    expect(certificate, SEQUENCE).map(|(content, _)| content)
}

fn validity_and_on(der: &[u8]) -> Option<&[u8]> {
    let content = to_be_signed(der)?;
    let after_version = expect(content, VERSION).map_or(content, |(_, rest)| rest);
    let (_serial, rest) = expect(after_version, INTEGER)?;
    let (_algorithm, rest) = expect(rest, SEQUENCE)?;
    expect(rest, SEQUENCE).map(|(_issuer, rest)| rest)
}

fn expect(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(input).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// Splits off the first element: its tag, its content and the rest. It reads tags of one byte and lengths of
/// up to four bytes (X.690 8.1.3).
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn time(tag: u8, text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match tag {
        // The two digits of a UTCTime mean a year from 1950 to 2049.
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(2)?).ok()?;
    let time = Time::from_hms(part(4)?, part(6)?, part(8)?).ok()?;
    (rest.len() == 10).then(|| date.with_time(time).assume_utc())
}
