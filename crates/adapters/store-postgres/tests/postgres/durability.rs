use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};
use strongroom_store_postgres::{OpenError, PostgresDatabase, PostgresOptions};

#[tokio::test]
async fn a_server_that_may_lose_answered_writes_is_refused() {
    let cluster = PostgresCluster::start(ClusterOptions { fsync: false, ..ClusterOptions::default() });
    let test = cluster.create_database();
    let refused = PostgresDatabase::connect(PostgresOptions::new(test.url())).await;
    assert!(matches!(refused.err(), Some(OpenError::UnsafeDurability { setting: "fsync" })));
}

#[tokio::test]
async fn a_server_that_syncs_is_accepted_unless_commits_do_not_wait() {
    let cluster = PostgresCluster::start(ClusterOptions { fsync: true, ..ClusterOptions::default() });
    let test = cluster.create_database();
    let database = PostgresDatabase::connect(PostgresOptions::new(test.url())).await.unwrap();
    database.ping().await.unwrap();
    test.run_sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", test.name())).unwrap();
    let refused = PostgresDatabase::connect(PostgresOptions::new(test.url())).await;
    assert!(matches!(refused.err(), Some(OpenError::UnsafeDurability { setting: "synchronous_commit" })));
}
