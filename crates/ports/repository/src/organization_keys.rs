use async_trait::async_trait;
use strongroom_domain::{KekId, OrganizationId};

use crate::StoreResult;

/// A key of an organisation, wrapped under a root key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedOrganizationKey {
    /// The organisation that it belongs to.
    pub organization: OrganizationId,
    /// Its id: 8 random bytes, which envelopes name.
    pub id: KekId,
    /// The root key that wraps it.
    pub root: KekId,
    /// Nonce, ciphertext and tag.
    pub wrapped: Vec<u8>,
}

/// The keys of organisations, which wrap the data keys of their credentials, OAuth apps and flows.
///
/// No write here carries an event: the first key of an organisation is made by the first thing that it
/// stores, which has one.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OrganizationKeyRepository: Send + Sync {
    /// The keys of an organisation, oldest first. New data keys are wrapped with the last one.
    async fn organization_keys(
        &self,
        organization: &OrganizationId,
    ) -> StoreResult<Vec<WrappedOrganizationKey>>;

    /// Stores the first key of an organisation unless it has one. MUST be atomic over all processes: of
    /// several first keys one is kept. Returns whether this key was stored.
    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<bool>;
}
