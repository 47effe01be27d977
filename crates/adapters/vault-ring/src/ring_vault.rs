use std::fmt;

use async_trait::async_trait;
use ring::rand::SystemRandom;
use strongroom_domain::{KekId, Sealed, SecretPayload};
use strongroom_vault::{SealContext, Vault, VaultError};

use crate::derivation::sha256;
use crate::envelope::Envelope;
use crate::organization_keys::OrganizationKeys;
use crate::root_keys::RootKeys;
use crate::{format2, plaintext};

/// The vault. It seals in format 2 with the key of the organisation, and opens both formats.
pub struct RingVault {
    pub(crate) roots: RootKeys,
    pub(crate) organizations: OrganizationKeys,
    pub(crate) random: SystemRandom,
}

impl RingVault {
    /// The root key that new organisation keys are wrapped with.
    pub fn primary(&self) -> KekId {
        self.roots.primary()
    }
}

#[async_trait]
impl Vault for RingVault {
    /// Seals a payload. One of more than 256 KiB is [`VaultError::Cipher`]; the limits on requests allow no
    /// such payload.
    async fn seal(&self, context: &SealContext, payload: &SecretPayload) -> Result<Sealed, VaultError> {
        let mut text = plaintext::encode(payload).ok_or(VaultError::Cipher)?;
        let keys = self.organizations.to_seal(&self.roots, &context.organization, &self.random).await?;
        let (kek_id, key) = keys.last().ok_or(VaultError::Cipher)??;
        let deployment = self.roots.deployment();
        let envelope = format2::seal((kek_id, key), &self.random, deployment, context, &mut text)
            .map_err(|_| VaultError::Cipher)?;
        Ok(Sealed { kek_id, envelope })
    }

    async fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<SecretPayload, VaultError> {
        let deployment = self.roots.deployment();
        let envelope = Envelope::parse(&sealed.envelope).ok_or(VaultError::Integrity)?;
        let text = match envelope {
            Envelope::One(envelope) => {
                same(envelope.root, sealed.kek_id)?;
                envelope.open(self.roots.key(envelope.root)?, deployment, context)
            }
            Envelope::Two(envelope) => {
                same(envelope.key, sealed.kek_id)?;
                let organization = &context.organization;
                let keys = self.organizations.to_open(&self.roots, organization, envelope.key).await?;
                envelope.open(keys.get(envelope.key)?, deployment, context)
            }
        };
        plaintext::decode(&text.map_err(|_| VaultError::Integrity)?).ok_or(VaultError::Integrity)
    }

    fn is_current(&self, sealed: &Sealed) -> bool {
        matches!(Envelope::parse(&sealed.envelope), Some(Envelope::Two(_)))
    }

    /// The digest of the sealed payload. The wrapped data key is left out in format 2, so that the digest
    /// outlives the organisation's key. Format 1 has the digest of the whole envelope.
    fn envelope_digest(&self, sealed: &Sealed) -> [u8; 32] {
        match Envelope::parse(&sealed.envelope) {
            Some(Envelope::Two(envelope)) => sha256(envelope.payload),
            Some(Envelope::One(_)) | None => sha256(&sealed.envelope),
        }
    }
}

/// Refuses an envelope that does not name the key that its row names.
fn same(named: KekId, column: KekId) -> Result<(), VaultError> {
    if named == column { Ok(()) } else { Err(VaultError::Integrity) }
}

impl fmt::Debug for RingVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingVault").field("primary", &self.primary()).finish_non_exhaustive()
    }
}
