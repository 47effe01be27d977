//! The one canonical encoding of every authenticated byte string, that is, of AAD and audit records.
//!
//! A byte string is an ASCII label, then each field as its length (u32, big-endian) and its bytes. The label
//! is encoded like a field. Integers are u64 big-endian, ids are their 16 raw bytes. Because of the length
//! prefixes no content of a field can imitate the border between two fields.

use uuid::Uuid;

/// Builds one canonical byte string.
#[derive(Debug, Clone)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Starts with a label that names the purpose and the version of the encoding.
    pub fn labelled(label: &'static str) -> Self {
        Self(Vec::with_capacity(256)).bytes(label.as_bytes())
    }

    /// Appends a field of raw bytes. An absent field is encoded as an empty one, so a field that may be
    /// absent must not also have an empty value.
    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        // A field is bounded by the 256 KiB request limit, far below u32::MAX. A longer field would get a
        // wrong length here, and so would never verify.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    /// Appends text.
    #[must_use]
    pub fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Appends text that may be absent.
    #[must_use]
    pub fn optional_text(self, field: Option<&str>) -> Self {
        self.bytes(field.unwrap_or_default().as_bytes())
    }

    /// Appends an unsigned integer.
    #[must_use]
    pub fn integer(self, field: u64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// Appends an id.
    #[must_use]
    pub fn id(self, field: Uuid) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Appends an id that may be absent.
    #[must_use]
    pub fn optional_id(self, field: Option<Uuid>) -> Self {
        match field {
            Some(id) => self.id(id),
            None => self.bytes(&[]),
        }
    }

    /// The finished string.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_border_changes_the_bytes() {
        let one = Canonical::labelled("t").text("ab").text("c").finish();
        let other = Canonical::labelled("t").text("a").text("bc").finish();
        assert_ne!(one, other);
        assert_eq!(one, b"\0\0\0\x01t\0\0\0\x02ab\0\0\0\x01c");
    }
}
