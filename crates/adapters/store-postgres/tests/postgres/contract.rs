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
    StoreUnderTest { first, second, keys, guard: Box::new(test) }
}

strongroom_store_contract::contract_tests!(make_store);
