//! The URL to which a user is sent.

use strongroom_authorization_server::{AuthorizationRequest, AuthorizationUrl};
use strongroom_declared_http::{OauthRequests, Place, Refusal, Target, Template, Values};
use strongroom_domain::{Rule, SecretText, Violation};
use strongroom_egress::Egress;

/// The scopes that ask for a refresh token: OpenID Connect Core, section 11, and what Salesforce, Ory, X and
/// others call it.
const OFFLINE: [&str; 4] = ["offline_access", "offline", "offline.access", "refresh_token"];

/// Builds the URL of an authorization request (RFC 6749, section 4.1.1; RFC 7636, section 4.3). It contains
/// only public fields, because browsers keep it.
pub(crate) fn url(
    egress: &Egress,
    requests: &OauthRequests,
    values: &Values<'_>,
    request: &AuthorizationRequest<'_>,
) -> Result<AuthorizationUrl, Violation> {
    let values = values.public_only();
    let scope = scope(requests, &values, request.scope)?;
    let mut query = vec![("response_type", "code"), ("client_id", request.client_id)];
    query.push(("redirect_uri", request.redirect_uri));
    if let Some(name) = requests.scope_parameter.as_deref().filter(|_| !scope.is_empty()) {
        query.push((name, &scope));
    }
    query.push(("state", request.state));
    if requests.pkce {
        query.extend([("code_challenge", request.code_challenge), ("code_challenge_method", "S256")]);
    }
    let mut query: Vec<_> =
        query.into_iter().map(|(name, text)| (name.to_owned(), Template::literal(text))).collect();
    for (name, template) in &requests.authorize_parameters {
        // Each parameter occurs once (section 3.1). The parameters above come first, and the file cannot
        // replace them.
        if query.iter().all(|(known, _)| known != name) {
            query.push((name.clone(), template.clone()));
        }
    }
    let endpoint = &requests.authorize;
    let target = Target::of(&endpoint.origin, &endpoint.path, &query, &values)?;
    if target.plain_http && !egress.allows_plain_http() {
        let field = target.field.as_deref().unwrap_or("authorize_url");
        return Err(Refusal::of(field, "must be an https URL").into());
    }
    Ok(AuthorizationUrl { url: target.url.expose().to_owned(), scope })
}

/// The `iss` that the server sends with its codes (RFC 9207).
pub(crate) fn issuer(requests: &OauthRequests, values: &Values<'_>) -> Result<Option<String>, Violation> {
    let issuer = requests.issuer.as_ref();
    let issuer = issuer.map(|issuer| values.public_only().require(issuer, Place::Raw)).transpose()?;
    Ok(issuer.map(|text| text.expose().to_owned()))
}

/// The scope of the request, as it is sent: the one that the caller asks for, or else the one of the file.
fn scope(requests: &OauthRequests, values: &Values<'_>, wanted: Option<&str>) -> Result<String, Violation> {
    let wanted = wanted.filter(|wanted| !wanted.trim().is_empty());
    let words = match (&requests.scope_parameter, wanted) {
        (None, None) => return Ok(String::new()),
        (None, Some(_)) => {
            return Err(Rule::fixed("must be absent: this provider is asked for no scope").on("scope"));
        }
        (Some(_), Some(wanted)) => {
            let words: Vec<_> =
                wanted.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
            if !words.iter().all(|word| is_scope(word)) {
                const RULE: &str =
                    "must be printable ASCII words without quotes and backslashes, separated by spaces";
                return Err(Rule::fixed(RULE).on("scope"));
            }
            with_offline_access(words, &requests.scopes)
        }
        (Some(_), None) => {
            let fill =
                |scope| values.require(scope, Place::Raw).map(|text: SecretText| text.expose().to_owned());
            requests.scopes.iter().map(fill).collect::<Result<_, Refusal>>()?
        }
    };
    Ok(words.join(&requests.scope_separator))
}

/// Adds the scopes of the file that ask for a refresh token, when a caller names other scopes. Without them
/// the grant would end with its first token.
fn with_offline_access(mut words: Vec<String>, declared: &[Template]) -> Vec<String> {
    let offline = declared.iter().filter_map(Template::as_literal).filter(|scope| OFFLINE.contains(scope));
    for scope in offline {
        if !words.iter().any(|word| word == scope) {
            words.push(scope.to_owned());
        }
    }
    words
}

/// Whether a text is a scope-token of RFC 6749, section 3.3.
fn is_scope(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}
