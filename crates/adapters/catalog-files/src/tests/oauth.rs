use std::time::Duration;

use strongroom_declared_http::{
    ClientAuthentication, Endpoint, ErrorMeaning, OauthRequests, OriginTemplate, RevocationMethod, Template,
    TemplatePart,
};
use strongroom_domain::oauth::AccountSource;
use strongroom_domain::{CredentialType, OauthServer};

use super::mistakes::problems_of;
use crate::read_provider;

/// A provider whose `[oauth]` has one of everything.
pub(super) const GOOD: &str = r#"
schema = 1
id = "acme"
display_name = "Acme"
description = "Anvils."
category = "crm"

[[field]]
name = "tenant"
type = "text"
destination = true
pattern = "[a-z]+"

[[field]]
name = "region"
type = "text"
destination = true
choices = ["us", "eu"]
default = "us"

[[field]]
name = "address"
type = "url"
destination = true
pattern = 'https://[a-z]+\.acme\.com'

[[field]]
name = "company"
type = "text"
pattern = "[0-9]+"

[[field]]
name = "note"
type = "text"

[[field]]
name = "pages"
type = "list"

[[field]]
name = "plan"
type = "text"
types = ["oauth2"]

[[field]]
name = "pin"
type = "text"
secret = true

[[field]]
name = "client_id"
type = "text"
types = ["client_credentials"]

[[field]]
name = "client_secret"
type = "text"
secret = true
types = ["client_credentials"]

[[field]]
name = "audience"
type = "text"
types = ["client_credentials"]

[[field]]
name = "access_token"
type = "text"
secret = true

[[field]]
name = "refresh_token"
type = "text"
secret = true
types = ["oauth2"]

[[field]]
name = "expires_at"
type = "timestamp"

[[field]]
name = "scope"
type = "text"

[types.oauth2]
required = ["access_token", "plan"]

[types.client_credentials]
required = ["client_id", "client_secret", "tenant"]

[test.choices.login_host]
field = "region"
values = { us = "login.acme.com", eu = "login.eu.acme.com" }

[[test.step]]
types = ["oauth2"]
url = "https://api.acme.com/me"
headers = { Authorization = "Bearer {access_token}" }
outcomes = [{ status = [200], code = "ok" }, { status = [401], code = "auth_rejected" }]

[oauth]
app = "acme_suite"
type = "oauth2"
authorize_url = "https://{tenant}.acme.com/authorize"
authorize_parameters = { access_type = "offline", hint = "{plan}" }
token_url = "https://{login_host}/token"
token_parameters = { expiring = "1" }
refresh_url = "https://login.acme.com/refresh"
refresh_parameters = { again = "{region}" }
refresh_sends_redirect_uri = true
revoke_url = "https://login.acme.com/revoke"
hosts = ["*.acme.com"]
scopes = ["read", "{plan}:write"]
scope_separator = ","
scope_parameter = "user_scope"
pkce = false
client_authentication = "body"
request = "json"
issuer = "https://login.acme.com"
response = { access_token = "/user/access_token" }
response_fields = { address = "/api" }
callback_fields = { company = "companyId" }
account_url = "{address}/me"
account = "/id"
account_name = "/mail"
assumed_lifetime_s = 7200
errors = [{ means = "passing", status = [400], code = ["busy"], number = [7], text = ["Being Processed"] }]
dead_errors = ["gone"]
app_errors = ["stranger"]

[oauth.client_credentials]
token_url = "https://{tenant}.acme.com/token"
client_authentication = "body"
scope = "{address.origin}/.default"
parameters = { grant_type = "account_credentials", audience = ["{audience}", "https://acme.com"] }

[dialects.primary]
"#;

fn load(text: &str) -> (OauthServer, OauthRequests) {
    let (provider, declared) = read_provider("acme.toml", text).unwrap_or_else(|error| panic!("{error}"));
    (provider.oauth.unwrap(), declared.oauth.unwrap())
}

/// The text of a template, with the names of its variables in braces.
pub(super) fn shown(template: &Template) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Literal(text) => text.clone(),
        TemplatePart::Variable { name, .. } => format!("{{{name}}}"),
    };
    template.0.iter().map(part).collect()
}

pub(super) fn address(endpoint: &Endpoint) -> String {
    let origin = match &endpoint.origin {
        OriginTemplate::Host { host, .. } => shown(host),
        OriginTemplate::Field { name, .. } => format!("{{{name}}}"),
    };
    origin + &shown(&endpoint.path)
}

fn pairs(pairs: &[(String, Template)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_authorization_server_becomes_what_the_file_says() {
    let (server, requests) = load(GOOD);
    assert_eq!((server.app.as_str(), server.credential_type), ("acme_suite", CredentialType::Oauth2));
    assert_eq!(address(&requests.authorize), "{tenant}.acme.com/authorize");
    assert_eq!(pairs(&requests.authorize_parameters), "access_type=offline hint={plan}");
    assert_eq!(address(&requests.token), "{login_host}/token");
    assert_eq!(pairs(&requests.token_parameters), "expiring=1");
    assert_eq!(requests.refresh.as_ref().map(address).as_deref(), Some("login.acme.com/refresh"));
    assert_eq!(pairs(&requests.refresh_parameters), "again={region}");
    assert_eq!(
        requests.revoke.as_ref().map(|revocation| address(&revocation.endpoint)).as_deref(),
        Some("login.acme.com/revoke")
    );
    assert_eq!(requests.scopes.iter().map(shown).collect::<Vec<_>>(), ["read", "{plan}:write"]);
    assert_eq!(
        (requests.scope_separator.as_str(), requests.scope_parameter.as_deref()),
        (",", Some("user_scope"))
    );
    assert!(requests.refresh_sends_redirect_uri && requests.json_request && !requests.pkce);
    assert_eq!(requests.client_authentication, ClientAuthentication::Body);
    assert_eq!(requests.issuer.as_ref().map(shown).as_deref(), Some("https://login.acme.com"));
    assert_eq!(requests.response_pointers["access_token"], "/user/access_token");
    assert_eq!(requests.response_fields["address"], "/api");
    assert_eq!(server.callback_fields["company"], "companyId");
    assert_eq!(server.fixed_scopes, ["read"]);
    assert_eq!(server.response_fields, ["address".to_owned()].into());
    assert_eq!(server.account, Some(AccountSource::Request));
    let account = requests.account.unwrap();
    assert_eq!(account.endpoint.as_ref().map(address).as_deref(), Some("{address}/me"));
    assert_eq!((account.id, account.name), (vec!["/id".to_owned()], vec!["/mail".to_owned()]));
    assert_eq!(server.assumed_lifetime, Some(Duration::from_secs(7_200)));
    let errors: Vec<_> = requests.errors.iter().map(|rule| (rule.meaning, rule.code.join(" "))).collect();
    let expected = [
        (ErrorMeaning::Passing, "busy".to_owned()),
        (ErrorMeaning::Dead, "gone".to_owned()),
        (ErrorMeaning::App, "stranger".to_owned()),
    ];
    assert_eq!(errors, expected, "the rules come before the lists");
    let rule = &requests.errors[0];
    assert_eq!((&rule.status[..], &rule.number[..]), (&[400][..], &[7][..]));
    assert_eq!(rule.text, ["being processed"], "in lower case, as it is compared");
}

#[test]
fn a_token_is_revoked_as_the_file_says() {
    let revoked = |lines: &str| {
        let revoke = "revoke_url = \"https://login.acme.com/revoke\"";
        load(&GOOD.replace(revoke, &format!("{revoke}\n{lines}")))
    };
    let (server, requests) = revoked("");
    let standard = requests.revoke.unwrap();
    assert_eq!((standard.method, standard.json_request), (RevocationMethod::Post, false));
    assert_eq!(standard.client_authentication, Some(ClientAuthentication::Body));
    assert!(standard.parameter.as_deref() == Some("token") && !server.revokes_access_token);

    let odd = "revocation = { method = \"DELETE\", request = \"json\", client_authentication = \"basic\", \
               token = \"access_token\", parameter = \"access_token\", headers = { X-Api-Version = \"2\" } }";
    let (server, requests) = revoked(odd);
    let odd = requests.revoke.unwrap();
    assert!(server.revokes_access_token && odd.access_token_only && odd.json_request);
    assert_eq!((odd.method, odd.parameter.as_deref()), (RevocationMethod::Delete, Some("access_token")));
    assert_eq!(odd.client_authentication, Some(ClientAuthentication::Basic));
    assert_eq!(odd.headers, [("X-Api-Version".to_owned(), "2".to_owned())]);

    let bearer = revoked("revocation = { parameter = \"\" }").1.revoke.unwrap();
    assert_eq!((bearer.parameter, bearer.client_authentication), (None, None));
    let of_app = GOOD.replace("https://login.acme.com/revoke", "https://login.acme.com/apps/{client_id}");
    let of_app = load(&of_app).1.revoke.unwrap();
    assert_eq!(address(&of_app.endpoint), "login.acme.com/apps/{client_id}");
}

#[test]
fn an_account_may_stand_in_several_places() {
    let text = GOOD.replace("account = \"/id\"", "account = [\"/team/id\", \"/enterprise/id\"]");
    assert_eq!(load(&text).1.account.unwrap().id, ["/team/id", "/enterprise/id"]);
}

#[test]
fn what_a_file_leaves_out_is_what_most_servers_want() {
    let (head, _) = GOOD.split_once("[oauth]").unwrap();
    let urls = "authorize_url = \"https://acme.com/a\"\ntoken_url = \"https://acme.com/t\"";
    let (server, requests) = load(&format!("{head}[oauth]\n{urls}\n[dialects.primary]"));
    assert_eq!((server.app.as_str(), server.credential_type), ("acme", CredentialType::Oauth2));
    assert_eq!(
        (requests.scope_separator.as_str(), requests.scope_parameter.as_deref()),
        (" ", Some("scope"))
    );
    assert!(requests.pkce && !requests.json_request && !requests.refresh_sends_redirect_uri);
    assert_eq!(requests.client_authentication, ClientAuthentication::Basic);
    assert!(requests.account.is_none() && requests.client_credentials.is_none() && requests.issuer.is_none());
    assert!(
        load(&GOOD.replace("[\"read\", \"{plan}:write\"]\n", "[]\n").replace("\"user_scope\"", "\"\""))
            .1
            .scope_parameter
            .is_none()
    );
}

#[test]
fn a_caller_gives_what_is_needed_and_neither_arrives_nor_has_a_default() {
    // `region` has a default, `address` and `company` arrive, and the type requires `plan`.
    assert_eq!(load(GOOD).0.inputs, ["tenant", "plan"]);
    let unused = GOOD.replace("hint = \"{plan}\"", "hint = \"x\"").replace("\"{plan}:write\"", "\"write\"");
    assert_eq!(load(&unused).0.inputs, ["tenant", "plan"]);
    let optional = unused.replace("required = [\"access_token\", \"plan\"]", "required = [\"access_token\"]");
    assert_eq!(load(&optional).0.inputs, ["tenant"]);
    let decided = GOOD.replace("choices = [\"us\", \"eu\"]\ndefault = \"us\"", "choices = [\"us\", \"eu\"]");
    assert_eq!(load(&decided).0.inputs, ["tenant", "region", "plan"]);
}

#[test]
fn client_credentials_are_read_with_and_without_a_flow() {
    let (server, requests) = load(GOOD);
    let (fields, grant) = (server.client_credentials.unwrap(), requests.client_credentials.unwrap());
    assert_eq!(address(&grant.token), "{tenant}.acme.com/token");
    assert_eq!(grant.client_authentication, ClientAuthentication::Body);
    assert_eq!(
        (fields.client_id_field.as_str(), fields.client_secret_field.as_str()),
        ("client_id", "client_secret")
    );
    assert_eq!(grant.scope.as_ref().map(shown).as_deref(), Some("{address}/.default"));
    let expected = "audience={audience} audience=https://acme.com grant_type=account_credentials";
    assert_eq!(pairs(&grant.parameters), expected);

    let (server, requests) = load(&without_flow());
    assert_eq!(server.credential_type, CredentialType::ClientCredentials);
    assert_eq!(address(&requests.token), "{tenant}.acme.com/token");
    assert!(server.inputs.is_empty());
    let asked = without_flow().replace("app = \"acme_suite\"", "pkce = true");
    let problems = problems_of(&asked);
    assert_eq!((problems.len(), problems[0].key.as_str()), (1, "oauth.pkce"), "{problems:#?}");
    let (head, _) = asked.split_once("[oauth]").unwrap();
    let problems = problems_of(&format!("{head}[oauth]\napp = \"acme\"\n[dialects.primary]"));
    assert_eq!((problems.len(), problems[0].key.as_str()), (1, "oauth.client_credentials"), "{problems:#?}");
}

/// [`GOOD`] without the type oauth2.
fn without_flow() -> String {
    let text = GOOD
        .replace("[types.oauth2]\nrequired = [\"access_token\", \"plan\"]", "")
        .replace("types = [\"oauth2\"]\nurl", "types = [\"client_credentials\"]\nurl")
        .replace("types = [\"oauth2\"]", "");
    let (head, rest) = text.split_once("[oauth]").unwrap();
    let (_, grant) = rest.split_once("[oauth.client_credentials]").unwrap();
    format!("{head}[oauth]\napp = \"acme_suite\"\n[oauth.client_credentials]{grant}")
}

#[test]
fn a_rehearsal_may_be_without_tls_and_the_code_may_bring_what_the_token_endpoint_needs() {
    let plain = GOOD.replace("https://login.acme.com/revoke", "http://localhost.acme.com:8080/revoke");
    let revoke = load(&plain).1.revoke.unwrap();
    assert!(matches!(
        revoke.endpoint.origin,
        OriginTemplate::Host { plain_http: true, port: Some(8_080), .. }
    ));
    assert_eq!(
        load(&GOOD.replace("https://{login_host}/token", "https://a.acme.com/{company}")).0.inputs.len(),
        2
    );
}
