use std::sync::Arc;

use strongroom_domain::Action;
use strongroom_fixtures::pgbouncer::PgBouncer;
use strongroom_fixtures::postgres_cluster::PostgresCluster;
use strongroom_fixtures::{TestPurposeKeys, event, organization};
use strongroom_repository::{Appended, AuditTrail, Contention};
use strongroom_store_postgres::{OpenError, PostgresDatabase, PostgresStore};

use crate::support::options;

#[tokio::test]
async fn a_pooler_that_shares_connections_is_refused_in_a_sentence() {
    let cluster = PostgresCluster::shared();
    let test = cluster.create_database();
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\ndefault_pool_size = 1",
        "pool_mode = transaction\nserver_round_robin = 1\nmin_pool_size = 4",
        "pool_mode = transaction\nignore_startup_parameters = options",
        "pool_mode = statement",
    ] {
        let pooler = PgBouncer::start(cluster.port(), settings);
        let refused = PostgresDatabase::connect(options(pooler.url(test.name()))).await.err();
        assert!(matches!(refused, Some(OpenError::SharedConnections)), "{settings}: {refused:?}");
    }
}

#[tokio::test]
async fn a_pooler_in_session_mode_serves_the_store() {
    let cluster = PostgresCluster::shared();
    let test = cluster.create_database();
    let pooler = PgBouncer::start(cluster.port(), "pool_mode = session");
    let database = PostgresDatabase::connect(options(pooler.url(test.name()))).await.unwrap();
    database.migrate().await.unwrap();
    let store = PostgresStore::new(database, Arc::new(TestPurposeKeys::new()));
    let batch = [event(&organization("acme"), Action::SecretRead)];
    let written = store.append(&batch, Contention::Skip).await.unwrap();
    assert_eq!(written, [Appended::Durable { seq: 1 }]);
    assert_eq!(test.run_sql("SELECT count(*) FROM audit_events").unwrap(), "1");
}

#[tokio::test]
async fn causes_that_pass_are_told_from_others_in_words_that_help() {
    let cluster = PostgresCluster::shared();
    let test = cluster.create_database();
    let url = test.url();
    for (url, passes, words) in [
        (url.replace(test.name(), "no_such_database"), false, "create the database"),
        ("postgres://app@127.0.0.1:1/app".to_owned(), true, "host and port"),
        ("postgres://app@no-such-host.invalid/app?sslmode=disable".to_owned(), true, "host and port"),
        (format!("{url}?sslmode=require"), false, "check sslmode"),
    ] {
        let error = PostgresDatabase::connect(options(url.clone())).await.err().unwrap();
        assert_eq!(error.is_passing(), passes, "{url}: {error:?}");
        assert!(error.is_about_the_url() && format!("{error:?}").contains(words), "{error:?}");
    }
}
