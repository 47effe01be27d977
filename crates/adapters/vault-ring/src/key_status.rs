use std::collections::BTreeSet;

use strongroom_domain::KekId;
use strongroom_repository::{DeploymentRepository, StoreResult};

use crate::key_ring::KeyRing;

/// The status of one root key for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    /// The name in the store, or the one in the ring for a key that the store has not seen.
    pub name: String,
    /// Its id.
    pub id: KekId,
    /// Whether new organisation keys are wrapped with it.
    pub primary: bool,
    /// How many wraps are reserved, out of [`WRAP_LIMIT`](crate::WRAP_LIMIT).
    pub reserved: u64,
    /// How many stored values it wraps. A key that is not primary may be removed when this is 0.
    pub in_use: u64,
    /// Whether this instance's key ring holds it.
    pub held: bool,
}

/// Returns the keys that the store knows, then those that are only in the ring. It changes nothing, and it
/// also works when [`open_vault`](crate::open_vault) would refuse.
pub async fn key_status(
    ring: &KeyRing,
    deployment: &dyn DeploymentRepository,
) -> StoreResult<Vec<KeyStatus>> {
    let held: BTreeSet<KekId> = ring.ids().map(|(_, id)| id).collect();
    let known = deployment.keks().await?;
    let new: Vec<_> = ring.ids().filter(|(_, id)| !known.iter().any(|record| record.id == *id)).collect();
    let known = known.into_iter().map(|record| KeyStatus {
        held: held.contains(&record.id),
        name: record.name,
        id: record.id,
        primary: record.primary,
        reserved: record.reserved,
        in_use: record.in_use,
    });
    let new = new.into_iter().map(|(name, id)| KeyStatus {
        name: name.to_owned(),
        id,
        primary: false,
        reserved: 0,
        in_use: 0,
        held: true,
    });
    Ok(known.chain(new).collect())
}
