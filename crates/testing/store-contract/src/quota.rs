//! Contracts of the quota per organisation and provider.

use strongroom_domain::{Action, Credential, OrganizationId};
use strongroom_fixtures::{SeededIds, credential, event, organization, provider, slot, with_payload};
use strongroom_repository::{CredentialFilter, StoreError, StoreResult, Unique};

use crate::StoreUnderTest;
use crate::under_test::{created, deleted, disconnected, in_parallel};

async fn insert(store: &StoreUnderTest, credential: &Credential, default_limit: u32) -> StoreResult<()> {
    store.credentials.insert(&with_payload(credential.clone()), default_limit, created(credential)).await
}

async fn set_limit(store: &StoreUnderTest, acme: &OrganizationId, limit: Option<u32>) {
    let evidence = event(acme, Action::OrganizationLimitSet).into();
    store.organizations.set_limit(acme, limit, evidence).await.unwrap();
    assert_eq!(store.second.organizations.limit(acme).await.unwrap(), limit);
}

/// Of 60 parallel inserts over two instances exactly 50 succeed; the others get an error that names the
/// quota.
pub async fn parallel_inserts_stop_exactly_at_the_quota(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let work = (0..60).map(|number| {
        let (instance, new) = (store.instance(number), with_payload(credential(&acme, ids.credential())));
        async move { instance.credentials.insert(&new, 50, created(&new.credential)).await }
    });
    let answers = in_parallel(work).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 50, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::QuotaExceeded))).count(), 10);
    assert_eq!(
        store.credentials.list(&acme, &CredentialFilter::default(), None, 100).await.unwrap().len(),
        50
    );
    assert_eq!(store.actions(&acme).await.len(), 50);
    store.assert_no_drift().await;

    let other = Credential { provider: provider("datadog"), ..credential(&acme, ids.credential()) };
    insert(&store, &other, 50).await.unwrap();
}

/// An organisation's own limit replaces the default, whether it is higher, lower or zero.
pub async fn an_organization_may_have_a_limit_of_its_own(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let next = || credential(&acme, ids.credential());
    assert_eq!(store.organizations.limit(&acme).await.unwrap(), None);
    for (limit, fits) in [(Some(0), 0), (Some(2), 2), (None, 1), (Some(5), 2)] {
        set_limit(&store, &acme, limit).await;
        for _ in 0..fits {
            insert(&store, &next(), 3).await.unwrap();
        }
        let refused = insert(&store, &next(), 3).await;
        assert!(matches!(refused, Err(StoreError::QuotaExceeded)), "{limit:?} {refused:?}");
    }
    let elsewhere = credential(&organization("globex"), ids.credential());
    assert!(matches!(insert(&store, &elsewhere, 0).await, Err(StoreError::QuotaExceeded)));
    insert(&store, &elsewhere, 1).await.unwrap();
    store.assert_no_drift().await;
}

/// Lowering the limit deletes nothing; it only refuses new credentials.
pub async fn a_lowered_limit_keeps_what_is_stored(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..3 {
        insert(&store, &credential(&acme, ids.credential()), 3).await.unwrap();
    }
    set_limit(&store, &acme, Some(1)).await;
    assert_eq!(
        store.credentials.list(&acme, &CredentialFilter::default(), None, 100).await.unwrap().len(),
        3
    );
    let refused = insert(&store, &credential(&acme, ids.credential()), 3).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded)), "{refused:?}");
}

/// The place of a deleted credential is free again, once.
pub async fn deleting_gives_the_place_back(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (first, second) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    insert(&store, &first, 1).await.unwrap();
    for expected in [true, false] {
        let gone = store
            .credentials
            .delete(&acme, first.id, None, deleted(&first), disconnected(&first))
            .await
            .unwrap();
        assert_eq!(gone, expected);
    }
    insert(&store, &second, 1).await.unwrap();
    let refused = insert(&store, &first, 1).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded)), "{refused:?}");
    store.assert_no_drift().await;
}

/// An insert that failed for another reason does not change the counter.
pub async fn refused_inserts_take_no_place(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let holder = || Credential { slot: Some(slot("main")), ..credential(&acme, ids.credential()) };
    insert(&store, &holder(), 2).await.unwrap();
    for _ in 0..3 {
        assert!(matches!(insert(&store, &holder(), 2).await, Err(StoreError::Duplicate(Unique::Slot))));
    }
    store.assert_no_drift().await;
    insert(&store, &credential(&acme, ids.credential()), 2).await.unwrap();
}
