//! The authorization endpoint (RFC 6749, section 4.1.1), which approves at once.

use url::Url;

use super::grants::{Bound, Granted};
use super::members::arriving;
use super::parameters::Parameters;
use super::{Mistake, State, Visit, token};
use crate::wire::Reply;

/// The account that approves, unless the request names another one in `login_hint`.
const ACCOUNT: &str = "alice@example.com";
/// The scope that is refused.
const DENY: &str = "deny";

pub(super) fn answer(visit: &Visit<'_>, state: &mut State) -> Result<Reply, Mistake> {
    let Visit { provider, server, requests, received, .. } = visit;
    visit.must_be("GET")?;
    let mut parameters = Parameters::of_form(received.query.as_bytes())?;
    parameters.must_be("response_type", "code")?;
    let client_id = parameters.need("client_id")?;
    let redirect_uri = parameters.need("redirect_uri")?;
    let mut back = redirect_url(&redirect_uri)?;
    let sent_state = parameters.need("state")?;
    let challenge = if requests.pkce { Some(challenge(&mut parameters)?) } else { None };
    let scope = requests.scope_parameter.as_ref().and_then(|name| parameters.take(name)).unwrap_or_default();
    let account = parameters.take("login_hint").unwrap_or_else(|| ACCOUNT.to_owned());
    parameters.must_fit(visit, &requests.authorize_parameters)?;
    parameters.end()?;

    let mut words = scope.split_whitespace().flat_map(|words| words.split(requests.scope_separator.as_str()));
    let denied = words.any(|word| word == DENY);
    let mut answer = vec![("state".to_owned(), sent_state)];
    if requests.issuer.is_some() {
        answer.push(("iss".to_owned(), format!("http://{}/oauth/{}", visit.address, provider.id)));
    }
    if denied {
        answer.push(("error".to_owned(), "access_denied".to_owned()));
    } else {
        let code = format!("code-{}", token::random());
        let granted = Granted { provider: provider.id.to_string(), client_id, account, scope };
        state.grants.add_code(code.clone(), granted, Bound { redirect_uri, challenge });
        answer.push(("code".to_owned(), code));
        answer.extend(
            server
                .callback_fields
                .iter()
                .filter_map(|(name, parameter)| Some((parameter.clone(), arriving(provider.field(name)?)))),
        );
    }
    back.query_pairs_mut().extend_pairs(answer);
    Ok(Reply::new(302, "text/plain", "").with("Location", back.to_string()))
}

fn redirect_url(text: &str) -> Result<Url, Mistake> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.filter(|url| url.fragment().is_none())
        .ok_or_else(|| "parameter `redirect_uri` is not an absolute URL without fragment".to_owned())
}

/// Reads the S256 challenge (RFC 7636, section 4.3): 43 characters of base64url.
fn challenge(parameters: &mut Parameters) -> Result<String, Mistake> {
    parameters.must_be("code_challenge_method", "S256")?;
    let challenge = parameters.need("code_challenge")?;
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let fits = challenge.len() == 43 && challenge.bytes().all(good);
    if fits { Ok(challenge) } else { Err("parameter `code_challenge` is no S256 challenge".to_owned()) }
}
