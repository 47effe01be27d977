//! Decides how the simulator answers a request.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use strongroom_catalog_files::FileCatalog;
use strongroom_declared_http::{HttpStep, HttpTest, TemplatePart};
use strongroom_domain::{Provider, TestCode};
use strongroom_environment::Catalog;
use time::OffsetDateTime;

use crate::call::{Call, Wanted};
use crate::check::{Arrived, Expected};
use crate::marker::Marker;
use crate::oauth::{Desk, Place, Visit};
use crate::wire::{Answer, Received, Reply};
use crate::{known, synthesis};

/// A request that was received. It holds names only, never a value that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// The provider, when the path names one that is simulated.
    pub provider: Option<String>,
    /// The index of the step in the provider's file, when the path names one.
    pub step: Option<usize>,
    /// The endpoint of the authorization server, when the path names one: `token` for `token_url`.
    pub endpoint: Option<&'static str>,
    /// The method as it was sent, when it is one that a provider file may use.
    pub method: String,
    /// The path of a step as the file writes it, with its variables; empty when the path names no step.
    pub path: String,
    /// The names of the headers in lower case, in the order of the request.
    pub header_names: Vec<String>,
    /// The difference from the provider file. The answer was 400 or 404 in that case.
    pub mistake: Option<String>,
}

/// The providers, and the addresses of the simulator.
pub(crate) struct Stage {
    pub(crate) catalog: FileCatalog,
    pub(crate) address: SocketAddr,
    pub(crate) trap: SocketAddr,
    pub(crate) desk: Arc<Desk>,
    /// The time for AWS, when it is not the host's.
    pub(crate) time: Option<OffsetDateTime>,
}

impl Stage {
    /// Answers a request and describes it.
    pub(crate) fn answer(&self, received: &Received) -> (ReceivedRequest, Answer) {
        let known_method = matches!(received.method.as_str(), "GET" | "POST" | "HEAD");
        let mut record = ReceivedRequest {
            provider: None,
            step: None,
            endpoint: None,
            method: if known_method { received.method.clone() } else { "other".to_owned() },
            path: String::new(),
            header_names: received.headers.iter().map(|(name, _)| name.clone()).collect(),
            mistake: None,
        };
        let answer = self.play(received, &mut record).unwrap_or_else(|(status, mistake)| {
            let reply = Reply::json(status, &json!({ "simulator": mistake }));
            record.mistake = Some(mistake);
            Answer::Whole(reply)
        });
        (record, answer)
    }

    fn play(&self, received: &Received, record: &mut ReceivedRequest) -> Result<Answer, (u16, String)> {
        if let Some(place) = received.path.strip_prefix("/oauth/") {
            return self.authorize(received, place, record);
        }
        let nowhere = || (404, "the path names no step of a provider with an HTTP test".to_owned());
        let (id, index, host, path) = split(&received.path).ok_or_else(nowhere)?;
        let provider = self.catalog.find(id).ok_or_else(nowhere)?;
        let declarations = self.catalog.declarations();
        let test = declarations.test(&provider.id).ok_or_else(nowhere)?;
        let step = test.steps.get(index).ok_or_else(nowhere)?;
        record.provider = Some(provider.id.to_string());
        record.step = Some(index);
        record.path = path_of(step);
        let expected = Expected { provider: &provider, test, step };
        let arrived = expected.check(received, host, path).map_err(|mistake| (400, mistake))?;
        if let Some(signed) = &arrived.signed
            && let Some(skew) = signed.skew(self.now())
        {
            return Ok(Answer::Whole(known::skewed(&signed.service, skew)));
        }
        let call = Call { provider: provider.id.as_str(), host, path, received };
        let ended = arrived.values.values().any(|value| self.desk.is_dead_token(value));
        let decided = decide(&provider, &arrived);
        Ok(match if ended { Ok(Wanted::Reject) } else { decided } {
            Err(marker) => self.misbehave(marker),
            Ok(wanted) => {
                let reply = known::reply(&call, wanted);
                Answer::Whole(reply.unwrap_or_else(|| synthesise(test, step, wanted)))
            }
        })
    }

    /// A request to the authorization server of a provider: `<provider>/<endpoint>/<host><path>`.
    fn authorize(
        &self,
        received: &Received,
        place: &str,
        record: &mut ReceivedRequest,
    ) -> Result<Answer, (u16, String)> {
        const ENDPOINTS: [&str; 5] = ["authorize", "token", "refresh", "revoke", "account"];
        let nowhere = || (404, "the path names no endpoint of a provider with [oauth]".to_owned());
        let mut parts = place.splitn(3, '/');
        let (id, endpoint) = parts.next().zip(parts.next()).ok_or_else(nowhere)?;
        let endpoint = ENDPOINTS.into_iter().find(|known| *known == endpoint).ok_or_else(nowhere)?;
        let target = parts.next().and_then(|rest| rest.split_at_checked(rest.find('/')?));
        let (host, path) = target.ok_or_else(nowhere)?;
        let provider = self.catalog.find(id).ok_or_else(nowhere)?;
        let server = provider.oauth.as_ref().ok_or_else(nowhere)?;
        let declarations = self.catalog.declarations();
        let requests = declarations.oauth(&provider.id).ok_or_else(nowhere)?;
        record.provider = Some(provider.id.to_string());
        record.endpoint = Some(endpoint);
        let visit = Visit { provider: &provider, server, requests, address: self.address, received };
        self.desk.answer(&visit, Place { endpoint, host, path }).map_err(|mistake| (400, mistake))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a provider has a clock of its own, apart from the vault's"
    )]
    fn now(&self) -> OffsetDateTime {
        self.time.unwrap_or_else(OffsetDateTime::now_utc)
    }

    fn misbehave(&self, marker: Marker) -> Answer {
        let redirect = |to: String| Answer::Whole(Reply::new(302, "text/plain", "").with("Location", to));
        match marker {
            Marker::Limited => {
                let body = json!({ "error": "too many requests" });
                Answer::Whole(Reply::json(429, &body).with("Retry-After", "30"))
            }
            Marker::Slow => Answer::Slowly(Reply::json(200, &json!({ "simulator": "slow" }))),
            Marker::Endless => Answer::Endless,
            Marker::Redirect => redirect(format!("http://{}/", self.trap)),
            Marker::Metadata => redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
            Marker::Garbage => {
                let bytes: Vec<u8> = (0..=255).rev().collect();
                Answer::Whole(Reply::new(200, "application/octet-stream", bytes))
            }
            _ => Answer::Whole(Reply::new(503, "text/plain", "Service Unavailable")),
        }
    }
}

/// Splits `/<provider>/<step>/<host><path>` into provider, step, host and path.
fn split(path: &str) -> Option<(&str, usize, &str, &str)> {
    let mut parts = path.strip_prefix('/')?.splitn(3, '/');
    let (provider, step, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (host, path) = rest.split_at_checked(rest.find('/')?)?;
    Some((provider, step.parse().ok()?, host, path))
}

/// The behaviour that the markers in the secrets ask for: an answer of the provider (`Ok`), or some
/// misbehaviour (`Err`).
fn decide(provider: &Provider, arrived: &Arrived) -> Result<Wanted, Marker> {
    let secrets = provider.fields.iter().filter(|field| field.secret);
    let secrets = secrets.filter_map(|field| arrived.values.get(&field.name).map(String::as_str));
    let signer = arrived.signed.iter();
    let signer = signer.flat_map(|signed| [Some(&signed.access_key_id), signed.session_token.as_ref()]);
    let texts = signer.flatten().map(String::as_str).chain(secrets);
    let markers: Vec<_> = texts.map(|text| Marker::find(text).unwrap_or(Marker::Bad)).collect();
    let bad = markers.iter().find(|marker| **marker != Marker::Good);
    let genuine = arrived.signed.as_ref().is_none_or(|signed| signed.genuine);
    match bad.or(markers.first()) {
        None | Some(Marker::Bad) => Ok(Wanted::Reject),
        Some(_) if !genuine => Ok(Wanted::WrongSignature),
        Some(Marker::Good) => Ok(Wanted::Accept),
        Some(Marker::Denied) => Ok(Wanted::Denied),
        Some(other) => Err(*other),
    }
}

/// Makes an answer that fits the file. A key without permission passes a step whose file has no answer for
/// that, when another step has one.
fn synthesise(test: &HttpTest, step: &HttpStep, wanted: Wanted) -> Reply {
    let declared = |code| move |step: &HttpStep| step.outcomes.iter().any(|rule| rule.code == code);
    let (code, status) = match wanted {
        Wanted::Accept => (TestCode::Ok, 200),
        Wanted::Reject | Wanted::WrongSignature => (TestCode::AuthRejected, 401),
        Wanted::Denied
            if !declared(TestCode::Insufficient)(step)
                && test.steps.iter().any(declared(TestCode::Insufficient)) =>
        {
            (TestCode::Ok, 200)
        }
        Wanted::Denied => (TestCode::Insufficient, 403),
    };
    synthesis::reply(step, code).unwrap_or_else(|| Reply::json(status, &json!({ "error": "simulated" })))
}

fn path_of(step: &HttpStep) -> String {
    let parts = step.path.0.iter().map(|part| match part {
        TemplatePart::Literal(text) => text.clone(),
        TemplatePart::Variable { name, .. } => format!("{{{name}}}"),
    });
    parts.collect()
}
