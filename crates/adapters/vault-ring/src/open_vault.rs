use std::collections::BTreeMap;
use std::sync::Arc;

use ring::hmac;
use ring::rand::SystemRandom;
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_environment::Ids;
use strongroom_repository::{
    DeploymentRepository, KekRecord, OrganizationKeyRepository, StoreError, WrappedPurposeKey,
};
use strongroom_vault::{Purpose, VaultError, WrapLedger};
use uuid::Uuid;

use crate::derivation::Derived;
use crate::key_ring::KeyRing;
use crate::organization_keys::OrganizationKeys;
use crate::purpose_keys::{self, KeysOfPurpose, RingPurposeKeys};
use crate::ring_vault::RingVault;
use crate::root_keys::RootKeys;
use crate::wrap_counter::WrapCounter;

/// Why the vault cannot be opened. The server must not start then.
#[derive(Debug, thiserror::Error)]
pub enum OpenVaultError {
    /// The ring lacks a key that stored values need, or that new ones would be sealed with.
    #[error(
        "key `{name}` ({id}) is needed by this store and absent from the key ring; add it from where it is kept: nothing \
         else opens what was sealed with it"
    )]
    KeyMissing {
        /// The name of the key in the store.
        name: String,
        /// The id of the key.
        id: KekId,
    },
    /// The ring has a known name with another key.
    #[error(
        "key `{name}` is not the one this store was sealed with; restore the right key ring: nothing else opens this store"
    )]
    OtherKey {
        /// The name.
        name: String,
    },
    /// The key is right but its check value is not: the deployment id or the stored value was changed.
    #[error(
        "the check value of key `{name}` differs: the store's deployment id or the value itself was changed"
    )]
    CheckValue {
        /// The name of the key in the store.
        name: String,
    },
    /// A purpose key cannot be unwrapped: it differs from what was wrapped.
    #[error("the {} key {} does not open under key {kek}: its row was changed", purpose.as_str(), id.0)]
    PurposeKey {
        /// The purpose of the key.
        purpose: Purpose,
        /// The id of the key.
        id: PurposeKeyId,
        /// The KEK that its row names.
        kek: KekId,
    },
    /// A purpose key is gone with which stored API keys were digested, or audit records signed.
    #[error(
        "the purpose key {} is gone, with which API keys or audit records of this store were made: restore the \
         table `purpose_keys` from a backup", .0.0
    )]
    PurposeKeyMissing(PurposeKeyId),
    /// The store does not return what it has just stored.
    #[error("the store does not hold the {0} that it was just given")]
    Forgotten(&'static str),
    /// The store could not be read or written.
    #[error("the store could not be asked about its keys")]
    Store(#[from] StoreError),
    /// A key could not be derived, made or counted.
    #[error("the vault could not be opened")]
    Vault(#[from] VaultError),
}

/// Checks the ring against the store and opens the vault. The KEKs are wiped when this returns.
///
/// It registers the keys of the ring in the store, the first of them as primary when there is none, and makes
/// the purpose keys at the first start. A ring that does not fit is refused before anything is written.
///
/// Several instances may do this at the same time; each uses what the store finally holds.
pub async fn open_vault(
    ring: KeyRing,
    deployment: &dyn DeploymentRepository,
    organizations: Arc<dyn OrganizationKeyRepository>,
    ledger: Arc<dyn WrapLedger>,
    ids: &dyn Ids,
) -> Result<(RingVault, RingPurposeKeys), OpenVaultError> {
    let id = deployment.deployment_id().await?;
    let keys = HeldKey::of_ring(&ring, id)?;
    drop(ring);
    let primary = agree_with_store(&keys, deployment).await?;
    let wrap_keys = keys.into_iter().map(|key| (key.id, key.derived.wrap)).collect();
    let vault = RingVault {
        roots: RootKeys::new(id, wrap_keys, primary, WrapCounter::new(ledger, primary)),
        organizations: OrganizationKeys::new(organizations),
        random: SystemRandom::new(),
    };
    make_missing_purpose_keys(&vault, deployment, ids).await?;
    let purpose_keys = unwrap_purpose_keys(&vault, &deployment.purpose_keys().await?)?;
    Ok((vault, purpose_keys))
}

struct HeldKey {
    name: String,
    id: KekId,
    derived: Derived,
}

impl HeldKey {
    fn of_ring(ring: &KeyRing, deployment: Uuid) -> Result<Vec<Self>, VaultError> {
        let derive = |key: &crate::key_ring::RingKey| {
            let derived = Derived::from_kek(&key.key, deployment).map_err(|_| VaultError::Cipher)?;
            Ok(Self { name: key.name.clone(), id: key.id, derived })
        };
        ring.keys().iter().map(derive).collect()
    }
}

/// Refuses a ring that does not fit the store, registers new keys in the order of the ring, and returns the
/// primary key.
async fn agree_with_store(
    keys: &[HeldKey],
    deployment: &dyn DeploymentRepository,
) -> Result<KekId, OpenVaultError> {
    let known = by_id(deployment.keks().await?);
    refuse_misfit(keys, &known)?;
    for key in keys.iter().filter(|key| !known.contains_key(&key.id)) {
        deployment.register_kek(key.id, &key.name, key.derived.check_value).await?;
    }
    // Another instance may have registered its keys first, so the current state of the store counts.
    let known = by_id(deployment.keks().await?);
    refuse_misfit(keys, &known)?;
    let primary = known.values().find(|record| record.primary);
    primary.map(|record| record.id).ok_or(OpenVaultError::Forgotten("primary key"))
}

fn by_id(records: Vec<KekRecord>) -> BTreeMap<KekId, KekRecord> {
    records.into_iter().map(|record| (record.id, record)).collect()
}

fn refuse_misfit(keys: &[HeldKey], known: &BTreeMap<KekId, KekRecord>) -> Result<(), OpenVaultError> {
    // A wrong key is reported before a missing one, because under the name of the right key it is the more
    // helpful error.
    keys.iter().try_for_each(|key| refuse_wrong_key(key, known))?;
    refuse_missing_key(keys, known)
}

fn refuse_wrong_key(key: &HeldKey, known: &BTreeMap<KekId, KekRecord>) -> Result<(), OpenVaultError> {
    let record = known.get(&key.id);
    // Two first starts with different keys can both register the same name. Each then has its own record, and
    // the instance whose key is not primary is refused because the primary key is missing.
    let has_its_name = record.is_some_and(|record| record.name == key.name);
    if !has_its_name && known.values().any(|other| other.name == key.name) {
        return Err(OpenVaultError::OtherKey { name: key.name.clone() });
    }
    match record {
        Some(record) if record.check_value != key.derived.check_value => {
            Err(OpenVaultError::CheckValue { name: record.name.clone() })
        }
        _ => Ok(()),
    }
}

fn refuse_missing_key(keys: &[HeldKey], known: &BTreeMap<KekId, KekRecord>) -> Result<(), OpenVaultError> {
    let needed = |record: &&KekRecord| record.primary || record.in_use > 0;
    let absent = |record: &&KekRecord| !keys.iter().any(|key| key.id == record.id);
    match known.values().filter(needed).find(absent) {
        Some(KekRecord { name, id, .. }) => Err(OpenVaultError::KeyMissing { name: name.clone(), id: *id }),
        None => Ok(()),
    }
}

/// Makes the purpose keys that the store lacks. The wrap of a purpose key counts like any other wrap of the
/// primary.
async fn make_missing_purpose_keys(
    vault: &RingVault,
    deployment: &dyn DeploymentRepository,
    ids: &dyn Ids,
) -> Result<(), OpenVaultError> {
    let stored = deployment.purpose_keys().await?;
    let used = deployment.purpose_keys_in_use().await?;
    // A key that is made anew in the place of a lost one would hide the loss.
    if let Some(lost) = used.into_iter().find(|id| !stored.iter().any(|key| key.id == *id)) {
        return Err(OpenVaultError::PurposeKeyMissing(lost));
    }
    let mut missing = Vec::new();
    for purpose in Purpose::ALL {
        // The existing keys must open before new ones are made beside them.
        if unwrap_keys(vault, purpose, &stored)?.is_empty() {
            missing.push(purpose);
        }
    }
    for purpose in missing {
        vault.roots.take_wrap().await?;
        let id = PurposeKeyId(ids.next());
        let root = vault.roots.primary_key()?;
        let wrapped = purpose_keys::fresh(root, &vault.random, vault.roots.deployment(), purpose, id)
            .map_err(|_| VaultError::Cipher)?;
        let key = WrappedPurposeKey {
            id,
            purpose: purpose.as_str().to_owned(),
            kek_id: vault.primary(),
            wrapped,
            created_at: deployment.now().await?,
        };
        // Another instance may have stored its key first; the caller reads what the store holds.
        deployment.insert_first_purpose_key(&key).await?;
    }
    Ok(())
}

fn unwrap_purpose_keys(
    vault: &RingVault,
    stored: &[WrappedPurposeKey],
) -> Result<RingPurposeKeys, OpenVaultError> {
    let of = |purpose| {
        let keys = KeysOfPurpose::new(unwrap_keys(vault, purpose, stored)?);
        keys.ok_or(OpenVaultError::Forgotten("purpose key"))
    };
    Ok(RingPurposeKeys::new(of(Purpose::ApiKey)?, of(Purpose::Audit)?))
}

/// Unwraps the keys of one purpose, oldest first. Purposes of a later release are ignored.
fn unwrap_keys(
    vault: &RingVault,
    purpose: Purpose,
    stored: &[WrappedPurposeKey],
) -> Result<Vec<(PurposeKeyId, hmac::Key)>, OpenVaultError> {
    let rows = stored.iter().filter(|row| row.purpose == purpose.as_str());
    rows.map(|row| {
        let root = (row.kek_id, vault.roots.key(row.kek_id)?);
        purpose_keys::unwrap(root, vault.roots.deployment(), purpose, row.id, &row.wrapped)
            .map(|key| (row.id, key))
            .map_err(|_| OpenVaultError::PurposeKey { purpose, id: row.id, kek: row.kek_id })
    })
    .collect()
}
