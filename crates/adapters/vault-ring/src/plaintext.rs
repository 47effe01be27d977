//! The byte form of a payload inside its envelope, and its padding.
//!
//! It has the number of fields (u32, big-endian), then for each field, in the order of the names, its name
//! and its value, both as length (u32, big-endian) and bytes. Then zeros follow up to the next multiple of
//! 64, so that the length of the ciphertext does not show which password became longer. Every buffer has its
//! final size from the start, because a vector that grows leaves copies that are not wiped.

use strongroom_domain::{SecretPayload, SecretText};
use zeroize::Zeroizing;

/// The multiple to which payloads are padded, in bytes.
pub(crate) const STEP: usize = 64;

/// Encodes a payload. Returns `None` when it is longer than [`SecretPayload::MAX_BYTES`].
pub(crate) fn encode(payload: &SecretPayload) -> Option<Zeroizing<Vec<u8>>> {
    let content = payload.bytes();
    if content > SecretPayload::MAX_BYTES {
        return None;
    }
    let length = (4 + 8 * payload.len() + content).next_multiple_of(STEP);
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    text.extend_from_slice(&u32::try_from(payload.len()).ok()?.to_be_bytes());
    for (name, value) in payload.iter() {
        for part in [name, value.expose()] {
            text.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
    }
    text.resize(length, 0);
    Some(text)
}

/// Decodes what [`encode`] wrote. Returns `None` for anything else.
pub(crate) fn decode(text: &[u8]) -> Option<SecretPayload> {
    let (fields, mut rest) = number(text)?;
    let mut payload = SecretPayload::default();
    for _ in 0..fields {
        let (name, after) = part(rest)?;
        let (value, after) = part(after)?;
        payload.insert(name, SecretText::new(value.to_owned()));
        rest = after;
    }
    let padded = text.len().is_multiple_of(STEP) && rest.len() < STEP && rest.iter().all(|byte| *byte == 0);
    // Fewer fields than announced mean that a name occurred twice.
    (padded && u32::try_from(payload.len()) == Ok(fields)).then_some(payload)
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

fn part(text: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = number(text)?;
    let (part, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((std::str::from_utf8(part).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(fields: &[(&str, &str)]) -> SecretPayload {
        let mut payload = SecretPayload::default();
        for (name, value) in fields {
            payload.insert(*name, SecretText::new((*value).to_owned()));
        }
        payload
    }

    #[test]
    fn lengths_are_hidden_in_steps_of_64_bytes_and_no_buffer_grows() {
        for (length, expected) in [(0, 64), (51, 64), (52, 64), (53, 128), (116, 128), (117, 192)] {
            let text = encode(&payload(&[("", &"x".repeat(length))])).unwrap();
            assert_eq!((text.len(), text.capacity()), (expected, expected), "value of {length} bytes");
            let read = decode(&text).unwrap();
            assert_eq!(read.get("").unwrap().expose().len(), length);
        }
        assert_eq!(encode(&SecretPayload::default()).unwrap().len(), 64);
    }

    #[test]
    fn a_payload_over_256_kib_is_refused() {
        assert!(encode(&payload(&[("k", &"x".repeat(SecretPayload::MAX_BYTES - 1))])).is_some());
        assert!(encode(&payload(&[("k", &"x".repeat(SecretPayload::MAX_BYTES))])).is_none());
    }

    #[test]
    fn nothing_but_the_written_form_is_read() {
        let good = encode(&payload(&[("a", "1"), ("b", "2")])).unwrap();
        assert_eq!(decode(&good).unwrap().len(), 2);
        for length in 0..good.len() {
            assert!(decode(&good[..length]).is_none(), "cut to {length} bytes");
        }
        let changed = |at: usize, byte: u8| {
            let mut text = good.to_vec();
            text[at] = byte;
            decode(&text).is_none()
        };
        assert!(changed(63, 1), "padding that is not zero");
        assert!(changed(3, 1), "fewer fields than there are");
        assert!(changed(3, 4), "fields made of padding");
        assert!(changed(4, 255), "a length beyond the end");
        assert!(changed(18, b'a'), "a name that comes twice");
        assert!(changed(8, 0xff), "not UTF-8");
        assert!(decode(&[&good[..], &[0; 64]].concat()).is_none(), "a whole step of padding");
    }
}
