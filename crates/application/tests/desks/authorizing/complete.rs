//! The principal that began a flow completes it.

use strongroom_application::{
    Application, BeginAuthorization, BegunAuthorization, CompleteAuthorization, ConfirmAuthorization,
    Conflict, ConnectIntegration, Connecting, Failure, ListIntegrations, NewContent, Received,
    UpdateCredential,
};
use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::{CallbackProblem, sha256};
use strongroom_domain::{
    Action, CredentialName, CredentialStatus, CredentialType, Outcome, Role, SecretText,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_repository::AuthorizationFlowRepository;

use super::{
    at, begin, come_back, complete, completion_code, last, last_credential, pass, problem, refused_field,
};
use crate::house::{House, acme, admin, admitted, engine, fields, member, namesake, user};

/// A flow of a member that waits for its completion, and the code that completes it.
async fn waiting(app: &Application) -> (BegunAuthorization, String) {
    let begun = begin(app, &member(), at("drive")).await.unwrap();
    let code = completion_code(come_back(app, "drive", &begun).await).unwrap();
    (begun, code)
}

#[tokio::test(start_paused = true)]
async fn a_completed_grant_is_usable_and_on_record() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let credential = complete(&app, &member(), &begun, &code).await.unwrap();
    assert_eq!((credential.status, credential.version), (CredentialStatus::Validated, 1));
    assert_eq!(house.store.credential(credential.id), Some(credential.clone()));
    let event = last(&house, Action::AuthorizationCompleted);
    assert_eq!((event.outcome, event.actor), (Outcome::Success, member().actor));
    assert_eq!((event.credential, event.version), (Some(credential.id), Some(1)));
    assert_eq!(house.store.actions(&acme()).len(), 4, "begun, granted, created, completed");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_code_ends_nothing() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    for wrong in ["", "x", &code[..42], begun.state.expose()] {
        let refused = complete(&app, &member(), &begun, wrong).await;
        assert_eq!(refused_field(refused).as_deref(), Some("completion_code"));
    }
    assert_eq!(house.store.calls(Call::CompleteFlow), 0);
    assert!(complete(&app, &member(), &begun, &code).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn only_the_principal_that_began_it_completes_a_flow() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let refused = complete(&app, &admin(), &begun, &code).await.unwrap_err();
    assert_eq!(refused, Failure::Forbidden { service_accounts_only: false });
    pass(1).await;
    assert_eq!(last(&house, Action::AccessDenied).actor, admin().actor);
    let stranger = user("globex", "ben", Role::Member);
    let refused = complete(&app, &stranger, &begun, &code).await;
    assert_eq!(refused_field(refused).as_deref(), Some("state"), "other organisations learn nothing");
    for issuer in [Some("https://other.example.test"), None] {
        let refused = complete(&app, &namesake(&member(), issuer), &begun, &code).await.unwrap_err();
        assert_eq!(refused, Failure::Forbidden { service_accounts_only: false }, "{issuer:?}");
    }
    assert!(complete(&app, &member(), &begun, &code).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_service_account_completes_for_the_end_user_for_whom_it_began() {
    let house = House::new();
    let app = house.open();
    let asked = BeginAuthorization { subject: Some("eve".into()), ..at("drive") };
    let begun = begin(&app, &engine(), asked).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    let for_subject = |subject: Option<&str>| CompleteAuthorization {
        state: begun.state.duplicate(),
        completion_code: SecretText::new(code.clone()),
        subject: subject.map(str::to_owned),
    };
    for other in [None, Some("mallory"), Some("")] {
        let refused = app.authorizing.complete(&admitted(&app, &engine()), for_subject(other)).await;
        assert_eq!(refused_field(refused).as_deref(), Some("subject"), "{other:?}");
    }
    let completed = app.authorizing.complete(&admitted(&app, &engine()), for_subject(Some("eve"))).await;
    assert_eq!(completed.unwrap().created_by, "engine");
    assert!(!format!("{:?}", house.store.events(&acme())).contains("eve"));
}

#[tokio::test(start_paused = true)]
async fn a_flow_is_completed_once_and_within_its_ten_minutes() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let (late, late_code) = waiting(&app).await;
    complete(&app, &member(), &begun, &code).await.unwrap();
    let refused = complete(&app, &member(), &begun, &code).await;
    assert_eq!(refused_field(refused).as_deref(), Some("state"));
    pass(600).await;
    let refused = complete(&app, &member(), &late, &late_code).await;
    assert_eq!(refused_field(refused).as_deref(), Some("state"));
}

#[tokio::test(start_paused = true)]
async fn a_completion_whose_answer_got_lost_is_answered_all_the_same() {
    for is_looked_for_in_vain in [false, true] {
        let house = House::new();
        let app = house.open();
        let (begun, code) = waiting(&app).await;
        house.store.faults().lose_answer(Call::CompleteFlow);
        if is_looked_for_in_vain {
            house.store.faults().spare_next(Call::FindCredential);
            house.store.faults().fail_next(Call::FindCredential, unavailable());
        }
        let credential = complete(&app, &member(), &begun, &code).await.unwrap();
        assert_eq!(house.store.credential(credential.id), Some(credential));
        let completed = Action::AuthorizationCompleted;
        assert_eq!(house.store.actions(&acme()).into_iter().filter(|action| *action == completed).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_nobody_came_back_from_is_not_completed() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let refused = complete(&app, &member(), &begun, "x").await;
    assert_eq!(refused_field(refused).as_deref(), Some("state"));
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_its_beginner_completes_is_not_confirmed_on_our_page() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let confirmation = ConfirmAuthorization {
        provider: "drive".into(),
        state: begun.state.duplicate(),
        token: SecretText::new(code),
        connect: true,
        page_origin: Some("https://vault.example.test".into()),
        origin: Origin::default(),
    };
    let refused = app.authorizing.confirm(confirmation).await;
    assert_eq!(problem(refused), Some(CallbackProblem::UnknownState));
}

#[tokio::test(start_paused = true)]
async fn a_completion_that_cannot_be_put_on_record_did_not_happen() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    house.store.faults().fail_every(Call::CompleteFlow);
    let refused = complete(&app, &member(), &begun, &code).await.unwrap_err();
    assert_eq!(refused, Failure::unavailable());
    let pending = house.store.credential(last_credential(&house).unwrap()).unwrap();
    assert_eq!(pending.status, CredentialStatus::Pending);
    house.store.faults().heal();
    assert!(complete(&app, &member(), &begun, &code).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_find_the_credential_is_not_waited_for() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    house.store.faults().fail_every(Call::FindSealed);
    let refused = complete(&app, &member(), &begun, &code).await.unwrap_err();
    assert_eq!(refused, Failure::unavailable());
    assert_eq!(house.store.calls(Call::FindSealed), 1);
    house.store.faults().heal();
    assert!(complete(&app, &member(), &begun, &code).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_given_meanwhile_does_not_undo_a_completion() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let id = last_credential(&house).unwrap();
    let held = house.store.faults().hold(Call::RelabelCredential);
    let renaming = tokio::spawn({
        let app = app.clone();
        let name = Some(CredentialName::parse("Renamed").unwrap());
        let change = UpdateCredential { name, ..UpdateCredential::default() };
        async move { app.credentials.update(&admitted(&app, &admin()), id, change).await }
    });
    held.reached().await;
    complete(&app, &member(), &begun, &code).await.unwrap();
    held.release();
    let renamed = renaming.await.unwrap().unwrap();
    assert_eq!((renamed.name.as_str(), renamed.status), ("Renamed", CredentialStatus::Validated));
    assert_eq!(house.store.credential(id), Some(renamed));
    assert!(!house.secrets_of(id).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flow_of_an_older_format_does_not_end_on_what_is_bound_to_more() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let id = last_credential(&house).unwrap();
    let flow = house.store.find_granted(&sha256(begun.state.expose())).await.unwrap().unwrap();
    house.vault.date_back(&flow.sealed);
    let refused = complete(&app, &member(), &begun, &code).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::CredentialChanged)));
    assert_eq!(house.store.credential(id).unwrap().status, CredentialStatus::Pending);
    // Both of the older format, as a build before has left them.
    house.vault.date_back(&house.store.sealed(id).unwrap());
    assert!(complete(&app, &member(), &begun, &code).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_pending_credential_that_was_deleted_completes_nothing() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let id = last_credential(&house).unwrap();
    app.credentials.delete(&admitted(&app, &admin()), id, None, false).await.unwrap();
    let refused = complete(&app, &member(), &begun, &code).await;
    assert_eq!(refused_field(refused).as_deref(), Some("state"));
    assert!(!house.store.actions(&acme()).contains(&Action::AuthorizationCompleted));
}

#[tokio::test(start_paused = true)]
async fn a_pending_credential_that_got_other_content_is_not_completed_over() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let id = last_credential(&house).unwrap();
    let credentials = fields(&[("access_token", "by-hand")]);
    let content = Some(NewContent { credential_type: CredentialType::Oauth2, credentials });
    let change = UpdateCredential { content, ..UpdateCredential::default() };
    let edited = app.credentials.update(&admitted(&app, &admin()), id, change).await.unwrap();
    let refused = complete(&app, &member(), &begun, &code).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::CredentialChanged));
    assert_eq!(house.store.credential(id), Some(edited));
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_ends_in_the_middle_of_its_completion_is_gone() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = waiting(&app).await;
    let held = house.store.faults().hold(Call::CompleteFlow);
    let completion = tokio::spawn({
        let app = app.clone();
        async move { complete(&app, &member(), &begun, &code).await }
    });
    held.reached().await;
    pass(600).await;
    held.release();
    assert_eq!(refused_field(completion.await.unwrap()).as_deref(), Some("state"));
    assert_eq!(house.store.calls(Call::CompleteFlow), 1);
}

/// A flow of an admin that makes a connection, and the code that completes it.
async fn connecting(app: &Application) -> (BegunAuthorization, String) {
    let asked = ConnectIntegration {
        provider: "drive".into(),
        redirect_url: Some("https://app.example.test/".into()),
        ..ConnectIntegration::default()
    };
    let begun = match app.connections.connect(&admitted(app, &admin()), asked).await.unwrap() {
        Connecting::Begun(begun) => Some(begun),
        Connecting::Connected(_) => None,
    };
    let begun = begun.unwrap();
    let place = match come_back(app, "drive", &begun).await {
        Ok(Received::Redirect(place)) => Some(place),
        _ => None,
    };
    let code = place.unwrap().expose().rsplit_once('=').unwrap().1.to_owned();
    (begun, code)
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_made_when_its_flow_completes() {
    let house = House::new();
    let app = house.open();
    let (begun, code) = connecting(&app).await;
    let connections = || async {
        let caller = admitted(&app, &admin());
        app.connections.list(&caller, ListIntegrations::default()).await.unwrap().len()
    };
    assert_eq!(connections().await, 0);
    let credential = complete(&app, &admin(), &begun, &code).await.unwrap();
    assert_eq!(connections().await, 1);
    let event = last(&house, Action::IntegrationConnected);
    assert_eq!((event.credential, event.actor), (Some(credential.id), admin().actor));
    assert!(event.target.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_connection_somebody_else_has_made_is_usable_without_one() {
    let house = House::new();
    let app = house.open();
    let (one, other) = (connecting(&app).await, connecting(&app).await);
    complete(&app, &admin(), &one.0, &one.1).await.unwrap();
    let second = complete(&app, &admin(), &other.0, &other.1).await.unwrap();
    assert_eq!(second.status, CredentialStatus::Validated);
    let actions = house.store.actions(&acme());
    assert_eq!(actions.iter().filter(|action| **action == Action::IntegrationConnected).count(), 1);
}
