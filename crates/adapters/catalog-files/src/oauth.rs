//! Checks of `[oauth]`: how a provider's authorization server is reached, what is sent to it, and how its
//! answers are read.

mod answers;
mod client_credentials;
mod errors;
mod format;
mod inputs;
mod requests;
mod revocation;

use std::collections::BTreeSet;
use std::time::Duration;

use strongroom_declared_http::{ClientCredentialsRequest, Endpoint, OauthRequests, Template};
use strongroom_domain::oauth::{AccountSource, ClientCredentialsGrant, OauthServer, REFRESH_TOKEN};
use strongroom_domain::{CredentialType, Field, FieldKind};

use crate::names::{field_of, is_name};
use crate::oauth::format::{OauthTable, RequestName, WITHOUT_FLOW};
use crate::oauth::requests::{Requests, variables_of};
use crate::problem::Problems;
use crate::scope::{Names, Scope};

/// The facts about an authorization server on which the vault bases its decisions, and the requests to it.
pub(crate) type DeclaredServer = (OauthServer, OauthRequests);

/// Reads `[oauth]`. `id` is the provider's. Returns `None` when a part that everything else depends on could
/// not be read.
pub(crate) fn read(
    table: toml::Table,
    id: &str,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<DeclaredServer> {
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
    answers::check_lifetime(table.assumed_lifetime_s, problems);
    if table.app.as_ref().is_some_and(|app| !is_name(app)) {
        problems.add("oauth.app", "must be 1 to 64 characters of `a-z0-9_`");
    }
    let grant = table.client_credentials.take();
    let grant = grant.and_then(|grant| client_credentials::read(grant, &table.hosts, names, problems));
    let (fields, grant) = grant.unzip();
    let kind = if has_flow { read_type(&table, names, problems)? } else { CredentialType::ClientCredentials };
    let requests = read_requests(&table, kind, grant, names, problems)?;
    let mut server = server_of(table, &requests, id, kind, fields);
    if has_flow {
        check_fields(&server, &requests, names.fields, problems);
        inputs::check_order(&server, &requests, names, problems);
        server.inputs = inputs::inputs_of(&server, &requests, names, problems);
    }
    Some((server, requests))
}

/// Collects everything on which the vault bases its decisions, except the inputs, which follow from the rest.
fn server_of(
    table: OauthTable,
    requests: &OauthRequests,
    id: &str,
    kind: CredentialType,
    client_credentials: Option<ClientCredentialsGrant>,
) -> OauthServer {
    OauthServer {
        app: table.app.unwrap_or_else(|| id.to_owned()),
        app_is_of_one_instance: table.app_is_of_one_instance,
        credential_type: kind,
        fixed_scopes: requests.scopes.iter().filter_map(Template::as_literal).map(str::to_owned).collect(),
        response_fields: table.response_fields.into_keys().collect(),
        callback_fields: table.callback_fields,
        inputs: Vec::new(),
        account: requests.account.as_ref().map(|lookup| match lookup.endpoint {
            Some(_) => AccountSource::Request,
            None => AccountSource::TokenAnswer,
        }),
        assumed_lifetime: table.assumed_lifetime_s.map(Duration::from_secs),
        client_credentials,
        revokes_access_token: requests.revoke.as_ref().is_some_and(|revocation| revocation.access_token_only),
    }
}

/// Reads the requests, and where the answers have their members.
fn read_requests(
    table: &OauthTable,
    kind: CredentialType,
    grant: Option<ClientCredentialsRequest>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<OauthRequests> {
    // The caller gives what a flow needs, so no variable counts as absent.
    let fields: Vec<_> = names.fields.iter().map(|field| field.name.clone()).collect();
    let scope = Scope::of(names, &BTreeSet::from([kind]), &fields);
    let requests = Requests { table: "oauth", hosts: &table.hosts, scope };
    let endpoints = read_endpoints(table, &requests, grant.as_ref(), problems);
    let refresh = requests.optional_endpoint("refresh_url", table.refresh_url.as_ref(), problems);
    let account = answers::read_account(table, &requests, problems);
    let mut pairs = |name: &str, pairs: &_| -> Vec<_> { requests.parameters(name, pairs, None, problems) };
    let authorize_parameters = pairs("authorize_parameters", &table.authorize_parameters);
    let token_parameters = pairs("token_parameters", &table.token_parameters);
    let refresh_parameters = pairs("refresh_parameters", &table.refresh_parameters);
    let scope_separator = requests::read_separator(table.scope_separator.clone(), problems);
    let scopes = requests::read_scopes(&table.scopes, &scope_separator, &requests, problems);
    let scope_parameter = requests::read_scope_parameter(table.scope_parameter.clone(), &scopes, problems);
    let authentication = requests.client_authentication(table.client_authentication.as_deref(), problems);
    let revoke = revocation::read(table, authentication, &requests, problems);
    let issuer = table.issuer.as_deref().and_then(|text| read_issuer(text, &requests, problems));
    let errors = errors::read(table, problems);
    let (authorize, token) = endpoints?;
    let asked = account.as_ref().and_then(|account| account.endpoint.as_ref());
    let revoked = revoke.as_ref().map(|revocation| &revocation.endpoint);
    let every = [Some(&authorize), Some(&token), refresh.as_ref(), revoked, asked];
    let in_hosts: Vec<&str> = every.into_iter().flatten().flat_map(variables_of).collect();
    answers::check_fields(table, names.fields, kind, &in_hosts, problems);
    Some(OauthRequests {
        response_pointers: answers::read_pointers(&table.response, problems),
        client_authentication: authentication?,
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
        response_fields: table.response_fields.clone(),
        account,
        errors,
        client_credentials: grant,
        choices: names.choices.clone(),
    })
}

/// Reads the addresses to which users are sent and from which tokens come. A provider without a flow sends no
/// users anywhere; both are then the address of the client credentials grant.
fn read_endpoints(
    table: &OauthTable,
    requests: &Requests<'_>,
    grant: Option<&ClientCredentialsRequest>,
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

/// Reads the type of the credentials that flows make: what `type` says, or else the only OAuth type of the
/// provider.
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

/// Refuses `*`: with it, a tenant could send the secret of the operator's app to a host of its own.
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

/// Checks that a grant can fill `scope` and, where there is one, `refresh_token`. The other fields of every
/// OAuth type are checked with the type.
fn check_fields(server: &OauthServer, requests: &OauthRequests, fields: &[Field], problems: &mut Problems) {
    let kind = server.credential_type;
    let text = |name: &str, secret: bool| {
        field_of(fields, kind, name).map(|field| field.kind == FieldKind::Text && field.secret == secret)
    };
    if text("scope", false) != Some(true) {
        problems.add("oauth", format!("needs the public text `scope` in the type {}", kind.as_str()));
    }
    let refreshes = requests.refresh.is_some()
        || !requests.refresh_parameters.is_empty()
        || requests.refresh_sends_redirect_uri;
    if text(REFRESH_TOKEN, true) == Some(false) || (text(REFRESH_TOKEN, true).is_none() && refreshes) {
        problems.add("oauth", format!("needs the secret text `refresh_token` in the type {}", kind.as_str()));
    }
}
