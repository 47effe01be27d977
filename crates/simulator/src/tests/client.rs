//! The smallest client that can make a step's request, and the judgement of the answer.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use strongroom_declared_http::{AwsSigV4, HttpBody, HttpStep, Template, TemplatePart, VariableForm};
use strongroom_domain::{CredentialType, TestCode};
use strongroom_environment::Clock;
use strongroom_fixtures::FrozenClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::form_urlencoded;

use super::{Played, http_test};
use crate::Credentials;
use crate::check::method;

/// A request before it is encoded.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Runs the steps that apply to the credentials, and returns the result of the last one.
pub(super) async fn run(
    at: SocketAddr,
    provider: &Played,
    kind: CredentialType,
    credentials: &Credentials,
) -> TestCode {
    let mut code = None;
    for step in &http_test(provider).unwrap().steps {
        if !step.conditions.admit(kind, |name| credentials.contains_key(name)) {
            continue;
        }
        let answer = exchange(at, &outgoing(at, provider, step, credentials)).await;
        let mistake: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert!(mistake.get("simulator").is_none(), "{} {}: {mistake}", provider.id, step.name);
        let found = strongroom_tester_http::evaluate(step, answer.status, &answer.headers, &answer.body);
        code = Some(found);
        if found != TestCode::Ok {
            break;
        }
    }
    code.unwrap_or_else(|| panic!("{}: no step applies to {}", provider.id, kind.as_str()))
}

/// The request of a step of an overlay.
pub(super) fn outgoing(
    at: SocketAddr,
    provider: &Played,
    step: &HttpStep,
    credentials: &Credentials,
) -> Outgoing {
    let text = |template: &Template| fill(template, provider, credentials, str::to_owned);
    let pairs = |templates: &[(String, Template)]| {
        let pairs = templates.iter().filter_map(|(name, template)| Some((name, text(template)?)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    let mut headers = vec![("host".to_owned(), at.to_string()), ("user-agent".to_owned(), "test".to_owned())];
    headers.extend(step.headers.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?))));
    if let Some((username, password)) = &step.basic {
        let pair = format!("{}:{}", text(username).unwrap(), text(password).unwrap());
        headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
    }
    let (body, content_type) = match &step.body {
        HttpBody::None => (String::new(), None),
        HttpBody::Json(json) => (json.clone(), Some("application/json")),
        HttpBody::Form(form) => (pairs(form), Some("application/x-www-form-urlencoded")),
    };
    if let Some(content_type) = content_type {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    let encode = |value: &str| {
        value
            .split('/')
            .map(|part| form_urlencoded::byte_serialize(part.as_bytes()).collect())
            .collect::<Vec<String>>()
            .join("/")
    };
    let path = fill(&step.path, provider, credentials, encode).unwrap();
    let mut outgoing =
        Outgoing { method: method(step.method).to_owned(), path, query: pairs(&step.query), headers, body };
    if let Some(aws) = &step.aws_sigv4 {
        sign_for_aws(&mut outgoing, aws, &text(&aws.region).unwrap(), credentials);
    }
    outgoing
}

pub(super) async fn exchange(at: SocketAddr, outgoing: &Outgoing) -> Incoming {
    let mut bytes = raw(at, &bytes(outgoing)).await;
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer with headers");
    let body = bytes.split_off(head + 4);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
    });
    Incoming { status, headers: headers.collect(), body }
}

pub(super) fn bytes(outgoing: &Outgoing) -> Vec<u8> {
    let Outgoing { method, path, query, headers, body } = outgoing;
    let question_mark = if query.is_empty() { "" } else { "?" };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path}{question_mark}{query} HTTP/1.1\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends bytes and reads until the simulator closes the connection.
pub(super) async fn raw(at: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(at).await;
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("an answer that ends")
        .unwrap();
    answer
}

#[expect(clippy::disallowed_methods, reason = "the test is the client; egress would refuse the loopback")]
pub(super) async fn connect(at: SocketAddr) -> TcpStream {
    TcpStream::connect(at).await.unwrap()
}

pub(super) fn fill(
    template: &Template,
    provider: &Played,
    credentials: &Credentials,
    encode: impl Fn(&str) -> String,
) -> Option<String> {
    let parts = template.0.iter().map(|part| match part {
        TemplatePart::Literal(text) => Some(text.clone()),
        TemplatePart::Variable { name, form } => {
            let value = value(name, provider, credentials)?;
            Some(encode(&match form {
                VariableForm::Plain | VariableForm::KeepSlashes => value,
                VariableForm::Origin => url::Url::parse(&value).unwrap().origin().ascii_serialization(),
                VariableForm::Hyphens => value.replace('_', "-"),
            }))
        }
    });
    parts.collect()
}

fn value(name: &str, provider: &Played, credentials: &Credentials) -> Option<String> {
    if let Some(choice) = http_test(provider).and_then(|test| test.choices.get(name)) {
        let decided = value(&choice.field, provider, credentials).or_else(|| choice.default.clone())?;
        return choice.text(&decided).map(str::to_owned);
    }
    match credentials.get(name) {
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
        None => provider.field(name)?.default.clone(),
    }
}

/// Signs a request with AWS's own crate, at the time of the tests.
fn sign_for_aws(outgoing: &mut Outgoing, aws: &AwsSigV4, region: &str, credentials: &Credentials) {
    let field = |name: &str| credentials.get(name).and_then(serde_json::Value::as_str);
    let (id, secret) = (field("access_key_id").unwrap(), field("secret_access_key").unwrap());
    let token = field("session_token").map(str::to_owned);
    let identity = aws_credential_types::Credentials::new(id, secret, token, None, "test").into();
    let settings = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(&aws.service)
        .time(SystemTime::from(FrozenClock::default().now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let question_mark = if outgoing.query.is_empty() { "" } else { "?" };
    let host = outgoing.headers[0].1.clone();
    let uri = format!("http://{host}{}{question_mark}{}", outgoing.path, outgoing.query);
    let headers = outgoing.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Bytes(outgoing.body.as_bytes());
    let request = SignableRequest::new(outgoing.method.as_str(), uri.as_str(), headers, body).unwrap();
    let (instructions, _) = sign(request, &settings).unwrap().into_parts();
    let signed: Vec<_> =
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    outgoing.headers.extend(signed);
}
