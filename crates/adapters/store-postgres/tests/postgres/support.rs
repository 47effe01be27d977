//! A migrated database per test, and stores on it.

use std::sync::Arc;

use strongroom_fixtures::TestPurposeKeys;
use strongroom_fixtures::postgres_cluster::{PostgresCluster, TestDatabase};
use strongroom_store_postgres::{PostgresDatabase, PostgresOptions, PostgresStore, StatementCounter};

/// A database that is dropped at the end, with a store on it.
pub(crate) struct Fixture {
    pub(crate) store: PostgresStore,
    pub(crate) counter: Arc<StatementCounter>,
    pub(crate) test: TestDatabase,
}

/// Options that also accept a server that does not sync its writes to disk.
pub(crate) fn options(url: String) -> PostgresOptions {
    PostgresOptions { allow_unsafe_durability: true, pool_size: 8, ..PostgresOptions::new(url) }
}

/// A store with its own pool on a database that other stores may share.
pub(crate) async fn open(options: PostgresOptions) -> PostgresStore {
    let database = PostgresDatabase::connect(options).await.unwrap();
    PostgresStore::new(database, Arc::new(TestPurposeKeys::new()))
}

/// A store on a fresh, migrated database of the shared server.
pub(crate) async fn fixture() -> Fixture {
    fixture_on(PostgresCluster::shared().create_database(), 8).await
}

/// A store with this many connections on an empty database, which it migrates.
pub(crate) async fn fixture_on(test: TestDatabase, pool_size: u32) -> Fixture {
    let counter = Arc::new(StatementCounter::default());
    let store =
        open(PostgresOptions { statements: Some(counter.clone()), pool_size, ..options(test.url()) }).await;
    store.database().migrate().await.unwrap();
    Fixture { store, counter, test }
}
