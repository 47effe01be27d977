//! OAuth apps of organisations.

use strongroom_application::{
    Application, BeginAuthorization, Conflict, Failure, Missing, NewOauthApp, Selector, ShownOauthApp, to,
};
use strongroom_domain::{
    Action, ConfigValue, Credential, CredentialStatus, OauthAppId, Outcome, Role, SecretText, StatusReason,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{instant, provider};
use uuid::Uuid;

use super::{at, begin, brings, complete, completion_code, last, parameter, pass, refused_field};
use crate::house::{House, acme, admin, admitted, engine, fields, member, user, violations};

fn own(provider: &str, client_id: &str, secret: Option<&str>) -> NewOauthApp {
    let client_secret = secret.map(|secret| SecretText::new(secret.to_owned()));
    NewOauthApp { provider: provider.to_owned(), client_id: client_id.to_owned(), client_secret }
}

async fn create(app: &Application, new: NewOauthApp) -> Result<ShownOauthApp, Failure> {
    app.authorizing.create_app(&admitted(app, &admin()), new).await
}

async fn replace(app: &Application, id: OauthAppId, secret: &str) -> Result<ShownOauthApp, Failure> {
    let secret = SecretText::new(secret.to_owned());
    app.authorizing.replace_app_secret(&admitted(app, &admin()), id, secret).await
}

/// A complete flow with the organisation's own app.
async fn authorize_with(app: &Application, id: OauthAppId) -> strongroom_domain::Credential {
    let begun = begin(app, &admin(), at("drive")).await.unwrap();
    let mut callback = brings("drive", &[("state", begun.state.expose()), ("code", "c-1")]);
    callback.app = Some(id.to_string());
    let code = completion_code(app.authorizing.receive_callback(callback).await).unwrap();
    complete(app, &admin(), &begun, &code).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_organisations_own_app_is_used_before_the_operators() {
    let house = House::new();
    let app = house.open();
    let shown = create(&app, own("DRIVE", "ours", Some("s-1"))).await.unwrap();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    assert_eq!(parameter(&begun, "client_id").unwrap(), "ours");
    let credential = authorize_with(&app, shown.app.id).await;
    assert_eq!(credential.oauth_app, Some(shown.app.id));
    assert_eq!(house.server.asked()[0].client, Some(("ours".to_owned(), Some("s-1".to_owned()))));
    let id = shown.app.id.to_string();
    assert_eq!(last(&house, Action::AuthorizationCompleted).target, Some(id));
    let others = begin(&app, &user("globex", "gil", Role::Member), at("drive")).await.unwrap();
    assert_eq!(parameter(&others, "client_id").unwrap(), "drive-client", "others go on with the operator's");
}

#[tokio::test(start_paused = true)]
async fn an_own_app_is_enough_where_the_operator_has_none() {
    let mut house = House::new();
    house.settings.apps.clear();
    let app = house.open();
    assert!(begin(&app, &member(), at("drive")).await.is_err());
    create(&app, own("drive", "ours", None)).await.unwrap();
    assert!(begin(&app, &member(), at("drive")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_sealed_and_never_shown() {
    let house = House::new();
    let app = house.open();
    let shown = create(&app, own("drive", "ours", Some("top-secret"))).await.unwrap();
    replace(&app, shown.app.id, "next-secret").await.unwrap();
    let caller = admitted(&app, &admin());
    let told = format!(
        "{shown:?} {:?} {:?} {:?}",
        app.authorizing.get_app(&caller, shown.app.id).await.unwrap(),
        app.authorizing.list_apps(&caller).await.unwrap(),
        house.store.events(&acme())
    );
    assert!(told.contains("ours") && !told.contains("-secret"), "{told}");
    assert_eq!(house.vault.seals(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_app_is_shown_with_the_places_that_are_registered_at_its_provider() {
    let mut house = House::new();
    let mut mail = (*house.settings.catalog.provider("drive")).clone();
    mail.id = strongroom_fixtures::provider("mail");
    let mut machines = (*house.settings.catalog.provider("machines")).clone();
    machines.oauth.as_mut().unwrap().app = "drive".to_owned();
    house.settings.catalog = house.settings.catalog.with(mail).with(machines);
    let shown = create(&house.open(), own("mail", "ours", None)).await.unwrap();
    assert_eq!((shown.app.app.as_str(), shown.app.created_by.as_str()), ("drive", "ann"));
    let id = shown.app.id;
    let place = |provider: &str| {
        let uri = format!("https://vault.example.test/integrations/{provider}/callback/{id}");
        (provider.to_owned(), uri)
    };
    assert_eq!(shown.redirect_uris, [place("drive"), place("mail")]);
    house.settings.public_url = None;
    let app = house.open_another();
    let shown = app.authorizing.get_app(&admitted(&app, &admin()), id).await.unwrap();
    assert_eq!(shown.redirect_uris, []);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_secret_is_sent_with_the_next_refresh() {
    let house = House::new();
    let app = house.open();
    let shown = create(&app, own("drive", "ours", Some("s-1"))).await.unwrap();
    let credential = authorize_with(&app, shown.app.id).await;
    pass(10).await;
    let replaced = replace(&app, shown.app.id, "s-2").await.unwrap();
    assert_eq!((replaced.app.created_at, replaced.app.updated_at), (instant(0), instant(10)));
    app.refreshing.refresh_now(&admitted(&app, &admin()), credential.id).await.unwrap();
    let asked = house.server.asked().pop().unwrap();
    assert_eq!(asked.client, Some(("ours".to_owned(), Some("s-2".to_owned()))));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_app_stops_its_grants_and_new_ones_go_to_the_operators() {
    let house = House::new();
    let app = house.open();
    let shown = create(&app, own("drive", "ours", None)).await.unwrap();
    let credential = authorize_with(&app, shown.app.id).await;
    app.authorizing.delete_app(&admitted(&app, &admin()), shown.app.id).await.unwrap();
    let asked = house.server.asked().len();
    let refused = app.refreshing.refresh_now(&admitted(&app, &admin()), credential.id).await;
    assert_eq!(refused_field(refused).as_deref(), Some("provider"));
    assert_eq!(house.server.asked().len(), asked, "its token is never sent with another app");
    let stored = house.store.credential(credential.id).unwrap();
    assert_eq!(stored.status, CredentialStatus::Validated);
    assert_eq!(stored.status_reason.as_ref().map(StatusReason::as_str), Some("app_missing"));
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    assert_eq!(parameter(&begun, "client_id").unwrap(), "drive-client");
}

#[tokio::test(start_paused = true)]
async fn an_organisation_has_one_app_of_a_name() {
    let house = House::new();
    let app = house.open();
    create(&app, own("drive", "ours", None)).await.unwrap();
    let refused = create(&app, own("drive", "another", None)).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::OauthAppExists));
    create(&app, own("crm", "ours", None)).await.unwrap();
    let elsewhere = admitted(&app, &user("globex", "gil", Role::Admin));
    assert!(app.authorizing.create_app(&elsewhere, own("drive", "theirs", None)).await.is_ok());
    assert_eq!(house.store.actions(&acme()), [Action::OauthAppCreated; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_app_is_refused_by_its_field() {
    let house = House::new();
    let app = house.open();
    let (long, longer) = ("s".repeat(4_096), "s".repeat(4_097));
    let cases = [
        (own("nowhere", "ours", None), Some("provider")),
        (own("metrics", "ours", None), Some("provider")),
        (own("machines", "ours", None), Some("provider")),
        (own("drive", "", None), Some("client_id")),
        (own("drive", "a\nb", None), Some("client_id")),
        (own("drive", "ours", Some(&longer)), Some("client_secret")),
        (own("drive", "ours", Some("größe")), Some("client_secret")),
        (own("drive", "ours", Some("a\tb")), Some("client_secret")),
        (own("drive", "ours", Some("del\u{7f}")), Some("client_secret")),
        (own("drive", "ours", Some(&long)), None),
        (own("crm", "ours", Some(" ~")), None),
    ];
    for (number, (new, field)) in cases.into_iter().enumerate() {
        assert_eq!(refused_field(create(&app, new).await).as_deref(), field, "case {number}");
    }
    assert_eq!(house.store.actions(&acme()), [Action::OauthAppCreated; 2]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_secret_is_none_and_replaces_nothing() {
    let house = House::new();
    let app = house.open();
    let shown = create(&app, own("drive", "ours", Some(""))).await.unwrap();
    authorize_with(&app, shown.app.id).await;
    assert_eq!(house.server.asked()[0].client, Some(("ours".to_owned(), None)));
    let refused = replace(&app, shown.app.id, "").await;
    assert_eq!(refused_field(refused).as_deref(), Some("client_secret"));
    assert_eq!(house.store.calls(Call::ReplaceApp), 0);
}

#[tokio::test(start_paused = true)]
async fn apps_of_other_organisations_do_not_exist() {
    let house = House::new();
    let app = house.open();
    let id = create(&app, own("drive", "ours", None)).await.unwrap().app.id;
    let stranger = admitted(&app, &user("globex", "gil", Role::Admin));
    let missing = Failure::NotFound(Missing::OauthApp);
    assert_eq!(app.authorizing.get_app(&stranger, id).await.unwrap_err(), missing);
    let secret = SecretText::new("s".to_owned());
    assert_eq!(app.authorizing.replace_app_secret(&stranger, id, secret).await.unwrap_err(), missing);
    let stranger = admitted(&app, &user("globex", "gil", Role::Admin));
    assert_eq!(app.authorizing.delete_app(&stranger, id).await.unwrap_err(), missing);
    assert_eq!(app.authorizing.list_apps(&stranger).await.unwrap().len(), 0);
    let unknown = OauthAppId(Uuid::from_u128(404));
    assert_eq!(replace(&app, unknown, "s").await.unwrap_err(), missing);
    assert_eq!(app.authorizing.list_apps(&admitted(&app, &admin())).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_change_of_an_app_is_on_record_with_who_made_it() {
    let house = House::new();
    let app = house.open();
    let id = create(&app, own("drive", "ours", None)).await.unwrap().app.id;
    replace(&app, id, "s-2").await.unwrap();
    app.authorizing.delete_app(&admitted(&app, &admin()), id).await.unwrap();
    let events = house.store.events(&acme());
    let expected = [Action::OauthAppCreated, Action::OauthAppUpdated, Action::OauthAppDeleted];
    assert_eq!(house.store.actions(&acme()), expected);
    for event in events {
        assert_eq!((event.actor, event.outcome), (admin().actor, Outcome::Success));
        assert_eq!((event.target, event.details["app"].as_str()), (Some(id.to_string()), "drive"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_put_on_record_does_not_happen() {
    let house = House::new();
    let app = house.open();
    let faults = house.store.faults();
    faults.fail_next(Call::InsertApp, unavailable());
    assert_eq!(create(&app, own("drive", "ours", None)).await.unwrap_err(), Failure::unavailable());
    let id = create(&app, own("drive", "ours", Some("s-1"))).await.unwrap().app.id;
    faults.fail_next(Call::ReplaceApp, unavailable());
    assert_eq!(replace(&app, id, "s-2").await.unwrap_err(), Failure::unavailable());
    faults.fail_next(Call::DeleteApp, unavailable());
    let caller = admitted(&app, &admin());
    assert_eq!(app.authorizing.delete_app(&caller, id).await.unwrap_err(), Failure::unavailable());
    authorize_with(&app, id).await;
    assert_eq!(house.server.asked()[0].client, Some(("ours".to_owned(), Some("s-1".to_owned()))));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_goes_in_the_middle_of_a_change_is_not_found() {
    let house = House::new();
    let app = house.open();
    let id = create(&app, own("drive", "ours", None)).await.unwrap().app.id;
    let held = house.store.faults().hold(Call::ReplaceApp);
    let change = tokio::spawn({
        let app = app.clone();
        async move { replace(&app, id, "s-2").await }
    });
    held.reached().await;
    app.authorizing.delete_app(&admitted(&app, &admin()), id).await.unwrap();
    held.release();
    assert_eq!(change.await.unwrap().unwrap_err(), Failure::NotFound(Missing::OauthApp));
    assert_eq!(house.store.actions(&acme()), [Action::OauthAppCreated, Action::OauthAppDeleted]);
}

/// Tokens of `desk` that were typed by hand, for this tenant.
fn typed(house: &House, tenant: &str) -> Credential {
    let mut desk = house.granted(-10);
    desk.provider = provider("desk");
    desk.config.insert("subdomain", ConfigValue::Text(tenant.to_owned()));
    house.put(&desk, &[("access_token", "old"), ("refresh_token", tenant)]);
    desk
}

#[tokio::test(start_paused = true)]
async fn the_operators_app_of_one_instance_goes_to_instances_that_the_operator_named_and_to_no_other() {
    let mut house = House::new();
    house.settings.app_hosts = vec!["north.example.test"];
    let app = house.open();
    let at_tenant =
        |tenant: &str| BeginAuthorization { inputs: fields(&[("subdomain", tenant)]), ..at("desk") };
    assert!(begin(&app, &admin(), at_tenant("north")).await.is_ok());
    let refused = violations(begin(&app, &admin(), at_tenant("evil")).await.unwrap_err());
    assert!(refused[0].contains("oauth.apps.desk.hosts"), "{refused:?}");
    let read = async |id| {
        let caller = admitted::<to::ReadSecrets>(&app, &engine());
        let opened = app.credentials.read(&caller, Selector::Id(id), None).await.unwrap();
        opened.secret.get("access_token").unwrap().expose().to_owned()
    };
    assert_eq!(read(typed(&house, "north").id).await, "access-1");
    assert_eq!(read(typed(&house, "evil").id).await, "old", "it is handed out as it was stored");
    let mut granted = typed(&house, "evil");
    granted.oauth_app = Some(OauthAppId::OPERATOR);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "live")]);
    assert_eq!(read(granted.id).await, "access-2", "a grant that was made there lives on");
    let sent: Vec<_> =
        house.server.asked().iter().map(|asked| asked.config.get("subdomain").cloned()).collect();
    assert_eq!(sent.len(), 2, "{sent:?}");
    let removed = typed(&house, "evil");
    app.credentials.delete(&admitted(&app, &admin()), removed.id, None, true).await.unwrap();
    assert_eq!(house.server.asked().len(), 2, "nor is a token revoked with it there");
}
