//! Providers with an authorization server on loopback, and the requests to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_authorization_server::{AuthorizationServer, Client, Grant, Subject, TokenError};
use strongroom_declared_http::{
    AccountLookup, ClientAuthentication, Declarations, Declared, Endpoint, OauthRequests, OriginTemplate,
    Revocation, Template, TemplatePart, VariableForm,
};
use strongroom_domain::{
    ConfigValue, Content, CredentialType, Field, FieldKind, Provider, ProviderId, SecretText, TokenResponse,
};
use strongroom_egress::{Egress, EgressSettings};

use super::server::Server;
use crate::OauthHttp;

pub(super) const REDIRECT: &str = "https://vault.example/integrations/oauth/callback/acme";

pub(super) fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

/// A template in which `{name}` is a variable.
pub(super) fn template(text: &str) -> Template {
    let mut parts = Vec::new();
    for (index, piece) in text.split('{').enumerate() {
        let literal = match piece.split_once('}').filter(|_| index > 0) {
            Some((name, rest)) => {
                parts.push(TemplatePart::Variable { name: name.to_owned(), form: VariableForm::Plain });
                rest
            }
            None => piece,
        };
        parts.push(TemplatePart::Literal(literal.to_owned()));
    }
    Template(parts)
}

pub(super) fn declared(pairs: &[(&str, &str)]) -> Vec<(String, Template)> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), template(text))).collect()
}

pub(super) fn names(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// An endpoint on this host.
pub(super) fn endpoint(port: u16, path: &str) -> Endpoint {
    let origin = OriginTemplate::Host {
        plain_http: true,
        host: template("127.0.0.1"),
        port: Some(port),
        hosts: Vec::new(),
    };
    Endpoint { origin, path: template(path) }
}

/// An endpoint at the provider, over TLS.
pub(super) fn remote(host: &str, path: &str) -> Endpoint {
    let hosts = vec![".acme.com".to_owned(), "acme.com".to_owned()];
    let origin = OriginTemplate::Host { plain_http: false, host: template(host), port: None, hosts };
    Endpoint { origin, path: template(path) }
}

/// The requests to an authorization server at a port of this host, declared as for most providers.
pub(super) fn oauth(port: u16) -> OauthRequests {
    OauthRequests {
        authorize: remote("acme.com", "/authorize"),
        authorize_parameters: Vec::new(),
        token: endpoint(port, "/token"),
        token_parameters: Vec::new(),
        refresh: None,
        refresh_parameters: Vec::new(),
        refresh_sends_redirect_uri: false,
        revoke: Some(Revocation::standard(endpoint(port, "/revoke"), ClientAuthentication::Basic)),
        scopes: vec![template("openid"), template("email")],
        scope_separator: " ".to_owned(),
        scope_parameter: Some("scope".to_owned()),
        pkce: true,
        client_authentication: ClientAuthentication::Basic,
        json_request: false,
        issuer: None,
        response_pointers: BTreeMap::new(),
        response_fields: BTreeMap::new(),
        account: Some(AccountLookup {
            endpoint: Some(endpoint(port, "/userinfo")),
            id: vec!["/sub".to_owned()],
            name: vec!["/email".to_owned()],
        }),
        errors: Vec::new(),
        client_credentials: None,
        choices: BTreeMap::new(),
    }
}

/// A credential of a provider with the public fields `tenant` and `address` and the secret field `key`.
pub(super) fn subject_of(kind: CredentialType, fields: &[(&str, &str)]) -> Subject {
    let field = |name: &str, secret| Field {
        name: name.to_owned(),
        label: name.to_owned(),
        kind: FieldKind::Text,
        secret,
        destination: false,
        addresses: Vec::new(),
        pattern: None,
        choices: Vec::new(),
        example: None,
        default: None,
        types: [kind].into(),
    };
    let provider = Provider {
        id: ProviderId::parse("acme").unwrap(),
        display_name: "Acme".to_owned(),
        description: "Anvils.".to_owned(),
        category: "crm".to_owned(),
        docs_url: None,
        fields: vec![field("tenant", false), field("address", false), field("key", true)],
        types: BTreeMap::new(),
        test: None,
        oauth: None,
        connect: None,
        crm: None,
    };
    let mut content = Content::default();
    for (name, value) in fields {
        if provider.field(name).unwrap().secret {
            content.secret.insert(*name, secret(value));
        } else {
            content.config.insert(*name, ConfigValue::Text((*value).to_owned()));
        }
    }
    Subject { provider: Arc::new(provider), credential_type: kind, content }
}

pub(super) fn subject() -> Subject {
    subject_of(CredentialType::Oauth2, &[("tenant", "jane"), ("key", "good-key")])
}

pub(super) fn client() -> Client {
    Client { id: "the-app".to_owned(), secret: Some(secret("app-secret")) }
}

/// A policy that allows this host for OAuth, with and without TLS.
pub(super) fn loopback() -> Egress {
    let settings = EgressSettings {
        allow_cidrs: "oauth=127.0.0.0/8".into(),
        plain_http: true,
        ..EgressSettings::default()
    };
    Egress::new(&settings).unwrap()
}

/// The adapter with a policy that allows this host, for a provider whose file declares these requests.
pub(super) fn adapter(oauth: OauthRequests) -> OauthHttp {
    adapter_at(loopback(), oauth)
}

pub(super) fn adapter_at(egress: Egress, oauth: OauthRequests) -> OauthHttp {
    let mut declarations = Declarations::default();
    let declared = Declared { test: None, oauth: Some(oauth) };
    declarations.insert(ProviderId::parse("acme").unwrap(), declared);
    OauthHttp::new(egress, Arc::new(declarations))
}

pub(super) fn code() -> Grant {
    Grant::Code {
        code: secret("good-code"),
        verifier: secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        redirect_uri: REDIRECT.to_owned(),
    }
}

pub(super) fn refresh() -> Grant {
    Grant::Refresh {
        refresh_token: secret("old-refresh-token"),
        redirect_uri: REDIRECT.to_owned(),
        send_before: tokio::time::Instant::now() + std::time::Duration::from_secs(60),
    }
}

/// Returns the result of a refresh at a server, after `change` has changed what the file declares.
pub(super) async fn refreshed(
    server: &Server,
    change: impl FnOnce(&mut OauthRequests),
) -> Result<TokenResponse, TokenError> {
    let mut oauth = oauth(server.port);
    change(&mut oauth);
    adapter(oauth).token(&subject(), &client(), refresh(), None).await
}

/// Returns whether the request may have been served when a failure is transient, and `None` for other
/// results.
pub(super) fn transient(found: Result<TokenResponse, TokenError>) -> Option<bool> {
    match found {
        Err(TokenError::Transient { may_have_been_served, .. }) => Some(may_have_been_served),
        _ => None,
    }
}
