//! The smallest client that can go through a grant, and the answers that it gets.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use strongroom_declared_http::{
    CLIENT_ID, ClientAuthentication, Endpoint, OauthRequests, OriginTemplate, RevocationMethod, Template,
    TemplatePart,
};
use strongroom_domain::oauth::pkce_challenge;
use strongroom_domain::{CredentialType, OauthServer};
use url::{Url, form_urlencoded};

use super::super::client::{Incoming, Outgoing, exchange, fill};
use super::super::{Played, World};
use crate::{Credentials, credentials};

pub(super) const REDIRECT: &str = "http://127.0.0.1:8080/integrations/acme/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(super) type Pairs = Vec<(String, String)>;

/// An app at a provider, with a public value in every field that a template may need.
pub(super) struct Grantee<'a> {
    pub(super) world: &'a World,
    pub(super) provider: Played,
    pub(super) values: Credentials,
    pub(super) client_id: String,
    pub(super) secret: String,
}

impl<'a> Grantee<'a> {
    pub(super) fn new(world: &'a World, provider: Played) -> Self {
        let kind = provider.oauth.as_ref().unwrap().credential_type;
        Self::of_type(world, provider, kind)
    }

    pub(super) fn of_type(world: &'a World, provider: Played, kind: CredentialType) -> Self {
        let fields = provider.fields_of(kind).filter(|field| !field.secret);
        let values = fields.map(|field| (field.name.clone(), credentials::public(field))).collect();
        Self { world, provider, values, client_id: "app:1 %+é".to_owned(), secret: "s:1 %+é&=".to_owned() }
    }

    pub(super) fn named(world: &'a World, id: &str) -> Self {
        Self::new(world, world.provider(id))
    }

    pub(super) fn server(&self) -> &OauthServer {
        self.provider.oauth.as_ref().unwrap()
    }

    pub(super) fn requests(&self) -> &OauthRequests {
        self.provider.requests()
    }

    pub(super) fn text(&self, template: &Template) -> Option<String> {
        fill(template, &self.provider, &self.values, str::to_owned)
    }

    /// Of several templates of one name, takes the first whose fields are there.
    fn texts(&self, templates: &[(String, Template)]) -> Pairs {
        let mut texts = Pairs::new();
        for (name, template) in templates {
            if !texts.iter().any(|(known, _)| known == name) {
                texts.extend(self.text(template).map(|text| (name.clone(), text)));
            }
        }
        texts
    }

    /// The parameters of the authorization request.
    pub(super) fn authorization(&self) -> Pairs {
        let requests = self.requests();
        let scopes: Vec<_> = requests.scopes.iter().filter_map(|scope| self.text(scope)).collect();
        let mut pairs = pairs([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT),
            ("state", "a-state"),
        ]);
        pairs.extend(
            requests
                .scope_parameter
                .iter()
                .map(|name| (name.clone(), scopes.join(&requests.scope_separator))),
        );
        if requests.pkce {
            pairs.push(("code_challenge".to_owned(), pkce_challenge(VERIFIER)));
            pairs.push(("code_challenge_method".to_owned(), "S256".to_owned()));
        }
        pairs.extend(self.texts(&requests.authorize_parameters));
        pairs
    }

    /// The parameters that come back to the redirect URI. Parameters in `other` replace those of this client.
    pub(super) async fn authorize(&self, other: &[(&str, &str)]) -> BTreeMap<String, String> {
        let answer = self.send_authorization(&replaced(self.authorization(), other)).await;
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status.as_u16(), 302, "{}: {body}", self.provider.id);
        let url = Url::parse(answer.headers["location"].to_str().unwrap()).unwrap();
        assert!(url.as_str().starts_with(REDIRECT));
        url.query_pairs().into_owned().collect()
    }

    pub(super) async fn send_authorization(&self, pairs: &Pairs) -> Incoming {
        let (path, _) = self.place(&self.requests().authorize);
        let (query, headers) = (encoded(pairs), vec![self.host()]);
        self.send(Outgoing { method: "GET".to_owned(), path, query, headers, body: String::new() }).await
    }

    /// Approves a code and returns the answer for it.
    pub(super) async fn granted(&mut self, other: &[(&str, &str)]) -> Value {
        let back = self.authorize(other).await;
        self.redeem(&back).await
    }

    /// Exchanges a code that has come back and returns the answer.
    pub(super) async fn redeem(&mut self, back: &BTreeMap<String, String>) -> Value {
        let (server, requests) = (self.server().clone(), self.requests().clone());
        for (name, parameter) in &server.callback_fields {
            self.values.insert(name.clone(), back[parameter].clone().into());
        }
        let mut body = pairs([
            ("grant_type", "authorization_code"),
            ("code", &back["code"]),
            ("redirect_uri", REDIRECT),
        ]);
        if requests.pkce {
            body.push(("code_verifier".to_owned(), VERIFIER.to_owned()));
        }
        body.extend(self.texts(&requests.token_parameters));
        let answer = self.ask(&requests.token, body, requests.client_authentication).await;
        for (name, pointer) in &requests.response_fields {
            let arrived = answer.pointer(pointer).cloned();
            self.values.extend(arrived.map(|value| (name.clone(), value)));
        }
        answer
    }

    pub(super) async fn refresh(&self, token: &str) -> Value {
        let requests = self.requests();
        let (endpoint, body) = self.refreshing(token);
        self.ask(endpoint, body, requests.client_authentication).await
    }

    pub(super) fn refreshing(&self, token: &str) -> (&Endpoint, Pairs) {
        let requests = self.requests();
        let mut body = pairs([("grant_type", "refresh_token"), ("refresh_token", token)]);
        if requests.refresh_sends_redirect_uri {
            body.push(("redirect_uri".to_owned(), REDIRECT.to_owned()));
        }
        body.extend(self.texts(&requests.refresh_parameters));
        (requests.refresh.as_ref().unwrap_or(&requests.token), body)
    }

    pub(super) async fn client_credentials(&self) -> Value {
        let grant = self.requests().client_credentials.as_ref().unwrap();
        let mut body = self.texts(&grant.parameters);
        if !body.iter().any(|(name, _)| name == "grant_type") {
            body.extend(pairs([("grant_type", "client_credentials")]));
        }
        body.extend(grant.scope.iter().map(|scope| ("scope".to_owned(), self.text(scope).unwrap())));
        self.ask(&grant.token, body, grant.client_authentication).await
    }

    /// The status and the body of the account endpoint's answer.
    pub(super) async fn account(&self, token: &str) -> (u16, Value) {
        let endpoint = self.requests().account.as_ref().unwrap().endpoint.as_ref().unwrap();
        let (path, query) = self.place(endpoint);
        let headers = vec![self.host(), ("authorization".to_owned(), format!("Bearer {token}"))];
        let request = Outgoing { method: "GET".to_owned(), path, query, headers, body: String::new() };
        let answer = self.send(request).await;
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    pub(super) async fn revoke(&self, token: &str) -> u16 {
        let revocation = self.requests().revoke.as_ref().unwrap();
        let body = revocation.parameter.iter().map(|name| (name.clone(), token.to_owned())).collect();
        let mut outgoing = match revocation.client_authentication {
            Some(how) => self.post(&revocation.endpoint, body, how, revocation.json_request),
            None => {
                let (path, query) = self.place(&revocation.endpoint);
                let mut headers = vec![self.host()];
                headers
                    .extend((!body.is_empty()).then(|| {
                        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())
                    }));
                Outgoing { method: String::new(), path, query, headers, body: encoded(&body) }
            }
        };
        if revocation.parameter.is_none() {
            outgoing.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        outgoing.headers.extend(revocation.headers.iter().cloned());
        outgoing.method = match revocation.method {
            RevocationMethod::Post => "POST".to_owned(),
            RevocationMethod::Delete => "DELETE".to_owned(),
        };
        self.send(outgoing).await.status.as_u16()
    }

    /// The whole answer of a token endpoint as JSON, with its status in `http` when it is not 200.
    pub(super) async fn ask(&self, at: &Endpoint, body: Pairs, how: ClientAuthentication) -> Value {
        let answer = self.send(self.post(at, body, how, self.requests().json_request)).await;
        let mut value: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| json!({ "http": 0 }));
        if answer.status.as_u16() != 200 {
            value["http"] = answer.status.as_u16().into();
        }
        value
    }

    pub(super) fn post(
        &self,
        at: &Endpoint,
        mut body: Pairs,
        how: ClientAuthentication,
        json: bool,
    ) -> Outgoing {
        let (path, query) = self.place(at);
        let mut headers = vec![self.host()];
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        match how {
            ClientAuthentication::Basic => {
                let pair = format!("{}:{}", encode(&self.client_id), encode(&self.secret));
                headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
            }
            ClientAuthentication::Body => {
                body.extend(pairs([("client_id", &self.client_id), ("client_secret", &self.secret)]));
            }
        }
        let (kind, body) = if json {
            ("application/json", json!(body.into_iter().collect::<BTreeMap<_, _>>()).to_string())
        } else {
            ("application/x-www-form-urlencoded", encoded(&body))
        };
        headers.push(("content-type".to_owned(), kind.to_owned()));
        Outgoing { method: "POST".to_owned(), path, query, headers, body }
    }

    pub(super) async fn send(&self, outgoing: Outgoing) -> Incoming {
        exchange(self.world.simulator.address(), &outgoing).await
    }

    fn host(&self) -> (String, String) {
        ("host".to_owned(), self.world.simulator.address().to_string())
    }

    /// Path and query of an endpoint of the overlay, which leads to the simulator and nowhere else.
    fn place(&self, endpoint: &Endpoint) -> (String, String) {
        let OriginTemplate::Host { plain_http: true, host, port, .. } = &endpoint.origin else {
            panic!("{}: an endpoint does not lead to the simulator", self.provider.id);
        };
        let address = self.world.simulator.address();
        assert_eq!(host.0, [TemplatePart::Literal(address.ip().to_string())]);
        assert_eq!(*port, Some(address.port()));
        let encode = |value: &str| form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let mut values = self.values.clone();
        values.entry(CLIENT_ID.to_owned()).or_insert_with(|| self.client_id.clone().into());
        (fill(&endpoint.path, &self.provider, &values, encode).unwrap(), String::new())
    }
}

pub(super) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Pairs {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

pub(super) fn replaced(mut pairs: Pairs, other: &[(&str, &str)]) -> Pairs {
    for (name, value) in other {
        pairs.retain(|(known, _)| known != name);
        pairs.push(((*name).to_owned(), (*value).to_owned()));
    }
    pairs
}

pub(super) fn encoded(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A member of a token answer, at the place that the file names.
pub(super) fn member(requests: &OauthRequests, answer: &Value, name: &str) -> Option<String> {
    let pointer = requests.response_pointers.get(name).cloned().unwrap_or_else(|| format!("/{name}"));
    match answer.pointer(&pointer)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
