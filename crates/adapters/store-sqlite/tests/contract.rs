//! Runs the contract of the repository ports on the embedded store.
#![expect(clippy::unwrap_used, reason = "a store that cannot be made is a failed test")]

use std::path::Path;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use strongroom_fixtures::TestPurposeKeys;
use strongroom_store_contract::{Instance, StoreUnderTest, contract_tests};
use strongroom_store_sqlite::{SqliteDatabase, SqliteOptions, SqliteStore};

async fn instance(path: &Path, keys: &Arc<TestPurposeKeys>) -> Instance {
    let database = SqliteDatabase::open(path, SqliteOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    let store = SqliteStore::new(database.clone(), keys.clone());
    Instance::new(&Arc::new(store), &Arc::new(database))
}

async fn make_store() -> StoreUnderTest {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strongroom.db");
    let keys = Arc::new(TestPurposeKeys::new());
    let (first, second) = (instance(&path, &keys).await, instance(&path, &keys).await);
    let age = move |by: time::Duration| {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        let shift = by.whole_microseconds();
        let takes = format!("(SELECT json_group_array(value - {shift}) FROM json_each(taken_at))");
        for change in [
            format!("destination_limits SET taken_at = {takes}"),
            format!("authorization_flows SET expires_at = expires_at - {shift}"),
            format!(
                "refresh_leases SET held_until = held_until - {shift}, retry_at = retry_at - {shift},
                 doubted_at = doubted_at - {shift}"
            ),
        ] {
            connection.batch_execute(&format!("UPDATE {change}")).unwrap();
        }
    };
    StoreUnderTest { first, second, keys, age: Box::new(age), guard: Box::new(folder) }
}

contract_tests!(make_store);
