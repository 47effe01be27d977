//! Contracts of decisions about flows that are made once, however many instances make them.

use strongroom_domain::{Action, Credential};
use strongroom_fixtures::{SeededIds, organization};
use strongroom_repository::{FlowLimits, StoreError};

use crate::StoreUnderTest;
use crate::flows::{completed, flow, granted, pending, told};
use crate::under_test::{PLENTY, deleted, disconnected, in_parallel};

/// Of parallel callbacks with one state exactly one gets the flow.
pub async fn of_parallel_takes_one_gets_the_flow(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..5 {
        let new = flow(&acme, &ids);
        store.begin(&new).await;
        let work = (0..16).map(|number| {
            let (flows, state) = (store.instance(number).flows, new.flow.state);
            async move { flows.take(&state).await }
        });
        let mut taken = Vec::new();
        for answer in in_parallel(work).await {
            taken.extend(answer.unwrap());
        }
        assert_eq!(taken.len(), 1);
        assert_eq!(taken.first().unwrap().flow, new.flow);
    }
}

/// Of parallel begins of one organisation exactly as many succeed as its limit; the others get an error.
pub async fn of_parallel_begins_exactly_the_limit_succeed(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let limits = FlowLimits { per_organization: 5, per_principal: 30 };
    let work = (0..30).map(|number| {
        let (flows, new) = (store.instance(number).flows, flow(&acme, &ids));
        async move { flows.begin(&new, limits, told(&new, Action::AuthorizationBegun)).await }
    });
    let answers = in_parallel(work).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5, "{answers:?}");
    let refused = answers.iter().filter(|answer| matches!(answer, Err(StoreError::QuotaExceeded)));
    assert_eq!(refused.count(), 25, "{answers:?}");
    assert_eq!(store.actions(&acme).await, [Action::AuthorizationBegun; 5]);
}

/// Of parallel completions of one flow exactly one succeeds and is recorded.
pub async fn of_parallel_completions_one_ends_the_flow(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let new = store.granted_flow(&acme, &ids).await;
    let work = (0..16).map(|number| {
        let (flows, new) = (store.instance(number).flows, new.clone());
        async move { flows.complete(&completed(&new), told(&new, Action::AuthorizationCompleted), None).await }
    });
    let answers = in_parallel(work).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
    let expected = [Action::AuthorizationBegun, Action::AuthorizationGranted, Action::AuthorizationCompleted];
    assert_eq!(store.actions(&acme).await, expected);
}

/// Either the credential is usable, or it is gone together with its place in the quota; never both, never
/// neither.
pub async fn a_completion_racing_an_abandonment_leaves_one_of_both(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..50 {
        let new = store.granted_flow(&acme, &ids).await;
        let end = completed(&new);
        let (done, gone) = tokio::join!(
            store.first.flows.complete(&end, told(&new, Action::AuthorizationCompleted), None),
            store.second.flows.abandon(&acme, new.flow.id, told(&new, Action::AuthorizationFailed)),
        );
        let (done, gone) = (done.unwrap(), gone.unwrap());
        assert_ne!(done, gone);
        let left = store.credentials.find(&acme, new.flow.credential).await.unwrap();
        assert_eq!(left, done.then_some(end.credential));
    }
    store.assert_no_drift().await;
    store.verified_chain(&acme).await;
}

/// A grant that arrives while its flow is abandoned leaves no pending credential behind.
pub async fn a_grant_racing_an_abandonment_leaves_nothing(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..50 {
        let new = flow(&acme, &ids);
        store.begin_and_take(&new).await;
        let grant = granted(&new);
        let (_, gone) = tokio::join!(
            store.first.flows.grant(&grant, PLENTY, told(&new, Action::AuthorizationGranted)),
            store.second.flows.abandon(&acme, new.flow.id, told(&new, Action::AuthorizationFailed)),
        );
        assert!(gone.unwrap());
        assert_eq!(store.credentials.find(&acme, new.flow.credential).await.unwrap(), None);
    }
    store.assert_no_drift().await;
    store.verified_chain(&acme).await;
}

/// Whatever the order, after a delete the row stays gone, and its place is given back once.
pub async fn a_delete_racing_the_end_of_a_flow_stays_deleted(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for round in 0..50 {
        let new = store.granted_flow(&acme, &ids).await;
        let (end, made): (_, Credential) = (completed(&new), pending(&new));
        let (tombstone, disconnection) = (deleted(&made), disconnected(&made));
        let delete = store.second.credentials.delete(&acme, made.id, None, tombstone, disconnection);
        let removed = if round % 2 == 0 {
            let complete = store.first.flows.complete(&end, told(&new, Action::AuthorizationCompleted), None);
            let (complete, delete) = tokio::join!(complete, delete);
            complete.unwrap();
            delete.unwrap()
        } else {
            let abandon =
                store.first.flows.abandon(&acme, new.flow.id, told(&new, Action::AuthorizationFailed));
            let (abandon, delete) = tokio::join!(abandon, delete);
            assert!(abandon.unwrap());
            delete.unwrap()
        };
        assert!(removed || round % 2 == 1);
        assert_eq!(store.credentials.find(&acme, made.id).await.unwrap(), None);
    }
    store.assert_no_drift().await;
    store.verified_chain(&acme).await;
}
