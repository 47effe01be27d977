use std::sync::Arc;

use strongroom_fixtures::TestPurposeKeys;
use strongroom_fixtures::postgres_cluster::PostgresCluster;
use strongroom_store_contract::{Instance, StoreUnderTest};
use strongroom_store_postgres::{PostgresDatabase, PostgresStore};

use crate::support::options;

async fn make_store() -> StoreUnderTest {
    let test = PostgresCluster::shared().create_database();
    let keys = Arc::new(TestPurposeKeys::new());
    let instance = async || {
        let database = PostgresDatabase::connect(options(test.url())).await.unwrap();
        database.migrate().await.unwrap();
        let store = PostgresStore::new(database.clone(), keys.clone());
        Instance::new(&Arc::new(store), &Arc::new(database))
    };
    let (first, second) = (instance().await, instance().await);
    let test = Arc::new(test);
    let aged = test.clone();
    let age = move |by: time::Duration| {
        let shift = format!("interval '{} us'", by.whole_microseconds());
        let takes = format!("ARRAY(SELECT at - {shift} FROM unnest(taken_at) AS taken (at))");
        let changes = format!(
            "UPDATE destination_limits SET taken_at = {takes};
             UPDATE authorization_flows SET expires_at = expires_at - {shift};
             UPDATE refresh_leases SET held_until = held_until - {shift}, retry_at = retry_at - {shift},
                 doubted_at = doubted_at - {shift}"
        );
        aged.run_sql(&changes).unwrap();
    };
    StoreUnderTest { first, second, keys, age: Box::new(age), guard: Box::new(test) }
}

strongroom_store_contract::contract_tests!(make_store);
