//! No calls are made for a while to a provider that does not answer; other providers are not affected.

use std::time::Duration;

use strongroom_application::{Application, NewOauthApp};
use strongroom_authorization_server::{TokenError, Trouble};
use strongroom_domain::{ConfigValue, Credential, OauthAppId, Role};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, token_response};

use super::{
    away, ended, failing, granted_by, outage, pass, reading, refresh, secret, status, stored, token,
};
use crate::house::{House, admin, admitted, user};

const PAUSE: Duration = Duration::from_secs(5);
/// A first pause, to which two calls led.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// Lets the server fail with an outage for two grants of one organisation, which begins a pause for its
/// grants there.
async fn begin_pause(house: &House, app: &Application, grants: [&Credential; 2]) {
    for grant in grants {
        fail(house, app, grant).await;
    }
}

async fn fail(house: &House, app: &Application, grant: &Credential) {
    let asked = house.server.asked().len();
    house.server.next_token(outage());
    assert!(away(token(app, grant.id).await).is_some());
    assert_eq!(house.server.asked().len(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_asked_once_in_five_seconds() {
    let house = House::new();
    let [one, two, three, four, five] = ended(&house);
    let app = house.open();
    begin_pause(&house, &app, [&one, &two]).await;
    for other in [&three, &four] {
        assert_eq!(away(token(&app, other.id).await), Some(FIRST_PAUSE));
    }
    assert_eq!(house.server.asked().len(), 2);
    pass(9).await;
    assert_eq!(away(token(&app, three.id).await), Some(Duration::from_secs(1)));
    pass(1).await;
    fail(&house, &app, &four).await;
    assert_eq!(away(token(&app, five.id).await), Some(PAUSE), "the next five seconds have begun");
    assert_eq!(house.server.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn other_providers_are_asked_meanwhile() {
    let house = House::new();
    let [one, two, three] = ended(&house);
    let crm = granted_by(&house, "crm", -10);
    let app = house.open();
    begin_pause(&house, &app, [&one, &two]).await;
    assert_eq!(token(&app, crm.id).await.unwrap(), "access-1");
    assert!(away(token(&app, three.id).await).is_some(), "and an answer of another ends no pause");
}

#[tokio::test(start_paused = true)]
async fn another_instance_finds_out_for_itself() {
    let house = House::new();
    let [one, two, three] = ended(&house);
    let (here, there) = (house.open(), house.open_another());
    begin_pause(&house, &here, [&one, &two]).await;
    assert_eq!(token(&there, three.id).await.unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_one_caller_tries_and_the_others_wait_for_what_comes_of_it() {
    let house = House::new();
    let [one, two, three, four] = ended(&house);
    let app = house.open();
    begin_pause(&house, &app, [&one, &two]).await;
    pass(10).await;
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let tries = reading(&app, three.id);
    held.reached().await;
    assert_eq!(away(token(&app, four.id).await), Some(PAUSE));
    assert_eq!(house.server.asked().len(), 3);
    held.release();
    assert!(tries.await.unwrap().is_ok());
    assert!(token(&app, four.id).await.is_ok(), "the answer has ended the pause");
}

#[tokio::test(start_paused = true)]
async fn when_nothing_comes_of_a_try_another_may_after_five_seconds_more() {
    let house = House::new();
    let [one, two, three, four, five] = ended(&house);
    let app = house.open();
    begin_pause(&house, &app, [&one, &two]).await;
    pass(10).await;
    let (answer, held) = Answer::usual().held();
    house.server.next_token(answer);
    let tries = reading(&app, three.id);
    held.reached().await;
    assert!(away(token(&app, four.id).await).is_some());
    pass(4).await;
    assert!(away(token(&app, five.id).await).is_some());
    pass(1).await;
    assert_eq!(token(&app, five.id).await.unwrap(), "access-2");
    held.release();
    assert_eq!(tries.await.unwrap().unwrap(), "access-1");
}

#[tokio::test(start_paused = true)]
async fn any_answer_ends_a_pause() {
    let answers =
        [Answer::usual, Answer::dead, Answer::app_refused, Answer::doubtful, failing as fn() -> Answer];
    for (number, answer) in answers.into_iter().enumerate() {
        let house = House::new();
        let [one, two, three, four] = ended(&house);
        let app = house.open();
        begin_pause(&house, &app, [&one, &two]).await;
        pass(10).await;
        house.server.next_token(answer());
        token(&app, three.id).await.ok();
        assert!(token(&app, four.id).await.is_ok(), "answer {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_request_holds_up_nobody() {
    let house = House::new();
    let [one, two] = ended(&house);
    let app = house.open();
    house.server.next_token(failing());
    assert!(away(token(&app, one.id).await).is_some());
    assert!(token(&app, two.id).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_organisation_that_is_held_off_at_its_own_app_is_not_at_the_operators() {
    let house = House::new();
    let [operators, by_hand] = ended(&house);
    let app = house.open();
    let new = NewOauthApp { provider: "drive".into(), client_id: "own".into(), client_secret: None };
    let shown = app.authorizing.create_app(&admitted(&app, &admin()), new).await.unwrap();
    let of = |oauth_app| {
        let mut grant = house.granted(-10);
        grant.oauth_app = Some(oauth_app);
        house.put(&grant, &[("access_token", "old"), ("refresh_token", "r1")]);
        grant
    };
    begin_pause(&house, &app, [&of(shown.app.id), &of(shown.app.id)]).await;
    assert_eq!(token(&app, operators.id).await.unwrap(), "access-1");
    begin_pause(&house, &app, [&of(OauthAppId::OPERATOR), &of(OauthAppId::OPERATOR)]).await;
    assert!(away(token(&app, by_hand.id).await).is_some(), "the operator's app is one place");
}

#[tokio::test(start_paused = true)]
async fn tenants_of_a_provider_do_not_share_a_pause() {
    let house = House::new();
    let of = |tenant: &str| {
        let mut desk = granted_by(&house, "desk", -10);
        desk.config.insert("subdomain", ConfigValue::Text(tenant.to_owned()));
        house.put(&desk, &[("access_token", "old"), ("refresh_token", tenant)]);
        desk
    };
    let (north, also_north, south) = ([of("north"), of("north")], of("north"), of("south"));
    let app = house.open();
    begin_pause(&house, &app, north.each_ref()).await;
    assert_eq!(token(&app, south.id).await.unwrap(), "access-1");
    assert!(away(token(&app, also_north.id).await).is_some());
}

#[tokio::test(start_paused = true)]
async fn whoever_may_try_and_does_not_leaves_it_to_the_next() {
    type Spoil = fn(&House, &Credential);
    let no_lease: Spoil = |house, _| house.store.faults().fail_next(Call::AcquireLease, unavailable());
    let nothing_to_send: Spoil = |house, grant| house.put(grant, &[("access_token", "old")]);
    let does_not_open: Spoil = |house, _| house.vault.fail_next_open(strongroom_vault::VaultError::Integrity);
    for (number, spoil) in [no_lease, nothing_to_send, does_not_open].into_iter().enumerate() {
        let house = House::new();
        let [one, two, three, four] = ended(&house);
        let app = house.open();
        begin_pause(&house, &app, [&one, &two]).await;
        pass(10).await;
        spoil(&house, &three);
        token(&app, three.id).await.unwrap_err();
        assert_eq!(house.server.asked().len(), 2);
        assert_eq!(token(&app, four.id).await.unwrap(), "access-1", "spoil {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_token_of_use_holds_up_its_grant_whose_refresh_token_is_kept() {
    let house = House::new();
    let [one, two] = ended(&house);
    let app = house.open();
    let unusable = token_response(&"x".repeat(40_000), Some("new"), Some(Duration::from_secs(3_600)));
    house.server.next_token(Answer::token(unusable));
    let wait = Duration::from_secs(30);
    assert_eq!(away(token(&app, one.id).await), Some(wait));
    assert_eq!(secret(&house, one.id, "refresh_token").unwrap(), "new");
    assert_eq!(secret(&house, one.id, "access_token").unwrap(), "old");
    assert_eq!(stored(&house, one.id).refresh_at, None);
    assert!(token(&app, two.id).await.is_ok());
    assert!(away(token(&app, one.id).await).is_some());
    assert_eq!(house.server.refreshes().len(), 2);
    pass(60).await;
    assert_eq!(token(&app, one.id).await.unwrap(), "access-2");
    assert_eq!(house.server.refreshes().last().unwrap(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_built_is_no_outage() {
    let house = House::new();
    let [one, two] = ended(&house);
    let app = house.open();
    let violation = strongroom_domain::Rule::fixed("is required").on("subdomain");
    house.server.next_token(Answer::error(TokenError::Unbuildable(violation)));
    assert!(token(&app, one.id).await.is_err());
    assert_eq!(status(&house, one.id).1.as_deref(), Some("not_sent"));
    assert!(token(&app, two.id).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_outage_of_one_provider_does_not_end_the_pause_of_another() {
    let house = House::new();
    let [one, two, three] = ended(&house);
    let crm = ["crm", "crm"].map(|id| granted_by(&house, id, -10));
    let app = house.open();
    begin_pause(&house, &app, [&one, &two]).await;
    begin_pause(&house, &app, crm.each_ref()).await;
    assert_eq!(away(token(&app, three.id).await), Some(FIRST_PAUSE));
    assert_eq!(house.server.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn grants_of_two_organisations_that_fail_hold_up_everybody_and_one_call_that_a_person_asks_for_passes()
{
    let house = House::new();
    let app = house.open();
    for name in ["globex", "initech"] {
        house.server.next_token(outage());
        let caller = admitted(&app, &user(name, "ann", Role::Admin));
        app.refreshing.refresh_now(&caller, house.granted_in(name, -10).id).await.unwrap_err();
    }
    let [one, two] = ended(&house);
    assert_eq!(away(token(&app, one.id).await), Some(FIRST_PAUSE));
    assert_eq!(house.server.asked().len(), 2);
    assert_eq!(refresh(&app, &admin(), one.id).await.unwrap().version, 2);
    assert!(token(&app, two.id).await.is_ok(), "the success has ended the pause");
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_never_sent_hold_up_nobody() {
    let house = House::new();
    let [one, two, three] = ended(&house);
    let app = house.open();
    for grant in [&one, &two] {
        house.server.next_token(super::transient(Trouble::None));
        assert!(away(token(&app, grant.id).await).is_some());
    }
    assert!(token(&app, three.id).await.is_ok());
}
