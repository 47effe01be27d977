//! Contracts of the keys of organisations.

use strongroom_domain::{KekId, OrganizationId};
use strongroom_fixtures::organization;
use strongroom_repository::{StoreResult, WrappedOrganizationKey};

use crate::StoreUnderTest;
use crate::under_test::in_parallel;

const ROOT: KekId = KekId([1, 2, 3, 4, 5, 6, 7, 0xff]);

fn key(organization: &OrganizationId, id: u8) -> WrappedOrganizationKey {
    let (organization, id) = (organization.clone(), KekId([id; 8]));
    WrappedOrganizationKey { organization, id, root: ROOT, wrapped: vec![0, 1, 0xff, 0x80] }
}

/// Every column of a key comes back, and only to its organisation. The key counts as a use of its root key.
pub async fn a_key_belongs_to_its_organization_and_uses_its_root(store: StoreUnderTest) {
    let (acme, globex) = (organization("acme"), organization("globex"));
    store.deployment.register_kek(ROOT, "main", [7; 32]).await.unwrap();
    assert!(store.organization_keys.insert_first_organization_key(&key(&acme, 1)).await.unwrap());
    assert_eq!(store.second.organization_keys.organization_keys(&acme).await.unwrap(), [key(&acme, 1)]);
    assert_eq!(store.organization_keys.organization_keys(&globex).await.unwrap(), []);
    // Ids are random, and those of two organisations may be equal.
    assert!(store.organization_keys.insert_first_organization_key(&key(&globex, 1)).await.unwrap());
    assert_eq!(store.organization_keys.organization_keys(&globex).await.unwrap(), [key(&globex, 1)]);
    let roots = store.deployment.keks().await.unwrap();
    assert_eq!(roots.iter().map(|root| root.in_use).collect::<Vec<_>>(), [2]);
}

/// When several instances make the first key at once, one is kept, and all find that one.
pub async fn an_organization_gets_one_first_key(store: StoreUnderTest) {
    let acme = organization("acme");
    let work = (0..16_u8).map(|number| {
        let (keys, key) = (store.instance(number.into()).organization_keys, key(&acme, number));
        async move { Ok(keys.insert_first_organization_key(&key).await?.then_some(key)) }
    });
    let answers: StoreResult<Vec<_>> = in_parallel(work).await.into_iter().collect();
    let stored: Vec<_> = answers.unwrap().into_iter().flatten().collect();
    assert_eq!(stored.len(), 1);
    assert_eq!(store.organization_keys.organization_keys(&acme).await.unwrap(), stored);
    assert!(!store.organization_keys.insert_first_organization_key(&key(&acme, 0xaa)).await.unwrap());
}
