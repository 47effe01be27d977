//! Contracts of isolation: for every method, a row of another organisation does not exist.

use std::time::Duration;

use strongroom_domain::{Action, Credential, Integration, OrganizationId, RefreshProblem};
use strongroom_fixtures::{
    SeededIds, api_key, credential, full_credential, instant, organization, service_account, slot,
    with_payload,
};
use strongroom_repository::{
    AuditFilter, AuditPage, CompletedFlow, CredentialFilter, Ended, GrantedFlow, KeyHolder, Lease, Selector,
    StoreError,
};

use crate::StoreUnderTest;
use crate::findings::finding;
use crate::flows::{completed, flow, granted};
use crate::integrations::{connected, connection, ended};
use crate::leases::{FIRST, ME, OTHER, refreshed};
use crate::oauth_apps::app;
use crate::under_test::{created, deleted, disconnected, evidence, tested, updated};

fn ours_and_theirs() -> (OrganizationId, OrganizationId) {
    (organization("acme"), organization("acme.evil"))
}

/// The credential under the id of another organisation, as that organisation would have to present it.
fn as_theirs(ours: &Credential, theirs: &OrganizationId) -> Credential {
    Credential { organization: theirs.clone(), ..ours.clone() }
}

/// No method that finds credentials returns rows of another organisation.
pub async fn credentials_of_another_organization_do_not_exist(store: StoreUnderTest) {
    let (ours, theirs) = ours_and_theirs();
    let stored = full_credential(&ours, SeededIds::new(1).credential());
    store.store(&stored).await;
    let repository = &store.credentials;

    assert!(repository.find(&theirs, stored.id).await.unwrap().is_none());
    for selector in [Selector::Id(stored.id), Selector::Slot(stored.slot.clone().unwrap())] {
        assert!(repository.find_sealed(&theirs, &selector).await.unwrap().is_none());
        assert!(repository.find_sealed(&ours, &selector).await.unwrap().is_some());
    }
    assert!(repository.find_sealed_many(&theirs, &[stored.id]).await.unwrap().is_empty());
    let slots = [stored.slot.clone().unwrap()];
    assert!(repository.find_sealed_slots(&theirs, &slots).await.unwrap().is_empty());
    let filter = CredentialFilter { slot: stored.slot.clone(), ..CredentialFilter::default() };
    for filter in [CredentialFilter::default(), filter] {
        assert!(repository.list(&theirs, &filter, None, 10).await.unwrap().is_empty());
    }
}

/// No method that writes credentials changes rows of another organisation.
pub async fn credentials_of_another_organization_cannot_be_changed(store: StoreUnderTest) {
    let (ours, theirs) = ours_and_theirs();
    let stored = full_credential(&ours, SeededIds::new(1).credential());
    let payload = store.store(&stored).await.sealed;
    let repository = &store.credentials;

    let presented = as_theirs(&stored, &theirs);
    let (revision, version) = (stored.revision, stored.version);
    let replaced = repository.replace(&presented, &payload, revision, version, updated(&presented)).await;
    assert!(matches!(replaced, Err(StoreError::StaleVersion)));
    assert!(
        !repository
            .delete(&theirs, stored.id, None, deleted(&presented), disconnected(&presented))
            .await
            .unwrap()
    );
    repository.note_reads(&[(theirs.clone(), stored.id, instant(999_999))]).await.unwrap();
    let noted = repository.record_test(&theirs, stored.id, version, &finding(), tested(&presented)).await;
    assert!(!noted.unwrap());

    assert_eq!(repository.find(&ours, stored.id).await.unwrap().as_ref(), Some(&stored));
    assert_eq!(store.actions(&ours).await, [Action::CredentialCreated]);
    assert_eq!(store.actions(&theirs).await, []);
    store.assert_no_drift().await;
}

/// No method on accounts changes or returns those of another organisation.
pub async fn accounts_of_another_organization_do_not_exist(store: StoreUnderTest) {
    let (ours, theirs) = ours_and_theirs();
    let account = service_account(&ours, SeededIds::new(1).service_account());
    store.store_account(&account).await;
    let repository = &store.accounts;

    assert!(repository.find(&theirs, account.id).await.unwrap().is_none());
    assert!(repository.list(&theirs, 0, 10).await.unwrap().is_empty());
    let mut presented = account.clone();
    presented.organization = theirs.clone();
    let replaced = repository.replace(&presented, account.updated_at, evidence(&theirs)).await;
    assert!(matches!(replaced, Err(StoreError::StaleVersion)));
    assert!(!repository.delete(&theirs, account.id, evidence(&theirs)).await.unwrap());

    assert_eq!(repository.find(&ours, account.id).await.unwrap(), Some(account));
    assert_eq!(store.actions(&theirs).await, []);
}

/// No method on keys changes or returns those of another organisation.
pub async fn keys_of_another_organization_cannot_be_changed(store: StoreUnderTest) {
    let (ours, theirs) = ours_and_theirs();
    let ids = SeededIds::new(1);
    let account = service_account(&ours, ids.service_account());
    store.store_account(&account).await;
    let key = api_key(&account, ids.api_key());
    let repository = &store.accounts;
    assert!(repository.insert_key(&key, evidence(&ours)).await.unwrap());

    let mut smuggled = api_key(&account, ids.api_key());
    smuggled.organization = theirs.clone();
    assert!(!repository.insert_key(&smuggled, evidence(&theirs)).await.unwrap());
    assert!(repository.find_key(&smuggled.id).await.unwrap().is_none());
    assert!(repository.list_keys(&theirs, account.id).await.unwrap().is_empty());
    assert!(!repository.delete_key(&theirs, account.id, &key.id, evidence(&theirs)).await.unwrap());
    repository.note_uses(&[(theirs.clone(), key.id.clone(), instant(999_999))]).await.unwrap();

    let KeyHolder { key: found, account: holder } = repository.find_key(&key.id).await.unwrap().unwrap();
    assert_eq!((found, holder), (key, account));
    assert_eq!(store.actions(&theirs).await, []);
}

/// The audit trail and the settings of an organisation are returned to that organisation only.
pub async fn audit_and_settings_of_another_organization_do_not_show(store: StoreUnderTest) {
    let (ours, theirs) = ours_and_theirs();
    let stored = credential(&ours, SeededIds::new(1).credential());
    store.store(&stored).await;
    store.organizations.set_limit(&ours, Some(7), evidence(&ours)).await.unwrap();

    assert_eq!(store.organizations.limit(&theirs).await.unwrap(), None);
    let page = AuditPage { before: None, limit: 10 };
    let filter = AuditFilter { credential: Some(stored.id), ..AuditFilter::default() };
    for filter in [AuditFilter::default(), filter] {
        assert!(store.audit.query(&theirs, &filter, page).await.unwrap().is_empty());
    }
    assert!(store.audit.range(&theirs, 1, 10).await.unwrap().is_empty());
    assert!(store.audit.head(&theirs).await.unwrap().is_none());
}

/// Slots, ids and quotas of one organisation do not affect another.
pub async fn slots_ids_and_quotas_are_per_organization(store: StoreUnderTest) {
    let (ours, theirs) = ours_and_theirs();
    let mut stored = credential(&ours, SeededIds::new(1).credential());
    stored.slot = Some(slot("main"));
    let presented = as_theirs(&stored, &theirs);
    for one in [&stored, &presented] {
        let new = with_payload((*one).clone());
        store.credentials.insert(&new, 1, created(one)).await.unwrap();
    }
    assert!(
        store
            .credentials
            .delete(&theirs, stored.id, None, deleted(&presented), disconnected(&presented))
            .await
            .unwrap()
    );
    assert_eq!(store.credentials.find(&ours, stored.id).await.unwrap(), Some(stored.clone()));
    let mut second = credential(&ours, SeededIds::new(2).credential());
    second.provider = stored.provider.clone();
    let refused = store.credentials.insert(&with_payload(second.clone()), 1, created(&second)).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded)), "{refused:?}");
    store.assert_no_drift().await;
}

/// No method on connections changes, returns or counts those of another organisation, and deleting a
/// credential with the same id in another organisation disconnects nothing.
pub async fn connections_of_another_organization_do_not_exist(store: StoreUnderTest) {
    let ((ours, theirs), ids) = (ours_and_theirs(), SeededIds::new(1));
    let stored = credential(&ours, ids.credential());
    store.store(&stored).await;
    let integration = connection(&ids, &stored);
    let repository = &store.integrations;
    assert!(repository.connect(&integration, &stored, connected(&integration)).await.unwrap());

    assert!(repository.find(&theirs, &stored.provider).await.unwrap().is_none());
    assert!(repository.list(&theirs).await.unwrap().is_empty());
    let smuggled = Integration { organization: theirs.clone(), ..integration.clone() };
    assert!(!repository.disconnect(&theirs, integration.id, ended(&smuggled)).await.unwrap());
    assert!(!repository.connect(&smuggled, &stored, connected(&smuggled)).await.unwrap());
    assert_eq!(store.actions(&theirs).await, []);

    let presented = as_theirs(&stored, &theirs);
    store.store(&presented).await;
    assert!(repository.connect(&smuggled, &presented, connected(&smuggled)).await.unwrap());
    let (tombstone, disconnection) = (deleted(&presented), disconnected(&presented));
    assert!(store.credentials.delete(&theirs, presented.id, None, tombstone, disconnection).await.unwrap());
    let found = repository.find(&ours, &stored.provider).await.unwrap().unwrap();
    assert_eq!((found.integration, found.credential), (integration, Some(stored)));
    assert_eq!(store.actions(&ours).await, [Action::CredentialCreated, Action::IntegrationConnected]);
}

/// No method on OAuth apps changes or returns those of another organisation.
pub async fn apps_of_another_organization_do_not_exist(store: StoreUnderTest) {
    let ((ours, theirs), ids) = (ours_and_theirs(), SeededIds::new(1));
    let stored = app(&ours, &ids, "google");
    store.store_app(&stored).await;
    let repository = &store.oauth_apps;

    assert!(repository.find(&theirs, stored.app.id).await.unwrap().is_none());
    assert!(repository.find_named(&theirs, "google").await.unwrap().is_none());
    assert!(repository.list(&theirs).await.unwrap().is_empty());
    let mut presented = stored.clone();
    presented.app.organization = theirs.clone();
    presented.app.client_id = "stolen".to_owned();
    assert!(!repository.replace(&presented, evidence(&theirs)).await.unwrap());
    assert!(!repository.delete(&theirs, stored.app.id, evidence(&theirs)).await.unwrap());

    assert_eq!(repository.find(&ours, stored.app.id).await.unwrap(), Some(stored));
    assert_eq!(store.actions(&theirs).await, []);
}

/// A caller that knows the id and the code of a flow of another organisation can neither grant, complete nor
/// end it.
pub async fn flows_of_another_organization_do_not_exist(store: StoreUnderTest) {
    let ((ours, theirs), ids) = (ours_and_theirs(), SeededIds::new(1));
    let (taken, waiting) = (flow(&ours, &ids), store.granted_flow(&ours, &ids).await);
    store.begin_and_take(&taken).await;
    let repository = &store.flows;
    let before = store.actions(&ours).await;

    let mut grant = GrantedFlow { organization: theirs.clone(), ..granted(&taken) };
    assert!(!repository.grant(&grant, 10, evidence(&theirs)).await.unwrap());
    grant.pending = None;
    assert!(!repository.grant(&grant, 10, evidence(&theirs)).await.unwrap());
    let mut end = CompletedFlow { organization: theirs.clone(), ..completed(&waiting) };
    assert!(!repository.complete(&end, evidence(&theirs), None).await.unwrap());
    end.credential.organization = theirs.clone();
    assert!(!repository.complete(&end, evidence(&theirs), None).await.unwrap());
    for one in [&taken, &waiting] {
        assert!(!repository.abandon(&theirs, one.flow.id, evidence(&theirs)).await.unwrap());
    }

    assert_eq!(store.actions(&ours).await, before);
    assert_eq!(store.actions(&theirs).await, []);
    store.assert_no_drift().await;
    assert!(store.grant(&taken, &granted(&taken)).await);
    assert!(store.complete(&waiting, &completed(&waiting)).await);
}

/// No method on leases changes credentials or attempts of another organisation, even with the same id.
pub async fn leases_of_another_organization_do_not_exist(store: StoreUnderTest) {
    let ((ours, theirs), ids) = (ours_and_theirs(), SeededIds::new(1));
    let stored = credential(&ours, ids.credential());
    let payload = store.store(&stored).await.sealed;
    assert_eq!(store.acquire(&stored, ME).await, FIRST);
    let presented = as_theirs(&stored, &theirs);
    let (after, fresh) = refreshed(&presented);
    let problem = RefreshProblem::GrantRefused;
    let repository = &store.leases;

    assert_eq!(store.acquire(&presented, ME).await, Lease::Moved);
    repository.fail(&theirs, stored.id, ME, Duration::ZERO, Ended::Failed).await.unwrap();
    assert!(!repository.store(&after, &fresh, 1, ME, evidence(&theirs)).await.unwrap());
    assert!(!repository.note_problem(&theirs, stored.id, 1, problem, evidence(&theirs)).await.unwrap());
    assert_eq!(store.actions(&theirs).await, []);
    store.store(&presented).await;
    assert_eq!(store.acquire(&presented, ME).await, FIRST);
    assert!(repository.store(&after, &fresh, 1, ME, evidence(&theirs)).await.unwrap());

    assert_eq!(store.acquire(&stored, OTHER).await, Lease::Held);
    let found = store.credentials.find_sealed(&ours, &Selector::Id(stored.id)).await.unwrap().unwrap();
    assert_eq!((found.credential, found.sealed), (stored, payload));
    assert_eq!(store.actions(&ours).await, [Action::CredentialCreated]);
}
