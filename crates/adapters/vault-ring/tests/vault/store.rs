//! A deployment and its wrap ledger in memory. Every call yields, so that instances on one thread take turns
//! at each step.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use strongroom_domain::{KekId, OrganizationId, PurposeKeyId};
use strongroom_environment::Ids;
use strongroom_repository::{
    DeploymentRepository, FirstKey, KekRecord, OrganizationKeyRepository, StoreError, StoreResult,
    WrappedOrganizationKey, WrappedPurposeKey,
};
use strongroom_vault::WrapLedger;
use strongroom_vault_ring::{KeyRing, OpenVaultError, RingPurposeKeys, RingVault, open_vault};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Two keys that were drawn once at random. They protect nothing.
pub(crate) const K1: &str = "k1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
pub(crate) const K2: &str = "k2:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

#[derive(Default)]
pub(crate) struct State {
    pub(crate) deployment: Uuid,
    pub(crate) keks: Vec<KekRecord>,
    pub(crate) purpose_keys: Vec<WrappedPurposeKey>,
    /// The purpose keys that API keys and audit records name.
    pub(crate) in_use: Vec<PurposeKeyId>,
    pub(crate) organization_keys: Vec<WrappedOrganizationKey>,
    /// How many envelopes of format 1 each root key wraps.
    pub(crate) credentials: BTreeMap<KekId, u64>,
    /// How often the keys of an organisation were read.
    pub(crate) key_reads: u64,
    /// How many reservations were made.
    pub(crate) reservations: u64,
    pub(crate) ledger_is_down: bool,
    pub(crate) keys_are_down: bool,
    pub(crate) keys_are_lost: bool,
}

#[derive(Default)]
pub(crate) struct Store(Mutex<State>);

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        Self::of_deployment(Uuid::from_u128(0xd))
    }

    pub(crate) fn of_deployment(deployment: Uuid) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { deployment, ..State::default() })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Opens a vault on this store.
    pub(crate) async fn open(
        self: &Arc<Self>,
        ring: &str,
    ) -> Result<(RingVault, RingPurposeKeys), OpenVaultError> {
        let ring = KeyRing::parse(ring).unwrap();
        open_vault(ring, &**self, self.clone(), self.clone(), &Counted::default()).await
    }

    pub(crate) fn make_primary(&self, name: &str) {
        self.state().keks.iter_mut().for_each(|kek| kek.primary = kek.name == name);
    }
}

#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

#[async_trait]
impl DeploymentRepository for Store {
    async fn deployment_id(&self) -> StoreResult<Uuid> {
        tokio::task::yield_now().await;
        Ok(self.state().deployment)
    }

    async fn keks(&self) -> StoreResult<Vec<KekRecord>> {
        tokio::task::yield_now().await;
        let state = self.state();
        let in_use = |id: KekId| {
            let purposes = state.purpose_keys.iter().filter(|key| key.kek_id == id).count();
            let organizations = state.organization_keys.iter().filter(|key| key.root == id).count();
            (purposes + organizations) as u64 + state.credentials.get(&id).copied().unwrap_or_default()
        };
        Ok(state.keks.iter().map(|kek| KekRecord { in_use: in_use(kek.id), ..kek.clone() }).collect())
    }

    async fn register_kek(&self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()> {
        tokio::task::yield_now().await;
        let keks = &mut self.state().keks;
        let primary = keks.is_empty();
        if !keks.iter().any(|kek| kek.id == id) {
            keks.push(KekRecord { id, name: name.into(), check_value, reserved: 0, primary, in_use: 0 });
        }
        Ok(())
    }

    async fn purpose_keys(&self) -> StoreResult<Vec<WrappedPurposeKey>> {
        tokio::task::yield_now().await;
        Ok(self.state().purpose_keys.clone())
    }

    async fn insert_first_purpose_key(&self, key: &WrappedPurposeKey) -> StoreResult<bool> {
        tokio::task::yield_now().await;
        let keys = &mut self.state().purpose_keys;
        let first = !keys.iter().any(|other| other.purpose == key.purpose);
        if first {
            keys.push(key.clone());
        }
        Ok(first)
    }

    async fn now(&self) -> StoreResult<OffsetDateTime> {
        tokio::task::yield_now().await;
        Ok(OffsetDateTime::UNIX_EPOCH + Duration::days(20_000))
    }

    async fn purpose_keys_in_use(&self) -> StoreResult<Vec<PurposeKeyId>> {
        Ok(self.state().in_use.clone())
    }

    async fn check_writable(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn changed_triggers(&self) -> StoreResult<Vec<String>> {
        Ok(Vec::new())
    }

    async fn migrations_current(&self) -> StoreResult<bool> {
        Ok(true)
    }
}

#[async_trait]
impl OrganizationKeyRepository for Store {
    async fn organization_keys(
        &self,
        organization: &OrganizationId,
    ) -> StoreResult<Vec<WrappedOrganizationKey>> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        state.key_reads += 1;
        if state.keys_are_down {
            return Err(StoreError::Unavailable("the store is down".into()));
        }
        let of_organization = state.organization_keys.iter().filter(|key| key.organization == *organization);
        Ok(of_organization.cloned().collect())
    }

    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<FirstKey> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        if state.organization_keys.iter().any(|other| other.organization == key.organization) {
            return Ok(FirstKey::Exists);
        }
        if state.keys_are_lost {
            return Ok(FirstKey::Lost);
        }
        state.organization_keys.push(key.clone());
        Ok(FirstKey::Stored)
    }
}

#[async_trait]
impl WrapLedger for Store {
    async fn reserve_wraps(
        &self,
        kek: KekId,
        count: u64,
        limit: u64,
    ) -> Result<Option<u64>, Box<dyn Error + Send + Sync>> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        if state.ledger_is_down {
            return Err("the ledger is down".into());
        }
        let record = state.keks.iter_mut().find(|record| record.id == kek).ok_or("no such key")?;
        if record.reserved + count > limit {
            return Ok(None);
        }
        record.reserved += count;
        let total = record.reserved;
        state.reservations += 1;
        Ok(Some(total))
    }
}
