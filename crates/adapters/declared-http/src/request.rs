//! The parts of every HTTP request that the service sends. The texts that hold a secret are wiped when the
//! request is dropped. Some copies cannot be wiped: those in hyper's write buffer, in TLS records, and where
//! a library parses a text into one of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use strongroom_domain::SecretText;

use crate::Target;

/// The `User-Agent` of every request.
const AGENT: &str = concat!("strongroom/", env!("CARGO_PKG_VERSION"));

/// The headers that every request has. Returns `None` when the authority cannot be the value of a header.
pub fn own_headers(target: &Target, accept: &'static str) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(&target.authority).ok()?);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Some(headers)
}

/// Path and query, in the form of the request line (RFC 9112, section 3.2.1). Returns `None` when they have
/// no such form.
pub fn origin_form(target: &Target) -> Option<Uri> {
    let text = wiped(target.path_and_query.duplicate());
    PathAndQuery::from_maybe_shared(text).ok().map(Uri::from)
}

/// The value of `Authorization` for `Basic` (RFC 7617, section 2). Name and password are used unchanged, so
/// they must already be encoded for their place.
pub fn basic(name: &SecretText, password: &SecretText) -> Option<HeaderValue> {
    let pair = SecretText::new([name.expose(), ":", password.expose()].concat());
    let encoded = SecretText::new(STANDARD.encode(pair.expose()));
    sensitive(SecretText::new(["Basic ", encoded.expose()].concat()))
}

/// A header value that logs do not show. Returns `None` when the text cannot be one.
pub fn sensitive(text: SecretText) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiped(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Bytes that are wiped when their last owner drops them.
pub fn wiped(text: SecretText) -> Bytes {
    struct Wiped(SecretText);
    impl AsRef<[u8]> for Wiped {
        fn as_ref(&self) -> &[u8] {
            self.0.expose().as_bytes()
        }
    }
    Bytes::from_owner(Wiped(text))
}
