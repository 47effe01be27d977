use std::time::{Duration, Instant};

use strongroom_domain::{Action, CredentialId};
use strongroom_environment::Ids;
use strongroom_fixtures::postgres_cluster::PostgresCluster;
use strongroom_fixtures::{SeededIds, credential, event, event_about, organization, with_payload};
use strongroom_repository::{
    Appended, AuditTrail, Contention, CredentialRepository, DestinationLimitRepository, Selector, StoreError,
};

use crate::support::{Fixture, fixture, fixture_on};

/// A second connection that holds locks until it is dropped.
struct Holder {
    client: tokio_postgres::Client,
}

async fn holding(fixture: &Fixture, sql: &str) -> Holder {
    let (client, driver) = tokio_postgres::connect(&fixture.test.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    client.batch_execute("BEGIN").await.unwrap();
    client.batch_execute(sql).await.unwrap();
    Holder { client }
}

fn id(ids: &SeededIds) -> CredentialId {
    CredentialId(ids.next())
}

#[tokio::test]
async fn a_table_that_somebody_locked_is_unavailable_in_time_and_usable_afterwards() {
    let fixture = fixture().await;
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let holder = holding(&fixture, "LOCK TABLE credentials, audit_heads").await;
    let started = Instant::now();
    let new = with_payload(credential(&acme, id(&ids)));
    let selector = Selector::Id(new.credential.id);
    let batch = [event(&acme, Action::SecretRead)];
    let (read, write, append) = tokio::join!(
        fixture.store.find_sealed(&acme, &selector),
        fixture.store.insert(&new, 50, event_about(&new.credential, Action::CredentialCreated).into()),
        fixture.store.append(&batch, Contention::Skip),
    );
    assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(matches!(write, Err(StoreError::Unavailable(_))), "{write:?}");
    assert!(matches!(append, Err(StoreError::Unavailable(_))), "{append:?}");
    holder.client.batch_execute("ROLLBACK").await.unwrap();
    assert!(fixture.store.find_sealed(&acme, &selector).await.unwrap().is_none());
    assert_eq!(fixture.store.append(&batch, Contention::Skip).await.unwrap(), [Appended::Durable { seq: 1 }]);
}

#[tokio::test]
async fn an_exhausted_pool_is_unavailable_within_a_second() {
    let fixture = fixture_on(PostgresCluster::shared().create_database(), 1).await;
    let holder = holding(&fixture, "LOCK TABLE credentials").await;
    let acme = organization("acme");
    let selector = Selector::Id(id(&SeededIds::new(1)));
    let blocked = tokio::spawn({
        let (store, acme, selector) = (fixture.store.clone(), acme.clone(), selector.clone());
        async move { store.find_sealed(&acme, &selector).await }
    });
    // The only connection is in use once the server shows that its statement waits.
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'credentials'::regclass";
    while holder.client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    let error = fixture.store.database().ping().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    let StoreError::Unavailable(source) = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("no connection came free"), "{source}");
    holder.client.batch_execute("ROLLBACK").await.unwrap();
    assert!(blocked.await.unwrap().unwrap().is_none());
    fixture.store.database().ping().await.unwrap();
}

#[tokio::test]
async fn a_test_that_had_to_wait_for_its_turn_counts_from_then() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let fixture = fixture().await;
    // What may hold the row: another take that is rolled back, and a clean-up.
    for (lock, release) in [
        ("UPDATE destination_limits SET taken_at = taken_at", "ROLLBACK"),
        ("DELETE FROM destination_limits", "COMMIT"),
    ] {
        fixture.store.take([7; 32], 10, HOUR).await.unwrap();
        let holder = holding(&fixture, lock).await;
        let store = fixture.store.clone();
        let waiter = tokio::spawn(async move { store.take([7; 32], 10, HOUR).await });
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while holder.client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
        let released = fixture.test.run_sql("SELECT clock_timestamp()").unwrap();
        holder.client.batch_execute(release).await.unwrap();
        assert_eq!(waiter.await.unwrap().unwrap(), None);
        let since = format!(
            "SELECT count(*) FROM destination_limits, unnest(taken_at) AS at WHERE at >= '{released}'"
        );
        assert_eq!(fixture.test.run_sql(&since).unwrap(), "1", "{lock}");
    }
}

#[tokio::test]
async fn an_event_whose_head_is_held_is_skipped_or_waited_for_and_the_others_are_durable() {
    let fixture = fixture().await;
    let batch = ["acme", "globex"].map(|one| event(&organization(one), Action::SecretRead));
    fixture.store.append(&batch, Contention::Wait).await.unwrap();
    let holder = holding(&fixture, "SELECT FROM audit_heads WHERE org_id = 'acme' FOR UPDATE").await;
    let started = Instant::now();
    let skipped = fixture.store.append(&batch, Contention::Skip).await.unwrap();
    assert_eq!(skipped, [Appended::Skipped, Appended::Durable { seq: 2 }]);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    let started = Instant::now();
    let waited = fixture.store.append(&batch, Contention::Wait).await;
    assert!(matches!(waited, Err(StoreError::Unavailable(_))), "{waited:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    holder.client.batch_execute("ROLLBACK").await.unwrap();
    let appended = fixture.store.append(&batch, Contention::Wait).await.unwrap();
    assert_eq!(appended, [Appended::Durable { seq: 2 }, Appended::Durable { seq: 3 }]);
}

#[tokio::test]
async fn a_new_chain_that_somebody_holds_on_to_does_not_keep_the_others_waiting() {
    let fixture = fixture().await;
    let batch = ["acme", "globex"].map(|one| event(&organization(one), Action::SecretRead));
    fixture.store.append(&batch[1..], Contention::Wait).await.unwrap();
    let unfinished = "INSERT INTO audit_heads VALUES ('acme', 0, decode(repeat('00', 32), 'hex'), now())";
    let _holder = holding(&fixture, unfinished).await;
    let started = Instant::now();
    let skipped = fixture.store.append(&batch, Contention::Skip).await.unwrap();
    assert_eq!(skipped, [Appended::Skipped, Appended::Durable { seq: 2 }]);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_read_only_server_is_unavailable_and_nothing_is_recorded() {
    let fixture = fixture().await;
    let batch = [event(&organization("acme"), Action::SecretRead)];
    fixture.store.append(&batch, Contention::Wait).await.unwrap();
    fixture
        .test
        .run_sql(&format!(
            "ALTER DATABASE {} SET default_transaction_read_only = on; SELECT pg_terminate_backend(pid)
             FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            fixture.test.name()
        ))
        .unwrap();
    // The first answer may come from the connection that was cut.
    for _ in 0..2 {
        let answer = fixture.store.append(&batch, Contention::Skip).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert_eq!(fixture.store.head(&organization("acme")).await.unwrap().unwrap().seq, 1);
}

#[tokio::test]
async fn an_unreachable_server_is_refused_without_telling_the_password() {
    let url = "postgres://app:canary@127.0.0.1:1/app".to_owned();
    let error = strongroom_store_postgres::PostgresDatabase::connect(crate::support::options(url))
        .await
        .err()
        .unwrap();
    let mut shown = format!("{error:?}");
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(one) = cause {
        shown.push_str(&one.to_string());
        cause = one.source();
    }
    assert!(shown.contains("cannot be reached") && !shown.contains("canary"), "{shown}");
}
