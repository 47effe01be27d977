//! Contracts of the keys of organisations.

use strongroom_domain::{KekId, OrganizationId};
use strongroom_fixtures::{SeededIds, credential, organization, sealed};
use strongroom_repository::{FirstKey, SealedCredential, StoreResult, WrappedOrganizationKey};

use crate::StoreUnderTest;
use crate::flows::flow;
use crate::oauth_apps::app;
use crate::under_test::{PLENTY, created, in_parallel};

const ROOT: KekId = KekId([1, 2, 3, 4, 5, 6, 7, 0xff]);

fn key(organization: &OrganizationId, id: u8) -> WrappedOrganizationKey {
    let (organization, id) = (organization.clone(), KekId([id; 8]));
    WrappedOrganizationKey { organization, generation: 1, id, root: ROOT, wrapped: vec![0, 1, 0xff, 0x80] }
}

async fn insert(store: &StoreUnderTest, key: &WrappedOrganizationKey) -> FirstKey {
    store.organization_keys.insert_first_organization_key(key).await.unwrap()
}

/// Every column of a key comes back, and only to its organisation. The key counts as a use of its root key.
pub async fn a_key_belongs_to_its_organization_and_uses_its_root(store: StoreUnderTest) {
    let (acme, globex) = (organization("acme"), organization("globex"));
    store.deployment.register_kek(ROOT, "main", [7; 32]).await.unwrap();
    assert_eq!(insert(&store, &key(&acme, 1)).await, FirstKey::Stored);
    assert_eq!(store.second.organization_keys.organization_keys(&acme).await.unwrap(), [key(&acme, 1)]);
    assert_eq!(store.organization_keys.organization_keys(&globex).await.unwrap(), []);
    // Ids are random, and those of two organisations may be equal.
    assert_eq!(insert(&store, &key(&globex, 1)).await, FirstKey::Stored);
    assert_eq!(store.organization_keys.organization_keys(&globex).await.unwrap(), [key(&globex, 1)]);
    let roots = store.deployment.keks().await.unwrap();
    assert_eq!(roots.iter().map(|root| root.in_use).collect::<Vec<_>>(), [2]);
}

/// When several instances make the first key at once, one is kept, and all find that one.
pub async fn an_organization_gets_one_first_key(store: StoreUnderTest) {
    let acme = organization("acme");
    let work = (0..16_u8).map(|number| {
        let (keys, key) = (store.instance(number.into()).organization_keys, key(&acme, number));
        async move { Ok((keys.insert_first_organization_key(&key).await? == FirstKey::Stored).then_some(key)) }
    });
    let answers: StoreResult<Vec<_>> = in_parallel(work).await.into_iter().collect();
    let stored: Vec<_> = answers.unwrap().into_iter().flatten().collect();
    assert_eq!(stored.len(), 1);
    assert_eq!(store.organization_keys.organization_keys(&acme).await.unwrap(), stored);
    assert_eq!(insert(&store, &key(&acme, 0xaa)).await, FirstKey::Exists);
}

/// An organisation that has sealed something with a key of its own, and has none, gets no new one. What root
/// keys have sealed, and what other organisations have, does not matter.
pub async fn a_lost_key_is_not_made_anew(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    store.deployment.register_kek(ROOT, "main", [7; 32]).await.unwrap();
    let old = credential(&acme, ids.credential());
    let row = SealedCredential { sealed: sealed(ROOT.0, b"of a build before"), credential: old.clone() };
    store.credentials.insert(&row, PLENTY, created(&old)).await.unwrap();
    assert_eq!(insert(&store, &key(&acme, 1)).await, FirstKey::Stored);
    let new = credential(&globex, ids.credential());
    let row = SealedCredential { sealed: sealed([2; 8], b"by a key that is gone"), credential: new.clone() };
    store.credentials.insert(&row, PLENTY, created(&new)).await.unwrap();
    assert_eq!(insert(&store, &key(&globex, 3)).await, FirstKey::Lost);
    assert_eq!(store.organization_keys.organization_keys(&globex).await.unwrap(), []);
    assert_eq!(insert(&store, &key(&acme, 4)).await, FirstKey::Exists);

    let initech = organization("initech");
    let mut app = app(&initech, &ids, "google");
    app.sealed.kek_id = KekId([5; 8]);
    store.store_app(&app).await;
    assert_eq!(insert(&store, &key(&initech, 6)).await, FirstKey::Lost);
    let hooli = organization("hooli");
    let mut flow = flow(&hooli, &ids);
    flow.sealed.kek_id = KekId([7; 8]);
    store.begin(&flow).await;
    assert_eq!(insert(&store, &key(&hooli, 8)).await, FirstKey::Lost);
}
