//! Client authentication: client id and secret, sent as the file says and in no other way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_declared_http::ClientAuthentication;
use url::form_urlencoded;

use super::parameters::Parameters;
use super::{Mistake, Visit, refusal};
use crate::wire::Reply;

/// A client that is authenticated.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
}

/// Reads client id and secret (RFC 6749, section 2.3.1). The inner error is the answer to a secret that the
/// provider refuses.
pub(super) fn authenticate(
    visit: &Visit<'_>,
    parameters: &mut Parameters,
    how: ClientAuthentication,
) -> Result<Result<Client, Reply>, Mistake> {
    let header = visit.received.header("authorization");
    let client = match how {
        ClientAuthentication::Basic => {
            let header = header.ok_or("the client is not in the header `authorization`")?;
            if parameters.take("client_secret").is_some() {
                return Err("the client secret is in the body".to_owned());
            }
            let client =
                basic(header).ok_or("header `authorization` is not Basic, or not form-encoded inside")?;
            if parameters.take("client_id").is_some_and(|id| id != client.id) {
                return Err("there are two client ids".to_owned());
            }
            client
        }
        ClientAuthentication::Body if header.is_some() => {
            return Err("there is a header `authorization`".to_owned());
        }
        ClientAuthentication::Body => {
            Client { id: parameters.need("client_id")?, secret: parameters.need("client_secret")? }
        }
    };
    let refused = client.secret.to_ascii_lowercase().contains("bad");
    Ok(if refused { Err(refusal(401, "invalid_client")) } else { Ok(client) })
}

fn basic(header: &str) -> Option<Client> {
    let pair = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let (id, secret) = (form_decoded(id)?, form_decoded(secret)?);
    (!id.is_empty() && !secret.is_empty()).then_some(Client { id, secret })
}

/// Decodes a form-encoded text. Returns `None` for characters that the form encoding would have escaped.
fn form_decoded(text: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"*-._+%~".contains(&b);
    let decoded = form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
    text.bytes().all(plain).then_some(decoded.unwrap_or_default())
}
