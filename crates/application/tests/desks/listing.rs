//! What each caller can see: lists, pages, filters, and the one answer for everything that a caller cannot
//! see.

use strongroom_application::{Application, Caller, Failure, ListCredentials, Missing};
use strongroom_domain::{Credential, CredentialId, CredentialName, CredentialStatus, Reach, Role, Scope};
use strongroom_fixtures::{credential, organization, provider, slot};

use crate::house::{House, acme, admitted, engine, engine_for, member, service, user};

async fn list(app: &Application, caller: &Caller, query: ListCredentials) -> (Vec<CredentialId>, bool) {
    let (page, more) = app.credentials.list(&admitted(app, caller), query).await.unwrap();
    (page.iter().map(|credential| credential.id).collect(), more)
}

async fn get(app: &Application, caller: &Caller, id: CredentialId) -> Result<Credential, Failure> {
    app.credentials.get(&admitted(app, caller), id).await
}

fn up_to(limit: u32) -> ListCredentials {
    ListCredentials { limit, ..ListCredentials::default() }
}

/// SFTP logins of acme, oldest first.
fn logins(house: &House, count: usize) -> Vec<CredentialId> {
    let ids: Vec<_> = (0..count).map(|_| house.ids.credential()).collect();
    ids.iter().for_each(|id| house.put(&credential(&acme(), *id), &[("password", "p")]));
    ids
}

#[tokio::test(start_paused = true)]
async fn pages_come_newest_first_and_leave_nothing_out() {
    let house = House::new();
    let app = house.open();
    let mut expected = logins(&house, 7);
    expected.reverse();
    let mut found = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let query = ListCredentials { after: found.last().copied(), ..up_to(3) };
        let (page, more) = list(&app, &member(), query).await;
        sizes.push((page.len(), more));
        found.extend(page);
        if !more {
            break;
        }
    }
    assert_eq!(found, expected);
    assert_eq!(sizes, [(3, true), (3, true), (1, false)]);
    assert!(!list(&app, &member(), up_to(7)).await.1, "a full page is not always followed by another");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_taken_as_one_between_1_and_500() {
    let house = House::new();
    let app = house.open();
    logins(&house, 501);
    for (asked, given) in [(0, 1), (500, 500), (501, 500), (u32::MAX, 500)] {
        let (page, more) = list(&app, &member(), up_to(asked)).await;
        assert_eq!((page.len(), more), (given, true), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_filter_leaves_only_what_fits() {
    let house = House::new();
    let app = house.open();
    let login = logins(&house, 1)[0];
    let key = house.stored().id;
    let mut nightly = credential(&acme(), house.ids.credential());
    nightly.slot = Some(slot("nightly"));
    nightly.status = CredentialStatus::Rejected;
    nightly.name = CredentialName::parse("of the night shift").unwrap();
    house.put(&nightly, &[("password", "p")]);
    let name = Some(nightly.name.clone());
    let all = || up_to(10);
    let cases = [
        (all(), vec![nightly.id, key, login]),
        (ListCredentials { provider: Some(provider("metrics")), ..all() }, vec![key]),
        (ListCredentials { status: Some(CredentialStatus::Rejected), ..all() }, vec![nightly.id]),
        (ListCredentials { name, ..all() }, vec![nightly.id]),
        (ListCredentials { slot: nightly.slot.clone(), ..all() }, vec![nightly.id]),
        (
            ListCredentials { slot: nightly.slot.clone(), provider: Some(provider("metrics")), ..all() },
            vec![],
        ),
    ];
    for (query, expected) in cases {
        let asked = format!("{query:?}");
        assert_eq!(list(&app, &member(), query).await, (expected, false), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_ends_where_organisation_and_reach_end() {
    let house = House::new();
    let app = house.open();
    let mine = logins(&house, 2);
    let key = house.stored().id;
    let theirs = credential(&organization("globex"), house.ids.credential());
    house.put(&theirs, &[("password", "p")]);
    let one = Reach { credentials: Some([mine[0], theirs.id].into()), providers: None };
    assert_eq!(list(&app, &engine_for(&["metrics"]), up_to(1)).await, (vec![key], false));
    assert_eq!(list(&app, &service(&Scope::ALL, one), up_to(10)).await, (vec![mine[0]], false));
    assert_eq!(list(&app, &engine(), up_to(10)).await, (vec![key, mine[1], mine[0]], false));
    let eve = user("globex", "eve", Role::Member);
    assert_eq!(list(&app, &eve, up_to(10)).await, (vec![theirs.id], false));
}

#[tokio::test(start_paused = true)]
async fn of_another_organisation_beyond_reach_and_never_stored_are_one_answer() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let gone = Err(Failure::NotFound(Missing::Credential));
    assert_eq!(get(&app, &user("globex", "eve", Role::Admin), stored.id).await, gone);
    assert_eq!(get(&app, &engine_for(&["sftp"]), stored.id).await, gone);
    assert_eq!(get(&app, &engine(), house.ids.credential()).await, gone);
    assert_eq!(get(&app, &engine_for(&["metrics"]), stored.id).await, Ok(stored));
}

#[tokio::test(start_paused = true)]
async fn metadata_are_shown_without_opening_anything_and_without_an_event() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    get(&app, &member(), stored.id).await.unwrap();
    list(&app, &member(), up_to(10)).await;
    app.upkeep.close().await;
    assert_eq!(house.vault.opens(), 0);
    assert!(house.store.events(&acme()).is_empty());
    assert_eq!(house.store.credential(stored.id).unwrap().last_read_at, None);
}
