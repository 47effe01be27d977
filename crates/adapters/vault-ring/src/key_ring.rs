//! The key-encryption keys (KEKs) that this instance holds, with the names that the operator gave them.
//!
//! ```text
//! k2:<base64 of 32 bytes>,k1:<base64 of 32 bytes>        the environment
//! ```
//!
//! A key file has the same entries, one per line, with blank lines and `#` comments.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::rand::SystemRandom;
use strongroom_domain::KekId;
use zeroize::Zeroizing;

use crate::derivation::kek_id;
use crate::key_bytes::{KEY_LEN, KeyBytes};
use crate::weak_key::weakness;

/// Named keys in the operator's order; there is at least one. They are wiped when dropped.
pub struct KeyRing(Vec<RingKey>);

/// One key of the ring.
pub(crate) struct RingKey {
    pub(crate) name: String,
    pub(crate) id: KekId,
    pub(crate) key: KeyBytes,
}

/// Why a key ring was refused. No variant carries key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The ring has no key.
    #[error("the key ring holds no key; `strongroom keys generate` makes one")]
    Empty,
    /// An entry is not a name and a key. The error does not show its text, because it may be a key.
    #[error(
        "entry {entry} of the key ring is not `name:base64` with a name of 1 to 32 characters of letters, digits and `._-`"
    )]
    Malformed {
        /// The number of the entry, counted from 1.
        entry: usize,
    },
    /// A key is not safe to use.
    #[error("key `{name}` {rule}")]
    Refused {
        /// The name of the key.
        name: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// Two entries have the same name.
    #[error("key `{name}` is in the key ring twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// Two entries have the same key.
    #[error("keys `{first}` and `{second}` are the same key")]
    DuplicateKey {
        /// The name of the first entry.
        first: String,
        /// The name of the second entry.
        second: String,
    },
    /// The operating system's generator failed.
    #[error("the operating system's random generator failed")]
    Randomness,
}

/// Standard base64. The padding is optional, because it is easily lost in copying.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The length of a key in padded base64.
const BASE64_LEN: usize = KEY_LEN.div_ceil(3) * 4;

impl KeyRing {
    /// Reads the format of the environment variable or of a key file. The caller wipes `text`.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut ring = Self(Vec::new());
        for (index, entry) in lines.flat_map(|line| line.split(',')).map(str::trim).enumerate() {
            let malformed = KeyRingError::Malformed { entry: index + 1 };
            let Some((name, key)) = entry.split_once(':') else { return Err(malformed) };
            if !is_name(name) {
                return Err(malformed);
            }
            ring.add(name, decode(name, key)?)?;
        }
        if ring.0.is_empty() { Err(KeyRingError::Empty) } else { Ok(ring) }
    }

    /// Makes a ring of one new random key.
    pub fn generate(name: &str) -> Result<Self, KeyRingError> {
        if !is_name(name) {
            return Err(KeyRingError::Malformed { entry: 1 });
        }
        let key = KeyBytes::random(&SystemRandom::new()).map_err(|_| KeyRingError::Randomness)?;
        let mut ring = Self(Vec::new());
        // A random key is refused as weak about once in 10^13 times; the operator then tries again.
        ring.add(name, key)?;
        Ok(ring)
    }

    /// Returns the keys as `name:base64`, one per line: the format of a key file, which [`Self::parse`]
    /// reads.
    ///
    /// Keys leave the ring only in this way. Write the result only where printing a key is the purpose.
    pub fn render(&self) -> Zeroizing<String> {
        // A string that grows leaves copies that are not wiped, so this one has its final size from the
        // start.
        let length = self.0.iter().map(|key| key.name.len() + BASE64_LEN + 2).sum();
        let mut text = Zeroizing::new(String::with_capacity(length));
        for RingKey { name, key, .. } in &self.0 {
            let mut encoded = Zeroizing::new([0_u8; BASE64_LEN]);
            // Neither step can fail, because the buffer has the exact size and base64 is ASCII.
            let written = BASE64.encode_slice(key.expose(), &mut *encoded).unwrap_or_default();
            let encoded = encoded.get(..written).and_then(|bytes| std::str::from_utf8(bytes).ok());
            [name.as_str(), ":", encoded.unwrap_or_default(), "\n"]
                .iter()
                .for_each(|part| text.push_str(part));
        }
        text
    }

    /// The name and id of each key, in the operator's order.
    pub fn ids(&self) -> impl Iterator<Item = (&str, KekId)> {
        self.0.iter().map(|key| (key.name.as_str(), key.id))
    }

    pub(crate) fn keys(&self) -> &[RingKey] {
        &self.0
    }

    fn add(&mut self, name: &str, key: KeyBytes) -> Result<(), KeyRingError> {
        let name = name.to_owned();
        if let Some(rule) = weakness(key.expose()) {
            return Err(KeyRingError::Refused { name, rule });
        }
        if self.0.iter().any(|other| other.name == name) {
            return Err(KeyRingError::DuplicateName { name });
        }
        let id = kek_id(&key);
        if let Some(other) = self.0.iter().find(|other| other.id == id) {
            return Err(KeyRingError::DuplicateKey { first: other.name.clone(), second: name });
        }
        self.0.push(RingKey { name, id, key });
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|key| (&key.name, key.id.to_string()))).finish()
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=32).contains(&name.len()) && name.bytes().all(allowed)
}

fn decode(name: &str, text: &str) -> Result<KeyBytes, KeyRingError> {
    let refused = |rule| KeyRingError::Refused { name: name.to_owned(), rule };
    // A text of the next possible length decodes to 33 to 36 bytes, which still fit. A longer one is refused
    // without decoding.
    let mut decoded = Zeroizing::new([0_u8; KEY_LEN + 4]);
    if text.len() > BASE64_LEN + 4 {
        return Err(refused("must be exactly 32 bytes in standard base64"));
    }
    let length = BASE64
        .decode_slice(text, &mut *decoded)
        .map_err(|_| refused("must be exactly 32 bytes in standard base64"))?;
    let bytes = decoded.get(..length).unwrap_or_default();
    KeyBytes::copied(bytes).ok_or_else(|| refused("must be exactly 32 bytes in standard base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const K1: &str = "k1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const K2: &str = "k2:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ";

    fn error(text: &str) -> KeyRingError {
        KeyRing::parse(text).expect_err("the ring was accepted")
    }

    #[test]
    fn the_environment_form_and_the_file_form_are_the_same_ring() {
        let environment = KeyRing::parse(&format!("{K1},{K2}")).unwrap();
        let file = KeyRing::parse(&format!("# made by hand, long ago\n\n {K1} \r\n# k3:x\n{K2}\n")).unwrap();
        assert_eq!(environment.ids().collect::<Vec<_>>(), file.ids().collect::<Vec<_>>());
        assert_eq!(environment.ids().map(|(name, _)| name).collect::<Vec<_>>(), ["k1", "k2"]);
    }

    #[test]
    fn a_rendered_ring_is_read_back() {
        let ring = KeyRing::parse(&format!("{K1},{K2}")).unwrap();
        let text = ring.render();
        assert_eq!(*text, format!("{K1}\n{K2}=\n"));
        assert_eq!(text.capacity(), text.len());
        let generated = KeyRing::generate("k3").unwrap();
        let again = KeyRing::parse(&generated.render()).unwrap();
        assert_eq!(generated.ids().collect::<Vec<_>>(), again.ids().collect::<Vec<_>>());
    }

    #[test]
    fn two_generated_keys_differ() {
        let id = || KeyRing::generate("k").unwrap().ids().next().unwrap().1;
        assert_ne!(id(), id());
        assert_eq!(KeyRing::generate("a b").unwrap_err(), KeyRingError::Malformed { entry: 1 });
    }

    #[test]
    fn an_empty_ring_is_refused() {
        for text in ["", "  \n", "# only a comment\n"] {
            assert_eq!(error(text), KeyRingError::Empty);
        }
    }

    #[test]
    fn an_entry_without_a_name_is_named_by_its_place_only() {
        let long = "n".repeat(33);
        for bad in ["", "bm90YW5hbWU", ":AAAA", "a b:AAAA", "ä:AAAA", &format!("{long}:AAAA")] {
            assert_eq!(error(&format!("{K1},{bad}")), KeyRingError::Malformed { entry: 2 }, "{bad}");
        }
    }

    #[test]
    fn a_key_that_is_not_32_bytes_of_base64_is_refused() {
        let hex = "0f".repeat(32);
        for bad in ["", "AAAA", "not base64!", &BASE64.encode([9; 31]), &BASE64.encode([9; 33]), &hex, K1] {
            let KeyRingError::Refused { name, rule } = error(&format!("k:{bad}")) else { panic!("{bad}") };
            assert_eq!((name.as_str(), rule), ("k", "must be exactly 32 bytes in standard base64"), "{bad}");
        }
    }

    #[test]
    fn duplicates_are_refused_by_name_and_by_key() {
        let key = K1.trim_start_matches("k1:");
        assert_eq!(error(&format!("{K1},{K1}")), KeyRingError::DuplicateName { name: "k1".into() });
        let same = KeyRingError::DuplicateKey { first: "k1".into(), second: "k9".into() };
        assert_eq!(error(&format!("{K1},k9:{key}")), same);
    }

    #[test]
    fn debug_and_errors_show_no_key() {
        let shown = format!("{:?}", KeyRing::parse(K1).unwrap());
        assert!(shown.contains("k1") && !shown.contains("47DEQpj8"), "{shown}");
        let error = error("k1:47DEQpj8HBSa");
        assert!(!format!("{error} {error:?}").contains("47DEQpj8"));
    }
}
