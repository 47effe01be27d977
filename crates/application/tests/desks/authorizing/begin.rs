//! Flows begin, or are refused before a person is sent anywhere.

use std::time::Duration;

use strongroom_application::{BeginAuthorization, Conflict, Failure, Missing};
use strongroom_domain::oauth::{Completion, pkce_challenge};
use strongroom_domain::{
    Action, CredentialName, CredentialStatus, CredentialType, Outcome, Reach, Role, Scope,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Asked, instant};

use super::{
    again, at, authorize, begin, come_back, completion_code, parameter, pass, problem, refused_field,
};
use crate::house::{House, acme, admin, engine, engine_for, fields, member, service, user};

#[tokio::test(start_paused = true)]
async fn a_person_is_sent_to_the_provider_with_the_apps_id_and_a_challenge() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("DRIVE")).await.unwrap();
    assert!(begun.authorization_url.expose().starts_with("https://drive.example.test/authorize?"));
    assert_eq!(parameter(&begun, "client_id").unwrap(), "drive-client");
    assert_eq!(parameter(&begun, "scope").unwrap(), "files.read+profile");
    assert_eq!(parameter(&begun, "state").unwrap(), begun.state.expose());
    assert_eq!(begun.state.expose().len(), 43);
    assert_eq!(begun.expires_at, instant(600));
    come_back(&app, "drive", &begun).await.unwrap();
    let Asked::Code { code, verifier, redirect_uri } = house.server.asked()[0].what.clone() else {
        panic!("no code was exchanged");
    };
    assert_eq!(parameter(&begun, "code_challenge").unwrap(), pkce_challenge(&verifier));
    assert_ne!(verifier, begun.state.expose());
    assert_eq!(
        (code.as_str(), redirect_uri.as_str()),
        ("c-1", "https://vault.example.test/integrations/drive/callback")
    );
}

#[tokio::test(start_paused = true)]
async fn a_flow_is_on_record_from_its_beginning_and_names_no_secret() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let events = house.store.events(&acme());
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, events[0].outcome), (Action::AuthorizationBegun, Outcome::Success));
    assert_eq!(
        (events[0].actor.clone(), events[0].details["completion"].as_str()),
        (member().actor, "bound")
    );
    assert_eq!(events[0].provider.as_ref().unwrap().as_str(), "drive");
    assert!(events[0].credential.is_some());
    assert!(!format!("{events:?}").contains(begun.state.expose()));
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_cannot_be_put_on_record_does_not_begin() {
    let house = House::new();
    let app = house.open();
    house.store.faults().fail_next(Call::BeginFlow, unavailable());
    assert_eq!(begin(&app, &member(), at("drive")).await.unwrap_err(), Failure::unavailable());
    assert_eq!(house.store.events(&acme()), []);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_authorised_is_refused_by_its_field() {
    let mut house = House::new();
    house.settings.apps = vec!["drive", "desk", "machines"];
    let app = house.open();
    let elsewhere =
        BeginAuthorization { redirect_to: Some("https://evil.example.test/".into()), ..at("drive") };
    let cases = [
        (at("nowhere"), "provider"),
        (at("metrics"), "provider"),
        (at("machines"), "provider"),
        (at("crm"), "provider"),
        (at("desk"), "subdomain"),
        (elsewhere, "redirect_to"),
    ];
    for (asked, field) in cases {
        let provider = asked.provider.clone();
        let refused = refused_field(begin(&app, &member(), asked).await);
        assert_eq!(refused.as_deref(), Some(field), "{provider}");
    }
    assert_eq!((house.store.calls(Call::BeginFlow), house.store.events(&acme())), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn whoever_lacks_an_app_is_told_which_settings_are_missing() {
    let mut house = House::new();
    house.settings.apps.clear();
    let Failure::Invalid(violations) = begin(&house.open(), &admin(), at("drive")).await.unwrap_err() else {
        panic!("it has an app");
    };
    let told = violations[0].to_string();
    assert!(told.contains("oauth.apps.drive.client_id"), "{told}");
    assert!(told.contains("STRONGROOM_OAUTH__APPS__DRIVE__CLIENT_ID"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn without_a_public_url_nothing_begins() {
    let mut house = House::new();
    house.settings.public_url = None;
    let refused = begin(&house.open(), &admin(), at("drive")).await;
    assert_eq!(refused_field(refused).as_deref(), Some("provider"));
}

#[tokio::test(start_paused = true)]
async fn a_service_account_names_the_end_user_where_the_beginner_completes() {
    let house = House::new();
    let app = house.open();
    let with =
        |subject: Option<&str>| BeginAuthorization { subject: subject.map(str::to_owned), ..at("drive") };
    let (longest, too_long) = ("ü".repeat(256), "ü".repeat(257));
    for bad in [None, Some(""), Some("a\nb"), Some(too_long.as_str())] {
        let refused = begin(&app, &engine(), with(bad)).await;
        assert_eq!(refused_field(refused).as_deref(), Some("subject"), "{bad:?}");
    }
    assert!(begin(&app, &engine(), with(Some(&longest))).await.is_ok());
    assert!(begin(&app, &member(), with(None)).await.is_ok(), "a person is its own subject");
}

#[tokio::test(start_paused = true)]
async fn where_the_person_completes_a_service_account_needs_to_name_nobody() {
    let mut house = House::new();
    house.settings.completion = Completion::Confirm;
    assert!(begin(&house.open(), &engine(), at("drive")).await.is_ok());
    assert_eq!(house.store.events(&acme())[0].details["completion"], "confirm");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_flows_of_an_organisation_are_under_way_and_not_one_more() {
    let house = House::new();
    let app = house.open();
    let people = ["ann", "ben", "cho", "dan", "eva"].map(|name| user("acme", name, Role::Member));
    let (last, others) = people.split_last().unwrap();
    let full = Failure::Limited { retry_after: Duration::from_secs(60), allowance: None };
    for person in others {
        for _ in 0..250 {
            begin(&app, person, at("drive")).await.unwrap();
        }
        assert_eq!(
            begin(&app, person, at("drive")).await.unwrap_err(),
            full,
            "nobody takes those of the others"
        );
    }
    assert_eq!(begin(&app, last, at("drive")).await.unwrap_err(), full);
    assert!(begin(&app, &user("globex", "gil", Role::Member), at("drive")).await.is_ok());
    pass(600).await;
    assert!(begin(&app, &member(), at("drive")).await.is_ok(), "those are over");
}

#[tokio::test(start_paused = true)]
async fn a_new_grant_beyond_the_callers_reach_is_denied_and_that_is_on_record() {
    let house = House::new();
    let (app, granted) = (house.open(), house.granted(60));
    let only_this = Reach { providers: None, credentials: Some([granted.id].into()) };
    for caller in [engine_for(&["metrics"]), service(&Scope::ALL, only_this)] {
        let asked = BeginAuthorization { subject: Some("eve".into()), ..at("drive") };
        let refused = begin(&app, &caller, asked).await.unwrap_err();
        assert_eq!(refused, Failure::Forbidden { service_accounts_only: false });
    }
    pass(1).await;
    assert_eq!(house.store.actions(&acme()), [Action::AccessDenied; 2]);
}

#[tokio::test(start_paused = true)]
async fn only_a_complete_grant_of_the_same_kind_within_reach_is_authorised_again() {
    let house = House::new();
    let (app, granted) = (house.open(), house.granted(60));
    let mut pending = house.granted(60);
    pending.status = CredentialStatus::Pending;
    house.put(&pending, &[]);
    let mut other_kind = house.granted(60);
    other_kind.credential_type = CredentialType::ApiKey;
    house.put(&other_kind, &[]);
    let asked = BeginAuthorization { subject: Some("eve".into()), ..again(&granted) };
    let hidden = begin(&app, &engine_for(&["metrics"]), asked).await.unwrap_err();
    assert_eq!(hidden, Failure::NotFound(Missing::Credential));
    let elsewhere = BeginAuthorization { provider: "crm".into(), ..again(&granted) };
    for asked in [elsewhere, again(&other_kind)] {
        assert_eq!(refused_field(begin(&app, &admin(), asked).await).as_deref(), Some("credential_id"));
    }
    let refused = begin(&app, &admin(), again(&pending)).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::AuthorizationPending));
    assert!(begin(&app, &admin(), again(&granted)).await.is_ok());
    let events = house.store.events(&acme());
    let begun = events.iter().find(|event| event.action == Action::AuthorizationBegun).unwrap();
    assert_eq!(begun.details["reauthorizes"], "true");
}

#[tokio::test(start_paused = true)]
async fn whoever_reaches_only_a_credential_may_authorise_it_again() {
    let house = House::new();
    let (app, granted) = (house.open(), house.granted(60));
    let caller = service(&Scope::ALL, Reach { providers: None, credentials: Some([granted.id].into()) });
    let asked = BeginAuthorization { subject: Some("eve".into()), ..again(&granted) };
    assert!(begin(&app, &caller, asked).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_credential_gets_the_name_that_was_asked_for_else_the_providers() {
    let house = House::new();
    let app = house.open();
    let name = CredentialName::parse("my files").unwrap();
    let named = BeginAuthorization { name: Some(name.clone()), ..at("drive") };
    assert_eq!(authorize(&app, named).await.name, name);
    assert_eq!(authorize(&app, at("drive")).await.name.as_str(), "DRIVE");
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_gives_as_input_is_kept_with_the_grant() {
    let house = House::new();
    let app = house.open();
    let asked = || BeginAuthorization { inputs: fields(&[("subdomain", "north")]), ..at("desk") };
    let begun = begin(&app, &member(), asked()).await.unwrap();
    assert_eq!(parameter(&begun, "subdomain").unwrap(), "north", "the person is sent to that tenant");
    let credential = authorize(&app, asked()).await;
    assert!(credential.config.get("subdomain").is_some());
    assert!(house.server.asked()[0].config.get("subdomain").is_some(), "the provider needs it");
}

/// Passing a field over would authorise another place than the caller means.
#[tokio::test(start_paused = true)]
async fn a_field_that_is_not_asked_for_or_differs_from_the_credentials_is_refused() {
    let house = House::new();
    let app = house.open();
    let asked = |inputs: &[(&str, &str)]| BeginAuthorization { inputs: fields(inputs), ..at("desk") };
    let refused = |result: Result<_, Failure>| match result.map(|_| ()) {
        Err(Failure::Invalid(violations)) => violations.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    };
    let unknown: Vec<String> =
        refused(begin(&app, &member(), asked(&[("subdomain", "north"), ("sub_domain", "canary")])).await);
    assert_eq!(unknown, ["sub_domain is no field that this provider asks for here"]);
    let id = Some(authorize(&app, asked(&[("subdomain", "north")])).await.id);
    let again = |inputs| BeginAuthorization { credential_id: id, ..asked(inputs) };
    begin(&app, &admin(), again(&[("subdomain", "north")])).await.unwrap();
    let other = refused(begin(&app, &admin(), again(&[("subdomain", "canary")])).await);
    assert_eq!(other, ["subdomain is another than the credential's, which keeps its own; leave it out"]);
}

#[tokio::test(start_paused = true)]
async fn other_scopes_are_asked_for_when_the_caller_names_them() {
    let house = House::new();
    let asked = BeginAuthorization { scope: Some("files.write".into()), ..at("drive") };
    let begun = begin(&house.open(), &member(), asked).await.unwrap();
    assert_eq!(parameter(&begun, "scope").unwrap(), "files.write");
}

#[tokio::test(start_paused = true)]
async fn no_two_flows_have_the_same_state() {
    let house = House::new();
    let app = house.open();
    let one = begin(&app, &member(), at("drive")).await.unwrap();
    let other = begin(&app, &member(), at("drive")).await.unwrap();
    assert_ne!(one.state.expose(), other.state.expose());
    let code = completion_code(come_back(&app, "drive", &one).await).unwrap();
    assert_ne!(code, one.state.expose());
    assert_eq!(problem(come_back(&app, "drive", &other).await), None);
}
