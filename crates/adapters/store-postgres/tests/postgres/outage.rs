use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom_domain::Action;
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};
use strongroom_fixtures::{event, organization};
use strongroom_repository::{Appended, AuditTrail, Contention, StoreError};

use crate::support::fixture_on;

/// Runs an action on the server while the runtime goes on, as in production.
async fn at_server(cluster: &Arc<PostgresCluster>, action: fn(&PostgresCluster)) {
    let cluster = cluster.clone();
    tokio::task::spawn_blocking(move || action(&cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_server_the_next_calls_work() {
    let cluster =
        Arc::new(PostgresCluster::start(ClusterOptions { fsync: true, ..ClusterOptions::default() }));
    let fixture = fixture_on(cluster.create_database(), 4).await;
    let batch = [event(&organization("acme"), Action::SecretRead)];
    fixture.store.append(&batch, Contention::Wait).await.unwrap();

    at_server(&cluster, PostgresCluster::restart).await;
    // The connections that have broken are not handed out.
    fixture.store.database().ping().await.unwrap();
    assert_eq!(fixture.store.append(&batch, Contention::Wait).await.unwrap(), [Appended::Durable { seq: 2 }]);

    at_server(&cluster, PostgresCluster::stop).await;
    let started = Instant::now();
    let down = fixture.store.append(&batch, Contention::Wait).await;
    assert!(matches!(down, Err(StoreError::Unavailable(_))), "{down:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    at_server(&cluster, PostgresCluster::start_again).await;
    fixture.store.database().ping().await.unwrap();
    assert_eq!(fixture.store.append(&batch, Contention::Wait).await.unwrap(), [Appended::Durable { seq: 3 }]);
}

#[tokio::test]
async fn a_caller_that_goes_away_in_the_middle_leaves_no_transaction_open() {
    let fixture = fixture_on(PostgresCluster::shared().create_database(), 2).await;
    let batch = [event(&organization("acme"), Action::SecretRead)];
    let mut durable = 0;
    for micros in (0..3_000).step_by(50) {
        let append = fixture.store.append(&batch, Contention::Wait);
        let cut = tokio::time::timeout(Duration::from_micros(micros), append).await;
        durable += usize::from(cut.is_ok_and(|answer| answer.is_ok()));
    }
    // The statement that was cut off no longer locks the head.
    fixture.store.append(&batch, Contention::Wait).await.unwrap();
    let records = fixture.store.range(&organization("acme"), 1, 1_000).await.unwrap();
    assert!(records.len() > durable, "an event that was answered is missing");
    assert!(records.iter().zip(1..).all(|(record, place)| record.seq == place));
    let open = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    assert_eq!(fixture.test.run_sql(open).unwrap(), "0");
}
