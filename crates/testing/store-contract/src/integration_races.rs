//! Contracts of decisions about connections that are made once, however many instances make them.

use strongroom_domain::{Action, Credential, Integration, OrganizationId};
use strongroom_fixtures::{SeededIds, credential, organization};
use strongroom_repository::{StoreError, Unique};

use crate::StoreUnderTest;
use crate::integrations::{connected, connection, ended, present};
use crate::under_test::{deleted, disconnected, in_parallel, payload_of, updated};

/// Of parallel connects of one provider exactly one succeeds, the first time and after a disconnect; the
/// others get an error for a duplicate.
pub async fn of_parallel_connects_one_wins(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let credentials: Vec<_> = (0..20).map(|_| credential(&acme, ids.credential())).collect();
    for one in &credentials {
        store.store(one).await;
    }
    for _ in 0..3 {
        let work = credentials.iter().enumerate().map(|(number, one)| {
            let (instance, integration, one) = (store.instance(number), connection(&ids, one), one.clone());
            async move {
                let connect = instance.integrations.connect(&integration, &one, connected(&integration));
                assert!(connect.await?);
                Ok(present(&integration, &one))
            }
        });
        let mut winners = Vec::new();
        for answer in in_parallel(work).await {
            match answer {
                Ok(connected) => winners.push(connected),
                Err(StoreError::Duplicate(Unique::Integration)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(store.integrations.list(&acme).await.unwrap(), winners);
        let winner = &winners.first().unwrap().integration;
        assert!(store.integrations.disconnect(&acme, winner.id, ended(winner)).await.unwrap());
    }
    let once = [Action::IntegrationConnected, Action::IntegrationDisconnected];
    assert_eq!(store.actions(&acme).await.split_off(20), once.repeat(3));
}

/// Of parallel disconnects exactly one succeeds and is recorded.
pub async fn of_parallel_disconnects_one_is_recorded(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = credential(&acme, ids.credential());
    store.store(&stored).await;
    let integration = connection(&ids, &stored);
    assert!(store.integrations.connect(&integration, &stored, connected(&integration)).await.unwrap());
    let work = (0..20).map(|number| {
        let (instance, acme, integration) = (store.instance(number), acme.clone(), integration.clone());
        async move { instance.integrations.disconnect(&acme, integration.id, ended(&integration)).await }
    });
    let answers = in_parallel(work).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
    let expected = [Action::CredentialCreated, Action::IntegrationConnected, Action::IntegrationDisconnected];
    assert_eq!(store.actions(&acme).await, expected);
}

/// Runs one round of the race below. The connect starts `late` statements late. Returns whether it came
/// first.
async fn race(store: &StoreUnderTest, ids: &SeededIds, organization: &OrganizationId, late: usize) -> bool {
    let stored = credential(organization, ids.credential());
    store.store(&stored).await;
    let integration = connection(ids, &stored);
    let find = async || store.first.integrations.find(organization, &stored.provider).await.unwrap();
    let connect = async {
        for _ in 0..late {
            find().await;
        }
        store.first.integrations.connect(&integration, &stored, connected(&integration)).await
    };
    let (tombstone, disconnection) = (deleted(&stored), disconnected(&stored));
    let delete = store.second.credentials.delete(organization, stored.id, None, tombstone, disconnection);
    let (connected, deleted) = tokio::join!(connect, delete);
    assert!(deleted.unwrap());
    let left = find().await;
    assert!(left.is_none_or(|left| left.credential.is_none()), "it outlived its credential");
    connected.unwrap()
}

/// Whatever the order, no connection has a deleted credential, and the audit chain shows what happened. One
/// organisation has never connected the provider before, the other has.
pub async fn a_connect_racing_a_delete_never_outlives_the_credential(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut expected = Vec::new();
    for round in 0..100 {
        let fresh = organization(&round.to_string());
        for (organization, expected) in [(&acme, &mut expected), (&fresh, &mut Vec::new())] {
            let connected = race(&store, &ids, organization, round % 10).await;
            expected.push(Action::CredentialCreated);
            expected.extend(connected.then_some(Action::IntegrationConnected));
            expected.push(Action::CredentialDeleted);
            expected.extend(connected.then_some(Action::IntegrationDisconnected));
            if *organization == fresh {
                assert_eq!(store.actions(organization).await, *expected);
            }
        }
    }
    assert_eq!(store.actions(&acme).await, expected);
    store.assert_no_drift().await;
}

/// Either the connection is committed before the change, so that it comes first in the chain, or it is
/// refused.
pub async fn a_connect_racing_a_change_comes_before_it_or_not_at_all(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    for round in 0..100_usize {
        let organization = organization(&round.to_string());
        let stored = credential(&organization, ids.credential());
        store.store(&stored).await;
        let (integration, next) =
            (connection(&ids, &stored), Credential { version: 2, revision: 2, ..stored.clone() });
        let change = async {
            // The change starts this many statements late.
            for _ in 0..round % 5 {
                store.second.credentials.find(&organization, stored.id).await.unwrap();
            }
            store.second.credentials.replace(&next, &payload_of(&next), 1, 1, updated(&next)).await
        };
        let connect = store.first.integrations.connect(&integration, &stored, connected(&integration));
        let (connect, change) = tokio::join!(connect, change);
        change.unwrap();
        let expected = match connect {
            Ok(true) => {
                vec![Action::CredentialCreated, Action::IntegrationConnected, Action::CredentialUpdated]
            }
            Err(StoreError::StaleVersion) => vec![Action::CredentialCreated, Action::CredentialUpdated],
            other => panic!("{other:?}"),
        };
        assert_eq!(store.actions(&organization).await, expected);
    }
}

/// The life of one credential among others of its provider. Returns whether it was connected.
async fn live(
    store: crate::Instance,
    stored: Credential,
    integration: Integration,
) -> Result<bool, StoreError> {
    let connect = store.integrations.connect(&integration, &stored, connected(&integration)).await;
    let connected = match connect {
        Err(StoreError::Duplicate(_)) => false,
        other => other?,
    };
    let (organization, provider) = (&stored.organization, &stored.provider);
    let found = store.integrations.find(organization, provider).await?;
    if let Some(found) = found.filter(|_| stored.id.0.as_u128().is_multiple_of(3)) {
        // The connection may belong to another credential, and may have ended by now.
        let integration = &found.integration;
        store.integrations.disconnect(organization, integration.id, ended(integration)).await?;
    }
    let (tombstone, disconnection) = (deleted(&stored), disconnected(&stored));
    assert!(store.credentials.delete(organization, stored.id, None, tombstone, disconnection).await?);
    Ok(connected)
}

/// Connects, disconnects and deletes run in any order. Every connection ends exactly once, the audit chain
/// has them one after the other, and every end names its connection.
pub async fn connections_racing_their_ends_follow_one_another(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut work = Vec::new();
    for number in 0..60 {
        let stored = credential(&acme, ids.credential());
        store.store(&stored).await;
        let integration = connection(&ids, &stored);
        work.push(live(store.instance(number), stored, integration));
    }
    let mut connects = 0;
    for answer in in_parallel(work).await {
        connects += usize::from(answer.unwrap());
    }
    let records = store.verified_chain(&acme).await;
    let of_connections =
        |action| matches!(action, Action::IntegrationConnected | Action::IntegrationDisconnected);
    let events: Vec<_> =
        records.iter().map(|one| &one.event).filter(|one| of_connections(one.action)).collect();
    assert_eq!(events.len(), connects * 2);
    for pair in events.chunks(2) {
        let [begun, over] = pair else { panic!("a connection did not end") };
        assert_eq!(begun.action, Action::IntegrationConnected);
        assert_eq!(over.action, Action::IntegrationDisconnected);
        assert_eq!(over.target, begun.target);
    }
    let list = store.integrations.list(&acme).await.unwrap();
    assert!(list.iter().all(|left| left.credential.is_none()));
    store.assert_no_drift().await;
}
