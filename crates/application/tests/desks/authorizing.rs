//! Authorizations from their beginning to their end, and the OAuth apps of organisations.

mod apps;
mod begin;
mod callback;
mod complete;
mod confirm;
mod expire;
mod forged;
mod granting;
mod reauthorize;

use std::collections::BTreeMap;

use strongroom_application::{
    Application, BeginAuthorization, BegunAuthorization, CallbackRefused, Caller, CompleteAuthorization,
    Failure, ReceiveCallback, Received,
};
use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Action, AuditEvent, Credential, CredentialId, SecretText};

use crate::house::{House, acme, admin, admitted};

/// A request to authorise this provider.
pub(crate) fn at(provider: &str) -> BeginAuthorization {
    BeginAuthorization { provider: provider.to_owned(), ..BeginAuthorization::default() }
}

/// A request to authorise this credential again.
fn again(credential: &Credential) -> BeginAuthorization {
    BeginAuthorization { credential_id: Some(credential.id), ..at(credential.provider.as_str()) }
}

pub(crate) async fn begin(
    app: &Application,
    caller: &Caller,
    asked: BeginAuthorization,
) -> Result<BegunAuthorization, Failure> {
    app.authorizing.begin(&admitted(app, caller), asked).await
}

/// A callback of a browser to the URI of a provider.
fn brings(provider: &str, parameters: &[(&str, &str)]) -> ReceiveCallback {
    let text = |text: &str| SecretText::new(text.to_owned());
    let parameters: BTreeMap<_, _> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    ReceiveCallback {
        provider: provider.to_owned(),
        app: None,
        parameters,
        repeated: false,
        origin: Origin::default(),
    }
}

/// A person has granted, and the browser comes back with the code `c-1`.
pub(crate) async fn come_back(
    app: &Application,
    provider: &str,
    begun: &BegunAuthorization,
) -> Result<Received, CallbackRefused> {
    let parameters = [("state", begun.state.expose()), ("code", "c-1")];
    app.authorizing.receive_callback(brings(provider, &parameters)).await
}

/// The code that completes a flow, as a page shows it when the flow has no place to go back to.
pub(crate) fn completion_code(received: Result<Received, CallbackRefused>) -> Option<String> {
    match received {
        Ok(Received::Code { completion_code, .. }) => Some(completion_code.expose().to_owned()),
        _ => None,
    }
}

/// Why a callback failed.
fn problem<T>(received: Result<T, CallbackRefused>) -> Option<CallbackProblem> {
    received.err().map(|refused| refused.problem)
}

async fn complete(
    app: &Application,
    caller: &Caller,
    begun: &BegunAuthorization,
    code: &str,
) -> Result<Credential, Failure> {
    let asked = CompleteAuthorization {
        state: begun.state.duplicate(),
        completion_code: SecretText::new(code.to_owned()),
        subject: None,
    };
    app.authorizing.complete(&admitted(app, caller), asked).await
}

/// A complete flow of an admin.
async fn authorize(app: &Application, asked: BeginAuthorization) -> Credential {
    let provider = asked.provider.clone();
    let begun = begin(app, &admin(), asked).await.unwrap();
    let code = completion_code(come_back(app, &provider, &begun).await).unwrap();
    complete(app, &admin(), &begun, &code).await.unwrap()
}

/// A parameter of the URL to which a person is sent.
fn parameter(begun: &BegunAuthorization, name: &str) -> Option<String> {
    let url = begun.authorization_url.expose();
    let (_, query) = url.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
}

/// The credential that the last event is about.
fn last_credential(house: &House) -> Option<CredentialId> {
    house.store.events(&acme()).last().and_then(|event| event.credential)
}

/// The last event of this action.
fn last(house: &House, action: Action) -> AuditEvent {
    house.store.events(&acme()).into_iter().rev().find(|event| event.action == action).unwrap()
}

/// The recorded reason why an authorization failed.
fn failed_because(house: &House) -> String {
    last(house, Action::AuthorizationFailed).details.get("reason").unwrap().clone()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

/// The field that a refusal is about.
fn refused_field<T>(answer: Result<T, Failure>) -> Option<String> {
    match answer {
        Err(Failure::Invalid(violations)) => violations.first().map(|violation| violation.field.clone()),
        _ => None,
    }
}
