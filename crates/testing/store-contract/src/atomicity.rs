//! A mutation and its evidence are committed together or not at all.

use strongroom_domain::{Action, Credential, Evidence, OrganizationId};
use strongroom_fixtures::{
    SeededIds, api_key, credential, event, full_credential, instant, organization, service_account,
    with_payload,
};
use strongroom_repository::Selector;

use crate::StoreUnderTest;
use crate::findings::finding;
use crate::integrations::{connected, connection, ended};
use crate::under_test::{PLENTY, created, deleted, disconnected, evidence, payload_of, tested, updated};

fn of(acme: &OrganizationId, action: Action) -> Evidence {
    event(acme, action).into()
}

/// Each of the twelve mutations records exactly its own event, in order.
pub async fn every_mutation_records_its_event(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = credential(&acme, ids.credential());
    let account = service_account(&acme, ids.service_account());
    let (key, second) = (api_key(&account, ids.api_key()), api_key(&account, ids.api_key()));
    let integration = connection(&ids, &stored);

    store.store(&stored).await;
    assert!(store.integrations.connect(&integration, &stored, connected(&integration)).await.unwrap());
    assert!(store.integrations.disconnect(&acme, integration.id, ended(&integration)).await.unwrap());
    let next = Credential { revision: 2, ..stored.clone() };
    store.credentials.replace(&next, &payload_of(&next), 1, 1, updated(&next)).await.unwrap();
    assert!(store.credentials.record_test(&acme, stored.id, 1, &finding(), tested(&next)).await.unwrap());
    assert!(
        store
            .credentials
            .delete(&acme, stored.id, Some(2), deleted(&next), disconnected(&next))
            .await
            .unwrap()
    );
    store.accounts.insert(&account, of(&acme, Action::ServiceAccountCreated)).await.unwrap();
    let replaced =
        store.accounts.replace(&account, account.updated_at, of(&acme, Action::ServiceAccountUpdated)).await;
    replaced.unwrap();
    for key in [&key, &second] {
        assert!(store.accounts.insert_key(key, of(&acme, Action::ApiKeyCreated)).await.unwrap());
    }
    assert!(
        store
            .accounts
            .delete_key(&acme, account.id, &key.id, of(&acme, Action::ApiKeyRevoked))
            .await
            .unwrap()
    );
    assert!(
        store.accounts.delete(&acme, account.id, of(&acme, Action::ServiceAccountDeleted)).await.unwrap()
    );
    store.organizations.set_limit(&acme, Some(3), of(&acme, Action::OrganizationLimitSet)).await.unwrap();

    let expected = [
        Action::CredentialCreated,
        Action::IntegrationConnected,
        Action::IntegrationDisconnected,
        Action::CredentialUpdated,
        Action::CredentialTested,
        Action::CredentialDeleted,
        Action::ServiceAccountCreated,
        Action::ServiceAccountUpdated,
        Action::ApiKeyCreated,
        Action::ApiKeyCreated,
        Action::ApiKeyRevoked,
        Action::ServiceAccountDeleted,
        Action::OrganizationLimitSet,
    ];
    assert_eq!(store.actions(&acme).await, expected);
}

/// A mutation that is refused for quota, as a duplicate, as stale or because a row is missing records no
/// event.
pub async fn a_mutation_that_was_refused_leaves_no_event(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = full_credential(&acme, ids.credential());
    store.store(&stored).await;
    let account = service_account(&acme, ids.service_account());
    store.store_account(&account).await;
    let (credentials, accounts) = (&store.credentials, &store.accounts);

    let other = Credential { id: ids.credential(), ..stored.clone() };
    assert!(credentials.insert(&with_payload(other.clone()), 1, created(&other)).await.is_err());
    assert!(credentials.insert(&with_payload(other.clone()), PLENTY, created(&other)).await.is_err());
    assert!(credentials.insert(&with_payload(stored.clone()), PLENTY, created(&stored)).await.is_err());
    assert!(credentials.replace(&stored, &payload_of(&stored), 1, 1, updated(&stored)).await.is_err());
    assert!(
        credentials.delete(&acme, stored.id, Some(1), deleted(&stored), disconnected(&stored)).await.is_err()
    );
    assert!(!credentials.delete(&acme, other.id, None, deleted(&other), disconnected(&other)).await.unwrap());
    assert!(!credentials.record_test(&acme, stored.id, 1, &finding(), tested(&stored)).await.unwrap());
    assert!(!credentials.record_test(&acme, other.id, 3, &finding(), tested(&other)).await.unwrap());
    assert!(accounts.insert(&account, evidence(&acme)).await.is_err());
    assert!(accounts.replace(&account, instant(-1), evidence(&acme)).await.is_err());
    assert!(!accounts.delete(&acme, ids.service_account(), evidence(&acme)).await.unwrap());
    assert!(!accounts.delete_key(&acme, account.id, &ids.api_key(), evidence(&acme)).await.unwrap());

    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated, Action::ServiceAccountUpdated]);
    store.assert_no_drift().await;
}

/// When the event cannot be written, neither is the credential, and its place in the quota stays free.
pub async fn a_credential_is_not_stored_without_its_event(store: StoreUnderTest) {
    let acme = organization("acme");
    let new = with_payload(full_credential(&acme, SeededIds::new(1).credential()));
    store.keys.set_broken(true);
    assert!(store.credentials.insert(&new, 1, created(&new.credential)).await.is_err());
    assert!(store.organizations.set_limit(&acme, Some(9), evidence(&acme)).await.is_err());
    store.keys.set_broken(false);

    assert!(store.credentials.find(&acme, new.credential.id).await.unwrap().is_none());
    assert_eq!(store.organizations.limit(&acme).await.unwrap(), None);
    assert_eq!(store.actions(&acme).await, []);
    store.assert_no_drift().await;
    store.credentials.insert(&new, 1, created(&new.credential)).await.unwrap();
}

/// When the event cannot be written, the credential does not change.
pub async fn a_credential_is_not_changed_or_deleted_without_its_event(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    let before = store.store(&stored).await;
    let next = Credential { revision: 2, version: 2, ..stored.clone() };
    let payload = strongroom_fixtures::sealed([5; 8], b"next");
    store.keys.set_broken(true);
    assert!(store.credentials.replace(&next, &payload, 1, 1, updated(&next)).await.is_err());
    assert!(store.credentials.record_test(&acme, stored.id, 1, &finding(), tested(&stored)).await.is_err());
    assert!(
        store
            .credentials
            .delete(&acme, stored.id, None, deleted(&stored), disconnected(&stored))
            .await
            .is_err()
    );
    store.keys.set_broken(false);

    let found = store.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap().unwrap();
    assert_eq!((found.credential, found.sealed), (before.credential, before.sealed));
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated]);
    store.assert_no_drift().await;
}

/// When the event cannot be written, accounts and keys do not change.
pub async fn an_account_is_not_touched_without_its_event(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (account, late) =
        (service_account(&acme, ids.service_account()), service_account(&acme, ids.service_account()));
    let (key, late_key) = (api_key(&account, ids.api_key()), api_key(&account, ids.api_key()));
    store.store_account(&account).await;
    assert!(store.accounts.insert_key(&key, evidence(&acme)).await.unwrap());

    let mut changed = account.clone();
    changed.description = Some("changed".to_owned());
    store.keys.set_broken(true);
    assert!(store.accounts.insert(&late, evidence(&acme)).await.is_err());
    assert!(store.accounts.replace(&changed, account.updated_at, evidence(&acme)).await.is_err());
    assert!(store.accounts.insert_key(&late_key, evidence(&acme)).await.is_err());
    assert!(store.accounts.delete_key(&acme, account.id, &key.id, evidence(&acme)).await.is_err());
    assert!(store.accounts.delete(&acme, account.id, evidence(&acme)).await.is_err());
    store.keys.set_broken(false);

    assert_eq!(store.accounts.list(&acme, 0, 10).await.unwrap(), std::slice::from_ref(&account));
    assert_eq!(store.accounts.list_keys(&acme, account.id).await.unwrap(), std::slice::from_ref(&key));
    assert_eq!(store.accounts.find_key(&key.id).await.unwrap().unwrap().account, account);
    assert!(store.accounts.find_key(&late_key.id).await.unwrap().is_none());
    assert_eq!(store.actions(&acme).await.len(), 2);
}
