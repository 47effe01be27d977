use std::collections::BTreeSet;

use strongroom_application::{Application, ChangeServiceAccount, Failure, Missing, NewServiceAccount};
use strongroom_domain::{Action, Reach, Role, Scope, ServiceAccount, ServiceAccountId, ServiceAccountStatus};
use strongroom_fake_store::Call;
use strongroom_fixtures::{instant, provider};

use super::{hire, issue, name, new_account};
use crate::house::{House, acme, admin, admitted, detail, user, violations};

async fn create(app: &Application, new: NewServiceAccount) -> Result<ServiceAccount, Failure> {
    app.access.create_account(&admitted(app, &admin()), new).await
}

async fn change(
    app: &Application,
    id: ServiceAccountId,
    change: ChangeServiceAccount,
) -> Result<ServiceAccount, Failure> {
    app.access.change_account(&admitted(app, &admin()), id, change).await
}

fn renamed(text: &str) -> ChangeServiceAccount {
    ChangeServiceAccount { name: Some(name(text)), ..Default::default() }
}

#[tokio::test(start_paused = true)]
async fn a_new_account_reads_secrets_unless_it_is_told_otherwise_and_its_scopes_are_an_event() {
    let house = House::new();
    let app = house.open();
    let account = create(&app, new_account()).await.unwrap();
    assert_eq!(account.scopes, [Scope::CredentialsRead, Scope::SecretsRead].into());
    assert_eq!((account.status, account.created_by.as_str()), (ServiceAccountStatus::Active, "ann"));
    let reach = Reach { providers: Some([provider("sftp")].into()), credentials: None };
    let scopes = Some([Scope::CredentialsWrite].into());
    let limited = create(&app, NewServiceAccount { scopes, reach, ..new_account() }).await.unwrap();
    let events = house.store.events(&acme());
    let found: Vec<_> = events.iter().map(|event| (event.action, event.target.clone().unwrap())).collect();
    let (one, other) = (account.id.to_string(), limited.id.to_string());
    let expected = [
        (Action::ServiceAccountCreated, one.clone()),
        (Action::ScopesGranted, one),
        (Action::ServiceAccountCreated, other.clone()),
        (Action::ScopesGranted, other),
    ];
    assert_eq!(found, expected);
    let granted = |place: usize| (detail(&events[place], "scopes"), detail(&events[place], "limited"));
    assert_eq!(granted(1), ("credentials:read secrets:read", "false"));
    assert_eq!(granted(3), ("credentials:write", "true"));
    assert_eq!(house.store.calls(Call::AppendEvents), 0, "they are written with the account");
}

#[tokio::test(start_paused = true)]
async fn an_account_is_limited_to_what_there_is_and_to_500_credentials() {
    let house = House::new();
    let app = house.open();
    let of = |count: usize| (0..count).map(|_| house.ids.credential()).collect::<BTreeSet<_>>();
    let limited = |reach| NewServiceAccount { reach, ..new_account() };
    let unknown =
        Reach { providers: Some([provider("gadgets"), provider("sftp")].into()), credentials: None };
    let many = Reach { providers: None, credentials: Some(of(501)) };
    let cases = [
        (unknown, "providers must name providers of the catalog; `gadgets` is none"),
        (many, "credential_ids must name at most 500 credentials"),
    ];
    let account = create(&app, limited(Reach { providers: None, credentials: Some(of(500)) })).await.unwrap();
    for (reach, rule) in cases {
        let broken = ChangeServiceAccount {
            providers: Some(reach.providers.clone()),
            credentials: Some(reach.credentials.clone()),
            ..Default::default()
        };
        assert_eq!(violations(create(&app, limited(reach)).await.unwrap_err()), [rule]);
        assert_eq!(violations(change(&app, account.id, broken).await.unwrap_err()), [rule]);
    }
    assert_eq!(house.store.actions(&acme()).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_changes_what_it_names() {
    let house = House::new();
    let app = house.open();
    let reach = Reach { providers: Some([provider("sftp")].into()), credentials: None };
    let new = NewServiceAccount { description: Some("nightly".into()), reach, ..new_account() };
    let before = create(&app, new).await.unwrap();
    let after = change(&app, before.id, renamed("other")).await.unwrap();
    let expected = ServiceAccount { name: name("other"), updated_at: after.updated_at, ..before.clone() };
    assert_eq!(after, expected);
    assert!(after.updated_at > before.updated_at, "two changes within one moment are told apart");
    let wide = ChangeServiceAccount { description: Some(None), providers: Some(None), ..Default::default() };
    let after = change(&app, before.id, wide).await.unwrap();
    assert_eq!((after.description, after.reach), (None, Reach::default()));
    let off = ChangeServiceAccount { status: Some(ServiceAccountStatus::Inactive), ..Default::default() };
    change(&app, before.id, off).await.unwrap();
    let events = house.store.events(&acme()).split_off(2);
    let found: Vec<_> = events.iter().map(|event| (event.action, detail(event, "status"))).collect();
    let expected = [
        (Action::ServiceAccountUpdated, "active"),
        (Action::ServiceAccountUpdated, "active"),
        (Action::ScopesGranted, ""),
        (Action::ServiceAccountUpdated, "inactive"),
    ];
    assert_eq!(found, expected, "only what gives more or less is a grant");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_another_overtook_is_not_written_over_it() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let held = house.store.faults().hold(Call::ReplaceAccount);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { change(&app, account.id, renamed("slow")).await.map(|_| ()) }
    });
    held.reached().await;
    change(&app, account.id, renamed("fast")).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::unavailable()), "asked again, it is made");
    let found = app.access.get_account(&admitted(&app, &admin()), account.id).await.unwrap();
    assert_eq!(found.name, name("fast"));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_account_that_was_removed_meanwhile_finds_nothing() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let held = house.store.faults().hold(Call::ReplaceAccount);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { change(&app, account.id, renamed("slow")).await.map(|_| ()) }
    });
    held.reached().await;
    app.access.delete_account(&admitted(&app, &admin()), account.id).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::NotFound(Missing::ServiceAccount)));
    assert_eq!(house.store.actions(&acme()).last(), Some(&Action::ServiceAccountDeleted));
}

#[tokio::test(start_paused = true)]
async fn an_account_of_another_organisation_does_not_exist() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let key = issue(&app, account.id).await.key;
    let eve = user("globex", "eve", Role::Admin);
    let missing = Failure::NotFound(Missing::ServiceAccount);
    let access = &app.access;
    assert_eq!(access.get_account(&admitted(&app, &eve), account.id).await, Err(missing.clone()));
    let renamed = access.change_account(&admitted(&app, &eve), account.id, renamed("mine")).await;
    assert_eq!(renamed, Err(missing.clone()));
    assert_eq!(access.delete_account(&admitted(&app, &eve), account.id).await, Err(missing.clone()));
    assert_eq!(access.list_keys(&admitted(&app, &eve), account.id).await, Err(missing.clone()));
    let new = strongroom_application::NewApiKey { name: name("mine"), expires_at: None };
    let issued = access.create_key(&admitted(&app, &eve), account.id, new).await;
    assert_eq!(issued.unwrap_err(), missing);
    let revoked = access.revoke_key(&admitted(&app, &eve), account.id, &key.id).await;
    assert_eq!(revoked, Err(Failure::NotFound(Missing::ApiKey)));
    assert!(access.list_accounts(&admitted(&app, &eve), 0, 10).await.unwrap().is_empty());
    assert!(house.store.events(&strongroom_fixtures::organization("globex")).is_empty());
    assert_eq!(access.get_account(&admitted(&app, &admin()), account.id).await, Ok(account));
}

#[tokio::test(start_paused = true)]
async fn accounts_are_listed_newest_first() {
    let house = House::new();
    let app = house.open();
    let ids = [hire(&app).await.id, hire(&app).await.id, hire(&app).await.id];
    let list = async |offset, limit| {
        let found = app.access.list_accounts(&admitted(&app, &admin()), offset, limit).await.unwrap();
        found.iter().map(|account| account.id).collect::<Vec<_>>()
    };
    assert_eq!(list(0, 500).await, [ids[2], ids[1], ids[0]]);
    assert_eq!(list(1, 1).await, [ids[1]]);
    assert_eq!(list(0, 0).await, [ids[2]], "a limit is 1 at least");
    assert_eq!(hire(&app).await.created_at, instant(0));
}
