//! The stored format: `0x01 format | 0x01 algorithm | KEK id (8) | wrapped data key (12 + 32 + 16) | payload
//! (12 + ciphertext + 16)`. Everything that is not exactly in this format is refused.

use ring::error::Unspecified;
use ring::rand::SecureRandom;
use strongroom_domain::KekId;
use strongroom_vault::SealContext;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::key_bytes::{KEY_LEN, KeyBytes};
use crate::{aead, binding, plaintext};

/// Format 1, algorithm 1 (AES-256-GCM).
const HEADER: [u8; 2] = [1, 1];

/// A wrapped 256-bit key with its nonce and tag, in bytes.
pub(crate) const WRAPPED_LEN: usize = KEY_LEN + aead::OVERHEAD;

/// An envelope split into its parts. Nothing has been decrypted yet.
pub(crate) struct Envelope<'a> {
    /// The KEK that it names.
    pub(crate) kek_id: KekId,
    wrapped: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Splits an envelope into its parts. Returns `None` when it is not in this format.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&HEADER)?;
        let (kek_id, rest) = rest.split_first_chunk()?;
        let (wrapped, payload) = rest.split_at_checked(WRAPPED_LEN)?;
        let text = payload.len().checked_sub(aead::OVERHEAD)?;
        (text > 0 && text.is_multiple_of(plaintext::STEP)).then_some(Self {
            kek_id: KekId(*kek_id),
            wrapped,
            payload,
        })
    }

    /// Unwraps the data key and opens the payload with it.
    pub(crate) fn open(
        &self,
        wrap_key: &KeyBytes,
        deployment: Uuid,
        context: &SealContext,
    ) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let data_key = aead::open(wrap_key, &binding::wrap(deployment, context, self.kek_id), self.wrapped)?;
        let data_key = KeyBytes::copied(&data_key).ok_or(Unspecified)?;
        aead::open(&data_key, &binding::payload(deployment, context), self.payload)
    }
}

/// Encrypts `text` in place under a fresh data key and returns the envelope.
pub(crate) fn seal(
    (kek_id, wrap_key): (KekId, &KeyBytes),
    random: &dyn SecureRandom,
    deployment: Uuid,
    context: &SealContext,
    text: &mut [u8],
) -> Result<Vec<u8>, Unspecified> {
    let data_key = KeyBytes::random(random)?;
    let length = HEADER.len() + kek_id.0.len() + WRAPPED_LEN + text.len() + aead::OVERHEAD;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(&HEADER);
    out.extend_from_slice(&kek_id.0);
    let mut wrapped = Zeroizing::new(*data_key.expose());
    let wrap_aad = binding::wrap(deployment, context, kek_id);
    aead::seal_onto(&mut out, wrap_key, random, &wrap_aad, &mut *wrapped)?;
    aead::seal_onto(&mut out, &data_key, random, &binding::payload(deployment, context), text)?;
    Ok(out)
}
