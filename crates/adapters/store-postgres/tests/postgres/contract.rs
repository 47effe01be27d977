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
    let age_takes = move |by: time::Duration| {
        let shift = format!("interval '{} us'", by.whole_microseconds());
        let takes = format!("ARRAY(SELECT at - {shift} FROM unnest(taken_at) AS taken (at))");
        aged.run_sql(&format!("UPDATE destination_limits SET taken_at = {takes}")).unwrap();
    };
    StoreUnderTest { first, second, keys, age_takes: Box::new(age_takes), guard: Box::new(test) }
}

strongroom_store_contract::contract_tests!(make_store);
