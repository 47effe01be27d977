//! Plays the authorization server of every provider with `[oauth]` in its file (RFC 6749, 7009, 7636, 9207).
//!
//! A request for `https://acme.example.com/oauth/token`, named `token_url` in the file of `acme`, comes to
//! `/oauth/acme/token/acme.example.com/oauth/token`.

mod account;
mod authorize;
mod behaviour;
mod client;
mod grants;
mod members;
mod parameters;
mod token;

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use strongroom_declared_http::{Endpoint, OauthRequests};
use strongroom_domain::{OauthServer, Provider};

pub use behaviour::{OauthBehaviour, OauthCounts, OauthFault};

use crate::capture::Choices;
use crate::check;
use crate::wire::{Answer, Received, Reply};
use grants::Grants;

/// A difference from the provider file. The request is answered with a 400 that names it.
type Mistake = String;

/// The authorization servers of all providers, and the grants that they have made.
#[derive(Debug, Default)]
pub(crate) struct Desk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    behaviour: OauthBehaviour,
    counts: OauthCounts,
    grants: Grants,
}

/// A request to the authorization server of a provider.
pub(crate) struct Visit<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) server: &'a OauthServer,
    pub(crate) requests: &'a OauthRequests,
    /// The address on which the simulator listens.
    pub(crate) address: SocketAddr,
    pub(crate) received: &'a Received,
}

/// The endpoint to which a request came, `token` for `token_url`, and the address behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
}

impl Desk {
    pub(crate) fn behave(&self, behaviour: OauthBehaviour) {
        self.state().behaviour = behaviour;
    }

    pub(crate) fn counts(&self) -> OauthCounts {
        self.state().counts.clone()
    }

    /// Ends every grant, as people do in the settings of their accounts.
    pub(crate) fn revoke_grants(&self) {
        let state = &mut *self.state();
        state.counts.revoked_tokens += state.grants.end_all();
    }

    pub(crate) fn expire_access_tokens(&self) {
        self.state().grants.expire_access_tokens();
    }

    /// Whether the simulator issued this access token, and it has ended or is revoked.
    pub(crate) fn is_dead_token(&self, text: &str) -> bool {
        self.state().grants.owner_of(text).is_some_and(|owner| owner.is_none())
    }

    /// Serves a request, and spoils the answer if [`OauthBehaviour`] says so.
    pub(crate) fn answer(&self, visit: &Visit<'_>, place: Place<'_>) -> Result<Answer, Mistake> {
        let state = &mut *self.state();
        if place.endpoint == "authorize" {
            state.counts.authorizations += 1;
            let endpoint =
                Some(&visit.requests.authorize).filter(|_| visit.server.credential_type.is_oauth());
            check_place(visit, endpoint, place)?;
            return authorize::answer(visit, state).map(Answer::Whole);
        }
        let reply = |state: &mut State| match place.endpoint {
            "account" => account::answer(visit, state, place),
            "revoke" => account::revoke(visit, state, place),
            _ => token::answer(visit, state, place),
        };
        let OauthBehaviour { fault, delay, .. } = state.behaviour;
        let answer = match fault {
            Some(
                fault @ (OauthFault::Unavailable503
                | OauthFault::TooManyRequests { .. }
                | OauthFault::Html200),
            ) => {
                token::count(visit, state, place);
                Answer::Whole(fault.reply())
            }
            None => Answer::Whole(reply(state)?),
            Some(OauthFault::TruncatedJson) => {
                let mut reply = reply(state)?;
                reply.body.truncate(reply.body.len() / 2);
                Answer::Whole(reply)
            }
            Some(OauthFault::HangUpAfterReading) => {
                reply(state)?;
                Answer::Nothing
            }
        };
        Ok(if delay.is_zero() { answer } else { Answer::After(delay, Box::new(answer)) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit<'_> {
    /// The choices that a variable of a URL can have, by name.
    fn choices(&self) -> &Choices {
        &self.requests.choices
    }

    fn must_be(&self, method: &str) -> Result<(), Mistake> {
        if self.received.method == method { Ok(()) } else { Err(format!("the method is not {method}")) }
    }
}

/// Checks that the request came to this endpoint of the file.
fn check_place(visit: &Visit<'_>, endpoint: Option<&Endpoint>, place: Place<'_>) -> Result<(), Mistake> {
    let endpoint = endpoint.ok_or_else(|| format!("the file has no {}_url for this", place.endpoint))?;
    check::target(&endpoint.origin, &endpoint.path, (place.host, place.path), visit.choices()).map(drop)
}

/// An error of RFC 6749, section 5.2.
fn refusal(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({ "error": code, "error_description": "The simulator says so." }))
}
