//! What every HTTP request of ours is made of. The texts that hold a secret are wiped when the request is
//! dropped. Copies remain out of reach: in hyper's write buffer, in TLS records, and where a library parses a
//! text of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use strongroom_domain::SecretText;

use crate::Target;

/// What servers are told about us.
const AGENT: &str = concat!("strongroom/", env!("CARGO_PKG_VERSION"));

/// The headers that every request has; `None` when the authority cannot stand in one.
pub fn own_headers(target: &Target, accept: &'static str) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(&target.authority).ok()?);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Some(headers)
}

/// Path and query, as they stand in the request line (RFC 9112, section 3.2.1); `None` when they cannot.
pub fn origin_form(target: &Target) -> Option<Uri> {
    let text = wiped(target.path_and_query.duplicate());
    PathAndQuery::from_maybe_shared(text).ok().map(Uri::from)
}

/// `Basic` with the two as they are (RFC 7617, section 2), which must be fit for their place already.
pub fn basic(name: &SecretText, password: &SecretText) -> Option<HeaderValue> {
    let pair = SecretText::new([name.expose(), ":", password.expose()].concat());
    let encoded = SecretText::new(STANDARD.encode(pair.expose()));
    sensitive(SecretText::new(["Basic ", encoded.expose()].concat()))
}

/// A header's value that no log shows; `None` when the text cannot be one.
pub fn sensitive(text: SecretText) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiped(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Bytes that are wiped when the last user drops them.
pub fn wiped(text: SecretText) -> Bytes {
    struct Wiped(SecretText);
    impl AsRef<[u8]> for Wiped {
        fn as_ref(&self) -> &[u8] {
            self.0.expose().as_bytes()
        }
    }
    Bytes::from_owner(Wiped(text))
}
