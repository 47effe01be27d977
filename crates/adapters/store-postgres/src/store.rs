use std::sync::Arc;

use strongroom_domain::Evidence;
use strongroom_repository::StoreResult;
use strongroom_store_rows::{Change, made};
use strongroom_vault::PurposeKeys;

use crate::audit_chain;
use crate::connection::{Connection, Work};
use crate::database::PostgresDatabase;
use crate::failure::store_error;

/// The store of credentials, connections, OAuth apps, flows and leases, service accounts, organisations and
/// their audit trails, and of the counts of connection tests.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) database: PostgresDatabase,
    pub(crate) keys: Arc<dyn PurposeKeys>,
}

pub(crate) use PostgresStore as Store;

impl PostgresStore {
    /// Makes a store on a migrated database. It signs audit records with `keys`.
    pub fn new(database: PostgresDatabase, keys: Arc<dyn PurposeKeys>) -> Self {
        Self { database, keys }
    }

    /// The database that the store uses.
    pub fn database(&self) -> &PostgresDatabase {
        &self.database
    }

    /// Runs a mutation and records its evidence in one transaction. Returns `false` when there was nothing to
    /// change; then nothing is written or recorded. A mutation that the server aborts in favour of another
    /// transaction is run once more.
    pub(crate) async fn mutate<M>(&self, evidence: Evidence, mutation: M) -> StoreResult<bool>
    where
        M: for<'c> Work<'c, Change> + Clone + Send + Sync,
    {
        let (evidence, keys) = (&evidence, &*self.keys);
        let work = async move |connection: &mut Connection| {
            let more = mutation(connection).await?.event()?;
            let events: Vec<_> = evidence.events().chain(more.as_deref()).collect();
            audit_chain::record(connection, keys, &events).await
        };
        made(self.database.attempt(evidence.organization(), work).await).map_err(store_error)
    }
}
