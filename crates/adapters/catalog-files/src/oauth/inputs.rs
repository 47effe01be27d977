//! The fields that a caller gives when a flow begins, and the check that no variable is used before its value
//! arrives.

use std::collections::BTreeSet;

use strongroom_declared_http::{Endpoint, OauthRequests, Template};
use strongroom_domain::Field;
use strongroom_domain::oauth::{ACCESS_TOKEN, OauthServer, REFRESH_TOKEN};

use crate::oauth::requests::variables_of;
use crate::problem::Problems;
use crate::scope::Names;

/// Query parameters of the route that begins a flow. Inputs are given beside them, so they need other names.
const ROUTE: [&str; 5] = ["redirect_to", "name", "scope", "credential_id", "subject"];

/// Returns the public fields that a caller gives, in the order of the file: those that a request needs and
/// those that the type requires. A field that arrives from the provider is left out, and so is one that only
/// requests need and that has a default.
pub(super) fn inputs_of(
    server: &OauthServer,
    requests: &OauthRequests,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    let required = names.types.get(&server.credential_type).map(|rules| rules.required.as_slice());
    let required = required.unwrap_or_default();
    let needed: BTreeSet<&str> = sent(requests)
        .into_iter()
        .filter(|name| !has_default(name, names))
        .map(|name| source(name, names))
        .chain(required.iter().map(String::as_str))
        .filter(|name| !arrives(server, name))
        .collect();
    let belongs = |field: &&Field| field.belongs_to(server.credential_type);
    let wanted = |field: &&Field| needed.contains(field.name.as_str());
    let mut inputs = Vec::new();
    for field in names.fields.iter().filter(belongs).filter(wanted) {
        if !field.secret {
            if ROUTE.contains(&field.name.as_str()) {
                problems.add("oauth", format!("needs `{}`, which is a parameter of every flow", field.name));
            }
            inputs.push(field.name.clone());
        } else if required.contains(&field.name)
            && ![ACCESS_TOKEN, REFRESH_TOKEN].contains(&field.name.as_str())
        {
            let key = format!("types.{}.required", server.credential_type.as_str());
            problems.add(key, format!("names `{}`, a secret that no grant brings", field.name));
        }
    }
    inputs
}

/// Reports variables that a request needs before their values arrive.
pub(super) fn check_order(
    server: &OauthServer,
    requests: &OauthRequests,
    names: &Names<'_>,
    problems: &mut Problems,
) {
    let late = |name: &&str, with_code: bool| {
        let field = source(name, names);
        let comes = server.response_fields.contains(field)
            || (!with_code && server.callback_fields.contains_key(field));
        comes && !has_default(name, names)
    };
    let mut report = |key: &str, variables: Vec<&str>, with_code: bool| {
        for name in variables.into_iter().filter(|name| late(name, with_code)) {
            problems.add(key, format!("needs `{name}`, which arrives later: give it a default"));
        }
    };
    report("oauth.authorize_url", variables_of(&requests.authorize).collect(), false);
    report("oauth.authorize_parameters", variables(&requests.authorize_parameters), false);
    report("oauth.scopes", requests.scopes.iter().flat_map(Template::variables).collect(), false);
    report("oauth.token_url", variables_of(&requests.token).collect(), true);
    report("oauth.token_parameters", variables(&requests.token_parameters), true);
}

/// The variables of every request that a flow sends, and of the requests that follow it.
fn sent(requests: &OauthRequests) -> Vec<&str> {
    let account = requests.account.as_ref().and_then(|account| account.endpoint.as_ref());
    let revoked = requests.revoke.as_ref().map(|revocation| &revocation.endpoint);
    let endpoints = [Some(&requests.authorize), Some(&requests.token)];
    let endpoints = endpoints.into_iter().chain([requests.refresh.as_ref(), revoked, account]);
    let tables = [&requests.authorize_parameters, &requests.token_parameters, &requests.refresh_parameters];
    endpoints
        .flatten()
        .flat_map(|endpoint: &Endpoint| variables_of(endpoint).collect::<Vec<_>>())
        .chain(tables.into_iter().flat_map(|pairs| variables(pairs)))
        .chain(requests.scopes.iter().chain(&requests.issuer).flat_map(Template::variables))
        .collect()
}

fn variables(pairs: &[(String, Template)]) -> Vec<&str> {
    pairs.iter().flat_map(|(_, template)| template.variables()).collect()
}

fn arrives(server: &OauthServer, name: &str) -> bool {
    server.response_fields.contains(name) || server.callback_fields.contains_key(name)
}

/// Returns the field from which a variable gets its value.
fn source<'n>(name: &'n str, names: &Names<'n>) -> &'n str {
    names.choices.get(name).map_or(name, |choice| &choice.field)
}

fn has_default(name: &str, names: &Names<'_>) -> bool {
    let field = source(name, names);
    let defaulted = |field: &Field| field.default.is_some();
    names.choices.get(name).is_some_and(|choice| choice.default.is_some())
        || names.fields.iter().any(|one| one.name == field && defaulted(one))
}
