//! Contracts of decisions about refreshes that are made once, however many instances make them.

use std::time::Duration;

use strongroom_domain::{Action, Credential, CredentialName};
use strongroom_fixtures::{SeededIds, count, credential, organization};
use strongroom_repository::{Lease, StoreError};
use uuid::Uuid;

use crate::StoreUnderTest;
use crate::leases::{FIRST, ME, OTHER, refreshed, told};
use crate::under_test::{deleted, disconnected, in_parallel, updated};

const LENGTH: Duration = Duration::from_secs(30);

/// Of parallel acquires exactly one gets the lease, the first time and after the lease has ended; the others
/// get the answer that it is held.
pub async fn of_parallel_acquires_one_gets_the_lease(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    for round in 0..4 {
        let work = (0..16_u8).map(|number| {
            let (leases, acme, id) = (store.instance(number.into()).leases, acme.clone(), stored.id);
            async move { leases.acquire(&acme, id, 1, Uuid::from_u128(number.into()), LENGTH).await }
        });
        let mut acquired = Vec::new();
        for answer in in_parallel(work).await {
            match answer.unwrap() {
                Lease::Held => {}
                lease => acquired.push(lease),
            }
        }
        assert_eq!(acquired, [Lease::Acquired { failures: 0, interrupted: round > 0, doubted: false }]);
        (store.age)(time::Duration::seconds(31));
    }
}

/// Of parallel answers for one version exactly one is stored and recorded.
pub async fn of_parallel_answers_one_is_stored(store: StoreUnderTest) {
    let acme = organization("acme");
    let seen = credential(&acme, SeededIds::new(1).credential());
    store.store(&seen).await;
    let work = (0..16).map(|number| {
        let (leases, seen) = (store.instance(number).leases, seen.clone());
        async move {
            let (after, payload) = refreshed(&seen);
            leases.store(&after, &payload, 1, ME, told(&seen)).await
        }
    });
    let answers = in_parallel(work).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated, Action::CredentialRefreshed]);
}

/// A caller that asks for the lease while an answer is stored gets none for the version that was refreshed.
pub async fn an_acquire_racing_a_store_never_refreshes_again(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for round in 0..60_usize {
        let seen = credential(&acme, ids.credential());
        store.store(&seen).await;
        assert_eq!(store.acquire(&seen, ME).await, FIRST);
        let (after, payload) = refreshed(&seen);
        let ask = async {
            // The acquire starts this many statements late.
            for _ in 0..round % 6 {
                store.second.credentials.find(&acme, seen.id).await.unwrap();
            }
            store.second.leases.acquire(&acme, seen.id, 1, OTHER, LENGTH).await
        };
        let answer = store.first.leases.store(&after, &payload, 1, ME, told(&seen));
        let (stored, asked) = tokio::join!(answer, ask);
        assert!(stored.unwrap());
        let asked = asked.unwrap();
        assert!(matches!(asked, Lease::Held | Lease::Moved), "{asked:?}");
        assert_eq!(store.acquire(&after, OTHER).await, FIRST);
    }
}

/// Whatever the order, after a delete the row stays gone, and so does its lease.
pub async fn a_delete_racing_a_refresh_stays_deleted(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for round in 0..count(60, 1_000) {
        let seen = credential(&acme, ids.credential());
        store.store(&seen).await;
        let (after, payload) = refreshed(&seen);
        let (tombstone, disconnection) = (deleted(&seen), disconnected(&seen));
        let delete = store.second.credentials.delete(&acme, seen.id, None, tombstone, disconnection);
        if round % 2 == 0 {
            assert_eq!(store.acquire(&seen, ME).await, FIRST);
            let (stored, deleted) =
                tokio::join!(store.first.leases.store(&after, &payload, 1, ME, told(&seen)), delete);
            stored.unwrap();
            assert!(deleted.unwrap());
        } else {
            let acquire = store.first.leases.acquire(&acme, seen.id, 1, ME, LENGTH);
            let (asked, deleted) = tokio::join!(acquire, delete);
            assert!(matches!(asked.unwrap(), FIRST | Lease::Moved));
            assert!(deleted.unwrap());
        }
        assert!(store.credentials.find(&acme, seen.id).await.unwrap().is_none());
        assert_eq!(store.acquire(&after, OTHER).await, Lease::Moved);
    }
    store.assert_no_drift().await;
    store.verified_chain(&acme).await;
}

/// A rename is either there after the refresh, or was refused as stale; the refresh is never lost.
pub async fn a_rename_racing_a_refresh_loses_neither(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..40 {
        let seen = credential(&acme, ids.credential());
        store.store(&seen).await;
        let name = CredentialName::parse("another name").unwrap();
        let renamed = Credential { name, revision: 2, ..seen.clone() };
        let (after, payload) = refreshed(&seen);
        let (rename, stored) = tokio::join!(
            store.first.credentials.relabel(&renamed, 1, 1, updated(&renamed)),
            store.second.leases.store(&after, &payload, 1, ME, told(&seen)),
        );
        assert!(stored.unwrap());
        let expected = match rename {
            Ok(()) => refreshed(&renamed).0,
            Err(StoreError::StaleVersion) => after,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(store.credentials.find(&acme, seen.id).await.unwrap(), Some(expected));
    }
    store.verified_chain(&acme).await;
}
