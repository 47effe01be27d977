use std::collections::BTreeSet;
use std::time::Duration;

use strongroom_application::{ChangeServiceAccount, Failure, NewApiKey, Presented, to};
use strongroom_domain::audit::Origin;
use strongroom_domain::{
    Action, OrganizationId, Principal, Reach, Role, Scope, ServiceAccountStatus, UserId,
};
use strongroom_environment::{TokenSubject, VerifiedToken};
use strongroom_fake_store::Call;
use strongroom_fixtures::{instant, issuer, organization, provider};

use super::{REFUSED, authenticate, hire, issue, name, present};
use crate::house::{House, acme, admin, admitted, detail};

/// Makes `text` a good token of this user of an organisation.
fn accept(house: &House, text: &str, org: &str) {
    let subject = TokenSubject::User(UserId::parse("ann").unwrap(), BTreeSet::from([Role::Admin]));
    let token = VerifiedToken {
        organization: organization(org),
        subject,
        issuer: "local".into(),
        iss: issuer(),
        ends_at: instant(1_000_000),
        other_roles: Vec::new(),
    };
    house.tokens.accept(text, token);
}

/// A token with another last character.
fn forged(token: &str) -> String {
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    format!("{}{last}", &token[..token.len() - 1])
}

#[tokio::test(start_paused = true)]
async fn a_key_is_taken_in_either_header_and_names_its_account() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let reach = Some([provider("metrics")].into());
    let change = ChangeServiceAccount { providers: Some(reach.clone()), ..Default::default() };
    app.access.change_account(&admitted(&app, &admin()), account.id, change).await.unwrap();
    let issued = issue(&app, account.id).await;
    let token = issued.token.expose();
    let one = authenticate(&app, Some(token), None).await.unwrap();
    let other = present(&app, token).await.unwrap();
    assert_eq!((&one.principal, &one.origin), (&other.principal, &other.origin));
    let expected = Principal::ServiceAccount {
        organization: acme(),
        issuer: None,
        id: UserId::parse(&account.id.to_string()).unwrap(),
        scopes: Scope::ALL.into(),
        reach: Reach { providers: reach, credentials: None },
    };
    assert_eq!(one.principal, expected);
    let proof = format!("api_key:{}", issued.key.id.as_str());
    assert_eq!(one.origin.authentication, Some(proof));
}

#[tokio::test(start_paused = true)]
async fn a_service_token_reaches_everything_of_its_organisation() {
    let house = House::new();
    let app = house.open();
    let scopes = BTreeSet::from([Scope::SecretsRead]);
    let subject = TokenSubject::Service(UserId::parse("robot").unwrap(), scopes.clone());
    let (iss, ends_at) = (issuer(), instant(1_000_000));
    let token = VerifiedToken {
        organization: acme(),
        subject,
        issuer: "cloud".into(),
        iss,
        ends_at,
        other_roles: Vec::new(),
    };
    house.tokens.accept("service", token);
    let caller = authenticate(&app, Some("service"), None).await.unwrap();
    let id = UserId::parse("robot").unwrap();
    let (issuer, reach) = (Some(issuer()), Reach::default());
    let expected = Principal::ServiceAccount { organization: acme(), issuer, id, scopes, reach };
    assert_eq!(caller.principal, expected);
    assert_eq!(caller.origin.authentication.as_deref(), Some("jwt:cloud"));
}

#[tokio::test(start_paused = true)]
async fn of_two_proofs_both_must_hold_and_agree_and_the_bearer_is_who_asks() {
    let house = House::new();
    let app = house.open();
    accept(&house, "of acme", "acme");
    accept(&house, "of globex", "globex");
    let issued = issue(&app, hire(&app).await.id).await;
    let key = Some(issued.token.expose());
    let caller = authenticate(&app, Some("of acme"), key).await.unwrap();
    assert_eq!(caller.actor, admin().actor);
    assert_eq!(caller.origin.authentication.as_deref(), Some("jwt:local"));
    let wrong = forged(issued.token.expose());
    let refused = [
        (Some("of globex"), key),
        (Some("of nobody"), key),
        (Some("of acme"), Some(wrong.as_str())),
        (Some(wrong.as_str()), key),
    ];
    for (bearer, api_key) in refused {
        assert_eq!(authenticate(&app, bearer, api_key).await.unwrap_err(), REFUSED, "{bearer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_the_answer_is_one() {
    let house = House::new();
    let app = house.open();
    let issued = issue(&app, hire(&app).await.id).await;
    let token = issued.token.expose();
    let unknown = token.replacen(issued.key.id.as_str(), house.ids.api_key().as_str(), 1);
    let short = &token[..token.len() - 1];
    for text in [forged(token).as_str(), &unknown, short, "srk_", "", &format!("{token}A")] {
        assert_eq!(present(&app, text).await.unwrap_err(), REFUSED, "{text}");
    }
    let unreadable = app.access.authenticate(Presented::Unreadable("header_scheme"), Origin::default()).await;
    assert_eq!(unreadable.unwrap_err(), REFUSED);
    let nothing = authenticate(&app, None, None).await.unwrap_err();
    assert_eq!(nothing, Failure::Unauthenticated { presented: false });
    app.upkeep.close().await;
    let actions = house.store.actions(&OrganizationId::system());
    assert_eq!(actions, [Action::AuthenticationFailed; 7], "who presents nothing is no attempt");
    let events = house.store.events(&OrganizationId::system());
    let reasons: Vec<&str> = events.iter().map(|event| detail(event, "reason")).collect();
    let form = "api_key_malformed";
    assert_eq!(reasons, ["api_key_secret", "api_key_unknown", form, form, form, form, "header_scheme"]);
    // A key that nobody has may be a secret that was pasted wrongly; only one that is known is named.
    let targets: Vec<Option<&str>> = events.iter().map(|event| event.target.as_deref()).collect();
    assert_eq!(targets, [Some(issued.key.id.as_str()), None, None, None, None, None, None]);
}

#[tokio::test(start_paused = true)]
async fn the_trail_says_why_a_key_that_was_good_is_none_and_why_two_proofs_do_not_fit() {
    let house = House::new();
    let app = house.open();
    accept(&house, "of globex", "globex");
    let account = hire(&app).await;
    let issued = issue(&app, account.id).await;
    let key = Some(issued.token.expose());
    authenticate(&app, Some("of globex"), key).await.unwrap_err();
    let inactive = Some(ServiceAccountStatus::Inactive);
    let change = ChangeServiceAccount { status: inactive, ..Default::default() };
    app.access.change_account(&admitted(&app, &admin()), account.id, change).await.unwrap();
    authenticate(&app, None, key).await.unwrap_err();
    app.upkeep.close().await;
    let events = house.store.events(&OrganizationId::system());
    let told: Vec<(&str, &str)> =
        events.iter().map(|event| (detail(event, "reason"), detail(event, "organization"))).collect();
    assert_eq!(told, [("two_organizations", ""), ("service_account_inactive", "acme")]);
}

#[tokio::test(start_paused = true)]
async fn the_trail_says_which_roles_were_seen_when_somebody_may_not() {
    let house = House::new();
    let app = house.open();
    let subject = TokenSubject::User(UserId::parse("ann").unwrap(), BTreeSet::from([Role::Member]));
    let token = VerifiedToken {
        organization: acme(),
        subject,
        issuer: "corp".into(),
        iss: issuer(),
        ends_at: instant(1_000_000),
        other_roles: vec!["offline_access".into(), "Vault Admins".into()],
    };
    house.tokens.accept("of corp", token);
    let caller = authenticate(&app, Some("of corp"), None).await.unwrap();
    app.access.admit::<to::QueryAudit>(caller).unwrap_err();
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    let denied = events.last().unwrap();
    assert_eq!((detail(denied, "operation"), detail(denied, "roles")), ("QueryAudit", "member"));
    assert_eq!(detail(denied, "other_roles"), "offline_access, Vault Admins");
}

#[tokio::test(start_paused = true)]
async fn a_key_ends_on_its_time_also_when_it_was_verified_just_before() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let new = NewApiKey { name: name("short"), expires_at: Some(instant(1)) };
    let issued = app.access.create_key(&admitted(&app, &admin()), account.id, new).await.unwrap();
    tokio::time::advance(Duration::from_millis(999)).await;
    present(&app, issued.token.expose()).await.unwrap();
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), REFUSED);
}

#[tokio::test(start_paused = true)]
async fn keys_of_an_account_that_is_inactive_or_gone_do_not_work() {
    let house = House::new();
    let app = house.open();
    let caller = admitted(&app, &admin());
    let account = hire(&app).await;
    let issued = issue(&app, account.id).await;
    let to = |status| ChangeServiceAccount { status: Some(status), ..Default::default() };
    app.access.change_account(&caller, account.id, to(ServiceAccountStatus::Inactive)).await.unwrap();
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), REFUSED);
    app.access.change_account(&caller, account.id, to(ServiceAccountStatus::Active)).await.unwrap();
    present(&app, issued.token.expose()).await.unwrap();
    app.access.delete_account(&admitted(&app, &admin()), account.id).await.unwrap();
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), REFUSED);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_looked_up_is_not_refused() {
    let house = House::new();
    let app = house.open();
    let issued = issue(&app, hire(&app).await.id).await;
    house.store.faults().fail_every(Call::FindKey);
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), Failure::unavailable());
    house.store.faults().heal();
    app.upkeep.close().await;
    assert!(house.store.events(&OrganizationId::system()).is_empty());
    present(&app, issued.token.expose()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_time_of_the_last_use_is_written_at_the_next_flush() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let issued = issue(&app, account.id).await;
    present(&app, &forged(issued.token.expose())).await.unwrap_err();
    app.upkeep.flush().await;
    assert_eq!(house.store.calls(Call::NoteUses), 0, "a wrong secret is no use");
    tokio::time::advance(Duration::from_secs(3)).await;
    present(&app, issued.token.expose()).await.unwrap();
    app.upkeep.flush().await;
    let keys = app.access.list_keys(&admitted(&app, &admin()), account.id).await.unwrap();
    assert_eq!(keys[0].last_used_at, Some(instant(3)));
}
