//! The answers of a provider: those that the browser brings, and those to the exchange of the code.

use std::borrow::Cow;
use std::time::Duration;

use strongroom_application::{BeginAuthorization, Received};
use strongroom_authorization_server::{ErrorAnswer, TokenError, Trouble};
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Account, Action, Outcome, Rule};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, Asked, token_response};

use super::{
    at, authorize, begin, brings, come_back, completion_code, failed_because, last, last_credential, pass,
    problem,
};
use crate::house::{House, acme, admin, fields, member};

const BACK: &str = "https://app.example.test/done";

fn with_redirect(provider: &str) -> BeginAuthorization {
    BeginAuthorization { redirect_to: Some(BACK.to_owned()), ..at(provider) }
}

/// An answer of a server that fails, or that says something else than a token.
fn answered(status: u16, code: Option<&'static str>) -> Answer {
    Answer::error(TokenError::Transient {
        retry_after: None,
        may_have_been_served: true,
        trouble: Trouble::Server,
        answer: Some(ErrorAnswer { status, code: code.map(Cow::Borrowed) }),
        cause: "no token".into(),
    })
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_provider_goes_back_with_the_browser_and_nothing_is_exchanged() {
    let cases = [
        ("access_denied", CallbackProblem::AccessDenied),
        ("user_cancelled_login", CallbackProblem::AccessDenied),
        ("server_error", CallbackProblem::ProviderUnavailable),
        ("unauthorized_client", CallbackProblem::Misconfigured),
        ("anything", CallbackProblem::ProviderRefused),
        ("not a code", CallbackProblem::ProviderRefused),
    ];
    for (error, expected) in cases {
        let house = House::new();
        let app = house.open();
        let begun = begin(&app, &member(), with_redirect("drive")).await.unwrap();
        let parameters = [("state", begun.state.expose()), ("error", error), ("code", "c-1")];
        let refused = app.authorizing.receive_callback(brings("drive", &parameters)).await.unwrap_err();
        assert_eq!(refused.problem, expected);
        let place = format!("{BACK}?status=failed&error={}", expected.as_str());
        assert_eq!(refused.redirect, Some(place));
        assert_eq!(house.server.asked(), []);
        let code = last(&house, Action::AuthorizationFailed).details.get("provider_code").cloned();
        assert_eq!(code.as_deref(), (error != "not a code").then_some(error));
        assert_eq!(failed_because(&house), expected.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_has_one_to_4096_bytes() {
    let (longest, too_long) = ("c".repeat(4_096), "c".repeat(4_097));
    let cases = [(None, false), (Some(""), false), (Some(longest.as_str()), true), (Some(&too_long), false)];
    for (code, is_taken) in cases {
        let house = House::new();
        let app = house.open();
        let begun = begin(&app, &member(), at("drive")).await.unwrap();
        let mut parameters = vec![("state", begun.state.expose())];
        parameters.extend(code.map(|code| ("code", code)));
        let received = app.authorizing.receive_callback(brings("drive", &parameters)).await;
        assert_eq!(problem(received), (!is_taken).then_some(CallbackProblem::NoCode));
        assert_eq!(!house.server.asked().is_empty(), is_taken);
    }
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_fails_leaves_nothing_but_its_reason() {
    let unbuildable = TokenError::Unbuildable(Rule::fixed("is required").on("subdomain"));
    let cases = [
        (Answer::dead(), CallbackProblem::CodeRefused),
        (Answer::app_refused(), CallbackProblem::Misconfigured),
        (Answer::error(unbuildable), CallbackProblem::Misconfigured),
        (Answer::away(), CallbackProblem::ProviderUnavailable),
        (answered(503, None), CallbackProblem::ProviderUnavailable),
        (answered(200, None), CallbackProblem::BadAnswer),
        (answered(200, Some("odd")), CallbackProblem::ProviderRefused),
        (Answer::token(token_response(&"x".repeat(40_000), None, None)), CallbackProblem::BadAnswer),
    ];
    for (answer, expected) in cases {
        let house = House::new();
        let app = house.open();
        let begun = begin(&app, &member(), at("drive")).await.unwrap();
        house.server.next_token(answer);
        assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(expected));
        let event = last(&house, Action::AuthorizationFailed);
        assert_eq!((event.outcome, event.details["reason"].as_str()), (Outcome::Denied, expected.as_str()));
        assert_eq!(event.details["begun_by"], member().actor.as_str());
        assert_eq!(event.actor.as_str(), "system:authorization");
        assert_eq!(house.store.credential(event.credential.unwrap()), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_field_that_had_to_come_with_the_token_and_did_not_is_a_bad_answer() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("crm")).await.unwrap();
    assert_eq!(problem(come_back(&app, "crm", &begun).await), Some(CallbackProblem::BadAnswer));
    let given = fields(&[("base_url", "https://crm.example.test")]);
    let begun = begin(&app, &member(), BeginAuthorization { inputs: given, ..at("crm") }).await.unwrap();
    assert_eq!(problem(come_back(&app, "crm", &begun).await), None);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_gone_by_the_time_the_person_returns_is_told() {
    let mut house = House::new();
    let begun = begin(&house.open(), &member(), at("drive")).await.unwrap();
    house.settings.apps.clear();
    let received = come_back(&house.open_another(), "drive", &begun).await;
    assert_eq!(problem(received), Some(CallbackProblem::Misconfigured));
}

#[tokio::test(start_paused = true)]
async fn the_account_of_a_grant_is_looked_up_with_its_token() {
    let house = House::new();
    let app = house.open();
    let credential = authorize(&app, at("drive")).await;
    let account = Account { id: "1017".into(), name: Some("person@example.test".into()) };
    assert_eq!(credential.account, Some(account));
    assert_eq!(house.server.asked()[1].what, Asked::Account { access_token: "access-1".into() });
    assert_eq!(last(&house, Action::AuthorizationGranted).details["account"], "named");
    assert!(!format!("{:?}", house.store.events(&acme())).contains("person@example.test"));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_cannot_be_looked_up_is_no_reason_to_refuse_a_new_grant() {
    let house = House::new();
    let app = house.open();
    house.server.next_account(Err(crate::refreshing::app_refused("invalid_token")));
    let credential = authorize(&app, at("drive")).await;
    assert_eq!(credential.account, None);
    assert_eq!(last(&house, Action::AuthorizationGranted).details["account"], "not named");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_came_with_the_token_is_not_looked_up() {
    let house = House::new();
    let app = house.open();
    let mut response = token_response("a-1", Some("r-1"), None);
    response.account = Some(Account { id: "7".into(), name: None });
    house.server.next_token(Answer::token(response));
    assert_eq!(authorize(&app, at("drive")).await.account.unwrap().id, "7");
    assert_eq!(house.server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_has_no_account_look_up_is_not_asked() {
    let house = House::new();
    let app = house.open();
    let asked = BeginAuthorization { inputs: fields(&[("subdomain", "north")]), ..at("desk") };
    assert_eq!(authorize(&app, asked).await.account, None);
    assert_eq!(house.server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_grant_of_less_than_was_asked_for_says_so_on_record() {
    let house = House::new();
    let app = house.open();
    let mut response = token_response("a-1", None, None);
    response.scope = Some("profile".into());
    house.server.next_token(Answer::token(response));
    authorize(&app, at("drive")).await;
    assert_eq!(last(&house, Action::AuthorizationGranted).details["scope"], "narrowed");
    authorize(&app, at("drive")).await;
    assert_eq!(last(&house, Action::AuthorizationGranted).details.get("scope"), None);
}

#[tokio::test(start_paused = true)]
async fn a_browser_is_sent_back_with_what_completes_its_flow() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &admin(), with_redirect("drive")).await.unwrap();
    let Received::Redirect(place) = come_back(&app, "drive", &begun).await.unwrap() else {
        panic!("it is not sent back");
    };
    let (id, code) = (last_credential(&house).unwrap(), place.expose().rsplit_once('=').unwrap().1);
    let expected = format!("{BACK}?credential_id={id}&status=pending&completion_code={code}");
    assert_eq!(place.expose(), expected);
    assert_eq!(super::complete(&app, &admin(), &begun, code).await.unwrap().id, id);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_hangs_up_does_not_end_the_exchange() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let browser = tokio::spawn({
        let (app, callback) =
            (app.clone(), brings("drive", &[("state", begun.state.expose()), ("code", "c-1")]));
        async move { app.authorizing.receive_callback(callback).await }
    });
    held.reached().await;
    browser.abort();
    held.release();
    pass(1).await;
    assert!(house.store.actions(&acme()).contains(&Action::AuthorizationGranted));
}

#[tokio::test(start_paused = true)]
async fn a_new_grant_is_offered_to_the_store_for_ten_seconds() {
    for (seconds, expected) in [(9, None), (11, Some(CallbackProblem::Unavailable))] {
        let house = House::new();
        let app = house.open();
        let begun = begin(&app, &member(), at("drive")).await.unwrap();
        house.store.faults().fail_every(Call::GrantFlow);
        let browser = tokio::spawn({
            let (app, callback) =
                (app.clone(), brings("drive", &[("state", begun.state.expose()), ("code", "c-1")]));
            async move { app.authorizing.receive_callback(callback).await }
        });
        pass(seconds).await;
        house.store.faults().heal();
        assert_eq!(problem(browser.await.unwrap()), expected, "after {seconds} seconds");
        assert_eq!(house.server.asked().iter().filter(|asked| asked.client.is_some()).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_is_not_used_up_while_the_store_is_away() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    house.store.faults().fail_next(Call::TakeFlow, unavailable());
    let received = come_back(&app, "drive", &begun).await;
    assert_eq!(problem(received), Some(CallbackProblem::Unavailable));
    assert!(completion_code(come_back(&app, "drive", &begun).await).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_ends_during_the_exchange_is_over() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    pass(595).await;
    house.server.next_token(Answer::usual().after(Duration::from_secs(10)));
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::Over));
    assert_eq!(failed_because(&house), "over");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_put_on_record_is_a_failure_all_the_same() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    house.server.next_token(Answer::dead());
    house.store.faults().fail_next(Call::AbandonFlow, unavailable());
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::CodeRefused));
    pass(600).await;
    app.authorizing.expire_flows().await;
    assert_eq!(failed_because(&house), "over", "it ended by itself");
}
