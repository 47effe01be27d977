//! Contracts of the end of flows, with a usable credential or without one.

use strongroom_domain::oauth::FlowId;
use strongroom_domain::{Action, Credential, CredentialStatus, Sealed};
use strongroom_environment::Ids;
use strongroom_fixtures::{SeededIds, credential, full_credential, instant, organization, provider, sealed};
use strongroom_repository::{CompletedFlow, CredentialFilter, GrantedFlow, SealedFlow, Selector};

use crate::StoreUnderTest;
use crate::flows::{code, completed, flow, granted, pending};
use crate::integrations::{connection, ended, present};
use crate::under_test::{deleted, disconnected, payload_of, updated};

/// The credential gets the given values and payload, and the flow is gone.
pub async fn completing_a_flow_makes_its_credential_usable(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (new, other) = (store.granted_flow(&acme, &ids).await, store.granted_flow(&acme, &ids).await);
    let mut expected = completed(&new);
    expected.credential = Credential {
        google_email: Some("person@example.test".to_owned()),
        refresh_at: Some(instant(50)),
        ..expected.credential
    };
    assert!(store.complete(&new, &expected).await);
    let found = store.credentials.find_sealed(&acme, &Selector::Id(new.flow.credential)).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.sealed, expected.sealed);
    assert_eq!(found.credential, expected.credential);
    assert!(store.flows.find_granted(&new.flow.state).await.unwrap().is_none());
    assert!(!store.complete(&new, &expected).await);
    assert!(!store.abandon(&new).await);
    assert_eq!(store.credentials.find(&acme, other.flow.credential).await.unwrap(), Some(pending(&other)));
    assert!(store.flows.find_granted(&other.flow.state).await.unwrap().is_some());
    store.assert_no_drift().await;
}

/// Nothing is completed with another code, flow, credential or version, or when the credential is no longer
/// pending or the flow has no grant.
pub async fn completing_needs_the_code_the_version_and_a_pending_credential(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (new, begun) = (store.granted_flow(&acme, &ids).await, flow(&acme, &ids));
    let stranger = store.granted_flow(&acme, &ids).await;
    store.begin_and_take(&begun).await;
    let good = completed(&new);
    let before = store.actions(&acme).await;
    let wrong = [
        CompletedFlow { completion_code: code(&stranger), ..good.clone() },
        CompletedFlow { id: FlowId(ids.next()), ..good.clone() },
        CompletedFlow { id: stranger.flow.id, ..good.clone() },
        CompletedFlow { credential: completed(&stranger).credential, ..good.clone() },
        CompletedFlow { expected_version: 2, ..good.clone() },
        CompletedFlow { expected_version: 0, ..good.clone() },
        CompletedFlow { expected_revision: 2, ..good.clone() },
        completed(&begun),
    ];
    for one in &wrong {
        assert!(!store.complete(&new, one).await, "{one:?}");
    }
    let usable = Credential { status: CredentialStatus::Validated, ..pending(&new) };
    store.credentials.replace(&usable, &payload_of(&usable), 1, 1, updated(&usable)).await.unwrap();
    assert!(!store.complete(&new, &good).await);
    assert_eq!(store.credentials.find(&acme, usable.id).await.unwrap(), Some(usable.clone()));
    let again = pending(&new);
    store.credentials.replace(&again, &payload_of(&again), 1, 1, updated(&again)).await.unwrap();
    assert!(store.complete(&new, &good).await);
    let since = [Action::CredentialUpdated, Action::CredentialUpdated, Action::AuthorizationCompleted];
    assert_eq!(store.actions(&acme).await.split_off(before.len()), since);
}

/// A flow for a stored credential. It has been granted.
async fn reauthorization(store: &StoreUnderTest, stored: &Credential, ids: &SeededIds) -> SealedFlow {
    let mut new = flow(&stored.organization, ids);
    (new.flow.credential, new.flow.reauthorizes) = (stored.id, Some(stored.revision));
    new.flow.provider = stored.provider.clone();
    store.begin_and_take(&new).await;
    assert!(store.grant(&new, &GrantedFlow { pending: None, ..granted(&new) }).await);
    new
}

/// The values that complete a flow which authorises a credential again, with a new payload.
fn reauthorized(flow: &SealedFlow, stored: &Credential) -> (CompletedFlow, Sealed) {
    let mut credential = stored.clone();
    (credential.version, credential.revision) = (stored.version + 1, stored.revision + 1);
    (credential.status, credential.status_reason) = (CredentialStatus::Validated, None);
    let payload = sealed([3; 8], b"\x01fresh");
    let completed = CompletedFlow {
        expected_version: stored.version,
        expected_revision: stored.revision,
        sealed: payload.clone(),
        credential,
        ..completed(flow)
    };
    (completed, payload)
}

/// A credential of any status is authorised again with a new payload, if its version is the expected one.
pub async fn a_credential_that_is_authorised_again_gets_a_new_payload(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = full_credential(&acme, ids.credential());
    let before = store.store(&stored).await;
    let flow = reauthorization(&store, &stored, &ids).await;
    let (good, payload) = reauthorized(&flow, &stored);
    for expected_version in [stored.version - 1, stored.version + 1] {
        assert!(!store.complete(&flow, &CompletedFlow { expected_version, ..good.clone() }).await);
    }
    let find = async || {
        let found = store.second.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap();
        found.map(|found| (found.credential, found.sealed)).unwrap()
    };
    assert_eq!(find().await, (before.credential, before.sealed));
    assert!(store.complete(&flow, &good).await);
    assert_eq!(find().await, (good.credential, payload));
    let expected = [
        Action::CredentialCreated,
        Action::AuthorizationBegun,
        Action::AuthorizationGranted,
        Action::AuthorizationCompleted,
    ];
    assert_eq!(store.actions(&acme).await, expected);
}

/// The connection is written and recorded unless the provider is connected; one that has ended is replaced.
pub async fn completing_connects_a_provider_that_is_not_connected(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let find = async || store.integrations.find(&acme, &provider("sftp")).await.unwrap().unwrap();
    let mut standing = None;
    for round in 0..4 {
        let new = store.granted_flow(&acme, &ids).await;
        let mut with_connection = completed(&new);
        let integration = connection(&ids, &with_connection.credential);
        with_connection.integration = Some(integration.clone());
        let before = store.actions(&acme).await.len();
        assert!(store.complete(&new, &with_connection).await);
        let since = store.actions(&acme).await.split_off(before);
        if round % 2 == 0 {
            assert_eq!(since, [Action::AuthorizationCompleted, Action::IntegrationConnected]);
            let records = store.verified_chain(&acme).await;
            let last = records.last().unwrap();
            assert_eq!(last.event.target, Some(integration.id.to_string()));
            standing = Some(present(&integration, &with_connection.credential));
        } else {
            assert_eq!(since, [Action::AuthorizationCompleted]);
        }
        assert_eq!(Some(find().await), standing);
        if round == 1 {
            let id = find().await.integration.id;
            let ended = ended(&find().await.integration);
            assert!(store.integrations.disconnect(&acme, id, ended).await.unwrap());
        }
    }
}

/// A pending credential is removed with its flow and gives its place back; any other credential stays.
pub async fn abandoning_a_flow_removes_its_pending_credential(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (begun, taken) = (flow(&acme, &ids), flow(&acme, &ids));
    store.begin(&begun).await;
    store.begin_and_take(&taken).await;
    let pending_one = store.granted_flow(&acme, &ids).await;
    let usable = store.granted_flow(&acme, &ids).await;
    let confirmed = Credential { status: CredentialStatus::Unverified, ..pending(&usable) };
    store.credentials.replace(&confirmed, &payload_of(&confirmed), 1, 1, updated(&confirmed)).await.unwrap();
    let stored = Credential { status: CredentialStatus::Pending, ..credential(&acme, ids.credential()) };
    store.store(&stored).await;
    let again = reauthorization(&store, &stored, &ids).await;

    let before = store.actions(&acme).await.len();
    for one in [&begun, &taken, &pending_one, &usable, &again] {
        assert!(store.abandon(one).await);
        assert!(!store.abandon(one).await);
        assert!(store.flows.take(&one.flow.state).await.unwrap().is_none());
        assert!(store.flows.find_granted(&one.flow.state).await.unwrap().is_none());
        store.assert_no_drift().await;
    }
    assert_eq!(store.actions(&acme).await.split_off(before), [Action::AuthorizationFailed; 5]);
    let left = store.credentials.list(&acme, &CredentialFilter::default(), None, 10).await.unwrap();
    assert_eq!(left, [stored, confirmed]);
    assert!(!store.complete(&usable, &completed(&usable)).await);
}

/// A flow whose credential was deleted cannot be completed, and can still be ended.
pub async fn a_deleted_credential_is_not_completed(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let new = store.granted_flow(&acme, &ids).await;
    let stored = full_credential(&acme, ids.credential());
    store.store(&stored).await;
    let again = reauthorization(&store, &stored, &ids).await;
    let (late, _) = reauthorized(&again, &stored);
    for one in [&pending(&new), &stored] {
        let delete = store.credentials.delete(&acme, one.id, None, deleted(one), disconnected(one));
        assert!(delete.await.unwrap());
    }
    assert!(!store.complete(&new, &completed(&new)).await);
    assert!(!store.complete(&again, &late).await);
    for one in [&new, &again] {
        assert!(store.abandon(one).await);
    }
    assert_eq!(store.credentials.list(&acme, &CredentialFilter::default(), None, 10).await.unwrap(), []);
    store.assert_no_drift().await;
}
