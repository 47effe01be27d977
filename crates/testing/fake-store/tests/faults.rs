//! Tests of the faults: slow calls, failures, lost answers and held calls.

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::{Action, Credential, OrganizationId};
use strongroom_fake_store::{Call, FakeStore, unavailable};
use strongroom_fixtures::{
    SeededIds, TestPurposeKeys, credential, event_about, instant, organization, with_payload,
};
use strongroom_repository::{
    CredentialRepository, DeploymentRepository, Lease, RefreshLeaseRepository, StoreError, StoreResult,
};
use tokio::time::Instant;
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

fn store() -> FakeStore {
    FakeStore::new(Arc::new(TestPurposeKeys::new()))
}

/// A store with one credential, stored directly and not by a call.
fn store_with_credential() -> (FakeStore, OrganizationId, Credential) {
    let (store, acme) = (store(), organization("acme"));
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.put(with_payload(stored.clone()));
    (store, acme, stored)
}

async fn find(store: &FakeStore, credential: &Credential) -> StoreResult<Option<Credential>> {
    CredentialRepository::find(store, &credential.organization, credential.id).await
}

async fn insert(store: &FakeStore, new: &Credential) -> StoreResult<()> {
    let evidence = event_about(new, Action::CredentialCreated).into();
    CredentialRepository::insert(store, &with_payload(new.clone()), 10, evidence).await
}

async fn rename(store: &FakeStore, seen: &Credential, by: &str) -> StoreResult<()> {
    let changed = Credential { revision: seen.revision + 1, modified_by: by.to_owned(), ..seen.clone() };
    let evidence = event_about(&changed, Action::CredentialRenamed).into();
    let sealed = with_payload(changed.clone()).sealed;
    CredentialRepository::replace(store, &changed, &sealed, seen.revision, seen.version, evidence).await
}

fn is_away<T>(answer: StoreResult<T>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test(start_paused = true)]
async fn the_stores_clock_goes_with_tokios_time() {
    let (store, acme, stored) = store_with_credential();
    assert_eq!(store.now().await.unwrap(), instant(0));
    let acquire = |owner| store.acquire(&acme, stored.id, 1, Uuid::from_u128(owner), 30 * SECOND);
    assert_eq!(
        acquire(1).await.unwrap(),
        Lease::Acquired { failures: 0, interrupted: false, doubted: false }
    );
    assert_eq!(store.lease_holder(stored.id), Some(Uuid::from_u128(1)));
    tokio::time::sleep(29 * SECOND).await;
    assert_eq!(acquire(2).await.unwrap(), Lease::Held);
    tokio::time::advance(SECOND).await;
    assert_eq!(store.lease_holder(stored.id), None);
    assert_eq!(acquire(2).await.unwrap(), Lease::Acquired { failures: 0, interrupted: true, doubted: false });
    assert_eq!(store.now().await.unwrap(), instant(30));
}

#[tokio::test]
async fn a_call_that_fails_does_nothing_and_only_once() {
    let (store, acme) = (store(), organization("acme"));
    let new = credential(&acme, SeededIds::new(1).credential());
    store.faults().fail_next(Call::InsertCredential, StoreError::QuotaExceeded);
    assert!(matches!(insert(&store, &new).await, Err(StoreError::QuotaExceeded)));
    assert_eq!((store.credential(new.id), store.events(&acme)), (None, vec![]));
    insert(&store, &new).await.unwrap();
    assert_eq!(store.actions(&acme), [Action::CredentialCreated]);
    assert_eq!(store.calls(Call::InsertCredential), 2);
}

#[tokio::test]
async fn what_is_set_for_the_next_calls_is_a_queue() {
    let (store, _, stored) = store_with_credential();
    store.faults().fail_next(Call::FindCredential, unavailable());
    store.faults().spare_next(Call::FindCredential);
    store.faults().fail_next(Call::FindCredential, StoreError::StaleVersion);
    let find = || find(&store, &stored);
    assert!(is_away(find().await));
    assert!(find().await.is_ok());
    assert!(matches!(find().await, Err(StoreError::StaleVersion)));
    assert!(find().await.is_ok());
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_healed_and_hides_nothing_from_the_test() {
    let (store, _, stored) = store_with_credential();
    store.faults().fail_every(Call::ReplaceCredential);
    assert!(is_away(rename(&store, &stored, "one").await));
    assert!(is_away(rename(&store, &stored, "one").await));
    assert!(find(&store, &stored).await.is_ok());
    store.faults().fail_all();
    assert!(is_away(find(&store, &stored).await));
    assert!(is_away(store.now().await));
    assert_eq!(store.credential(stored.id), Some(stored.clone()));
    store.faults().heal();
    rename(&store, &stored, "one").await.unwrap();
    assert_eq!(store.calls(Call::ReplaceCredential), 3);
}

#[tokio::test]
async fn a_lost_answer_is_that_of_something_done() {
    let (store, acme, stored) = store_with_credential();
    store.faults().lose_answer(Call::ReplaceCredential);
    assert!(is_away(rename(&store, &stored, "one").await));
    assert_eq!(store.credential(stored.id).unwrap().modified_by, "one");
    assert_eq!(store.actions(&acme), [Action::CredentialRenamed]);
    assert!(matches!(rename(&store, &stored, "one").await, Err(StoreError::StaleVersion)));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_call_is_late_and_can_be_given_up() {
    let (store, _, stored) = store_with_credential();
    store.faults().delay_all(SECOND);
    store.faults().delay(Call::ReplaceCredential, 5 * SECOND);
    let began = Instant::now();
    find(&store, &stored).await.unwrap();
    assert_eq!(began.elapsed(), SECOND);
    let given_up = tokio::time::timeout(2 * SECOND, rename(&store, &stored, "one")).await;
    assert!(given_up.is_err());
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(store.credential(stored.id), Some(stored.clone()));
    let began = Instant::now();
    rename(&store, &stored, "two").await.unwrap();
    assert_eq!(began.elapsed(), 5 * SECOND);
}

#[tokio::test]
async fn a_held_call_lets_another_one_come_first() {
    let (store, _, stored) = store_with_credential();
    let held = store.faults().hold(Call::ReplaceCredential);
    assert!(!held.is_reached());
    let late = tokio::spawn({
        let (store, stored) = (store.clone(), stored.clone());
        async move { rename(&store, &stored, "late").await }
    });
    held.reached().await;
    rename(&store, &stored, "early").await.unwrap();
    assert!(!late.is_finished());
    held.release();
    assert!(matches!(late.await.unwrap(), Err(StoreError::StaleVersion)));
    assert_eq!(store.credential(stored.id).unwrap().modified_by, "early");
}

#[tokio::test]
async fn a_held_answer_is_that_of_something_done() {
    let (store, _, stored) = store_with_credential();
    let held = store.faults().hold_answer(Call::ReplaceCredential);
    let first = tokio::spawn({
        let (store, stored) = (store.clone(), stored.clone());
        async move { rename(&store, &stored, "first").await }
    });
    held.reached().await;
    assert!(matches!(rename(&store, &stored, "second").await, Err(StoreError::StaleVersion)));
    assert!(!first.is_finished());
    drop(held);
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_held_call_meets_the_outage_that_came_meanwhile() {
    let (store, _, stored) = store_with_credential();
    let held = store.faults().hold(Call::ReplaceCredential);
    let call = tokio::spawn({
        let (store, stored) = (store.clone(), stored.clone());
        async move { rename(&store, &stored, "late").await }
    });
    held.reached().await;
    store.faults().fail_all();
    held.release();
    assert!(is_away(call.await.unwrap()));
    assert_eq!(store.credential(stored.id), Some(stored));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "has not come")]
async fn a_call_that_never_comes_is_not_waited_for_in_vain() {
    let store = store();
    store.faults().hold(Call::Now).reached().await;
}

#[tokio::test]
async fn another_instance_sees_the_same_rows_and_has_faults_and_counts_of_its_own() {
    let (store, _, stored) = store_with_credential();
    let other = store.another_instance();
    store.faults().fail_all();
    assert!(is_away(find(&store, &stored).await));
    assert_eq!(find(&other, &stored).await.unwrap(), Some(stored.clone()));
    rename(&other, &stored, "other").await.unwrap();
    assert_eq!(store.credential(stored.id).unwrap().modified_by, "other");
    assert_eq!(store.history(), [Call::FindCredential]);
    assert_eq!(other.history(), [Call::FindCredential, Call::ReplaceCredential]);
    assert_eq!(store.clone().history(), store.history());
}

#[tokio::test]
async fn what_is_tampered_with_is_what_the_service_finds() {
    let (store, acme, stored) = store_with_credential();
    assert!(store.tamper(stored.id, |row| row.sealed.envelope.push(7)));
    assert!(store.tamper(stored.id, |row| row.credential.version = 9));
    assert_eq!(find(&store, &stored).await.unwrap().unwrap().version, 9);
    assert_eq!(store.sealed(stored.id).unwrap().envelope.last(), Some(&7));
    assert!(!store.tamper(SeededIds::new(2).credential(), |_| ()));
    assert_eq!(store.records(&acme), []);
}
