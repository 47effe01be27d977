use async_trait::async_trait;
use strongroom_domain::{KekId, OrganizationId};

use crate::StoreResult;

/// A key of an organisation, wrapped under a root key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedOrganizationKey {
    /// The organisation that it belongs to.
    pub organization: OrganizationId,
    /// Its place among the keys of the organisation, from 1.
    pub generation: u64,
    /// Its id: 8 random bytes, which envelopes name.
    pub id: KekId,
    /// The root key that wraps it.
    pub root: KekId,
    /// Nonce, ciphertext and tag.
    pub wrapped: Vec<u8>,
}

/// What became of a first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstKey {
    /// It was stored.
    Stored,
    /// The organisation has a key.
    Exists,
    /// The organisation had keys, and they are gone.
    Lost,
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

    /// Stores the first key of an organisation, whose generation is 1. MUST be atomic over all processes: of
    /// several first keys one is kept.
    ///
    /// MUST NOT store it when a credential, an app or a flow of the organisation names a KEK that is no root
    /// key: then its keys were lost, and a new one would hide that.
    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<FirstKey>;
}
