//! Contracts of the audit chains.

use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, Actor, AuditEvent, CredentialId, Evidence, OrganizationId, Outcome};
use strongroom_fixtures::{SeededIds, event, full_event, organization, service_account};
use strongroom_repository::{Appended, AuditFilter, AuditPage, Contention};
use time::OffsetDateTime;

use crate::StoreUnderTest;

const ALL: AuditPage = AuditPage { before: None, limit: 1_000 };

async fn append(store: &StoreUnderTest, events: &[AuditEvent]) -> Vec<u64> {
    let answers = store.audit.append(events, Contention::Wait).await.unwrap();
    answers.into_iter().map(place).collect()
}

fn place(appended: Appended) -> u64 {
    match appended {
        Appended::Durable { seq } => seq,
        Appended::Skipped => panic!("an event was skipped although it was to wait"),
    }
}

/// Waits, without sleeping, until the store's clock shows a later time than now.
async fn next_tick(store: &StoreUnderTest) -> OffsetDateTime {
    let start = store.deployment.now().await.unwrap();
    loop {
        let now = store.deployment.now().await.unwrap();
        if now > start {
            return now;
        }
    }
}

/// Every field of an event is written and read back, set or not; the times are those of the store.
pub async fn every_column_of_an_event_comes_back(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut v4 = full_event(&acme, ids.credential());
    v4.origin.source_ip = Some("192.0.2.7".parse().unwrap());
    let mut events = vec![full_event(&acme, ids.credential()), event(&acme, Action::AccessDenied), v4];
    events.extend(Action::ALL.iter().map(|action| event(&acme, *action)));
    let before = store.deployment.now().await.unwrap();
    append(&store, &events).await;
    let after = store.deployment.now().await.unwrap();

    let records = store.verified_chain(&acme).await;
    assert!(records.iter().all(|record| (before..=after).contains(&record.at)));
    let read: Vec<_> = records.into_iter().map(|record| record.event).collect();
    assert_eq!(read, events);
}

/// Each chain counts from 1, whatever happens in other organisations.
pub async fn each_organization_has_its_own_gapless_chain(store: StoreUnderTest) {
    let (acme, globex) = (organization("acme"), organization("globex"));
    assert!(store.audit.head(&acme).await.unwrap().is_none());
    assert!(append(&store, &[]).await.is_empty());
    assert_eq!(append(&store, &[event(&acme, Action::SecretRead)]).await, [1]);
    assert_eq!(append(&store, &[event(&globex, Action::SecretRead)]).await, [1]);
    assert_eq!(append(&store, &[event(&acme, Action::SecretRead)]).await, [2]);
    assert_eq!(store.verified_chain(&acme).await.len(), 2);
    assert_eq!(store.verified_chain(&globex).await.len(), 1);
}

/// The answers are in the order of the events, whatever the order of the organisations.
pub async fn one_batch_may_span_organizations(store: StoreUnderTest) {
    let [acme, globex, initech] = ["acme", "globex", "initech"].map(organization);
    append(&store, &[event(&globex, Action::SecretRead)]).await;
    let batch = [
        event(&initech, Action::SecretRead),
        event(&acme, Action::AccessDenied),
        event(&globex, Action::SecretRead),
        event(&acme, Action::SecretRead),
        event(&initech, Action::AccessDenied),
    ];
    let answers = store.second.audit.append(&batch, Contention::Skip).await.unwrap();
    assert_eq!(answers.into_iter().map(place).collect::<Vec<_>>(), [1, 1, 2, 2, 2]);
    assert_eq!(store.actions(&acme).await, [Action::AccessDenied, Action::SecretRead]);
    assert_eq!(store.actions(&initech).await, [Action::SecretRead, Action::AccessDenied]);
    assert_eq!(store.verified_chain(&globex).await.len(), 2);
}

/// The second event of a mutation comes directly after its first.
pub async fn two_events_of_one_mutation_keep_their_order(store: StoreUnderTest) {
    let acme = organization("acme");
    let evidence =
        Evidence::from(event(&acme, Action::ServiceAccountCreated)).and(event(&acme, Action::ScopesGranted));
    let account = service_account(&acme, SeededIds::new(1).service_account());
    store.accounts.insert(&account, evidence).await.unwrap();
    assert_eq!(store.actions(&acme).await, [Action::ServiceAccountCreated, Action::ScopesGranted]);
}

/// Events that belong to no tenant have a chain like any other.
pub async fn the_system_organization_has_a_chain(store: StoreUnderTest) {
    let system = OrganizationId::system();
    append(&store, &[event(&system, Action::ServerStarted).detail("settings", "ab12")]).await;
    assert_eq!(store.actions(&system).await, [Action::ServerStarted]);
    assert_eq!(store.audit.query(&system, &AuditFilter::default(), ALL).await.unwrap().len(), 1);
}

/// Seven events of two actors about two credentials.
async fn seven(store: &StoreUnderTest, acme: &OrganizationId, [one, two]: [CredentialId; 2]) {
    let by = |name: &str, action, credential| AuditEvent {
        actor: Actor::from_stored(name.to_owned(), None),
        credential,
        ..AuditEvent::new(acme.clone(), action, Outcome::Success, Actor::system("test"), Origin::default())
    };
    let events = [
        by("user:a", Action::CredentialCreated, Some(one)),
        by("user:b", Action::CredentialCreated, Some(two)),
        by("user:a", Action::SecretRead, Some(one)),
        by("user:b", Action::SecretRead, Some(one)),
        by("user:a", Action::AuditQueried, None),
        by("user:a", Action::SecretRead, Some(two)),
        by("user:b", Action::SecretRead, Some(one)),
    ];
    append(store, &events).await;
}

/// Queries return the newest records first. Each filter keeps exact matches, filters combine, and pages start
/// below a place.
pub async fn queries_filter_and_page(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let [one, two] = [ids.credential(), ids.credential()];
    seven(&store, &acme, [one, two]).await;
    let all = AuditFilter::default;
    let actor = || Some(Actor::from_stored("user:a".to_owned(), None));
    let page = |before, limit| AuditPage { before, limit };
    let reads = AuditFilter { action: Some(Action::SecretRead), ..all() };
    let cases = [
        (all(), ALL, vec![7, 6, 5, 4, 3, 2, 1]),
        (all(), page(None, 2), vec![7, 6]),
        (all(), page(Some(6), 2), vec![5, 4]),
        (all(), page(Some(1), 2), vec![]),
        (AuditFilter { credential: Some(one), ..all() }, ALL, vec![7, 4, 3, 1]),
        (AuditFilter { credential: Some(ids.credential()), ..all() }, ALL, vec![]),
        (AuditFilter { actor: actor(), ..all() }, ALL, vec![6, 5, 3, 1]),
        (reads.clone(), ALL, vec![7, 6, 4, 3]),
        (reads.clone(), page(Some(6), 1), vec![4]),
        (AuditFilter { actor: actor(), credential: Some(two), ..reads }, ALL, vec![6]),
    ];
    for (filter, page, expected) in cases {
        let found = store.audit.query(&acme, &filter, page).await.unwrap();
        let places: Vec<_> = found.into_iter().map(|record| record.seq).collect();
        assert_eq!(places, expected, "{filter:?} {page:?}");
    }
}

/// `from` is inclusive, `to` exclusive.
pub async fn queries_filter_by_time(store: StoreUnderTest) {
    let acme = organization("acme");
    for _ in 0..3 {
        append(&store, &[event(&acme, Action::SecretRead)]).await;
        next_tick(&store).await;
    }
    let times: Vec<_> = store.verified_chain(&acme).await.into_iter().map(|record| record.at).collect();
    let middle = times.get(1).copied();
    for (from, to, expected) in [
        (middle, None, vec![3, 2]),
        (None, middle, vec![1]),
        (middle, middle, vec![]),
        (middle, times.get(2).copied(), vec![2]),
    ] {
        let filter = AuditFilter { from, to, ..AuditFilter::default() };
        let found = store.audit.query(&acme, &filter, ALL).await.unwrap();
        assert_eq!(found.into_iter().map(|record| record.seq).collect::<Vec<_>>(), expected);
    }
}

/// Ranges are pages of the chain in ascending order.
pub async fn a_range_goes_upwards_from_a_place(store: StoreUnderTest) {
    let acme = organization("acme");
    append(&store, &vec![event(&acme, Action::SecretRead); 5]).await;
    for (from, limit, expected) in
        [(1, 2, vec![1, 2]), (3, 10, vec![3, 4, 5]), (6, 10, vec![]), (0, 1, vec![1])]
    {
        let found = store.audit.range(&acme, from, limit).await.unwrap();
        assert_eq!(found.into_iter().map(|record| record.seq).collect::<Vec<_>>(), expected);
    }
}

/// Heads are listed by the byte order of organisations, in pages, and match the chains.
pub async fn heads_are_listed_by_organization(store: StoreUnderTest) {
    let mut organizations = ["b", "B", "_x", "a.1", "a-1", "Z9"].map(organization);
    let events: Vec<_> = organizations.iter().map(|one| event(one, Action::SecretRead)).collect();
    append(&store, &events).await;
    organizations.sort();

    let mut heads = Vec::new();
    loop {
        let after = heads.last().map(|head: &strongroom_domain::audit::AuditHead| head.organization.clone());
        let page = store.audit.heads(None, after, 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        heads.extend(page);
    }
    let listed: Vec<_> = heads.iter().map(|head| head.organization.clone()).collect();
    assert_eq!(listed, organizations);
    for head in heads {
        assert_eq!(store.audit.head(&head.organization).await.unwrap(), Some(head));
    }
}

/// Only chains that were written to at or after `since` are listed.
pub async fn heads_are_listed_by_time_of_change(store: StoreUnderTest) {
    let [acme, globex, initech] = ["acme", "globex", "initech"].map(organization);
    append(&store, &[event(&acme, Action::SecretRead), event(&globex, Action::SecretRead)]).await;
    let since = next_tick(&store).await;
    assert_eq!(store.audit.heads(Some(since), None, 10).await.unwrap(), []);
    append(&store, &[event(&globex, Action::SecretRead), event(&initech, Action::SecretRead)]).await;
    let changed = store.audit.heads(Some(since), None, 10).await.unwrap();
    assert_eq!(changed.iter().map(|head| &head.organization).collect::<Vec<_>>(), [&globex, &initech]);
    let page = store.audit.heads(Some(since), Some(globex), 10).await.unwrap();
    assert_eq!(page.iter().map(|head| &head.organization).collect::<Vec<_>>(), [&initech]);
    assert_eq!(store.audit.heads(None, None, 10).await.unwrap().len(), 3);
}

/// When the MAC cannot be made, nothing of the batch is recorded.
pub async fn an_event_that_cannot_be_authenticated_is_not_recorded(store: StoreUnderTest) {
    let (acme, globex) = (organization("acme"), organization("globex"));
    append(&store, &[event(&acme, Action::SecretRead)]).await;
    store.keys.set_broken(true);
    let batch = [event(&globex, Action::SecretRead), event(&acme, Action::SecretRead)];
    for contention in [Contention::Skip, Contention::Wait] {
        assert!(store.audit.append(&batch, contention).await.is_err());
    }
    store.keys.set_broken(false);
    assert_eq!(store.verified_chain(&acme).await.len(), 1);
    assert!(store.verified_chain(&globex).await.is_empty());
    assert_eq!(append(&store, &batch).await, [1, 2]);
}

/// A place beyond what stores can hold is after every record.
pub async fn a_place_beyond_63_bits_is_behind_every_record(store: StoreUnderTest) {
    let acme = organization("acme");
    let events = [Action::SecretRead, Action::CredentialTested].map(|action| event(&acme, action));
    store.audit.append(&events, Contention::Wait).await.unwrap();
    for beyond in [1 << 63, u64::MAX] {
        assert_eq!(store.audit.range(&acme, beyond, 10).await.unwrap(), []);
        let page = AuditPage { before: Some(beyond), limit: 10 };
        assert_eq!(store.audit.query(&acme, &AuditFilter::default(), page).await.unwrap().len(), 2);
    }
}
