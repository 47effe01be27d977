//! Contracts of connections: what is stored of them, and how they end with their credentials.

use strongroom_domain::{
    Action, Credential, CredentialStatus, Evidence, Integration, IntegrationId, Issuer, OrganizationId,
};
use strongroom_environment::Ids;
use strongroom_fixtures::{
    SeededIds, credential, event, full_credential, instant, issuer, organization, provider,
};
use strongroom_repository::{ConnectedCredential, StoreError, Unique};

use crate::StoreUnderTest;
use crate::under_test::{deleted, disconnected, payload_of, updated};

/// A new connection with this credential, for the provider of the credential.
pub(crate) fn connection(ids: &SeededIds, credential: &Credential) -> Integration {
    Integration {
        organization: credential.organization.clone(),
        id: IntegrationId(ids.next()),
        provider: credential.provider.clone(),
        connected_by: "user_1".to_owned(),
        issuer: Some(issuer()),
        connected_at: instant(77),
    }
}

/// Evidence that a provider was connected.
pub(crate) fn connected(integration: &Integration) -> Evidence {
    let event = event(&integration.organization, Action::IntegrationConnected);
    event.targeting(integration.id.to_string()).into()
}

/// Evidence that a provider was disconnected.
pub(crate) fn ended(integration: &Integration) -> Evidence {
    let event = event(&integration.organization, Action::IntegrationDisconnected);
    event.targeting(integration.id.to_string()).into()
}

/// A connection after it was disconnected.
fn past(integration: &Integration) -> ConnectedCredential {
    ConnectedCredential { integration: integration.clone(), credential: None }
}

/// A connection with its credential.
pub(crate) fn present(integration: &Integration, credential: &Credential) -> ConnectedCredential {
    ConnectedCredential { integration: integration.clone(), credential: Some(credential.clone()) }
}

impl StoreUnderTest {
    /// Connects with a credential. Returns whether the credential was there.
    async fn connect(&self, integration: &Integration, credential: &Credential) -> bool {
        self.integrations.connect(integration, credential, connected(integration)).await.unwrap()
    }

    /// Disconnects. Returns whether there was something to do.
    async fn disconnect(&self, integration: &Integration) -> bool {
        let organization = &integration.organization;
        self.integrations.disconnect(organization, integration.id, ended(integration)).await.unwrap()
    }

    /// Finds and lists the only connection of an organisation, on the other instance.
    async fn only_connection(&self, organization: &OrganizationId) -> ConnectedCredential {
        let mut list = self.second.integrations.list(organization).await.unwrap();
        let (only, more) = (list.pop().unwrap(), list);
        assert_eq!(more, []);
        let found = self.second.integrations.find(organization, &only.integration.provider).await.unwrap();
        assert_eq!(found.as_ref(), Some(&only));
        only
    }
}

/// A connection is found as it was stored, with the current state of its credential.
pub async fn every_column_of_a_connection_comes_back_with_its_credential(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = full_credential(&acme, ids.credential());
    store.store(&stored).await;
    let integration = connection(&ids, &stored);
    assert!(store.integrations.find(&acme, &stored.provider).await.unwrap().is_none());
    assert!(store.integrations.list(&acme).await.unwrap().is_empty());

    assert!(store.connect(&integration, &stored).await);
    assert_eq!(store.only_connection(&acme).await, present(&integration, &stored));
    assert!(store.integrations.find(&acme, &provider("github")).await.unwrap().is_none());

    let next = Credential { revision: stored.revision + 1, ..stored.clone() };
    store
        .credentials
        .replace(&next, &payload_of(&next), stored.revision, stored.version, updated(&next))
        .await
        .unwrap();
    assert_eq!(store.only_connection(&acme).await, present(&integration, &next));
}

/// A second connection of a provider is a duplicate, also with the same credential; the first one stays.
pub async fn a_provider_is_connected_once(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, other) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    store.store(&stored).await;
    store.store(&other).await;
    let integration = connection(&ids, &stored);
    assert!(store.connect(&integration, &stored).await);
    for one in [&stored, &other] {
        let second = connection(&ids, one);
        let refused = store.second.integrations.connect(&second, one, connected(&second)).await;
        assert!(matches!(refused, Err(StoreError::Duplicate(Unique::Integration))), "{refused:?}");
    }
    assert_eq!(store.only_connection(&acme).await, present(&integration, &stored));
    let expected = [Action::CredentialCreated, Action::CredentialCreated, Action::IntegrationConnected];
    assert_eq!(store.actions(&acme).await, expected);
}

/// A credential that never existed, is deleted, or belongs to another organisation or provider cannot be
/// connected.
pub async fn a_connection_needs_a_credential_of_its_organization_and_provider(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let (absent, gone) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    let foreign = credential(&globex, ids.credential());
    let unlike = Credential { provider: provider("datadog"), ..credential(&acme, ids.credential()) };
    for one in [&gone, &foreign, &unlike] {
        store.store(one).await;
    }
    let delete = store.credentials.delete(&acme, gone.id, None, deleted(&gone), disconnected(&gone));
    assert!(delete.await.unwrap());

    for one in [&absent, &gone, &foreign, &unlike] {
        assert!(!store.connect(&connection(&ids, &absent), one).await);
    }
    for organization in [&acme, &globex] {
        assert!(store.integrations.list(organization).await.unwrap().is_empty());
    }
    let expected = [Action::CredentialCreated, Action::CredentialCreated, Action::CredentialDeleted];
    assert_eq!(store.actions(&acme).await, expected);
    assert_eq!(store.actions(&globex).await, [Action::CredentialCreated]);
}

/// A connect is refused when content or status have changed since they were read; a new revision with the
/// same content and status makes no difference.
pub async fn a_connection_needs_the_version_and_status_that_were_seen(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let seen = credential(&acme, ids.credential());
    store.store(&seen).await;
    let integration = connection(&ids, &seen);
    let renamed = Credential { revision: 2, ..seen.clone() };
    let replaced = Credential { version: 2, revision: 3, ..seen.clone() };
    let rejected = Credential { status: CredentialStatus::Rejected, revision: 4, ..replaced.clone() };
    let change = async |from: &Credential, to: &Credential| {
        store
            .credentials
            .replace(to, &payload_of(to), from.revision, from.version, updated(to))
            .await
            .unwrap();
    };
    let refused = async |credential: &Credential| {
        let answer =
            store.second.integrations.connect(&integration, credential, connected(&integration)).await;
        assert!(matches!(answer, Err(StoreError::StaleVersion)), "{answer:?}");
    };
    change(&seen, &renamed).await;
    refused(&replaced).await;
    assert!(store.connect(&integration, &seen).await);
    assert!(store.disconnect(&integration).await);
    change(&renamed, &replaced).await;
    refused(&seen).await;
    change(&replaced, &rejected).await;
    refused(&replaced).await;
    let all = store.actions(&acme).await;
    assert_eq!(all.iter().filter(|action| **action == Action::IntegrationConnected).count(), 1);
    assert_eq!(store.only_connection(&acme).await, past(&integration));
}

/// The record of who connected it, and when, stays, and so does the credential. Disconnecting again does
/// nothing.
pub async fn disconnecting_leaves_the_credential_and_who_connected_it(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = credential(&acme, ids.credential());
    store.store(&stored).await;
    let (integration, unknown) = (connection(&ids, &stored), connection(&ids, &stored));
    assert!(!store.disconnect(&integration).await);
    assert!(store.connect(&integration, &stored).await);
    assert!(!store.disconnect(&unknown).await);

    let end = store.second.integrations.disconnect(&acme, integration.id, ended(&integration));
    assert!(end.await.unwrap());
    assert!(!store.disconnect(&integration).await);
    assert_eq!(store.only_connection(&acme).await, past(&integration));
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(stored));
    let expected = [Action::CredentialCreated, Action::IntegrationConnected, Action::IntegrationDisconnected];
    assert_eq!(store.actions(&acme).await, expected);
}

/// A new connection keeps nothing of an earlier one, not even its id; the same credential may be connected
/// again.
pub async fn a_provider_is_connected_again_with_a_new_id(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, other) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    store.store(&stored).await;
    store.store(&other).await;
    for (round, one) in (0..).zip([&stored, &other, &other, &stored]) {
        let integration = Integration {
            connected_by: format!("user_{round}"),
            issuer: Issuer::parse(&format!("https://id{round}.example.test")).ok().filter(|_| round != 1),
            connected_at: instant(round),
            ..connection(&ids, one)
        };
        assert!(store.connect(&integration, one).await);
        assert_eq!(store.only_connection(&acme).await, present(&integration, one));
        assert!(store.disconnect(&integration).await);
    }
}

/// A late disconnect names the first connection by its id. It does not end the second one, even when that has
/// the same provider and the same credential.
pub async fn a_late_disconnect_leaves_a_later_connection_alone(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = credential(&acme, ids.credential());
    store.store(&stored).await;
    let (first, second) = (connection(&ids, &stored), connection(&ids, &stored));
    assert!(store.connect(&first, &stored).await);
    assert!(store.disconnect(&first).await);
    assert!(store.connect(&second, &stored).await);
    let before = store.actions(&acme).await;
    assert!(!store.disconnect(&first).await);
    assert_eq!(store.only_connection(&acme).await, present(&second, &stored));
    assert_eq!(store.actions(&acme).await, before);
}

/// Both events are recorded in one commit, so they have the same time; the second one names the connection.
pub async fn deleting_a_credential_disconnects_what_uses_it(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, other) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    store.store(&stored).await;
    store.store(&other).await;
    let (first, second) = (connection(&ids, &stored), connection(&ids, &other));
    assert!(store.connect(&first, &stored).await);
    let delete = store.credentials.delete(&acme, stored.id, Some(1), deleted(&stored), disconnected(&stored));
    assert!(delete.await.unwrap());
    assert_eq!(store.only_connection(&acme).await, past(&first));
    assert!(store.credentials.find(&acme, stored.id).await.unwrap().is_none());

    let records = store.verified_chain(&acme).await;
    let [.., tombstone, disconnection] = records.as_slice() else { panic!("two events are missing") };
    assert_eq!(records.len(), 5);
    assert_eq!(Evidence::from(tombstone.event.clone()).events().next(), deleted(&stored).events().next());
    assert_eq!(disconnection.event, disconnected(&stored).targeting(first.id.to_string()));
    assert_eq!(tombstone.at, disconnection.at);

    store.assert_no_drift().await;
    assert!(store.connect(&second, &other).await);
    assert_eq!(store.only_connection(&acme).await, present(&second, &other));
}

/// Deleting a credential that is not, or no longer, connected records only the deletion. Connections of its
/// provider and of other providers do not change.
pub async fn deleting_an_unused_credential_disconnects_nothing(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let [used_before, used, unused] = [(); 3].map(|()| credential(&acme, ids.credential()));
    for one in [&used_before, &used, &unused] {
        store.store(one).await;
    }
    let (earlier, integration) = (connection(&ids, &used_before), connection(&ids, &used));
    assert!(store.connect(&earlier, &used_before).await);
    assert!(store.disconnect(&earlier).await);
    assert!(store.connect(&integration, &used).await);
    let before = store.actions(&acme).await.len();
    for one in [&used_before, &unused] {
        let delete = store.credentials.delete(&acme, one.id, None, deleted(one), disconnected(one));
        assert!(delete.await.unwrap());
    }
    assert_eq!(store.only_connection(&acme).await, present(&integration, &used));
    let since = store.actions(&acme).await.split_off(before);
    assert_eq!(since, [Action::CredentialDeleted, Action::CredentialDeleted]);
}

/// A stale delete, and every change whose event cannot be written, leave connection and credential unchanged.
pub async fn a_connection_is_not_touched_by_what_is_refused_or_not_recorded(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = credential(&acme, ids.credential());
    let other = Credential { provider: provider("datadog"), ..credential(&acme, ids.credential()) };
    store.store(&stored).await;
    store.store(&other).await;
    let (integration, second) = (connection(&ids, &stored), connection(&ids, &other));
    assert!(store.connect(&integration, &stored).await);
    let delete = async |revision| {
        let (tombstone, disconnection) = (deleted(&stored), disconnected(&stored));
        store.credentials.delete(&acme, stored.id, revision, tombstone, disconnection).await
    };
    assert!(matches!(delete(Some(2)).await, Err(StoreError::StaleVersion)));

    store.keys.set_broken(true);
    assert!(delete(None).await.is_err());
    assert!(store.integrations.disconnect(&acme, integration.id, ended(&integration)).await.is_err());
    assert!(store.integrations.connect(&second, &other, connected(&second)).await.is_err());
    store.keys.set_broken(false);

    assert_eq!(store.only_connection(&acme).await, present(&integration, &stored));
    assert_eq!(store.actions(&acme).await.len(), 3);
    store.assert_no_drift().await;
}

/// Connections are listed in the byte order of the providers' ids, whatever the locale, with those that have
/// ended.
pub async fn connections_are_listed_by_provider(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let names = ["ab", "b", "a_c", "a1", "z", "a", "1"];
    let mut expected = Vec::new();
    for name in names {
        let stored = Credential { provider: provider(name), ..credential(&acme, ids.credential()) };
        store.store(&stored).await;
        let integration = connection(&ids, &stored);
        assert!(store.connect(&integration, &stored).await);
        expected.push(if name == "a1" || name == "z" {
            assert!(store.disconnect(&integration).await);
            past(&integration)
        } else {
            present(&integration, &stored)
        });
    }
    expected.sort_by(|a, b| a.integration.provider.as_str().cmp(b.integration.provider.as_str()));
    assert_eq!(store.integrations.list(&acme).await.unwrap(), expected);
}
