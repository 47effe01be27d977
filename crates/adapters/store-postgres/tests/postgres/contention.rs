use std::time::Duration;

use strongroom_domain::audit::{GENESIS, signed_bytes};
use strongroom_domain::{
    Action, Credential, CredentialId, CredentialStatus, Integration, IntegrationId, OrganizationId, TestCode,
};
use strongroom_environment::Ids;
use strongroom_fixtures::{
    SeededIds, TestPurposeKeys, credential, event, event_about, instant, organization, with_payload,
};
use strongroom_repository::{
    AuditTrail, AuthorizationFlowRepository, Contention, CredentialRepository, DestinationLimitRepository,
    Ended, IntegrationRepository, Lease, OrganizationRepository, RefreshLeaseRepository, StoreError,
    StoreResult, TestFinding, Unique,
};
use strongroom_store_contract::flows::{MANY, completed, flow, granted, told};
use strongroom_store_contract::leases::refreshed;
use strongroom_store_postgres::PostgresStore;
use strongroom_vault::{Purpose, PurposeKeys};
use uuid::Uuid;

use crate::support::{fixture, open, options};

const TASKS: u64 = 8;
const ROUNDS: usize = 30;

/// The work of one instance: it creates, edits, connects, tests, notes reads, appends over all organisations,
/// disconnects and deletes.
async fn work(store: PostgresStore, organizations: Vec<OrganizationId>, task: u64) -> usize {
    let ids = SeededIds::new(task);
    let mut events = 0;
    for round in 0..ROUNDS {
        let own = organizations.iter().cycle().nth(round + usize::try_from(task).unwrap()).unwrap();
        let new = credential(own, CredentialId(ids.next()));
        let evidence = |action| event_about(&new, action).into();
        settled(store.insert(&with_payload(new.clone()), 10_000, evidence(Action::CredentialCreated)).await);
        let changed = Credential { revision: 2, ..new.clone() };
        settled(store.relabel(&changed, 1, 1, evidence(Action::CredentialRenamed)).await);
        let destination = [u8::try_from(round % 3).unwrap(); 32];
        let window = Duration::from_millis(20);
        settled(DestinationLimitRepository::take(&store, destination, 5, window).await);
        // Of several attempts to connect one provider one succeeds. Each connection ends once, here or with
        // its credential.
        events += 2 * usize::from(connect(&store, &new, IntegrationId(ids.next())).await);
        let tested = store.record_test(own, new.id, 1, &finding(), evidence(Action::CredentialTested)).await;
        assert!(settled(tested));
        settled(store.forget(window).await);

        refresh(&store, &new, ids.next()).await;
        events += authorize(&store, own, &ids, round).await;

        let mut batch: Vec<_> = organizations.iter().map(|one| event(one, Action::SecretRead)).collect();
        if task.is_multiple_of(2) {
            batch.reverse();
        }
        events += settled(store.append(&batch, Contention::Wait).await).len();

        let mut reads: Vec<_> =
            settled(CredentialRepository::list(&store, own, &Default::default(), None, 20).await)
                .into_iter()
                .map(|one| (own.clone(), one.id, instant(1)))
                .collect();
        if task.is_multiple_of(2) {
            reads.reverse();
        }
        settled(store.note_reads(&reads).await);
        if round % 3 == 0 {
            let found = settled(IntegrationRepository::find(&store, own, &new.provider).await);
            if let Some(found) = found {
                let ended = evidence(Action::IntegrationDisconnected);
                settled(store.disconnect(own, found.integration.id, ended).await);
            }
        }
        let disconnected = event_about(&new, Action::IntegrationDisconnected);
        let tombstone = evidence(Action::CredentialDeleted);
        let delete =
            CredentialRepository::delete(&store, own, new.id, Some(2), tombstone, disconnected).await;
        assert!(settled(delete));
        events += 5;
    }
    events
}

/// Refreshes a credential under a lease.
async fn refresh(store: &PostgresStore, credential: &Credential, owner: Uuid) {
    let (organization, length) = (&credential.organization, Duration::from_secs(30));
    let lease = settled(store.acquire(organization, credential.id, 1, owner, length).await);
    assert_eq!(lease, Lease::Acquired { failures: 0, interrupted: false, doubted: false });
    settled(store.fail(organization, credential.id, owner, Duration::ZERO, Ended::Failed).await);
    settled(store.due(20).await);
    settled(store.acquire(organization, credential.id, 1, owner, length).await);
    let (after, payload) = refreshed(credential);
    let evidence = event_about(credential, Action::CredentialRefreshed).into();
    assert!(settled(store.store(&after, &payload, 1, owner, evidence).await));
}

/// Takes a flow to its end, of one kind or the other, and returns how many events it recorded.
async fn authorize(store: &PostgresStore, own: &OrganizationId, ids: &SeededIds, round: usize) -> usize {
    let new = flow(own, ids);
    settled(store.begin(&new, MANY, told(&new, Action::AuthorizationBegun)).await);
    assert!(settled(AuthorizationFlowRepository::take(store, &new.flow.state).await).is_some());
    let evidence = told(&new, Action::AuthorizationGranted);
    assert!(settled(store.grant(&granted(&new), 10_000, evidence).await));
    if round.is_multiple_of(2) {
        let evidence = told(&new, Action::AuthorizationFailed);
        assert!(settled(store.abandon(own, new.flow.id, evidence).await));
        return 3;
    }
    let end = completed(&new);
    let evidence = told(&new, Action::AuthorizationCompleted);
    assert!(settled(store.complete(&end, evidence, None).await));
    let tombstone = event_about(&end.credential, Action::CredentialDeleted);
    let disconnected = event_about(&end.credential, Action::IntegrationDisconnected);
    let delete =
        CredentialRepository::delete(store, own, end.credential.id, None, tombstone.into(), disconnected);
    assert!(settled(delete.await));
    4
}

async fn connect(store: &PostgresStore, credential: &Credential, id: IntegrationId) -> bool {
    let integration = Integration {
        organization: credential.organization.clone(),
        id,
        provider: credential.provider.clone(),
        connected_by: "user_1".to_owned(),
        issuer: None,
        connected_at: instant(1),
    };
    let evidence = event_about(credential, Action::IntegrationConnected).into();
    match store.connect(&integration, credential, evidence).await {
        Err(StoreError::Duplicate(Unique::Integration)) => false,
        other => settled(other),
    }
}

fn finding() -> TestFinding {
    TestFinding {
        tested_at: instant(1),
        code: TestCode::Ok,
        status: Some(CredentialStatus::Validated),
        status_reason: None,
    }
}

fn settled<T>(answer: StoreResult<T>) -> T {
    match answer {
        Ok(value) => value,
        Err(StoreError::Unavailable(source)) => panic!("gave up: {source}"),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_mutations_and_batches_of_many_writers_never_deadlock() {
    let fixture = fixture().await;
    let organizations = ["acme", "globex", "initech", "hooli", "umbrella"].map(organization);
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let store = open(options(fixture.test.url())).await;
        tasks.push(tokio::spawn(work(store, organizations.to_vec(), task + 1)));
    }
    let mut events = 0;
    for task in tasks {
        events += tokio::time::timeout(Duration::from_secs(120), task).await.unwrap().unwrap();
    }

    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(fixture.test.run_sql(deadlocks).unwrap(), "0");
    let mut recorded = 0;
    for organization in &organizations {
        let records = fixture.store.range(organization, 1, 100_000).await.unwrap();
        let (mut previous, mut last_at) = (GENESIS, instant(0));
        for (record, place) in records.iter().zip(1..) {
            assert_eq!(record.seq, place);
            assert!(record.at >= last_at, "time went back within a chain");
            let message = signed_bytes(&record.event, record.seq, record.at, &previous);
            assert_eq!(
                TestPurposeKeys::new().digest(Purpose::Audit, record.mac_key, &message).unwrap(),
                record.mac
            );
            (previous, last_at) = (record.mac, record.at);
        }
        recorded += records.len();
        let connections = IntegrationRepository::list(&fixture.store, organization).await.unwrap();
        assert!(connections.iter().all(|one| one.credential.is_none()));
    }
    assert_eq!(recorded, events);
    assert_eq!(fixture.store.quota_drift().await.unwrap(), []);
}
