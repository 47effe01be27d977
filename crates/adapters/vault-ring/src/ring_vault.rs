use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use ring::rand::SystemRandom;
use strongroom_domain::{KekId, Sealed, SecretPayload};
use strongroom_vault::{SealContext, Vault, VaultError};
use uuid::Uuid;

use crate::derivation::sha256;
use crate::envelope::{self, Envelope};
use crate::key_bytes::KeyBytes;
use crate::plaintext;
use crate::wrap_counter::WrapCounter;

/// The vault. It seals with the primary key of the store and opens with any key of the ring.
///
/// It keeps the wrap keys derived from the KEKs, and not the KEKs.
pub struct RingVault {
    pub(crate) deployment: Uuid,
    pub(crate) wrap_keys: BTreeMap<KekId, KeyBytes>,
    pub(crate) primary: KekId,
    pub(crate) wraps: WrapCounter,
    pub(crate) random: SystemRandom,
}

impl RingVault {
    /// The key that new data keys are wrapped with.
    pub fn primary(&self) -> KekId {
        self.primary
    }

    pub(crate) fn wrap_key(&self, id: KekId) -> Result<(KekId, &KeyBytes), VaultError> {
        self.wrap_keys.get(&id).map(|key| (id, key)).ok_or(VaultError::UnknownKey(id))
    }
}

#[async_trait]
impl Vault for RingVault {
    /// Seals a payload. One of more than 256 KiB is [`VaultError::Cipher`]; the limits on requests allow no
    /// such payload.
    async fn seal(&self, context: &SealContext, payload: &SecretPayload) -> Result<Sealed, VaultError> {
        let mut text = plaintext::encode(payload).ok_or(VaultError::Cipher)?;
        let key = self.wrap_key(self.primary)?;
        self.wraps.take().await?;
        let envelope = envelope::seal(key, &self.random, self.deployment, context, &mut text)
            .map_err(|_| VaultError::Cipher)?;
        Ok(Sealed { kek_id: self.primary, envelope })
    }

    fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<SecretPayload, VaultError> {
        let envelope = Envelope::parse(&sealed.envelope).ok_or(VaultError::Integrity)?;
        if envelope.kek_id != sealed.kek_id {
            return Err(VaultError::Integrity);
        }
        let (_, wrap_key) = self.wrap_key(envelope.kek_id)?;
        let text = envelope.open(wrap_key, self.deployment, context).map_err(|_| VaultError::Integrity)?;
        plaintext::decode(&text).ok_or(VaultError::Integrity)
    }

    fn envelope_digest(&self, sealed: &Sealed) -> [u8; 32] {
        sha256(&sealed.envelope)
    }
}

impl fmt::Debug for RingVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingVault").field("primary", &self.primary).finish_non_exhaustive()
    }
}
