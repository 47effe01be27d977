//! Contracts of decisions that are made once, however many instances make them.

use strongroom_domain::{Action, Credential, OrganizationId};
use strongroom_fixtures::{SeededIds, credential, event, organization, slot, with_payload};
use strongroom_repository::{Appended, Contention, StoreError, Unique};

use crate::StoreUnderTest;
use crate::under_test::{PLENTY, created, deleted, disconnected, in_parallel, payload_of, updated};

/// Mutations and appended batches of two instances give one chain per organisation, without gaps.
pub async fn chains_stay_gapless_under_parallel_writers(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let work = (0..60).map(|number| {
        let instance = store.instance(number / 2);
        let new = with_payload(credential(&acme, ids.credential()));
        let batch = [event(&globex, Action::SecretRead), event(&acme, Action::SecretRead)];
        async move {
            if number.is_multiple_of(2) {
                instance.credentials.insert(&new, PLENTY, created(&new.credential)).await
            } else {
                instance.audit.append(&batch, Contention::Wait).await.map(|_| ())
            }
        }
    });
    for answer in in_parallel(work).await {
        answer.unwrap();
    }
    assert_eq!(store.verified_chain(&acme).await.len(), 60);
    assert_eq!(store.verified_chain(&globex).await.len(), 30);
}

/// An event that is reported as durable is stored at its place; one that is reported as skipped is not
/// stored.
pub async fn skipped_events_are_not_recorded(store: StoreUnderTest) {
    let (acme, globex) = (organization("acme"), organization("globex"));
    let work = (0..40).map(|number| {
        let instance = store.instance(number);
        let name = number.to_string();
        let batch = [&acme, &globex].map(|one| event(one, Action::SecretRead).targeting(name.clone()));
        async move { Ok((name, instance.audit.append(&batch, Contention::Skip).await?)) }
    });
    let mut durable = [Vec::new(), Vec::new()];
    for answer in in_parallel(work).await {
        let (name, appended) = answer.unwrap();
        assert_eq!(appended.len(), 2);
        for (list, one) in durable.iter_mut().zip(appended) {
            if let Appended::Durable { seq } = one {
                list.push((seq, name.clone()));
            }
        }
    }
    for (organization, mut list) in [acme, globex].iter().zip(durable) {
        list.sort();
        let records = store.verified_chain(organization).await;
        let stored: Vec<_> =
            records.into_iter().map(|record| (record.seq, record.event.target.unwrap())).collect();
        assert_eq!(stored, list);
    }
}

/// Of parallel writers that have read the same state exactly one succeeds; the others get an error.
pub async fn of_parallel_replacements_one_wins(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    let work = (0..20).map(|number| {
        let instance = store.instance(number);
        let next = Credential { revision: 2, modified_by: number.to_string(), ..stored.clone() };
        async move {
            instance.credentials.replace(&next, &payload_of(&next), 1, 1, updated(&next)).await?;
            Ok(next)
        }
    });
    let mut winners = Vec::new();
    for answer in in_parallel(work).await {
        match answer {
            Ok(next) => winners.push(next),
            Err(StoreError::StaleVersion) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap().as_ref(), winners.first());
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated, Action::CredentialUpdated]);
}

/// Whatever the order, after a delete the row stays gone.
pub async fn a_delete_racing_a_replacement_stays_deleted(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..25 {
        let stored = credential(&acme, ids.credential());
        let payload = store.store(&stored).await.sealed;
        let next = Credential { revision: 2, version: 2, ..stored.clone() };
        let (replace, delete) = tokio::join!(
            store.first.credentials.replace(&next, &payload, 1, 1, updated(&next)),
            store.second.credentials.delete(&acme, stored.id, None, deleted(&stored), disconnected(&stored)),
        );
        assert!(matches!(replace, Ok(()) | Err(StoreError::StaleVersion)), "{replace:?}");
        assert!(delete.unwrap());
        assert!(store.credentials.find(&acme, stored.id).await.unwrap().is_none());
    }
    store.assert_no_drift().await;
    store.verified_chain(&acme).await;
}

/// Of parallel inserts into one slot exactly one succeeds.
pub async fn one_slot_has_one_winner(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let work = (0..20).map(|number| {
        let instance = store.instance(number);
        let one = Credential { slot: Some(slot("main")), ..credential(&acme, ids.credential()) };
        async move { instance.credentials.insert(&with_payload(one.clone()), PLENTY, created(&one)).await }
    });
    let answers = in_parallel(work).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let duplicates =
        answers.iter().filter(|answer| matches!(answer, Err(StoreError::Duplicate(Unique::Slot))));
    assert_eq!(duplicates.count(), 19, "{answers:?}");
    assert_eq!(store.actions(&acme).await.len(), 1);
    store.assert_no_drift().await;
}

/// Batches that name the same organisations in opposite orders do not deadlock.
pub async fn opposite_batches_do_not_deadlock(store: StoreUnderTest) {
    let organizations: Vec<OrganizationId> = (0..8).map(|number| organization(&number.to_string())).collect();
    let work = (0..20).map(|number| {
        let instance = store.instance(number);
        let mut batch: Vec<_> = organizations.iter().map(|one| event(one, Action::SecretRead)).collect();
        if number.is_multiple_of(2) {
            batch.reverse();
        }
        async move { instance.audit.append(&batch, Contention::Wait).await }
    });
    for answer in in_parallel(work).await {
        assert_eq!(answer.unwrap().len(), 8);
    }
    for organization in &organizations {
        assert_eq!(store.verified_chain(organization).await.len(), 20);
    }
}
