//! Checks of `[oauth]`: how a provider's authorization server is reached, what is sent to it, and how its answers
//! are read.

mod answers;
mod client_credentials;
mod format;
mod inputs;
mod requests;

use std::collections::BTreeSet;

use strongroom_domain::http_test::Template;
use strongroom_domain::oauth::{ClientCredentialsGrant, Endpoint, OauthServer, REFRESH_TOKEN};
use strongroom_domain::{CredentialType, Field, FieldKind};

use crate::oauth::format::{OauthTable, RequestName, WITHOUT_FLOW};
use crate::oauth::requests::{Requests, variables_of};
use crate::problem::Problems;
use crate::provider::is_name;
use crate::rules::field_of;
use crate::scope::{Names, Scope};

/// Reads it. `id` is the provider's. `None` when something that all else depends on could not be read.
pub(crate) fn read(
    table: toml::Table,
    id: &str,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<OauthServer> {
    let has_flow = names.types.keys().any(|kind| kind.is_oauth());
    if !has_flow {
        for key in table.keys().filter(|key| !WITHOUT_FLOW.contains(&key.as_str())) {
            problems.add(format!("oauth.{key}"), "is only for a provider with an OAuth type");
        }
        if !table.contains_key("client_credentials") {
            problems.add("oauth.client_credentials", "must be there: the provider has no OAuth type");
        }
    }
    let mut table: OauthTable = problems.read_table("oauth", table)?;
    check_hosts(&table.hosts, problems);
    answers::check_errors(&table.dead_errors, &table.doubtful_errors, &table.app_errors, problems);
    if table.app.as_ref().is_some_and(|app| !is_name(app)) {
        problems.add("oauth.app", "must be 1 to 64 characters of `a-z0-9_`");
    }
    let grant = table.client_credentials.take();
    let grant = grant.and_then(|grant| client_credentials::read(grant, &table.hosts, names, problems));
    let kind = if has_flow { read_type(&table, names, problems)? } else { CredentialType::ClientCredentials };
    let mut server = read_server(table, kind, grant, names, problems)?;
    if server.app.is_empty() {
        id.clone_into(&mut server.app);
    }
    if has_flow {
        check_fields(&server, names.fields, problems);
        inputs::check_order(&server, names, problems);
        server.inputs = inputs::inputs_of(&server, names, problems);
    }
    Some(server)
}

/// Everything but what follows from the rest.
fn read_server(
    table: OauthTable,
    kind: CredentialType,
    grant: Option<ClientCredentialsGrant>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<OauthServer> {
    // What a flow needs is given by its caller, so no variable counts as absent.
    let fields: Vec<_> = names.fields.iter().map(|field| field.name.clone()).collect();
    let scope = Scope::of(names, &BTreeSet::from([kind]), &fields);
    let requests = Requests { table: "oauth", hosts: &table.hosts, scope };
    let endpoints = read_endpoints(&table, &requests, grant.as_ref(), problems);
    let refresh = requests.optional_endpoint("refresh_url", table.refresh_url.as_ref(), problems);
    let revoke = requests.optional_endpoint("revoke_url", table.revoke_url.as_ref(), problems);
    let account = answers::read_account(&table, &requests, problems);
    let mut pairs = |name: &str, pairs: &_| -> Vec<_> { requests.parameters(name, pairs, None, problems) };
    let authorize_parameters = pairs("authorize_parameters", &table.authorize_parameters);
    let token_parameters = pairs("token_parameters", &table.token_parameters);
    let refresh_parameters = pairs("refresh_parameters", &table.refresh_parameters);
    let scope_separator = requests::read_separator(table.scope_separator.clone(), problems);
    let scopes = requests::read_scopes(&table.scopes, &scope_separator, &requests, problems);
    let scope_parameter = requests::read_scope_parameter(table.scope_parameter.clone(), &scopes, problems);
    let authentication = requests.client_authentication(table.client_authentication.as_deref(), problems);
    let issuer = table.issuer.as_deref().and_then(|text| read_issuer(text, &requests, problems));
    let (authorize, token) = endpoints?;
    let asked = account.as_ref().and_then(|account| account.endpoint.as_ref());
    let every = [Some(&authorize), Some(&token), refresh.as_ref(), revoke.as_ref(), asked];
    let in_hosts: Vec<&str> = every.into_iter().flatten().flat_map(variables_of).collect();
    answers::check_fields(&table, names.fields, kind, &in_hosts, problems);
    Some(OauthServer {
        response_pointers: answers::read_pointers(&table.response, problems),
        assumed_lifetime: answers::read_lifetime(table.assumed_lifetime_s, problems),
        client_authentication: authentication?,
        app: table.app.unwrap_or_default(),
        credential_type: kind,
        authorize,
        authorize_parameters,
        token,
        token_parameters,
        refresh,
        refresh_parameters,
        refresh_sends_redirect_uri: table.refresh_sends_redirect_uri,
        revoke,
        scopes,
        scope_separator,
        scope_parameter,
        pkce: table.pkce.unwrap_or(true),
        json_request: table.request == RequestName::Json,
        issuer,
        response_fields: table.response_fields,
        callback_fields: table.callback_fields,
        inputs: Vec::new(),
        account,
        dead_errors: table.dead_errors,
        doubtful_errors: table.doubtful_errors,
        app_errors: table.app_errors,
        client_credentials: grant,
    })
}

/// Where people are sent and where tokens come from. Without a flow nobody is sent anywhere, and both are the
/// address of the client credentials grant.
fn read_endpoints(
    table: &OauthTable,
    requests: &Requests<'_>,
    grant: Option<&ClientCredentialsGrant>,
    problems: &mut Problems,
) -> Option<(Endpoint, Endpoint)> {
    if requests.scope.is_for(CredentialType::ClientCredentials) {
        return grant.map(|grant| (grant.token.clone(), grant.token.clone()));
    }
    let mut required = |name: &str, url: &Option<String>| {
        if url.is_none() {
            problems.add(format!("oauth.{name}"), "must be there");
        }
        requests.optional_endpoint(name, url.as_ref(), problems)
    };
    let authorize = required("authorize_url", &table.authorize_url);
    let token = required("token_url", &table.token_url);
    Some((authorize?, token?))
}

/// The type that flows make: what `type` says, else the only one there is.
fn read_type(table: &OauthTable, names: &Names<'_>, problems: &mut Problems) -> Option<CredentialType> {
    const KEY: &str = "oauth.type";
    let kinds: Vec<_> = names.types.keys().copied().filter(|kind| kind.is_oauth()).collect();
    let Some(text) = &table.kind else {
        if let [only] = kinds.as_slice() {
            return Some(*only);
        }
        problems.add(KEY, "must be there: the provider has several OAuth types");
        return None;
    };
    let kind = kinds.into_iter().find(|kind| kind.as_str() == text);
    if kind.is_none() {
        problems.add(KEY, format!("names `{text}`, which is not an OAuth type in `types`"));
    }
    kind
}

/// A tenant could send the secret of the operator's app to a host of its own.
fn check_hosts(hosts: &[String], problems: &mut Problems) {
    if hosts.iter().any(|host| host == "*") {
        problems.add("oauth.hosts", "must not admit any host: the secret of the app is sent there");
    }
}

/// Reads `issuer`: an address without query and fragment (RFC 9207, section 2).
fn read_issuer(text: &str, requests: &Requests<'_>, problems: &mut Problems) -> Option<Template> {
    const KEY: &str = "oauth.issuer";
    let begins = ["https://", "http://", "{"].iter().any(|start| text.starts_with(start));
    if !begins || text.contains(['?', '#', ' ']) {
        problems.add(KEY, "must be an https URL without query and fragment");
    }
    requests.template(KEY, text, problems)
}

/// A grant fills `scope` and, where there is one, `refresh_token`; the other fields of every OAuth type are checked
/// with the type.
fn check_fields(server: &OauthServer, fields: &[Field], problems: &mut Problems) {
    let kind = server.credential_type;
    let text = |name: &str, secret: bool| {
        field_of(fields, kind, name).map(|field| field.kind == FieldKind::Text && field.secret == secret)
    };
    if text("scope", false) != Some(true) {
        problems.add("oauth", format!("needs the public text `scope` in the type {}", kind.as_str()));
    }
    let refreshes = server.refresh.is_some()
        || !server.refresh_parameters.is_empty()
        || server.refresh_sends_redirect_uri;
    if text(REFRESH_TOKEN, true) == Some(false) || (text(REFRESH_TOKEN, true).is_none() && refreshes) {
        problems.add("oauth", format!("needs the secret text `refresh_token` in the type {}", kind.as_str()));
    }
}
