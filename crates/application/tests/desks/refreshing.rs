//! Each token is refreshed once, however many callers need it, and no grant is lost.

mod asking;
mod backoff;
mod broken;
mod endings;
mod late;
mod neighbours;
mod pauses;
mod readers;
mod revoking;
mod rounds;
mod sharing;
mod stopping;

use std::borrow::Cow;
use std::time::Duration;

use strongroom_application::{Application, Caller, Failure, Selector, to};
use strongroom_authorization_server::{ErrorAnswer, TokenError, Trouble};
use strongroom_domain::{
    Action, ConfigValue, Credential, CredentialId, CredentialStatus, CredentialType, Outcome, StatusReason,
};
use strongroom_fake_store::Call;
use strongroom_fixtures::{Answer, provider};
use tokio::task::JoinHandle;

use crate::house::{House, acme, admitted, engine};

/// A token as a reader gets it.
async fn token(app: &Application, id: CredentialId) -> Result<String, Failure> {
    token_for(app, id, None).await
}

/// The token that a reader gets when it asks for one that lives this long.
async fn token_for(
    app: &Application,
    id: CredentialId,
    min_validity: Option<Duration>,
) -> Result<String, Failure> {
    let caller = admitted::<to::ReadSecrets>(app, &engine());
    let opened = app.credentials.read(&caller, Selector::Id(id), min_validity).await?;
    Ok(opened.secret.get("access_token").unwrap().expose().to_owned())
}

/// A read that is under way.
fn reading(app: &Application, id: CredentialId) -> JoinHandle<Result<String, Failure>> {
    let app = app.clone();
    tokio::spawn(async move { token(&app, id).await })
}

/// Asks for a refresh now.
async fn refresh(app: &Application, caller: &Caller, id: CredentialId) -> Result<Credential, Failure> {
    app.refreshing.refresh_now(&admitted(app, caller), id).await
}

/// Refreshes what is due, as the background does.
fn round(app: &Application) -> JoinHandle<()> {
    let app = app.clone();
    tokio::spawn(async move { app.refreshing.refresh_expiring().await })
}

/// The wait that a caller is asked for when the provider does not answer.
fn away(answer: Result<impl Sized, Failure>) -> Option<Duration> {
    match answer {
        Err(Failure::ProviderAway { retry_after }) => Some(retry_after),
        _ => None,
    }
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A grant of this provider, like [`House::granted`], with a refresh token of its own.
fn granted_by(house: &House, id: &str, seconds: i64) -> Credential {
    let mut granted = house.granted(seconds);
    granted.provider = provider(id);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", &format!("r-{id}"))]);
    granted
}

/// Client credentials of `machines` whose token has ended.
fn machine(house: &House) -> Credential {
    let mut machine = house.granted(-10);
    machine.provider = provider("machines");
    machine.credential_type = CredentialType::ClientCredentials;
    machine.config.insert("client_id", ConfigValue::Text("robot".to_owned()));
    house.put(&machine, &[("client_secret", "s-1"), ("access_token", "old")]);
    machine
}

/// `N` grants of `drive` whose tokens have ended, each with a refresh token of its own.
fn ended<const N: usize>(house: &House) -> [Credential; N] {
    std::array::from_fn(|number| {
        let granted = house.granted(-10);
        house.put(&granted, &[("access_token", "old"), ("refresh_token", &format!("r{number}"))]);
        granted
    })
}

/// The server answers this request with something that is no token; other requests may succeed.
fn failing() -> Answer {
    transient(Trouble::Passing)
}

/// The server is overloaded, for all requests.
fn outage() -> Answer {
    transient(Trouble::Server)
}

fn transient(trouble: Trouble) -> Answer {
    let cause = Cow::Borrowed("a test says so");
    Answer::error(TokenError::Transient {
        retry_after: None,
        may_have_been_served: false,
        trouble,
        answer: None,
        cause,
    })
}

/// A server that refuses the app with this code.
pub(crate) fn app_refused(code: &'static str) -> TokenError {
    TokenError::App { answer: ErrorAnswer { status: 401, code: Some(Cow::Borrowed(code)) } }
}

fn stored(house: &House, id: CredentialId) -> Credential {
    house.store.credential(id).unwrap()
}

/// A secret field of a stored credential.
fn secret(house: &House, id: CredentialId, field: &str) -> Option<String> {
    house.vault.look_into(&house.store.sealed(id).unwrap()).unwrap().remove(field)
}

/// The recorded refreshes: how each ended, and why.
fn on_record(house: &House) -> Vec<(Outcome, String)> {
    let events = house.store.events(&acme()).into_iter();
    let refreshes = events.filter(|event| event.action == Action::CredentialRefreshed);
    let ended =
        refreshes.map(|event| (event.outcome, event.details.get("reason").cloned().unwrap_or_default()));
    ended.collect()
}

/// Status and reason of a stored credential.
fn status(house: &House, id: CredentialId) -> (CredentialStatus, Option<String>) {
    let stored = stored(house, id);
    (stored.status, stored.status_reason.map(|reason| reason.as_str().to_owned()))
}

#[tokio::test(start_paused = true)]
async fn forty_readers_of_two_instances_share_one_refresh() {
    let house = House::new();
    let granted = house.granted(-10);
    let (one, two) = (house.open(), house.open_another());
    house.server.next_token(Answer::usual().after(Duration::from_secs(3)));
    let reads: Vec<_> = (0..40)
        .map(|n| {
            let app = if n % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { token(&app, granted.id).await })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap(), "access-1");
    }
    assert_eq!(house.server.refreshes(), ["r0"]);
    let refreshed = house.store.actions(&acme());
    assert_eq!(refreshed.iter().filter(|action| **action == Action::CredentialRefreshed).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_answer_was_lost_and_whose_token_was_rotated_says_so() {
    let house = House::new();
    let granted = house.granted(10);
    let app = house.open();
    house.server.next_token(Answer::lost());
    assert_eq!(token(&app, granted.id).await.unwrap(), "old", "the old token is still valid");
    tokio::time::sleep(Duration::from_secs(60)).await;
    token(&app, granted.id).await.unwrap_err();
    let ended = house.store.credential(granted.id).unwrap();
    assert_eq!(
        (ended.status, ended.status_reason.as_ref().map(StatusReason::as_str)),
        (CredentialStatus::NeedsReauth, Some("answer_lost"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_came_is_offered_to_the_store_until_that_is_back() {
    let house = House::new();
    let granted = house.granted(10);
    let app = house.open();
    house.store.faults().fail_every(Call::StoreRefreshed);
    let reading = tokio::spawn({
        let app = app.clone();
        async move { token(&app, granted.id).await }
    });
    tokio::time::sleep(Duration::from_secs(20)).await;
    house.store.faults().heal();
    assert_eq!(reading.await.unwrap().unwrap(), "old", "the reader did not wait for it");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(house.server.refreshes().len(), 1, "the provider was asked once");
}
