//! Contracts of the whole deployment: its id, the records of its keys, and its clock.

use std::collections::BTreeSet;

use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_environment::Ids;
use strongroom_fixtures::{SeededIds, credential, instant, organization, sealed, with_payload};
use strongroom_repository::{KekRecord, StoreResult, WrappedPurposeKey};
use time::Duration;
use uuid::Uuid;

use crate::StoreUnderTest;
use crate::flows::flow;
use crate::oauth_apps::app;
use crate::under_test::{PLENTY, created, in_parallel, updated};

const KEK: KekId = KekId([1, 2, 3, 4, 5, 6, 7, 0xff]);
const OTHER: KekId = KekId([2; 8]);

fn purpose_key(ids: &SeededIds, purpose: &str, kek_id: KekId) -> WrappedPurposeKey {
    WrappedPurposeKey {
        id: PurposeKeyId(ids.next()),
        purpose: purpose.to_owned(),
        kek_id,
        wrapped: vec![0, 1, 0xff, 0x80],
        created_at: instant(5),
    }
}

async fn kek(store: &StoreUnderTest, id: KekId) -> KekRecord {
    store.deployment.keks().await.unwrap().into_iter().find(|kek| kek.id == id).unwrap()
}

/// The migration has made the id, and every instance always reads the same one.
pub async fn the_deployment_has_one_id(store: StoreUnderTest) {
    let id = store.deployment.deployment_id().await.unwrap();
    assert!(!id.is_nil());
    assert_eq!(store.deployment.deployment_id().await.unwrap(), id);
    assert_eq!(store.second.deployment.deployment_id().await.unwrap(), id);
}

/// The first KEK that is registered is primary, later ones are not.
pub async fn the_first_kek_is_primary(store: StoreUnderTest) {
    assert_eq!(store.deployment.keks().await.unwrap(), []);
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    store.second.deployment.register_kek(OTHER, "next", [8; 32]).await.unwrap();
    let record = |id, name: &str, check_value, primary| KekRecord {
        id,
        name: name.to_owned(),
        check_value,
        reserved: 0,
        primary,
        in_use: 0,
    };
    let mut keks = store.deployment.keks().await.unwrap();
    keks.sort_by_key(|kek| kek.id);
    assert_eq!(keks, [record(KEK, "main", [7; 32], true), record(OTHER, "next", [8; 32], false)]);
}

/// Registering a KEK again changes nothing; a name belongs to one KEK.
pub async fn a_known_kek_is_left_alone(store: StoreUnderTest) {
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    store.ledger.reserve_wraps(KEK, 10, 100).await.unwrap();
    let before = kek(&store, KEK).await;
    store.second.deployment.register_kek(KEK, "renamed", [9; 32]).await.unwrap();
    assert_eq!(store.deployment.keks().await.unwrap(), [before]);
    assert!(store.deployment.register_kek(OTHER, "main", [8; 32]).await.is_err());
    assert_eq!(store.deployment.keks().await.unwrap().len(), 1);
}

/// Instances that start together agree on one primary, and each may register the same KEK.
pub async fn of_parallel_first_keks_one_is_primary(store: StoreUnderTest) {
    let work = (0..16_u8).map(|number| {
        let deployment = store.instance(number.into()).deployment;
        let id = KekId([number / 2; 8]);
        async move { deployment.register_kek(id, &id.to_string(), [number / 2; 32]).await }
    });
    for answer in in_parallel(work).await {
        answer.unwrap();
    }
    let keks = store.deployment.keks().await.unwrap();
    assert_eq!((keks.len(), keks.iter().filter(|kek| kek.primary).count()), (8, 1));
}

/// Credentials, OAuth apps, flows and purpose keys count as uses of the KEK that wraps them.
pub async fn what_a_kek_wraps_is_counted(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    store.deployment.register_kek(OTHER, "next", [8; 32]).await.unwrap();
    let mut last = credential(&acme, ids.credential());
    for organization in [&acme, &globex] {
        last = credential(organization, ids.credential());
        let mut new = with_payload(last.clone());
        new.sealed.kek_id = KEK;
        store.credentials.insert(&new, PLENTY, created(&last)).await.unwrap();
    }
    assert!(store.deployment.insert_first_purpose_key(&purpose_key(&ids, "audit", KEK)).await.unwrap());
    assert_eq!((kek(&store, KEK).await.in_use, kek(&store, OTHER).await.in_use), (3, 0));

    let next = strongroom_domain::Credential { version: 2, revision: 2, ..last.clone() };
    let payload = sealed(OTHER.0, b"re-sealed");
    store.credentials.replace(&next, &payload, 1, 1, updated(&next)).await.unwrap();
    assert_eq!((kek(&store, KEK).await.in_use, kek(&store, OTHER).await.in_use), (2, 1));

    let (mut app, mut flow) = (app(&acme, &ids, "google"), flow(&acme, &ids));
    (app.sealed.kek_id, flow.sealed.kek_id) = (KEK, OTHER);
    store.store_app(&app).await;
    store.begin(&flow).await;
    assert_eq!((kek(&store, KEK).await.in_use, kek(&store, OTHER).await.in_use), (3, 2));
    assert!(store.abandon(&flow).await);
    assert_eq!((kek(&store, KEK).await.in_use, kek(&store, OTHER).await.in_use), (3, 1));
}

/// Every column of a purpose key comes back, and keys are listed by creation time.
pub async fn every_column_of_a_purpose_key_comes_back(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    assert_eq!(store.deployment.purpose_keys().await.unwrap(), []);
    let late = WrappedPurposeKey { created_at: instant(9), ..purpose_key(&ids, "audit", KEK) };
    let early = purpose_key(&ids, "api_key", KEK);
    for key in [&late, &early] {
        assert!(store.deployment.insert_first_purpose_key(key).await.unwrap());
    }
    assert_eq!(store.second.deployment.purpose_keys().await.unwrap(), [early, late]);
}

/// When several instances start for the first time at once, one makes the key, and all find that one.
pub async fn a_purpose_gets_one_first_key(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    let work = (0..16).map(|number| {
        let (deployment, key) = (store.instance(number).deployment, purpose_key(&ids, "audit", KEK));
        async move { Ok(deployment.insert_first_purpose_key(&key).await?.then_some(key)) }
    });
    let answers: StoreResult<Vec<_>> = in_parallel(work).await.into_iter().collect();
    let stored: Vec<_> = answers.unwrap().into_iter().flatten().collect();
    assert_eq!(stored.len(), 1);
    assert_eq!(store.deployment.purpose_keys().await.unwrap(), stored);
    assert!(!store.deployment.insert_first_purpose_key(&purpose_key(&ids, "audit", KEK)).await.unwrap());
    assert!(store.deployment.insert_first_purpose_key(&purpose_key(&ids, "api_key", KEK)).await.unwrap());
}

/// Reservations add up to the limit, and one that would pass it reserves nothing.
pub async fn wraps_are_reserved_up_to_the_limit(store: StoreUnderTest) {
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    store.deployment.register_kek(OTHER, "next", [8; 32]).await.unwrap();
    let limit = 1 << 32;
    let cases = [
        (65_536, Some(65_536)),
        (limit - 65_536 - 10, Some(limit - 10)),
        (11, None),
        (limit + 1, None),
        (u64::MAX, None),
        (10, Some(limit)),
        (1, None),
    ];
    for (count, expected) in cases {
        assert_eq!(store.ledger.reserve_wraps(KEK, count, limit).await.unwrap(), expected, "{count}");
    }
    assert_eq!((kek(&store, KEK).await.reserved, kek(&store, OTHER).await.reserved), (limit, 0));
    let unknown = store.ledger.reserve_wraps(KekId([9; 8]), 1, limit).await;
    assert!(!matches!(unknown, Ok(Some(_))), "wraps of a KEK that nobody registered were counted");
}

/// Parallel reservations give disjoint blocks and stop at the limit.
pub async fn parallel_reservations_never_overlap_or_pass_the_limit(store: StoreUnderTest) {
    store.deployment.register_kek(KEK, "main", [7; 32]).await.unwrap();
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let ledger = store.instance(number).ledger;
            tokio::spawn(async move { ledger.reserve_wraps(KEK, 100, 3_000).await })
        })
        .collect();
    let mut totals = Vec::new();
    for task in tasks {
        totals.extend(task.await.unwrap().unwrap());
    }
    let expected: BTreeSet<u64> = (1..=30).map(|block| block * 100).collect();
    assert_eq!(totals.len(), 30);
    assert_eq!(totals.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(kek(&store, KEK).await.reserved, 3_000);
}

/// The store's time is in UTC, in whole microseconds, after the start of 2025, and never goes back.
pub async fn the_stores_clock_goes_forward(store: StoreUnderTest) {
    let mut before = instant(0) - Duration::days(365);
    for number in 0..20 {
        let now = store.instance(number).deployment.now().await.unwrap();
        assert!(now >= before && now.offset().is_utc() && now.nanosecond() % 1_000 == 0, "{now}");
        before = now;
    }
    assert!(before < instant(0) + Duration::days(365 * 200));
}

/// A store that has just been migrated reports to every instance that it is current.
pub async fn a_fresh_store_is_fully_migrated(store: StoreUnderTest) {
    assert!(store.deployment.migrations_current().await.unwrap());
    assert!(store.second.deployment.migrations_current().await.unwrap());
    assert_ne!(store.deployment.deployment_id().await.unwrap(), Uuid::max());
}

/// To look whether the store can be written changes nothing.
pub async fn a_look_whether_it_can_be_written_changes_nothing(store: StoreUnderTest) {
    let before = store.deployment.deployment_id().await.unwrap();
    for instance in [&store.first, &store.second] {
        instance.deployment.check_writable().await.unwrap();
    }
    assert_eq!(store.deployment.deployment_id().await.unwrap(), before);
}
