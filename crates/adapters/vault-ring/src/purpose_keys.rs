//! HMAC-SHA-256 under the purpose keys, and how these keys are made, wrapped and unwrapped.

use std::fmt;

use ring::error::Unspecified;
use ring::hmac;
use ring::rand::SecureRandom;
use strongroom_domain::canonical::Canonical;
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_vault::{Purpose, PurposeKeys, VaultError};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::aead;
use crate::envelope::WRAPPED_LEN;
use crate::key_bytes::KeyBytes;

/// The unwrapped purpose keys of a deployment. They stay in memory as long as the process runs.
pub struct RingPurposeKeys {
    api_key: KeysOfPurpose,
    audit: KeysOfPurpose,
}

/// The keys of one purpose.
pub(crate) struct KeysOfPurpose {
    current: PurposeKeyId,
    keys: Vec<(PurposeKeyId, hmac::Key)>,
}

impl KeysOfPurpose {
    /// Takes keys from oldest to newest. Returns `None` when there is no key.
    pub(crate) fn new(keys: Vec<(PurposeKeyId, hmac::Key)>) -> Option<Self> {
        let (current, _) = keys.last()?;
        Some(Self { current: *current, keys })
    }
}

impl RingPurposeKeys {
    pub(crate) fn new(api_key: KeysOfPurpose, audit: KeysOfPurpose) -> Self {
        Self { api_key, audit }
    }

    fn of(&self, purpose: Purpose) -> &KeysOfPurpose {
        match purpose {
            Purpose::ApiKey => &self.api_key,
            Purpose::Audit => &self.audit,
        }
    }
}

impl fmt::Debug for RingPurposeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = Purpose::ALL.map(|purpose| (purpose.as_str(), self.of(purpose).current));
        f.debug_map().entries(ids).finish()
    }
}

impl PurposeKeys for RingPurposeKeys {
    fn current(&self, purpose: Purpose) -> PurposeKeyId {
        self.of(purpose).current
    }

    fn digest(&self, purpose: Purpose, key: PurposeKeyId, message: &[u8]) -> Result<[u8; 32], VaultError> {
        let found = self.of(purpose).keys.iter().find(|(id, _)| *id == key);
        let (_, key) = found.ok_or(VaultError::UnknownPurposeKey(key))?;
        hmac::sign(key, message).as_ref().try_into().map_err(|_| VaultError::Cipher)
    }

    fn equal(&self, one: &[u8; 32], other: &[u8; 32]) -> bool {
        // `ring` deprecated its own comparison and promises nothing about its timing.
        one.ct_eq(other).into()
    }
}

/// Makes a new purpose key and returns it wrapped: nonce, ciphertext and tag. It is used only after the store
/// has returned it.
pub(crate) fn fresh(
    (kek_id, wrap_key): (KekId, &KeyBytes),
    random: &dyn SecureRandom,
    deployment: Uuid,
    purpose: Purpose,
    id: PurposeKeyId,
) -> Result<Vec<u8>, Unspecified> {
    let key = KeyBytes::random(random)?;
    let mut wrapped = Vec::with_capacity(WRAPPED_LEN);
    let mut text = Zeroizing::new(*key.expose());
    let aad = aad_of(deployment, purpose, id, kek_id);
    aead::seal_onto(&mut wrapped, wrap_key, random, &aad, &mut *text)?;
    Ok(wrapped)
}

/// Unwraps what [`fresh`] wrapped.
pub(crate) fn unwrap(
    (kek_id, wrap_key): (KekId, &KeyBytes),
    deployment: Uuid,
    purpose: Purpose,
    id: PurposeKeyId,
    wrapped: &[u8],
) -> Result<hmac::Key, Unspecified> {
    let aad = aad_of(deployment, purpose, id, kek_id);
    let key = KeyBytes::copied(&aead::open(wrap_key, &aad, wrapped)?).ok_or(Unspecified)?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
}

/// The AAD of a purpose key under a root key. It belongs to no organisation.
pub(crate) fn aad_of(deployment: Uuid, purpose: Purpose, id: PurposeKeyId, root: KekId) -> Vec<u8> {
    let label = Canonical::labelled("strongroom/purpose-wrap/v1");
    label.id(deployment).text(purpose.as_str()).id(id.0).bytes(&root.0).finish()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::golden::text;

    #[test]
    fn the_authenticated_bytes_are_those_of_the_golden_file() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/v1.json")).unwrap();
        let deployment: Uuid = text(&golden, "deployment").parse().unwrap();
        let root = KekId(hex::decode(text(&golden["keks"][0], "id")).unwrap().try_into().unwrap());
        for (purpose, key) in Purpose::ALL.into_iter().zip(golden["purpose_keys"].as_array().unwrap()) {
            assert_eq!(purpose.as_str(), text(key, "purpose"));
            let aad = aad_of(deployment, purpose, PurposeKeyId(text(key, "id").parse().unwrap()), root);
            assert_eq!(hex::encode(aad), text(key, "aad"));
        }
    }
}
