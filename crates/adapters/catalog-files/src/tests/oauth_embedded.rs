use std::collections::BTreeSet;
use std::sync::Arc;

use strongroom_declared_http::{
    CLIENT_ID, ClientAuthentication, Endpoint, OauthRequests, OriginTemplate, RevocationMethod, Target,
    Template, Values,
};
use strongroom_domain::{ConfigValue, Content, CredentialType, Field, OauthServer, Provider};
use strongroom_environment::Catalog;

use super::oauth::{address, shown};
use crate::FileCatalog;

/// A provider with an authorization server, and the requests to it.
struct Served {
    provider: Arc<Provider>,
    server: OauthServer,
    requests: OauthRequests,
}

fn servers() -> Vec<Served> {
    let catalog = FileCatalog::embedded().unwrap_or_else(|error| panic!("{error}"));
    let declarations = catalog.declarations();
    let served = |provider: Arc<Provider>| {
        let requests = declarations.oauth(&provider.id).cloned();
        assert_eq!(provider.oauth.is_some(), requests.is_some(), "{}", provider.id);
        Some(Served { server: provider.oauth.clone()?, requests: requests?, provider })
    };
    catalog.all().into_iter().filter_map(served).collect()
}

fn served(id: &str) -> Served {
    servers().into_iter().find(|served| served.provider.id.as_str() == id).unwrap()
}

fn server(id: &str) -> OauthServer {
    served(id).server
}

fn requests(id: &str) -> OauthRequests {
    served(id).requests
}

/// Every address of a server, each with its purpose.
fn endpoints(requests: &OauthRequests) -> Vec<(&'static str, &Endpoint)> {
    let account = requests.account.as_ref().and_then(|account| account.endpoint.as_ref());
    let grant = requests.client_credentials.as_ref().map(|grant| &grant.token);
    let optional = [
        ("refresh", requests.refresh.as_ref()),
        ("revoke", requests.revoke.as_ref().map(|revocation| &revocation.endpoint)),
        ("account", account),
        ("client_credentials", grant),
    ];
    let always = [("authorize", &requests.authorize), ("token", &requests.token)];
    let given = optional.into_iter().filter_map(|(name, endpoint)| Some((name, endpoint?)));
    always.into_iter().chain(given).collect()
}

#[test]
fn every_provider_with_an_oauth_type_has_an_authorization_server() {
    let providers = FileCatalog::embedded().unwrap().all();
    let asks = |provider: &Provider| {
        provider.types.keys().any(|kind| kind.is_oauth() || *kind == CredentialType::ClientCredentials)
    };
    let without: Vec<_> = providers
        .iter()
        .filter(|provider| asks(provider) && provider.oauth.is_none())
        .map(|provider| provider.id.as_str())
        .collect();
    // The provider `custom` can stand for any service, so its authorization server is not known.
    assert_eq!(without, ["custom"]);
    assert!(servers().len() >= 50, "{}", servers().len());
    for Served { provider, server, requests } in servers() {
        let grants = provider.types.contains_key(&CredentialType::ClientCredentials);
        assert_eq!(server.client_credentials.is_some(), grants, "{}", provider.id);
        assert_eq!(requests.client_credentials.is_some(), grants, "{}", provider.id);
    }
}

#[test]
fn secrets_of_apps_go_to_hosts_that_the_file_fixes_or_limits() {
    for Served { provider, requests, .. } in servers() {
        for (name, endpoint) in endpoints(&requests) {
            let context = format!("{} {name}", provider.id);
            match &endpoint.origin {
                OriginTemplate::Host { plain_http, host, port, hosts } => {
                    assert!(!plain_http && port.is_none(), "{context}");
                    let closed = |name: &str| is_closed(&provider, &requests, name);
                    let fixed = host.as_literal().is_some() || host.variables().all(closed);
                    assert!(fixed || !hosts.is_empty(), "{context}");
                }
                OriginTemplate::Field { hosts, .. } => assert!(!hosts.is_empty(), "{context}"),
            }
        }
    }
}

/// Whether all values of a variable are written in the file.
fn is_closed(provider: &Provider, requests: &OauthRequests, name: &str) -> bool {
    requests.choices.contains_key(name) || provider.field(name).is_some_and(|field| !field.choices.is_empty())
}

/// The URL of an endpoint for a credential that has the examples of these fields and no other values.
fn url(served: &Served, kind: CredentialType, endpoint: &Endpoint, has: impl Fn(&Field) -> bool) -> String {
    let Served { provider, requests, .. } = served;
    let mut content = Content::default();
    if provider.field(CLIENT_ID).is_none() {
        content.config.insert(CLIENT_ID, ConfigValue::Text("the-app".to_owned()));
    }
    for field in provider.fields_of(kind).filter(|field| !field.secret && has(field)) {
        let example = field.example.clone().unwrap();
        content.config.insert(field.name.as_str(), ConfigValue::Text(example));
    }
    let values = Values::for_grant(provider, kind, &content, &requests.choices);
    let target = Target::of(&endpoint.origin, &endpoint.path, &[], &values);
    let target = target.unwrap_or_else(|refusal| panic!("{} {}: {refusal}", provider.id, address(endpoint)));
    target.url.expose().to_owned()
}

#[test]
fn every_address_can_be_built_from_the_examples_of_its_fields() {
    for served in servers() {
        for (name, endpoint) in endpoints(&served.requests) {
            let is_grant = name == "client_credentials";
            let kind =
                if is_grant { CredentialType::ClientCredentials } else { served.server.credential_type };
            let url = url(&served, kind, endpoint, |_| true);
            assert!(url.starts_with("https://"), "{} {name}", served.provider.id);
        }
    }
}

#[test]
fn a_flow_finds_its_way_with_what_its_caller_gives_and_what_comes_back() {
    for served in servers().into_iter().filter(|served| served.server.credential_type.is_oauth()) {
        let server = &served.server;
        let given = |field: &Field| server.inputs.contains(&field.name);
        let with_code = |field: &Field| given(field) || server.callback_fields.contains_key(&field.name);
        let with_token = |field: &Field| with_code(field) || server.response_fields.contains(&field.name);
        for (name, endpoint) in endpoints(&served.requests) {
            let kind = server.credential_type;
            let url = match name {
                "authorize" => url(&served, kind, endpoint, given),
                "token" => url(&served, kind, endpoint, with_code),
                "client_credentials" => continue,
                _ => url(&served, kind, endpoint, with_token),
            };
            assert!(url.starts_with("https://"), "{} {name}", served.provider.id);
        }
    }
}

#[test]
fn the_catalog_can_show_the_scopes_of_what_the_connect_dialect_lists() {
    for served in servers().into_iter().filter(|served| served.provider.connect.is_some()) {
        let all = served.requests.scopes.iter().map(shown).collect::<Vec<_>>();
        assert_eq!(served.server.fixed_scopes, all, "{}", served.provider.id);
    }
}

#[test]
fn a_flow_needs_from_its_caller_only_what_nothing_else_can_tell() {
    let asked: Vec<_> = servers()
        .into_iter()
        .filter(|served| !served.server.inputs.is_empty())
        .map(|served| format!("{}: {}", served.provider.id, served.server.inputs.join(" ")))
        .collect();
    let expected = [
        "auth0: domain",
        "dynamics: environment_url",
        "mailchimp: dc",
        "okta: domain",
        "servicenow: instance",
        "shopify: shop",
        "snowflake: account",
        "zendesk: subdomain",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn providers_of_one_vendor_share_an_app() {
    let with = |app: &str| -> BTreeSet<String> {
        let shared = servers().into_iter().filter(|served| served.server.app == app);
        shared.map(|served| served.provider.id.to_string()).collect()
    };
    assert_eq!(with("atlassian").len(), 3);
    assert_eq!(with("google").len(), 5);
    assert_eq!(with("microsoft").len(), 6);
    assert_eq!(with("github").len(), 1);
}

#[test]
fn vendors_are_asked_in_the_way_that_they_want() {
    let google = server("google");
    assert_eq!(google.credential_type, CredentialType::GoogleOauth);
    assert_eq!(requests("google").account.unwrap().name, ["/email"]);
    assert_eq!(server("microsoft").credential_type, CredentialType::Oauth2);
    let sharepoint = server("sharepoint");
    assert_eq!(sharepoint.credential_type, CredentialType::SharepointOauth);
    assert!(requests("sharepoint").scopes.iter().any(|scope| shown(scope) == "offline_access"));
    let notion = requests("notion");
    assert!(notion.json_request && notion.client_authentication == ClientAuthentication::Basic);
    assert!(requests("gitlab").refresh_sends_redirect_uri);
    assert_eq!(address(&requests("figma").refresh.unwrap()), "api.figma.com/v1/oauth/refresh");
    // Intuit takes JSON with the client in the header, GitHub the access token of one of its apps, and Slack
    // a token in the header.
    let revocation = |id: &str| requests(id).revoke.unwrap();
    assert!(
        revocation("quickbooks").json_request
            && requests("quickbooks").client_authentication == ClientAuthentication::Basic
    );
    let github = revocation("github");
    assert_eq!(
        (github.method, github.parameter.as_deref()),
        (RevocationMethod::Delete, Some("access_token"))
    );
    assert_eq!(address(&github.endpoint), "api.github.com/applications/{client_id}/grant");
    let slack = revocation("slack");
    assert_eq!((slack.parameter, slack.client_authentication), (None, None));
    assert!(["github", "slack"].iter().all(|id| server(id).revokes_access_token));
    // A Slack that is installed for a whole organization has no team.
    assert_eq!(requests("slack").account.unwrap().id, ["/team/id", "/enterprise/id"]);
    assert_eq!(server("quickbooks").callback_fields["realm_id"], "realmId");
    let zoho = requests("zoho");
    assert_eq!((zoho.scope_separator.as_str(), zoho.pkce), (",", false));
    assert_eq!(server("zoho").callback_fields["accounts_server"], "accounts-server");
    for id in ["zoho", "pipedrive"] {
        assert_eq!(requests(id).response_fields["api_domain"], "/api_domain");
    }
    assert_eq!(requests("salesforce").response_fields["instance_url"], "/instance_url");
    let zoom = requests("zoom").client_credentials.unwrap();
    let value =
        |name: &str| zoom.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| shown(value));
    assert_eq!(value("grant_type").as_deref(), Some("account_credentials"));
    assert_eq!(value("account_id").as_deref(), Some("{account_id}"));
    let azure = server("azure_service_principal");
    assert_eq!(azure.credential_type, CredentialType::ClientCredentials);
    assert_eq!(
        requests("azure_service_principal").client_credentials.unwrap().scope.as_ref().map(shown).as_deref(),
        Some("{scope}")
    );
    let variables = requests("dynamics")
        .client_credentials
        .unwrap()
        .scope
        .map(|scope| Template::variables(&scope).count());
    assert_eq!(variables, Some(1));
}
