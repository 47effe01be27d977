//! Reads `[oauth.client_credentials]`.

use std::collections::BTreeSet;

use strongroom_declared_http::ClientCredentialsRequest;
use strongroom_domain::oauth::{ACCESS_TOKEN, ClientCredentialsGrant, TOKEN_EXPIRY};
use strongroom_domain::{CredentialType, Field, FieldKind};

use crate::names::field_of;
use crate::oauth::format::ClientCredentialsTable;
use crate::oauth::requests::Requests;
use crate::problem::Problems;
use crate::scope::{Names, Scope};

const KEY: &str = "oauth.client_credentials";
const KIND: CredentialType = CredentialType::ClientCredentials;

/// Reads which fields hold the client's id and secret, and the request. Returns `None` when the table does
/// not have the right form, or when the provider has no such type.
pub(super) fn read(
    table: toml::Table,
    hosts: &[String],
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<(ClientCredentialsGrant, ClientCredentialsRequest)> {
    let table: ClientCredentialsTable = problems.read_table(KEY, table)?;
    if !names.types.contains_key(&KIND) {
        problems.add(KEY, "needs the type client_credentials in `types`");
        return None;
    }
    let client_id_field = table.client_id.unwrap_or_else(|| "client_id".to_owned());
    let client_secret_field = table.client_secret.unwrap_or_else(|| "client_secret".to_owned());
    check_client(&client_id_field, "client_id", false, names, problems);
    check_client(&client_secret_field, "client_secret", true, names, problems);
    check_token(names.fields, problems);
    let scope = Scope::of(names, &BTreeSet::from([KIND]), &[]);
    let requests = Requests { table: KEY, hosts, scope };
    let token = requests.endpoint("token_url", &table.token_url, problems);
    let client_authentication =
        requests.client_authentication(table.client_authentication.as_deref(), problems);
    let scope =
        table.scope.and_then(|text| requests.template("oauth.client_credentials.scope", &text, problems));
    for (parameter, _) in table.parameters.iter().filter(|(_, value)| value.texts().is_empty()) {
        problems.add(format!("{KEY}.parameters.{parameter}"), "must not be empty");
    }
    let pairs =
        table.parameters.iter().flat_map(|(name, value)| value.texts().iter().map(move |text| (name, text)));
    let parameters = requests.parameters("parameters", pairs, Some("grant_type"), problems);
    let request = ClientCredentialsRequest {
        token: token?,
        client_authentication: client_authentication?,
        scope,
        parameters,
    };
    Some((ClientCredentialsGrant { client_id_field, client_secret_field }, request))
}

fn check_client(name: &str, key: &str, secret: bool, names: &Names<'_>, problems: &mut Problems) {
    let key = format!("{KEY}.{key}");
    let fits = |field: &Field| field.kind == FieldKind::Text && field.secret == secret;
    if !field_of(names.fields, KIND, name).is_some_and(fits) {
        let secrecy = if secret { "secret" } else { "public" };
        problems.add(key, format!("names `{name}`, which is not a {secrecy} text of client_credentials"));
    } else if names.types.get(&KIND).is_some_and(|rules| !rules.required.iter().any(|one| one == name)) {
        problems.add(key, format!("names `{name}`, which `types.client_credentials` must require"));
    }
}

/// Checks that the credential has a field for the token that the grant gives.
fn check_token(fields: &[Field], problems: &mut Problems) {
    let is_token = |field: &Field| field.secret && field.kind == FieldKind::Text;
    if !field_of(fields, KIND, ACCESS_TOKEN).is_some_and(is_token) {
        problems.add(KEY, "needs the secret text `access_token` in the type client_credentials");
    }
    if field_of(fields, KIND, TOKEN_EXPIRY).is_none() {
        problems.add(KEY, "needs the field `expires_at` in the type client_credentials");
    }
}
