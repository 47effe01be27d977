//! Builds requests.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use strongroom_declared_http::request::{self, origin_form, own_headers, sensitive, wiped};
use strongroom_declared_http::{Place, Refusal, Target};
use strongroom_domain::{SecretText, Violation};

use crate::parameters::Parameters;

/// How the parameters of a request are encoded.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Form,
    Json,
}

/// A POST with parameters in its body.
pub(crate) fn post(
    target: &Target,
    parameters: Parameters,
    encoding: Encoding,
    authorization: Option<HeaderValue>,
) -> Result<Request<Bytes>, Violation> {
    with_body(target, Method::POST, parameters, encoding, authorization)
}

/// A request with parameters in its body. Without any it has no body and no content type.
pub(crate) fn with_body(
    target: &Target,
    method: Method,
    parameters: Parameters,
    encoding: Encoding,
    authorization: Option<HeaderValue>,
) -> Result<Request<Bytes>, Violation> {
    let content = match encoding {
        _ if parameters.is_empty() => None,
        Encoding::Form => Some((parameters.form(), "application/x-www-form-urlencoded")),
        Encoding::Json => {
            Some((parameters.json().map_err(|rule| rule.on("parameters"))?, "application/json"))
        }
    };
    let (body, content_type) = content.unzip();
    let mut request = bare(target, method, body.map(wiped).unwrap_or_default())?;
    let length = HeaderValue::from(request.body().len());
    let headers = request.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    Ok(request)
}

/// A request with nothing but an access token (RFC 6750, section 2.1).
pub(crate) fn get(target: &Target, access_token: &SecretText) -> Result<Request<Bytes>, Violation> {
    let value = bearer(access_token)?;
    let mut request = bare(target, Method::GET, Bytes::new())?;
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(request)
}

/// The value of `Authorization` for an access token (RFC 6750, section 2.1).
pub(crate) fn bearer(access_token: &SecretText) -> Result<HeaderValue, Violation> {
    let refused = || Refusal::of(strongroom_domain::oauth::ACCESS_TOKEN, "must consist of ASCII characters");
    let text = Place::Header.value(access_token.expose(), false).map_err(|_| refused())?;
    Ok(sensitive(SecretText::new(["Bearer ", text.expose()].concat())).ok_or_else(refused)?)
}

/// The value of `Authorization` for client id and secret, each form-encoded before they are joined (RFC 6749,
/// section 2.3.1).
pub(crate) fn basic(id: &str, secret: &SecretText) -> Result<HeaderValue, Violation> {
    let (id, secret) = (Place::Parameter.literal(id), Place::Parameter.literal(secret.expose()));
    request::basic(&id, &secret).ok_or_else(|| Refusal::of("client_id", "cannot be sent").into())
}

fn bare(target: &Target, method: Method, body: Bytes) -> Result<Request<Bytes>, Violation> {
    let unfit = || Refusal::of(target.field.as_deref().unwrap_or("url"), "does not fit into the address");
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = origin_form(target).ok_or_else(unfit)?;
    *request.headers_mut() = own_headers(target, "application/json").ok_or_else(unfit)?;
    Ok(request)
}
