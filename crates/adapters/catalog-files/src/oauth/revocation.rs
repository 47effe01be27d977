//! Reads `revoke_url` and `revocation`: where and how a token is revoked.

use std::collections::BTreeMap;

use serde::Deserialize;
use strongroom_declared_http::{
    CLIENT_ID, ClientAuthentication, Revocation, RevocationMethod, is_reserved_header,
};
use strongroom_domain::Rule;

use crate::oauth::format::{OauthTable, RequestName};
use crate::oauth::requests::{Requests, is_parameter};
use crate::problem::Problems;

const KEY: &str = "oauth.revocation";
const CLIENT: Rule = Rule::fixed("must be one of: basic, body, none");

/// `revocation`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationTable {
    #[serde(default)]
    method: MethodName,
    request: Option<RequestName>,
    client_authentication: Option<String>,
    #[serde(default)]
    token: TokenName,
    parameter: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum MethodName {
    #[default]
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "DELETE")]
    Delete,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenName {
    #[default]
    RefreshToken,
    AccessToken,
}

/// Reads how tokens are revoked. `own` is how the client authenticates at the token endpoint. Without
/// `revocation` the request is that of RFC 7009.
pub(super) fn read(
    table: &OauthTable,
    own: Option<ClientAuthentication>,
    requests: &Requests<'_>,
    problems: &mut Problems,
) -> Option<Revocation> {
    let Some(url) = &table.revoke_url else {
        if table.revocation.is_some() {
            problems.add("oauth.revoke_url", "must be there beside `revocation`");
        }
        return None;
    };
    let requests = requests.with_own(&[CLIENT_ID]);
    let endpoint = requests.endpoint("revoke_url", url, problems);
    let Some(declared) = table.revocation.clone() else { return Some(Revocation::standard(endpoint?, own?)) };
    let declared: RevocationTable = problems.read_table(KEY, declared)?;
    let is_bearer = declared.parameter.as_deref() == Some("");
    let client_authentication = match declared.client_authentication.as_deref() {
        None if is_bearer => None,
        None => Some(own?),
        Some("none") => None,
        Some(text) => {
            let key = "oauth.revocation.client_authentication";
            let parse = |text: &str| ClientAuthentication::parse(text).map_err(|_| CLIENT);
            Some(problems.read_text(key, text, parse)?)
        }
    };
    if is_bearer && client_authentication == Some(ClientAuthentication::Basic) {
        problems.add(
            "oauth.revocation.client_authentication",
            "must not be basic: the token is in that header, because `parameter` is empty",
        );
    }
    check_headers(&declared, problems);
    Some(Revocation {
        endpoint: endpoint?,
        method: match declared.method {
            MethodName::Post => RevocationMethod::Post,
            MethodName::Delete => RevocationMethod::Delete,
        },
        json_request: declared.request == Some(RequestName::Json),
        client_authentication,
        access_token_only: declared.token == TokenName::AccessToken,
        parameter: read_parameter(declared.parameter, problems),
        headers: declared.headers.into_iter().collect(),
    })
}

fn read_parameter(text: Option<String>, problems: &mut Problems) -> Option<String> {
    let text = text.unwrap_or_else(|| "token".to_owned());
    if text.is_empty() {
        return None;
    }
    if !is_parameter(&text) || ["client_id", "client_secret"].contains(&text.as_str()) {
        problems.add(
            "oauth.revocation.parameter",
            "must be a parameter of its own, of `A-Za-z0-9_.-`, or empty for the header `Authorization`",
        );
    }
    Some(text)
}

/// The headers have fixed values, and none of them is written by the code that sends the request.
fn check_headers(declared: &RevocationTable, problems: &mut Problems) {
    const OURS: [&str; 4] = ["authorization", "accept", "content-type", "user-agent"];
    for (name, value) in &declared.headers {
        let key = format!("{KEY}.headers.{name}");
        let name = name.to_ascii_lowercase();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_name {
            problems.add(key.as_str(), "is not the name of a header");
        } else if is_reserved_header(&name) || OURS.contains(&name.as_str()) {
            problems.add(key.as_str(), "is a header that only the adapter writes");
        }
        if !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            problems.add(key, "must be of printable ASCII characters");
        }
    }
}
