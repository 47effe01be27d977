use std::fmt;
use std::sync::Arc;

use strongroom_domain::Evidence;
use strongroom_repository::StoreResult;
use strongroom_store_rows::{Aborted, Change, made};
use strongroom_vault::PurposeKeys;

use crate::SqliteDatabase;
use crate::audit_chain;
use crate::connection::Connection;
use crate::failure::store_error;

/// The store of everything that leaves evidence: credentials, connections, OAuth apps, flows and refreshes,
/// service accounts, organisations and the audit trail itself. It also counts connection tests.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) database: SqliteDatabase,
    pub(crate) keys: Arc<dyn PurposeKeys>,
}

pub(crate) use SqliteStore as Store;

impl SqliteStore {
    /// Makes a store on a migrated database, with the keys that authenticate its audit records.
    pub fn new(database: SqliteDatabase, keys: Arc<dyn PurposeKeys>) -> Self {
        Self { database, keys }
    }

    /// Runs a mutation and records its evidence in one transaction. Returns `false` when there was nothing to
    /// change; then nothing is written or recorded.
    pub(crate) async fn mutate<M>(&self, evidence: Evidence, mutation: M) -> StoreResult<bool>
    where
        M: AsyncFnOnce(&mut Connection) -> Result<Change, Aborted> + Send + 'static,
    {
        let keys = Arc::clone(&self.keys);
        let work = async move |connection: &mut Connection| {
            let more = mutation(connection).await?.event()?;
            audit_chain::record(connection, &*keys, evidence.events().chain(more.as_deref()))?;
            Ok(())
        };
        made(self.database.attempt(work).await).map_err(store_error)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("database", &self.database).finish_non_exhaustive()
    }
}
