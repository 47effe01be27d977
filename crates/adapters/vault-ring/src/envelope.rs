//! What the formats of envelopes have in common. Everything that is not exactly in one of them is refused.

use crate::key_bytes::KEY_LEN;
use crate::{aead, format1, format2, plaintext};

/// The first byte of format 1.
const FORMAT_1: u8 = 1;

/// The first byte of format 2.
pub(crate) const FORMAT_2: u8 = 2;

/// The second byte of both: AES-256-GCM with 96-bit nonces and 128-bit tags.
pub(crate) const AES_256_GCM: u8 = 1;

/// A wrapped 256-bit key with its nonce and tag, in bytes.
pub(crate) const WRAPPED_LEN: usize = KEY_LEN + aead::OVERHEAD;

/// An envelope split into its parts. Nothing has been decrypted yet.
pub(crate) enum Envelope<'a> {
    One(format1::Envelope<'a>),
    Two(format2::Envelope<'a>),
}

impl<'a> Envelope<'a> {
    /// Splits an envelope into its parts. Returns `None` when it is in neither format.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        match bytes {
            [FORMAT_1, AES_256_GCM, rest @ ..] => format1::Envelope::parse(rest).map(Self::One),
            [FORMAT_2, AES_256_GCM, rest @ ..] => format2::Envelope::parse(rest).map(Self::Two),
            _ => None,
        }
    }
}

/// Splits the wrapped data key from the payload, which must have the length of a padded text.
pub(crate) fn split(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (wrapped, payload) = rest.split_at_checked(WRAPPED_LEN)?;
    let text = payload.len().checked_sub(aead::OVERHEAD)?;
    (text > 0 && text.is_multiple_of(plaintext::STEP)).then_some((wrapped, payload))
}
