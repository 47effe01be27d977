//! Contracts of lists of credentials: order, pages, filters and reach.

use std::collections::BTreeSet;

use strongroom_domain::{
    Credential, CredentialId, CredentialName, CredentialStatus, OrganizationId, Reach, Slot,
};
use strongroom_fixtures::{SeededIds, credential, organization, provider, slot};
use strongroom_repository::CredentialFilter;
use uuid::Uuid;

use crate::StoreUnderTest;

/// Four credentials, oldest first: two of SFTP, two of Datadog.
async fn four(store: &StoreUnderTest, acme: &OrganizationId) -> [Credential; 4] {
    let ids = SeededIds::new(1);
    let plain = || credential(acme, ids.credential());
    let four = [
        plain(),
        Credential { status: CredentialStatus::Validated, slot: Some(slot("main")), ..plain() },
        Credential { provider: provider("datadog"), ..plain() },
        Credential {
            provider: provider("datadog"),
            status: CredentialStatus::Validated,
            name: CredentialName::parse("Metrics").unwrap(),
            ..plain()
        },
    ];
    for one in &four {
        store.store(one).await;
    }
    four
}

async fn listed(
    store: &StoreUnderTest,
    acme: &OrganizationId,
    filter: CredentialFilter,
) -> Vec<CredentialId> {
    let list = store.credentials.list(acme, &filter, None, 100).await.unwrap();
    list.into_iter().map(|credential| credential.id).collect()
}

/// Credentials are listed by descending id, compared in all 16 bytes, and a page starts below the last id.
pub async fn credentials_come_newest_first_and_in_pages(store: StoreUnderTest) {
    let acme = organization("acme");
    let mut ids: Vec<_> = [1, 2, 0xff, 0x100, 1 << 63, 1 << 64, 1 << 127, u128::MAX]
        .map(|number| CredentialId(Uuid::from_u128(number)))
        .to_vec();
    for id in &ids {
        store.store(&credential(&acme, *id)).await;
    }
    ids.reverse();
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map(|credential: &Credential| credential.id);
        let page = store.credentials.list(&acme, &CredentialFilter::default(), after, 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged.iter().map(|credential| credential.id).collect::<Vec<_>>(), ids);
    assert_eq!(paged.first(), Some(&credential(&acme, CredentialId(Uuid::max()))));
}

/// Provider, status, name and slot each keep only exact matches.
pub async fn every_filter_narrows_the_list(store: StoreUnderTest) {
    let acme = organization("acme");
    let [one, two, three, four] = four(&store, &acme).await.map(|credential| credential.id);
    let name = |text| Some(CredentialName::parse(text).unwrap());
    let all = CredentialFilter::default;
    let cases = [
        (all(), vec![four, three, two, one]),
        (CredentialFilter { provider: Some(provider("datadog")), ..all() }, vec![four, three]),
        (CredentialFilter { provider: Some(provider("github")), ..all() }, vec![]),
        (CredentialFilter { status: Some(CredentialStatus::Validated), ..all() }, vec![four, two]),
        (CredentialFilter { name: name("Metrics"), ..all() }, vec![four]),
        (CredentialFilter { name: name("metrics"), ..all() }, vec![]),
        (CredentialFilter { name: name("Metric%"), ..all() }, vec![]),
        (CredentialFilter { slot: Some(slot("main")), ..all() }, vec![two]),
        (CredentialFilter { slot: Some(slot("Main")), ..all() }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(listed(&store, &acme, filter.clone()).await, expected, "{filter:?}");
    }
}

/// Several filters keep only what matches all of them.
pub async fn filters_combine(store: StoreUnderTest) {
    let acme = organization("acme");
    let [.., three, four] = four(&store, &acme).await.map(|credential| credential.id);
    let datadog = CredentialFilter { provider: Some(provider("datadog")), ..CredentialFilter::default() };
    let validated = CredentialFilter { status: Some(CredentialStatus::Validated), ..datadog.clone() };
    assert_eq!(listed(&store, &acme, validated.clone()).await, [four]);
    assert_eq!(listed(&store, &acme, CredentialFilter { slot: Some(slot("main")), ..validated }).await, []);
    let page = store.credentials.list(&acme, &datadog, Some(four), 100).await.unwrap();
    assert_eq!(page.into_iter().map(|credential| credential.id).collect::<Vec<_>>(), [three]);
}

/// Credentials outside the reach of the account are not listed; an empty reach lists nothing.
pub async fn reach_limits_the_list(store: StoreUnderTest) {
    let acme = organization("acme");
    let four = four(&store, &acme).await;
    let [one, two, three, last] = [0, 1, 2, 3].map(|place: usize| four.get(place).unwrap().id);
    let datadog = || Some(BTreeSet::from([provider("datadog"), provider("github")]));
    let many = (0..2_000_u128).map(|number| CredentialId(Uuid::from_u128(number))).chain([one, last]);
    let cases = [
        (Reach { providers: datadog(), credentials: None }, vec![last, three]),
        (Reach { providers: None, credentials: Some(BTreeSet::from([one, three])) }, vec![three, one]),
        (Reach { providers: None, credentials: Some(many.collect()) }, vec![last, one]),
        (Reach { providers: datadog(), credentials: Some(BTreeSet::from([two, three])) }, vec![three]),
        (Reach { providers: Some(BTreeSet::new()), credentials: None }, vec![]),
        (Reach { providers: None, credentials: Some(BTreeSet::new()) }, vec![]),
    ];
    for (reach, expected) in cases {
        let filter = CredentialFilter { reach: reach.clone(), ..CredentialFilter::default() };
        assert_eq!(listed(&store, &acme, filter).await, expected);
        let covered =
            four.iter().rev().filter(|credential| reach.covers(credential)).map(|credential| credential.id);
        assert_eq!(expected, covered.collect::<Vec<_>>(), "the store and the domain disagree");
    }
}

/// The credentials that exist are returned with their payloads; ids that do not exist, and an empty list,
/// give nothing.
pub async fn many_sealed_credentials_come_at_once(store: StoreUnderTest) {
    let acme = organization("acme");
    let ids = SeededIds::new(1);
    let mut stored = Vec::new();
    for _ in 0..5 {
        stored.push(store.store(&credential(&acme, ids.credential())).await);
    }
    let asked: Vec<_> =
        stored.iter().skip(1).map(|one| one.credential.id).chain([ids.credential()]).collect();
    let mut found = store.credentials.find_sealed_many(&acme, &asked).await.unwrap();
    found.sort_by_key(|one| one.credential.id);
    assert_eq!(found.len(), 4);
    for (found, stored) in found.iter().zip(stored.iter().skip(1)) {
        assert_eq!((&found.credential, &found.sealed), (&stored.credential, &stored.sealed));
    }
    assert!(store.credentials.find_sealed_many(&acme, &[]).await.unwrap().is_empty());
}

/// The holders of these slots are returned with their payloads. Slots are compared exactly, whatever
/// characters they have; slots that are not held, and an empty list, give nothing.
pub async fn the_holders_of_many_slots_come_at_once(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (sftp, datadog) = (Slot::crm(&provider("sftp")), Slot::crm(&provider("datadog")));
    let strange = |text: &str| Slot::from_stored(text.to_owned());
    let held = [slot("crm"), strange("CRM/sftp"), strange("x/crm/sftp"), sftp.clone(), datadog.clone()];
    let mut stored = Vec::new();
    for slot in held.into_iter().map(Some).chain([None]) {
        stored.push(store.store(&Credential { slot, ..credential(&acme, ids.credential()) }).await);
    }
    let elsewhere = credential(&organization("globex"), ids.credential());
    store.store(&Credential { slot: Some(sftp.clone()), ..elsewhere }).await;

    let asked = [datadog, strange("crm/%"), sftp, strange("crm/github"), strange("")];
    let mut found = store.credentials.find_sealed_slots(&acme, &asked).await.unwrap();
    found.sort_by_key(|one| one.credential.id);
    assert_eq!(found.len(), 2);
    for (found, stored) in found.iter().zip(stored.iter().skip(3)) {
        assert_eq!((&found.credential, &found.sealed), (&stored.credential, &stored.sealed));
    }
    assert!(store.credentials.find_sealed_slots(&acme, &[]).await.unwrap().is_empty());
}
