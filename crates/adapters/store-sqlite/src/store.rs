use std::fmt;
use std::sync::Arc;

use diesel::SqliteConnection;
use strongroom_domain::Evidence;
use strongroom_repository::StoreResult;
use strongroom_vault::PurposeKeys;

use crate::failure::Failure;
use crate::{SqliteDatabase, audit};

/// The store of everything that leaves evidence: credentials, connections, OAuth apps, flows and refreshes, service
/// accounts, organisations and the audit trail itself. It also counts connection tests.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) database: SqliteDatabase,
    pub(crate) keys: Arc<dyn PurposeKeys>,
}

impl SqliteStore {
    /// A store in a migrated database, with the keys that authenticate its audit records.
    pub fn new(database: SqliteDatabase, keys: Arc<dyn PurposeKeys>) -> Self {
        Self { database, keys }
    }

    /// Runs a mutation and records its evidence, in one transaction. A mutation that answers `None` had
    /// nothing to do, and nothing is recorded.
    pub(crate) async fn mutate<T, W>(&self, evidence: Evidence, mutation: W) -> StoreResult<Option<T>>
    where
        T: Send + 'static,
        W: FnOnce(&mut SqliteConnection) -> Result<Option<T>, Failure> + Send + 'static,
    {
        let keys = Arc::clone(&self.keys);
        let work = move |connection: &mut SqliteConnection| {
            let done = mutation(connection)?;
            if done.is_some() {
                audit::record(connection, &*keys, evidence.events())?;
            }
            Ok(done)
        };
        self.database.write(work).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("database", &self.database).finish_non_exhaustive()
    }
}
