use std::collections::BTreeSet;

use async_trait::async_trait;
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_repository::{
    DeploymentRepository, KekRecord, StoreError, StoreResult, Unique, WrappedPurposeKey,
};
use strongroom_vault::WrapLedger;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::rows::Rows;
use crate::{Call, FakeStore};

/// The id of every fake store, so that what is bound to it is the same in every run.
const DEPLOYMENT_ID: Uuid = Uuid::from_u128(0x0192_f0c1_7b6a_7000_8000_0000_0000_00de);

/// A wrap should be counted for a key that the store does not know.
#[derive(Debug, thiserror::Error)]
#[error("key {0} is not registered")]
struct UnregisteredKek(KekId);

impl Rows {
    /// How many values a root key wraps.
    fn uses(&self, id: KekId) -> u64 {
        let credentials = self.credentials.values().map(|stored| stored.sealed.kek_id);
        let apps = self.oauth_apps.values().map(|stored| stored.sealed.kek_id);
        let flows = self.flows.values().map(|flow| flow.stored.sealed.kek_id);
        let keys = self.purpose_keys.iter().map(|key| key.kek_id);
        let organizations = self.organization_keys.values().map(|key| key.root);
        let uses = credentials.chain(apps).chain(flows).chain(keys).chain(organizations);
        let uses = uses.filter(|kek| *kek == id);
        u64::try_from(uses.count()).unwrap_or(u64::MAX)
    }

    fn register_kek(&mut self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()> {
        if self.keks.contains_key(&id) {
            return Ok(());
        }
        if self.keks.values().any(|kek| kek.name == name) {
            return Err(StoreError::Duplicate(Unique::KekName));
        }
        let (name, primary) = (name.to_owned(), self.keks.is_empty());
        self.keks.insert(id, KekRecord { id, name, check_value, reserved: 0, primary, in_use: 0 });
        Ok(())
    }

    /// Reserves wraps. Returns the total, or `None` when it would pass the limit or, as in a database, 63
    /// bits.
    fn reserve(&mut self, kek: KekId, count: u64, limit: u64) -> StoreResult<Option<u64>> {
        let limit = limit.min(i64::MAX.unsigned_abs());
        if count > limit {
            return Ok(None);
        }
        let record = self.keks.get_mut(&kek).ok_or(UnregisteredKek(kek));
        let record = record.map_err(|error| StoreError::Corrupt(Box::new(error)))?;
        let total = record.reserved.checked_add(count).filter(|total| *total <= limit);
        record.reserved = total.unwrap_or(record.reserved);
        Ok(total)
    }
}

#[async_trait]
impl DeploymentRepository for FakeStore {
    async fn deployment_id(&self) -> StoreResult<Uuid> {
        self.read(Call::DeploymentId, |_, _| DEPLOYMENT_ID).await
    }

    async fn keks(&self) -> StoreResult<Vec<KekRecord>> {
        self.read(Call::Keks, |state, _| {
            let keks = state.rows.keks.values();
            keks.map(|kek| KekRecord { in_use: state.rows.uses(kek.id), ..kek.clone() }).collect()
        })
        .await
    }

    async fn register_kek(&self, id: KekId, name: &str, check_value: [u8; 32]) -> StoreResult<()> {
        self.note(Call::RegisterKek, |rows, _| rows.register_kek(id, name, check_value)).await
    }

    async fn purpose_keys(&self) -> StoreResult<Vec<WrappedPurposeKey>> {
        self.read(Call::PurposeKeys, |state, _| {
            let mut keys = state.rows.purpose_keys.clone();
            keys.sort_by_key(|key| (key.created_at, key.id));
            keys
        })
        .await
    }

    async fn insert_first_purpose_key(&self, key: &WrappedPurposeKey) -> StoreResult<bool> {
        self.note(Call::InsertFirstPurposeKey, |rows, _| {
            let is_first = rows.purpose_keys.iter().all(|known| known.purpose != key.purpose);
            if is_first {
                rows.purpose_keys.push(key.clone());
            }
            Ok(is_first)
        })
        .await
    }

    async fn now(&self) -> StoreResult<OffsetDateTime> {
        self.read(Call::Now, |_, now| now).await
    }

    async fn purpose_keys_in_use(&self) -> StoreResult<Vec<PurposeKeyId>> {
        self.read(Call::PurposeKeysInUse, |state, _| {
            let digested = state.rows.api_keys.values().map(|key| key.digest_key);
            digested.collect::<BTreeSet<_>>().into_iter().collect()
        })
        .await
    }

    async fn check_writable(&self) -> StoreResult<()> {
        self.read(Call::CheckWritable, |_, _| ()).await
    }

    async fn changed_triggers(&self) -> StoreResult<Vec<String>> {
        self.read(Call::ChangedTriggers, |_, _| Vec::new()).await
    }

    async fn migrations_current(&self) -> StoreResult<bool> {
        self.read(Call::MigrationsCurrent, |_, _| true).await
    }
}

#[async_trait]
impl WrapLedger for FakeStore {
    async fn reserve_wraps(
        &self,
        kek: KekId,
        count: u64,
        limit: u64,
    ) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.note(Call::ReserveWraps, |rows, _| rows.reserve(kek, count, limit)).await?)
    }
}
