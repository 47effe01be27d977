//! Finds the account that a token belongs to.

use serde_json::Value;
use strongroom_authorization_server::TokenError;
use strongroom_declared_http::{AccountLookup, OauthRequests, Values};
use strongroom_domain::{Account, SecretText};
use strongroom_egress::Egress;

use crate::grant::address;
use crate::sent::Sent;
use crate::{call, fault, request};

/// The longest id or name, in characters.
const MAX_LENGTH: usize = 256;

/// Asks the endpoint that the file names, with the token in the header. A refusal (4xx except 429) means that
/// no account is known. A server that is overloaded or away, or whose answer is not JSON, is a failure that
/// may pass.
pub(crate) async fn look_up(
    egress: &Egress,
    requests: &OauthRequests,
    values: &Values<'_>,
    access_token: &SecretText,
) -> Result<Option<Account>, TokenError> {
    let Some(lookup) = &requests.account else { return Ok(None) };
    let Some(endpoint) = &lookup.endpoint else { return Ok(None) };
    let target = address(endpoint, values).map_err(|refusal| TokenError::Unbuildable(refusal.into()))?;
    let request = request::get(&target, access_token).map_err(TokenError::Unbuildable)?;
    let answer = call::send(egress, &target, request).await?;
    if answer.status.is_client_error() && answer.status != http::StatusCode::TOO_MANY_REQUESTS {
        return Ok(None);
    }
    // An account has no secret, so `serde_json` may read it; some accounts have more fields than the JSON of
    // credentials may have.
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(json) if answer.status.is_success() => {
            Ok(named(lookup, |pointer| match json.pointer(pointer)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }))
        }
        _ => Err(fault::sort(&requests.errors, &answer, None, &Sent::default())),
    }
}

/// The account that an answer names. Without an id that can be shown there is none; a name that cannot be
/// shown is left out.
pub(crate) fn named(lookup: &AccountLookup, scalar: impl Fn(&str) -> Option<String>) -> Option<Account> {
    let first = |pointers: &[String]| {
        let mut texts = pointers.iter().filter_map(|pointer| scalar(pointer));
        texts.find(|text| !text.is_empty()).filter(|text| is_printable(text))
    };
    Some(Account { id: first(&lookup.id)?, name: first(&lookup.name) })
}

/// Whether a text is short and is displayed as it is: without control characters, and without characters that
/// are invisible or change the direction of writing (Unicode, general category Cf).
fn is_printable(text: &str) -> bool {
    let is_hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    !text.trim().is_empty()
        && text.chars().count() <= MAX_LENGTH
        && !text.chars().any(|c| c.is_control() || is_hidden(c))
}
