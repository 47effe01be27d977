//! The embedded store, PostgreSQL and the store in memory, side by side: what one answers, the others must
//! answer too.
#![expect(clippy::unwrap_used, reason = "a store that cannot be made is a failed test")]

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use strongroom_fake_store::FakeStore;
use strongroom_fixtures::postgres_cluster::PostgresCluster;
use strongroom_fixtures::{RunningClock, TestPurposeKeys, instant};
use strongroom_store_contract::differential::{fresh_seed, stores_answer_alike};
use strongroom_store_contract::{Instance, StoreUnderTest};
use strongroom_store_postgres::{PostgresDatabase, PostgresOptions, PostgresStore};
use strongroom_store_sqlite::{SqliteDatabase, SqliteOptions, SqliteStore};

async fn sqlite(keys: &Arc<TestPurposeKeys>) -> StoreUnderTest {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strongroom.db");
    let instance = async || {
        let database = SqliteDatabase::open(&path, SqliteOptions::default()).await.unwrap();
        database.migrate().await.unwrap();
        let store = SqliteStore::new(database.clone(), keys.clone());
        Instance::new(&Arc::new(store), &Arc::new(database))
    };
    let (first, second) = (instance().await, instance().await);
    let age = move |by: time::Duration| {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let by = by.whole_microseconds();
        let changes = format!(
            "PRAGMA busy_timeout = 5000;
             UPDATE destination_limits SET
                taken_at = (SELECT json_group_array(value - {by}) FROM json_each(taken_at));
             UPDATE authorization_flows SET expires_at = expires_at - {by};
             UPDATE refresh_leases SET held_until = held_until - {by}, retry_at = retry_at - {by},
                 doubted_at = doubted_at - {by}"
        );
        connection.batch_execute(&changes).unwrap();
    };
    StoreUnderTest { first, second, keys: keys.clone(), age: Box::new(age), guard: Box::new(folder) }
}

async fn postgres(keys: &Arc<TestPurposeKeys>) -> StoreUnderTest {
    let test = Arc::new(PostgresCluster::shared().create_database());
    let instance = async || {
        let options = PostgresOptions { allow_unsafe_durability: true, ..PostgresOptions::new(test.url()) };
        let database = PostgresDatabase::connect(options).await.unwrap();
        database.migrate().await.unwrap();
        let store = PostgresStore::new(database.clone(), keys.clone());
        Instance::new(&Arc::new(store), &Arc::new(database))
    };
    let (first, second) = (instance().await, instance().await);
    let aged = test.clone();
    let age = move |by: time::Duration| {
        let by = format!("interval '{} us'", by.whole_microseconds());
        let changes = format!(
            "UPDATE destination_limits SET taken_at = ARRAY(SELECT at - {by} FROM unnest(taken_at) AS taken (at));
             UPDATE authorization_flows SET expires_at = expires_at - {by};
             UPDATE refresh_leases SET held_until = held_until - {by}, retry_at = retry_at - {by},
                 doubted_at = doubted_at - {by}"
        );
        aged.run_sql(&changes).unwrap();
    };
    StoreUnderTest { first, second, keys: keys.clone(), age: Box::new(age), guard: Box::new(test) }
}

fn in_memory(keys: &Arc<TestPurposeKeys>) -> StoreUnderTest {
    // Later than every time of the fixtures, as the clock of a real store is.
    let clock = Arc::new(RunningClock::starting_at(instant(1_000_000)));
    let store = FakeStore::with_clock(keys.clone(), clock.clone());
    let instance = |store: FakeStore| {
        let store = Arc::new(store);
        Instance::new(&store, &store)
    };
    let (first, second) = (instance(store.clone()), instance(store.another_instance()));
    let age = move |by| clock.shift(by);
    StoreUnderTest { first, second, keys: keys.clone(), age: Box::new(age), guard: Box::new(()) }
}

/// 1,000 operations, or ten times 5,000 when `STRONGROOM_TEST_FULL` is set. `STRONGROOM_TEST_SEED` plays a
/// run again.
#[tokio::test(flavor = "multi_thread")]
async fn all_stores_give_the_same_answers_to_random_operations() {
    let seed = std::env::var("STRONGROOM_TEST_SEED").ok().map(|text| text.parse().unwrap());
    let seed: u64 = seed.unwrap_or_else(fresh_seed);
    let full = std::env::var_os("STRONGROOM_TEST_FULL").is_some();
    let (plays, operations) = if full { (10, 5_000) } else { (1, 1_000) };
    for seed in (0..plays).map(|play| seed.wrapping_add(play)) {
        println!("{operations} operations of seed {seed}");
        let keys = Arc::new(TestPurposeKeys::new());
        let stores = vec![
            ("the embedded store", sqlite(&keys).await),
            ("PostgreSQL", postgres(&keys).await),
            ("the store in memory", in_memory(&keys)),
        ];
        stores_answer_alike(stores, seed, operations).await;
    }
}
