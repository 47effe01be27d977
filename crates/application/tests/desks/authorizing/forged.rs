//! Callbacks that are forged, or that belong to another flow.

use strongroom_application::{BeginAuthorization, NewOauthApp};
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Action, Outcome};
use strongroom_fake_store::Call;

use super::{
    at, begin, brings, come_back, complete, completion_code, failed_because, last, parameter, pass, problem,
};
use crate::house::{House, acme, admin, admitted, member};

const UNKNOWN: Option<CallbackProblem> = Some(CallbackProblem::UnknownState);

#[tokio::test(start_paused = true)]
async fn a_state_works_once_and_its_callback_gets_one_answer_until_the_flow_is_complete() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &admin(), at("drive")).await.unwrap();
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    let again = completion_code(come_back(&app, "drive", &begun).await);
    assert_eq!(again.as_ref(), Some(&code), "a reload shows the page again");
    let state = begun.state.expose();
    for parameters in [vec![("state", state), ("code", "c-2")], vec![("state", state)]] {
        let received = app.authorizing.receive_callback(brings("drive", &parameters)).await;
        assert_eq!(problem(received), UNKNOWN, "only with the code that brought the grant");
    }
    let received =
        app.authorizing.receive_callback(brings("crm", &[("state", state), ("code", "c-1")])).await;
    assert_eq!(problem(received), UNKNOWN, "only at its own place");
    assert_eq!(house.server.asked().len(), 2, "one code, one account");
    assert_eq!(house.store.actions(&acme()).len(), 3, "begun, granted, created");
    complete(&app, &admin(), &begun, &code).await.unwrap();
    assert_eq!(problem(come_back(&app, "drive", &begun).await), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_failed_does_not_work_a_second_time() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let denied = [("state", begun.state.expose()), ("error", "access_denied")];
    app.authorizing.receive_callback(brings("drive", &denied)).await.unwrap_err();
    assert_eq!(problem(come_back(&app, "drive", &begun).await), UNKNOWN);
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn two_browsers_with_one_state_get_one_grant() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let (one, other) = tokio::join!(come_back(&app, "drive", &begun), come_back(&app, "drive", &begun));
    assert_eq!(completion_code(one).unwrap(), completion_code(other).unwrap());
    assert_eq!(house.server.asked().len(), 2, "one code, one account");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_state_is_not_looked_for() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let state = begun.state.expose();
    let longer = format!("{state}x");
    for parameters in [vec![], vec![("state", "")], vec![("state", &state[..42])], vec![("state", &longer)]] {
        let received = app.authorizing.receive_callback(brings("drive", &parameters)).await;
        assert_eq!(problem(received), UNKNOWN);
    }
    let mut twice = brings("drive", &[("state", state), ("code", "c-1")]);
    twice.repeated = true;
    assert_eq!(problem(app.authorizing.receive_callback(twice).await), UNKNOWN);
    assert_eq!(house.store.calls(Call::TakeFlow), 0);
    let other = "s".repeat(43);
    let received = app.authorizing.receive_callback(brings("drive", &[("state", &other)])).await;
    assert_eq!(problem(received), UNKNOWN);
    assert!(completion_code(come_back(&app, "drive", &begun).await).is_some(), "none of that used it up");
}

#[tokio::test(start_paused = true)]
async fn after_ten_minutes_a_state_is_unknown() {
    let house = House::new();
    let app = house.open();
    let (early, late) = (
        begin(&app, &member(), at("drive")).await.unwrap(),
        begin(&app, &member(), at("drive")).await.unwrap(),
    );
    pass(599).await;
    assert_eq!(problem(come_back(&app, "drive", &early).await), None);
    pass(1).await;
    assert_eq!(problem(come_back(&app, "drive", &late).await), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_the_place_of_another_provider_or_app_ends_the_flow_and_is_told_nothing() {
    for (provider, own_app) in [("crm", None), ("drive", Some("0192f0c1-7b6a-7abc-8def-0123456789ab"))] {
        let house = House::new();
        let app = house.open();
        let back = Some("https://app.example.test/done".to_owned());
        let asked = BeginAuthorization { redirect_to: back, ..at("drive") };
        let begun = begin(&app, &member(), asked).await.unwrap();
        let mut callback = brings(provider, &[("state", begun.state.expose()), ("code", "c-1")]);
        callback.app = own_app.map(str::to_owned);
        let refused = app.authorizing.receive_callback(callback).await.unwrap_err();
        assert_eq!((refused.problem, refused.redirect), (CallbackProblem::OtherProvider, None));
        assert_eq!(house.server.asked(), [], "no code is sent to the wrong provider");
        let event = last(&house, Action::AuthorizationFailed);
        assert_eq!((event.outcome, event.details["reason"].as_str()), (Outcome::Denied, "other_provider"));
        assert_eq!(problem(come_back(&app, "drive", &begun).await), UNKNOWN);
    }
}

#[tokio::test(start_paused = true)]
async fn the_provider_in_the_path_is_read_in_any_case() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    assert_eq!(problem(come_back(&app, "Drive", &begun).await), None);
}

#[tokio::test(start_paused = true)]
async fn a_flow_of_an_own_app_comes_back_to_that_apps_place() {
    let house = House::new();
    let app = house.open();
    let new = NewOauthApp { provider: "drive".into(), client_id: "own".into(), client_secret: None };
    let own = app.authorizing.create_app(&admitted(&app, &admin()), new).await.unwrap();
    let id = own.app.id.to_string();
    let one = begin(&app, &member(), at("drive")).await.unwrap();
    assert!(parameter(&one, "redirect_uri").unwrap().ends_with(&id));
    assert_eq!(problem(come_back(&app, "drive", &one).await), Some(CallbackProblem::OtherProvider));
    let other = begin(&app, &member(), at("drive")).await.unwrap();
    let mut callback = brings("drive", &[("state", other.state.expose()), ("code", "c-1")]);
    callback.app = Some(id);
    assert_eq!(problem(app.authorizing.receive_callback(callback).await), None);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_taken_only_from_the_issuer_that_was_announced() {
    let house = House::new();
    house.server.set_issuer(Some("https://id.example.test"));
    let app = house.open();
    for issuer in [None, Some("https://evil.example.test"), Some("")] {
        let back = Some("https://app.example.test/done".to_owned());
        let asked = BeginAuthorization { redirect_to: back, ..at("drive") };
        let begun = begin(&app, &member(), asked).await.unwrap();
        let mut parameters = vec![("state", begun.state.expose()), ("code", "c-1")];
        parameters.extend(issuer.map(|issuer| ("iss", issuer)));
        let refused = app.authorizing.receive_callback(brings("drive", &parameters)).await.unwrap_err();
        assert_eq!((refused.problem, refused.redirect), (CallbackProblem::OtherIssuer, None));
        assert_eq!(failed_because(&house), "other_issuer");
    }
    assert_eq!(house.server.asked(), []);
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let parameters = [("state", begun.state.expose()), ("code", "c-1"), ("iss", "https://id.example.test")];
    assert_eq!(problem(app.authorizing.receive_callback(brings("drive", &parameters)).await), None);
}

#[tokio::test(start_paused = true)]
async fn an_error_from_another_issuer_is_not_believed() {
    let house = House::new();
    house.server.set_issuer(Some("https://id.example.test"));
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let parameters = [("state", begun.state.expose()), ("error", "access_denied")];
    let received = app.authorizing.receive_callback(brings("drive", &parameters)).await;
    assert_eq!(problem(received), Some(CallbackProblem::OtherIssuer));
}
