use async_trait::async_trait;
use strongroom_domain::{KekId, PurposeKeyId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreResult;

/// The store's record of a KEK. It never holds the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KekRecord {
    /// Its id, derived from the key.
    pub id: KekId,
    /// The operator's name for it.
    pub name: String,
    /// The key check value: a digest that only the right key gives.
    pub check_value: [u8; 32],
    /// How many wraps are reserved.
    pub reserved: u64,
    /// Whether new organisation keys are wrapped with it; exactly one is primary once any is known.
    pub primary: bool,
    /// How many stored things it wraps: keys of organisations, purpose keys, and the credentials, OAuth apps
    /// and flows under way whose envelopes have format 1.
    pub in_use: u64,
}

/// A purpose key, wrapped under a KEK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedPurposeKey {
    /// Its id.
    pub id: PurposeKeyId,
    /// What it is for.
    pub purpose: String,
    /// The KEK that wraps it.
    pub kek_id: KekId,
    /// Nonce, ciphertext and tag.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// What belongs to the deployment as a whole: its id, its keys' bookkeeping and its health.
///
/// No write here carries an event: all of them happen before the vault has opened the audit keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DeploymentRepository: Send + Sync {
    /// The deployment's id, made by the first migration; part of every AAD.
    async fn deployment_id(&self) -> StoreResult<Uuid>;

    /// Every KEK that this store has seen, with its use counted.
    async fn keks(&self) -> StoreResult<Vec<KekRecord>>;

    /// Registers a KEK. The first KEK ever becomes primary. A KEK that is registered already is left as it
    /// is.
    async fn register_kek(&self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()>;

    /// All purpose keys by ascending creation time.
    async fn purpose_keys(&self) -> StoreResult<Vec<WrappedPurposeKey>>;

    /// The ids of the purpose keys with which API keys were digested, and the last records of the audit
    /// chains of up to 1,000 organisations were signed. Without these keys nothing of that can be verified
    /// any more.
    async fn purpose_keys_in_use(&self) -> StoreResult<Vec<PurposeKeyId>>;

    /// Stores a purpose key unless the purpose has one. MUST be atomic over all processes: of two first
    /// starts at the same time one makes the key and both use it. Returns whether this key was stored.
    async fn insert_first_purpose_key(&self, key: &WrappedPurposeKey) -> StoreResult<bool>;

    /// The store's own time. Every decision that concerns several instances uses it.
    async fn now(&self) -> StoreResult<OffsetDateTime>;

    /// Makes a write durable that changes nothing. It fails when the disk is full or the database is
    /// read-only, and then no secret can be handed out either, because no read can be put on record.
    async fn check_writable(&self) -> StoreResult<()>;

    /// The names of triggers and rules that are not as the migrations made them: added, changed, turned off
    /// or removed. Empty unless that was done by hand. It is for maintenance.
    async fn changed_triggers(&self) -> StoreResult<Vec<String>>;

    /// Whether the store has every migration of this build, and none of a newer one.
    async fn migrations_current(&self) -> StoreResult<bool>;
}
