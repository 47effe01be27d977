//! Credentials that are authorised again keep what they have until that is complete.

use std::time::Duration;

use strongroom_application::{BeginAuthorization, Conflict, Failure, Selector, UpdateCredential};
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{
    Account, Action, ConfigValue, Credential, CredentialName, CredentialStatus, RefreshProblem, StatusReason,
};
use strongroom_fake_store::Call;
use strongroom_fixtures::{Answer, instant, token_response};
use strongroom_vault::Vault;

use super::{
    again, authorize, begin, brings, come_back, complete, completion_code, failed_because, last, parameter,
    problem,
};
use crate::house::{House, acme, admin, admitted, engine, member};

/// A grant of this account.
fn granted_to(house: &House, account: Option<&str>) -> Credential {
    let mut granted = house.granted(3_600);
    granted.account = account.map(|id| Account { id: id.to_owned(), name: None });
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0"), ("kept", "k-1")]);
    granted
}

fn secret(house: &House, credential: &Credential, field: &str) -> Option<String> {
    house.vault.look_into(&house.store.sealed(credential.id).unwrap()).unwrap().remove(field)
}

async fn rename(app: &strongroom_application::Application, credential: &Credential) {
    let name = CredentialName::parse("renamed").unwrap();
    let change = UpdateCredential { name: Some(name), ..UpdateCredential::default() };
    app.credentials.update(&admitted(app, &admin()), credential.id, change).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_new_tokens_stay_beside_the_flow_until_it_is_complete() {
    let house = House::new();
    let granted = granted_to(&house, Some("1017"));
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    assert_eq!(house.store.credential(granted.id), Some(granted.clone()));
    let reading = app.credentials.read(&admitted(&app, &engine()), Selector::Id(granted.id), None).await;
    assert_eq!(reading.unwrap().secret.get("access_token").unwrap().expose(), "old");
    let completed = complete(&app, &admin(), &begun, &code).await.unwrap();
    assert_eq!((completed.version, completed.revision), (2, 2));
    assert_eq!(secret(&house, &granted, "access_token").unwrap(), "access-1");
    assert_eq!(secret(&house, &granted, "refresh_token").unwrap(), "refresh-1");
    assert_eq!(secret(&house, &granted, "kept").unwrap(), "k-1", "other fields stay");
    assert_eq!(house.store.credential(granted.id), Some(completed));
}

#[tokio::test(start_paused = true)]
async fn new_tokens_whose_completion_was_not_answered_are_stored_once() {
    let house = House::new();
    let granted = granted_to(&house, Some("1017"));
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    house.store.faults().lose_answer(Call::CompleteFlow);
    let completed = complete(&app, &admin(), &begun, &code).await.unwrap();
    assert_eq!((completed.version, completed.revision), (2, 2));
    assert_eq!(house.store.credential(granted.id), Some(completed));
    assert_eq!(house.store.calls(Call::CompleteFlow), 1);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_has_ended_works_again() {
    let house = House::new();
    let mut ended = granted_to(&house, None);
    let refused = StatusReason::Refresh(RefreshProblem::GrantRefused);
    (ended.status, ended.status_reason) = (CredentialStatus::NeedsReauth, Some(refused));
    (ended.refresh_at, ended.refreshed_at) = (None, None);
    house.put(&ended, &[("access_token", "old"), ("refresh_token", "r0")]);
    let app = house.open();
    super::pass(7).await;
    let credential = authorize(&app, again(&ended)).await;
    assert_eq!((credential.status, credential.status_reason), (CredentialStatus::Validated, None));
    assert_eq!((credential.refreshed_at, credential.updated_at), (Some(instant(7)), instant(7)));
    assert!(credential.refresh_at.is_some());
    let granted = ConfigValue::Text("files.read profile".to_owned());
    assert_eq!(credential.config.get("scope"), Some(&granted));
    assert_eq!(credential.oauth_app, Some(strongroom_domain::OauthAppId::OPERATOR));
    assert_eq!(credential.modified_by, "ann");
    assert_eq!(credential.account.unwrap().id, "1017");
}

#[tokio::test(start_paused = true)]
async fn its_completion_is_on_record_with_the_new_content() {
    let house = House::new();
    let granted = granted_to(&house, Some("1017"));
    let app = house.open();
    authorize(&app, again(&granted)).await;
    let expected = [
        Action::AuthorizationBegun,
        Action::AuthorizationGranted,
        Action::AuthorizationCompleted,
        Action::CredentialUpdated,
    ];
    assert_eq!(house.store.actions(&acme()), expected);
    assert_eq!(last(&house, Action::AuthorizationGranted).details["account"], "the same");
    let updated = last(&house, Action::CredentialUpdated);
    let sealed = house.store.sealed(granted.id).unwrap();
    assert_eq!(updated.envelope_digest, Some(house.vault.envelope_digest(&sealed)));
    assert_eq!((updated.version, updated.details["changed"].as_str()), (Some(2), "credentials"));
    assert_eq!(last(&house, Action::AuthorizationCompleted).version, Some(2));
    assert_eq!(last(&house, Action::AuthorizationCompleted).details["reauthorizes"], "true");
}

#[tokio::test(start_paused = true)]
async fn a_credential_keeps_its_name_unless_another_is_asked_for() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    assert_eq!(authorize(&app, again(&granted)).await.name, granted.name);
    let name = CredentialName::parse("again").unwrap();
    let named = BeginAuthorization { name: Some(name.clone()), ..again(&granted) };
    assert_eq!(authorize(&app, named).await.name, name);
}

#[tokio::test(start_paused = true)]
async fn another_account_never_takes_the_place_of_the_one_that_was_granted() {
    let house = House::new();
    let granted = granted_to(&house, Some("1017"));
    let app = house.open();
    let other = Account { id: "2000".to_owned(), name: None };
    for (answer, expected) in
        [(Some(other), CallbackProblem::OtherAccount), (None, CallbackProblem::AccountUnknown)]
    {
        let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
        house.server.next_account(Ok(answer));
        assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(expected));
        assert_eq!(failed_because(&house), expected.as_str());
    }
    assert_eq!(house.store.credential(granted.id), Some(granted.clone()));
    assert_eq!(secret(&house, &granted, "access_token").unwrap(), "old");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_not_known_before_is_not_compared() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    authorize(&app, again(&granted)).await;
    assert_eq!(last(&house, Action::AuthorizationGranted).details["account"], "not compared");
}

#[tokio::test(start_paused = true)]
async fn another_tenant_never_takes_the_place_of_the_one_that_was_granted() {
    let mut house = House::new();
    let mut desk = (*house.settings.catalog.provider("desk")).clone();
    let server = desk.oauth.as_mut().unwrap();
    server.inputs.clear();
    server.callback_fields.insert("subdomain".into(), "tenant".into());
    house.settings.catalog = house.settings.catalog.with(desk);
    let mut granted = house.granted(3_600);
    granted.provider = strongroom_fixtures::provider("desk");
    granted.config.insert("subdomain", ConfigValue::Text("north".into()));
    house.put(&granted, &[("access_token", "old")]);
    let app = house.open();
    for (tenant, expected) in [("south", Some(CallbackProblem::OtherAccount)), ("north", None)] {
        let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
        assert_eq!(parameter(&begun, "subdomain").unwrap(), "north", "the person is sent to its own");
        let parameters = [("state", begun.state.expose()), ("code", "c-1"), ("tenant", tenant)];
        let received = app.authorizing.receive_callback(brings("desk", &parameters)).await;
        assert_eq!(problem(received), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_while_the_person_is_away_ends_the_flow() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    rename(&app, &granted).await;
    let received = come_back(&app, "drive", &begun).await;
    assert_eq!(problem(received), Some(CallbackProblem::CredentialChanged));
    assert_eq!(house.server.asked(), [], "its code is not exchanged");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_was_deleted_meanwhile_is_gone() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    app.credentials.delete(&admitted(&app, &admin()), granted.id, None, false).await.unwrap();
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::CredentialGone));
}

#[tokio::test(start_paused = true)]
async fn an_edit_before_the_completion_is_a_conflict() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    rename(&app, &granted).await;
    let refused = complete(&app, &admin(), &begun, &code).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::CredentialChanged));
    assert_eq!(secret(&house, &granted, "access_token").unwrap(), "old");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_in_between_is_no_edit() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    app.refreshing.refresh_now(&admitted(&app, &member()), granted.id).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    app.refreshing.refresh_now(&admitted(&app, &member()), granted.id).await.unwrap();
    let completed = complete(&app, &admin(), &begun, &code).await.unwrap();
    assert_eq!((completed.version, completed.revision), (4, 2));
    assert_eq!(
        secret(&house, &granted, "access_token").unwrap(),
        "access-2",
        "the flow's, not the refresh's"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_in_the_middle_of_the_completion_is_waited_out() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    let held = house.store.faults().hold(Call::CompleteFlow);
    let completion = tokio::spawn({
        let app = app.clone();
        async move { complete(&app, &admin(), &begun, &code).await }
    });
    held.reached().await;
    app.refreshing.refresh_now(&admitted(&app, &member()), granted.id).await.unwrap();
    held.release();
    let completed = completion.await.unwrap().unwrap();
    assert_eq!(completed.version, 3);
    assert_eq!(secret(&house, &granted, "access_token").unwrap(), "access-1");
    let sealed = house.store.sealed(granted.id).unwrap();
    let digest = house.vault.envelope_digest(&sealed);
    assert_eq!(last(&house, Action::CredentialUpdated).envelope_digest, Some(digest));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_moves_again_and_again_is_given_up_after_two_seconds() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    house.store.faults().delay(Call::CompleteFlow, Duration::from_millis(1_100));
    let refreshes = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(900)).await;
            app.refreshing.refresh_now(&admitted(&app, &member()), granted.id).await.unwrap();
        }
    };
    let caller = admin();
    let (refused, ()) = tokio::join!(complete(&app, &caller, &begun, &code), refreshes);
    assert_eq!(refused.unwrap_err(), Failure::unavailable());
    assert!(complete(&app, &admin(), &begun, &code).await.is_ok(), "the flow still waits");
}

#[tokio::test(start_paused = true)]
async fn the_old_refresh_token_does_not_outlive_a_grant_that_brings_none() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let lifetime = Some(Duration::from_secs(600));
    house.server.next_token(Answer::token(token_response("a-1", None, lifetime)));
    let credential = authorize(&app, again(&granted)).await;
    assert_eq!(secret(&house, &granted, "refresh_token"), None);
    assert_eq!((credential.refresh_at, credential.expires_at), (None, credential.access_token_expires_at));
    let said = last(&house, Action::AuthorizationCompleted).details["refresh_token"].clone();
    assert!(said.starts_with("dropped"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn the_old_refresh_token_stays_with_the_app_and_the_account_that_it_is_of() {
    let house = House::new();
    let mut granted = granted_to(&house, Some("1017"));
    granted.oauth_app = Some(strongroom_domain::OauthAppId::OPERATOR);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    let app = house.open();
    house.server.next_token(Answer::token(token_response("a-1", None, Some(Duration::from_secs(600)))));
    let credential = authorize(&app, again(&granted)).await;
    assert_eq!(secret(&house, &granted, "access_token").unwrap(), "a-1");
    assert_eq!(secret(&house, &granted, "refresh_token").unwrap(), "r0");
    assert!(credential.refresh_at.is_some() && credential.expires_at.is_none());
    let said = last(&house, Action::AuthorizationCompleted).details["refresh_token"].clone();
    assert!(said.starts_with("kept"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_open_is_not_authorised_over() {
    let house = House::new();
    let granted = granted_to(&house, None);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    house.store.tamper(granted.id, |row| row.sealed.envelope.push(0));
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::Unavailable));
    assert_eq!(last(&house, Action::IntegrityFailed).actor.as_str(), "system:authorization");
    assert_eq!(house.server.asked(), []);
}
