//! Builds requests. The texts that hold a secret are wiped when the request is dropped. Copies remain out of reach:
//! in hyper's write buffer and in TLS records.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use strongroom_domain::http_request::{Place, Refusal, Target};
use strongroom_domain::{SecretText, Violation};

use crate::parameters::Parameters;

/// What servers are told about us.
const AGENT: &str = concat!("strongroom/", env!("CARGO_PKG_VERSION"));

/// How parameters are written.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Form,
    Json,
}

/// A request that brings parameters.
pub(crate) fn post(
    target: &Target,
    parameters: Parameters,
    encoding: Encoding,
    authorization: Option<HeaderValue>,
) -> Result<Request<Bytes>, Violation> {
    let (body, content_type) = match encoding {
        Encoding::Form => (parameters.form(), "application/x-www-form-urlencoded"),
        Encoding::Json => (parameters.json().map_err(|rule| rule.on("parameters"))?, "application/json"),
    };
    let mut request = bare(target, Method::POST, wiped(body))?;
    let length = HeaderValue::from(request.body().len());
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, length);
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    Ok(request)
}

/// A request that brings nothing but an access token (RFC 6750, section 2.1).
pub(crate) fn get(target: &Target, access_token: &SecretText) -> Result<Request<Bytes>, Violation> {
    let refused = || Refusal::of(strongroom_domain::oauth::ACCESS_TOKEN, "must consist of ASCII characters");
    let text = Place::Header.value(access_token.expose(), false).map_err(|_| refused())?;
    let value = sensitive(SecretText::new(["Bearer ", text.expose()].concat())).ok_or_else(refused)?;
    let mut request = bare(target, Method::GET, Bytes::new())?;
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(request)
}

/// Client id and secret, each form-encoded before they are joined (RFC 6749, section 2.3.1).
pub(crate) fn basic(id: &str, secret: &SecretText) -> Result<HeaderValue, Violation> {
    let (id, secret) = (Place::Parameter.literal(id), Place::Parameter.literal(secret.expose()));
    let pair = SecretText::new([id.expose(), ":", secret.expose()].concat());
    let encoded = SecretText::new(STANDARD.encode(pair.expose()));
    let value = sensitive(SecretText::new(["Basic ", encoded.expose()].concat()));
    value.ok_or_else(|| Refusal::of("client_id", "cannot be sent").into())
}

fn bare(target: &Target, method: Method, body: Bytes) -> Result<Request<Bytes>, Violation> {
    let unfit = || Refusal::of(target.field.as_deref().unwrap_or("url"), "does not fit into the address");
    let mut request = Request::new(body);
    *request.method_mut() = method;
    let path = PathAndQuery::from_maybe_shared(wiped(target.path_and_query.duplicate()));
    *request.uri_mut() = path.map(Uri::from).map_err(|_| unfit())?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(&target.authority).map_err(|_| unfit())?);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

fn sensitive(text: SecretText) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiped(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Bytes that are wiped when the last user drops them.
fn wiped(text: SecretText) -> Bytes {
    struct Wiped(SecretText);
    impl AsRef<[u8]> for Wiped {
        fn as_ref(&self) -> &[u8] {
            self.0.expose().as_bytes()
        }
    }
    Bytes::from_owner(Wiped(text))
}
