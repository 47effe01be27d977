//! Builds the request of a step.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use strongroom_declared_http::request::{self, origin_form, sensitive, wiped};
use strongroom_declared_http::{
    HttpBody, HttpMethod, HttpStep, Place, Refusal, Target, Template, Values, is_reserved_header, pairs,
};
use time::OffsetDateTime;

use crate::sign::{self, Signable};

/// A request that is ready to be sent, with its target.
pub(crate) struct Prepared<'a> {
    pub(crate) step: &'a HttpStep,
    pub(crate) target: Target,
    pub(crate) request: Request<Bytes>,
}

/// Builds the request of a step. `now` is for signatures.
pub(crate) fn prepare<'a>(
    step: &'a HttpStep,
    values: &Values<'_>,
    now: OffsetDateTime,
) -> Result<Prepared<'a>, Refusal> {
    let target = Target::of(&step.origin, &step.path, &step.query, values)?;
    let method = method(step.method);
    let (body, content_type) = body(step, values)?;
    let mut headers = own_headers(&target, &body, content_type, &method)?;
    for (name, value) in &step.headers {
        add_declared(&mut headers, name, value, values)?;
    }
    if let Some((username, password)) = &step.basic {
        headers.insert(AUTHORIZATION, basic(username, password, values)?);
    }
    if let Some(aws) = &step.aws_sigv4 {
        let signable = Signable { method: &method, url: target.url.expose(), headers: &headers, body: &body };
        headers.extend(sign::headers(&signable, aws, values, now)?);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = origin_form(&target).ok_or_else(|| values.refuse(&step.path, UNFIT))?;
    *request.headers_mut() = headers;
    Ok(Prepared { step, target, request })
}

const UNFIT: &str = "does not fit into the address";

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Head => Method::HEAD,
    }
}

fn body(step: &HttpStep, values: &Values<'_>) -> Result<(Bytes, Option<&'static str>), Refusal> {
    Ok(match &step.body {
        HttpBody::None => (Bytes::new(), None),
        HttpBody::Json(json) => (Bytes::from(json.clone()), Some("application/json")),
        HttpBody::Form(form) => (wiped(pairs(form, values)?), Some("application/x-www-form-urlencoded")),
    })
}

fn own_headers(
    target: &Target,
    body: &Bytes,
    content_type: Option<&'static str>,
    method: &Method,
) -> Result<HeaderMap, Refusal> {
    let unfit = || Refusal::of(target.field.as_deref().unwrap_or("url"), UNFIT);
    let mut headers = request::own_headers(target, "*/*").ok_or_else(unfit)?;
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if *method == Method::POST {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Ok(headers)
}

/// Adds a header of the provider file, unless a variable of it is absent.
fn add_declared(
    headers: &mut HeaderMap,
    name: &Template,
    value: &Template,
    values: &Values<'_>,
) -> Result<(), Refusal> {
    let (Some(name_text), Some(value_text)) =
        (values.fill(name, Place::Header)?, values.fill(value, Place::Header)?)
    else {
        return Ok(());
    };
    let refused = || values.refuse(name, "must be the name of a header that a test may send");
    let header = HeaderName::from_bytes(name_text.expose().as_bytes()).map_err(|_| refused())?;
    if is_reserved_header(header.as_str()) {
        return Err(refused());
    }
    let sensitive = sensitive(value_text);
    headers
        .insert(header, sensitive.ok_or_else(|| values.refuse(value, "must consist of ASCII characters"))?);
    Ok(())
}

/// The value of `Authorization` for `Basic`. A user name must not have a colon (RFC 7617, section 2).
fn basic(username: &Template, password: &Template, values: &Values<'_>) -> Result<HeaderValue, Refusal> {
    let name = values.require(username, Place::Raw)?;
    if name.expose().contains(':') {
        return Err(values.refuse(username, "must not contain a colon"));
    }
    let password = values.require(password, Place::Raw)?;
    request::basic(&name, &password).ok_or_else(|| values.refuse(username, "cannot be sent"))
}
