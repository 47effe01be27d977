//! The person who granted confirms on a page of this service.

use strongroom_application::{
    Application, BeginAuthorization, BegunAuthorization, CallbackRefused, ConfirmAuthorization, Confirmation,
    Confirmed, Received, UpdateCredential,
};
use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::{CallbackProblem, Completion};
use strongroom_domain::{Account, Action, CredentialName, CredentialStatus, Outcome, SecretText};
use strongroom_fake_store::Call;
use strongroom_fixtures::Asked;

use super::{again, at, begin, come_back, complete, last, last_credential, pass, problem, refused_field};
use crate::house::{House, admin, admitted, member};

const BACK: &str = "https://app.example.test/done";

fn house() -> House {
    let mut house = House::new();
    house.settings.completion = Completion::Confirm;
    house
}

fn with_redirect() -> BeginAuthorization {
    BeginAuthorization { redirect_to: Some(BACK.to_owned()), ..at("drive") }
}

/// What the page asks of a person who has granted.
async fn page(app: &Application, begun: &BegunAuthorization) -> Option<Confirmation> {
    match come_back(app, "drive", begun).await {
        Ok(Received::Confirm(page)) => Some(page),
        _ => None,
    }
}

/// The answer that a person gives on the page.
fn answer(page: &Confirmation, connect: bool) -> ConfirmAuthorization {
    ConfirmAuthorization {
        provider: "Drive".to_owned(),
        state: page.state.duplicate(),
        token: page.token.duplicate(),
        connect,
        page_origin: Some("https://vault.example.test".to_owned()),
        origin: Origin::default(),
    }
}

async fn confirm(app: &Application, answer: ConfirmAuthorization) -> Result<Confirmed, CallbackRefused> {
    app.authorizing.confirm(answer).await
}

#[tokio::test(start_paused = true)]
async fn the_page_names_who_asked_for_what_and_whose_account_was_granted() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), with_redirect()).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    let told = (shown.organization.as_str(), shown.asked_by.as_str(), shown.provider.as_str());
    assert_eq!(told, ("acme", "ben", "DRIVE"));
    assert_eq!(shown.issuer.as_deref(), Some("https://id.example.test/"));
    assert_eq!(shown.account.as_deref(), Some("person@example.test"));
    assert_eq!(shown.action, "https://vault.example.test/integrations/drive/callback");
    assert_eq!(shown.then.as_deref(), Some("https://app.example.test"));
    assert_eq!(shown.state.expose(), begun.state.expose());
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_name_is_shown_by_its_id() {
    let house = house();
    let app = house.open();
    house.server.set_account(Some(Account { id: "2000".to_owned(), name: None }));
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    assert_eq!((shown.account.as_deref(), shown.then), (Some("2000"), None));
}

#[tokio::test(start_paused = true)]
async fn a_person_who_confirms_makes_the_grant_usable() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), with_redirect()).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    let confirmed = confirm(&app, answer(&shown, true)).await.unwrap();
    let credential = confirmed.credential.unwrap();
    assert_eq!(credential.status, CredentialStatus::Validated);
    let place = format!("{BACK}?credential_id={}&status=validated", credential.id);
    assert_eq!(confirmed.redirect, Some(place));
    let event = last(&house, Action::AuthorizationCompleted);
    assert_eq!((event.actor.as_str(), event.outcome), ("system:authorization", Outcome::Success));
    assert_eq!(event.details["begun_by"], member().actor.as_str());
    assert_eq!(problem(confirm(&app, answer(&shown, true)).await), Some(CallbackProblem::UnknownState));
}

#[tokio::test(start_paused = true)]
async fn without_a_place_to_go_back_to_our_own_page_is_the_end() {
    let house = house();
    let app = house.open();
    for connect in [true, false] {
        let begun = begin(&app, &member(), at("drive")).await.unwrap();
        let shown = page(&app, &begun).await.unwrap();
        assert_eq!(confirm(&app, answer(&shown, connect)).await.unwrap().redirect, None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_a_foreign_page_ends_nothing() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), with_redirect()).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    for origin in [None, Some("https://evil.example.test"), Some("null"), Some("http://vault.example.test")] {
        for connect in [true, false] {
            let foreign =
                ConfirmAuthorization { page_origin: origin.map(str::to_owned), ..answer(&shown, connect) };
            let refused = confirm(&app, foreign).await.unwrap_err();
            assert_eq!((refused.problem, refused.redirect), (CallbackProblem::ForeignPage, None));
        }
    }
    assert!(confirm(&app, answer(&shown, true)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_state_or_provider_ends_nothing() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), with_redirect()).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    let text = |text: &str| SecretText::new(text.to_owned());
    for connect in [true, false] {
        let wrong = [
            ConfirmAuthorization { token: text("x"), ..answer(&shown, connect) },
            ConfirmAuthorization { token: text(shown.state.expose()), ..answer(&shown, connect) },
            ConfirmAuthorization { state: text("x"), ..answer(&shown, connect) },
            ConfirmAuthorization { provider: "crm".to_owned(), ..answer(&shown, connect) },
        ];
        for answer in wrong {
            let refused = confirm(&app, answer).await.unwrap_err();
            assert_eq!((refused.problem, refused.redirect), (CallbackProblem::UnknownState, None));
        }
    }
    assert!(confirm(&app, answer(&shown, true)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_the_person_confirms_is_not_completed_by_its_beginner() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    let refused = complete(&app, &member(), &begun, shown.token.expose()).await;
    assert_eq!(refused_field(refused).as_deref(), Some("state"));
}

#[tokio::test(start_paused = true)]
async fn what_a_person_did_not_ask_for_is_thrown_away_and_not_revoked() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), with_redirect()).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    let id = last_credential(&house).unwrap();
    let ended = confirm(&app, answer(&shown, false)).await.unwrap();
    assert_eq!(ended.credential, None);
    assert_eq!(ended.redirect, Some(format!("{BACK}?status=failed&error=disowned")));
    assert_eq!(house.store.credential(id), None);
    let event = last(&house, Action::AuthorizationFailed);
    assert_eq!((event.outcome, event.details["reason"].as_str()), (Outcome::Denied, "disowned"));
    let revocations = house.server.asked().into_iter();
    assert_eq!(revocations.filter(|asked| matches!(asked.what, Asked::Revocation { .. })).count(), 0);
    assert_eq!(problem(confirm(&app, answer(&shown, true)).await), Some(CallbackProblem::UnknownState));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_leaves_the_page_to_be_answered_again() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    let calls = [(Call::FindGranted, true), (Call::CompleteFlow, true), (Call::AbandonFlow, false)];
    for (call, connect) in calls {
        house.store.faults().fail_every(call);
        let refused = confirm(&app, answer(&shown, connect)).await;
        assert_eq!(problem(refused), Some(CallbackProblem::Unavailable), "{call:?}");
        house.store.faults().heal();
    }
    assert!(confirm(&app, answer(&shown, true)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_was_edited_or_deleted_meanwhile_is_told() {
    let house = house();
    let app = house.open();
    let (edited, deleted) = (house.granted(3_600), house.granted(3_600));
    let mut pages = Vec::new();
    for granted in [&edited, &deleted] {
        let begun = begin(&app, &admin(), again(granted)).await.unwrap();
        pages.push(page(&app, &begun).await.unwrap());
    }
    let name = CredentialName::parse("renamed").unwrap();
    let change = UpdateCredential { name: Some(name), ..UpdateCredential::default() };
    app.credentials.update(&admitted(&app, &admin()), edited.id, change).await.unwrap();
    app.credentials.delete(&admitted(&app, &admin()), deleted.id, None, false).await.unwrap();
    let expected = [CallbackProblem::CredentialChanged, CallbackProblem::CredentialGone];
    for (shown, expected) in pages.iter().zip(expected) {
        assert_eq!(problem(confirm(&app, answer(shown, true)).await), Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn after_ten_minutes_the_page_is_answered_in_vain() {
    let house = house();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let shown = page(&app, &begun).await.unwrap();
    pass(600).await;
    assert_eq!(problem(confirm(&app, answer(&shown, true)).await), Some(CallbackProblem::UnknownState));
}
