//! Fingerprints of SSH host keys in the spellings that tools and vendors print.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};

use crate::violation::Rule;

/// Base64 with and without padding, written without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const MD5: Rule = Rule::fixed(
    "is an MD5 fingerprint, which can be forged; give the SHA256 one, which `ssh-keygen -l -E sha256` prints for a public key or for what `ssh-keyscan HOST` prints",
);
const SHA1: Rule = Rule::fixed(
    "is a SHA-1 fingerprint, which can be forged; give the SHA256 one, which `ssh-keygen -l -E sha256` prints for a public key or for what `ssh-keyscan HOST` prints",
);
const SEVERAL: Rule = Rule::fixed(
    "names several host keys; give the one that the server is known by, and a test takes any of its keys that matches",
);

/// Reads a fingerprint and returns it as `ssh-keygen -l` prints it: `SHA256:` and 43 characters of base64.
///
/// It may have padding, another case of `SHA256:` or none, or be the 32 bytes in hexadecimal. It may stand in
/// a line of `ssh-keygen -l`. A public key, alone or in a line of `known_hosts`, counts as its fingerprint.
/// A text that is none of these is returned as it is, without blanks around it.
///
/// # Errors
/// A fingerprint by MD5 or SHA-1 without one by SHA-256 beside it, and several ones.
pub(crate) fn canonical(text: &str) -> Result<String, Rule> {
    let mut found: Vec<String> = Vec::new();
    let mut forgeable = None;
    let words: Vec<&str> = text.split_whitespace().collect();
    // A line of `known_hosts` with a marker is no key of a host: `@cert-authority`, `@revoked`.
    if words.iter().any(|word| word.starts_with('@')) {
        return Ok(text.trim().to_owned());
    }
    for (place, word) in words.iter().enumerate() {
        let alone = words.len() == 1;
        let labelled = words.get(..place).is_some_and(is_label);
        match of_word(word, alone || labelled) {
            Ok(fingerprint) => found.extend(fingerprint),
            Err(rule) => forgeable = forgeable.or(Some(rule)),
        }
    }
    found.dedup();
    match (found.as_slice(), forgeable) {
        ([one], _) => Ok(one.clone()),
        ([], Some(rule)) => Err(rule),
        ([], None) => Ok(text.trim().to_owned()),
        _ => Err(SEVERAL),
    }
}

/// Whether the words before a word say that it is a fingerprint: `SHA256:` with a blank after the colon,
/// `ssh-ed25519 255` as WinSCP writes it, `SSHFP 4 2` as DNS has it (RFC 4255).
fn is_label(before: &[&str]) -> bool {
    let Some(last) = before.last() else { return false };
    let label = last.trim_end_matches(':');
    let is_number = |word: &&&str| word.bytes().all(|b| b.is_ascii_digit());
    let name = before.iter().rev().find(|word| !is_number(word));
    ["SHA256", "SHA-256"].iter().any(|known| label.eq_ignore_ascii_case(known))
        || is_number(&last)
            && name
                .is_some_and(|name| ["ssh-", "ecdsa-", "SSHFP"].iter().any(|known| has_prefix(name, known)))
}

/// The fingerprint that a word is or stands for. A word without a label counts only when it is `sure`,
/// because in a line it may be a name.
fn of_word(word: &str, sure: bool) -> Result<Option<String>, Rule> {
    let word = word.trim_matches(['"', '\'', ',', ';', '.', '(', ')']);
    let bare = |digits: usize| sure && word.len() == digits && hexadecimal(word).is_some();
    if has_prefix(word, "MD5:") || is_colon_hex(word, 16) || bare(32) {
        return Err(MD5);
    }
    if has_prefix(word, "SHA1:") || is_colon_hex(word, 20) || bare(40) {
        return Err(SHA1);
    }
    if word.starts_with("AAAA") {
        return Ok(of_public_key(word));
    }
    let label = ["SHA256:", "SHA-256:"].into_iter().find(|label| has_prefix(word, label));
    let digest = match label.and_then(|label| word.get(label.len()..)) {
        Some(digest) => digest,
        None if sure || is_colon_hex(word, 32) => word,
        None => return Ok(None),
    };
    Ok(of_digest(digest))
}

fn of_digest(text: &str) -> Option<String> {
    let bytes = match text.len() {
        // Some tools write the alphabet for URLs (RFC 4648, section 5).
        43 | 44 => BASE64.decode(text.replace('-', "+").replace('_', "/")).ok()?,
        64 | 95 => hexadecimal(text)?,
        _ => return None,
    };
    (bytes.len() == 32).then(|| format!("SHA256:{}", BASE64.encode(bytes)))
}

/// The fingerprint of a public key: the base64 of its wire form (RFC 4253, section 6.6), which begins with
/// the length and the text of its algorithm's name. `None` when it is not whole, as the first line of a key
/// that was broken into several.
fn of_public_key(text: &str) -> Option<String> {
    let wire = BASE64.decode(text).ok()?;
    let mut rest = wire.as_slice();
    let name = wire_text(&mut rest)?;
    let parts = match name {
        b"ssh-ed25519" => 1,
        b"ssh-rsa" => 2,
        b"ssh-dss" => 4,
        name if name.starts_with(b"ecdsa-sha2-") || name.starts_with(b"sk-ssh-ed25519") => 2,
        name if name.starts_with(b"sk-ecdsa-sha2-") => 3,
        _ => return None,
    };
    (0..parts).try_for_each(|_| wire_text(&mut rest).filter(|part| !part.is_empty()).map(|_| ()))?;
    rest.is_empty().then(|| format!("SHA256:{}", BASE64.encode(Sha256::digest(&wire))))
}

/// Takes a string of the SSH protocol: its length in four bytes, and its bytes (RFC 4251, section 5).
fn wire_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (taken, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(taken)
}

fn has_prefix(word: &str, prefix: &str) -> bool {
    word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a word is this number of bytes in hexadecimal with colons between them.
fn is_colon_hex(word: &str, bytes: usize) -> bool {
    word.len() == 3 * bytes - 1 && hexadecimal(word).is_some_and(|read| read.len() == bytes)
}

/// Reads bytes in hexadecimal, all with a colon or hyphen between them or all without.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let pairs: Vec<&str> = match text.contains([':', '-']) {
        true => text.split([':', '-']).collect(),
        false => (0..text.len()).step_by(2).map(|at| text.get(at..at + 2)).collect::<Option<_>>()?,
    };
    let digits = |pair: &&str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    if !pairs.iter().all(digits) {
        return None;
    }
    pairs.iter().map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // `ssh-keygen -lf` of the public key below, which was made for this test.
    const FINGERPRINT: &str = "SHA256:8iSlooIYPEdWaRsV/jjsmpp3pWXyxH69PNdt/pU3pQs";
    const PUBLIC: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINr3AWLZbGEANv6LMDY0nD8KSAkNmTxXSL4DHZE2gr1C";
    const HEX: &str = "f224a5a282183c4756691b15fe38ec9a9a77a565f2c47ebd3cd76dfe9537a50b";

    #[test]
    fn every_usual_spelling_of_a_fingerprint_is_that_of_ssh_keygen() {
        let digest = FINGERPRINT.strip_prefix("SHA256:").unwrap();
        let colons = HEX.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let colons = colons.collect::<Vec<_>>().join(":");
        for text in [
            FINGERPRINT.to_owned(),
            format!("{FINGERPRINT}="),
            digest.to_owned(),
            format!("{digest}="),
            format!("sha256:{digest}"),
            format!("SHA256: {digest}"),
            format!("SHA-256:{digest}"),
            format!(" {FINGERPRINT}\n"),
            format!("256 {FINGERPRINT} root@files (ED25519)"),
            format!("ED25519 key fingerprint is {FINGERPRINT}."),
            format!("256 {FINGERPRINT} no comment (ED25519)"),
            HEX.to_owned(),
            HEX.to_ascii_uppercase(),
            colons.clone(),
            format!("SHA256:{colons}"),
            colons.replace(':', "-"),
            PUBLIC.to_owned(),
            format!("{PUBLIC} root@files"),
            format!("files.example.com {PUBLIC}"),
            format!("[files.example.com]:2222,192.0.2.7 {PUBLIC}"),
            format!("files.example.com {PUBLIC}\n[files.example.com]:22 {PUBLIC}\n"),
            PUBLIC.split(' ').nth(1).unwrap().to_owned(),
            format!("ssh-ed25519 255 {digest}="),
            format!("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 {FINGERPRINT}"),
            format!("files.example.com. 3600 IN SSHFP 4 2 {HEX}"),
            format!("SHA256:{}", digest.replace('/', "_").replace('+', "-")),
        ] {
            assert_eq!(canonical(&text).as_deref(), Ok(FINGERPRINT), "{text}");
        }
    }

    #[test]
    fn what_is_not_safe_or_not_sure_is_not_guessed() {
        let md5 = "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48";
        for text in [
            md5.to_owned(),
            md5.replace(':', ""),
            format!("MD5:{md5}"),
            format!("2048 MD5:{md5} root@files (RSA)"),
        ] {
            assert_eq!(canonical(&text), Err(MD5), "{text}");
        }
        assert_eq!(canonical("SHA1:C0lpRHDJ2oDo0hDXVKYmFDbBMPM"), Err(SHA1));
        let digest = FINGERPRINT.strip_prefix("SHA256:").unwrap();
        let other = format!("SHA256:{}", digest.replace(digest.chars().next().unwrap(), "a"));
        assert_eq!(canonical(&format!("{FINGERPRINT} {other}")), Err(SEVERAL));
        let revoked = format!("@revoked files.example.com {PUBLIC}");
        for text in [
            &revoked,
            "",
            "SHA256:",
            "SHA256:short",
            "a note",
            &format!("see {digest}"),
            "AAAA",
            &digest[1..],
            &HEX[2..],
            &format!("port 22 {digest}"),
            &PUBLIC[..60],
            &format!("{}\n{}", &PUBLIC[..40], &PUBLIC[40..]),
        ] {
            assert_eq!(
                canonical(text).as_deref(),
                Ok(text),
                "it has another form, which the pattern refuses"
            );
        }
    }
}
