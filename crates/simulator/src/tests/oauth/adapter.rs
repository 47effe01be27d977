//! The vault's own adapter against the simulator, for every provider: from the URL to which a person is sent
//! until the tokens are revoked.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_authorization_server::{
    AuthorizationRequest, AuthorizationServer, Client, Grant, Subject, TokenError,
};
use strongroom_declared_http::Template;
use strongroom_domain::content::Content;
use strongroom_domain::oauth::{AccountSource, pkce_challenge};
use strongroom_domain::{ConfigValue, CredentialType, Provider, SecretText, TokenResponse};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_environment::Clock;
use strongroom_fixtures::FrozenClock;
use strongroom_oauth_http::OauthHttp;
use url::Url;

use super::super::client::{Outgoing, exchange};
use super::super::{Played, World};
use super::grantee::REDIRECT;
use crate::{OauthBehaviour, OauthFault, credentials};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The adapter with the settings that docs/REHEARSAL.md names.
fn adapter(world: &World) -> OauthHttp {
    let settings = EgressSettings {
        allow_cidrs: "http=127.0.0.0/8,oauth=127.0.0.0/8".to_owned(),
        plain_http: true,
        ..EgressSettings::default()
    };
    OauthHttp::new(Egress::new(&settings).unwrap(), world.overlay.declarations())
}

fn client() -> Client {
    Client { id: "app:1 %+é".to_owned(), secret: Some(SecretText::new("s:1 %+é&=".to_owned())) }
}

/// A provider with a value in every field that a flow asks for.
fn subject(provider: &Arc<Provider>, kind: CredentialType) -> Subject {
    let mut content = Content::default();
    let inputs = &provider.oauth.as_ref().unwrap().inputs;
    for field in provider.fields_of(kind).filter(|field| inputs.contains(&field.name)) {
        if let serde_json::Value::String(text) = credentials::public(field) {
            content.config.insert(field.name.as_str(), ConfigValue::Text(text));
        }
    }
    Subject { provider: Arc::clone(provider), credential_type: kind, content }
}

/// The parameters that come back with the code, and the scope that was requested.
async fn approved(world: &World, subject: &Subject) -> (BTreeMap<String, String>, String) {
    let challenge = pkce_challenge(VERIFIER);
    let request = AuthorizationRequest {
        client_id: &client().id,
        redirect_uri: REDIRECT,
        scope: None,
        state: "a-state",
        code_challenge: &challenge,
    };
    let sent = adapter(world).authorization_url(subject, &request).unwrap();
    let url = Url::parse(&sent.url).unwrap();
    let address = world.simulator.address();
    assert_eq!((url.host_str(), url.port()), (Some("127.0.0.1"), Some(address.port())));
    let outgoing = Outgoing {
        method: "GET".to_owned(),
        path: url.path().to_owned(),
        query: url.query().unwrap().to_owned(),
        headers: vec![("host".to_owned(), address.to_string())],
        body: String::new(),
    };
    let answer = exchange(address, &outgoing).await;
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status.as_u16(), 302, "{}: {body}", subject.provider.id);
    let back = Url::parse(answer.headers["location"].to_str().unwrap()).unwrap();
    let back: BTreeMap<_, _> = back.query_pairs().into_owned().collect();
    assert_eq!(back.get("iss").cloned(), adapter(world).issuer(subject).unwrap(), "{}", subject.provider.id);
    (back, sent.scope)
}

/// The credential that a flow makes.
async fn granted(world: &World, provider: &Played) -> Result<Subject, TokenError> {
    let kind = provider.oauth.as_ref().unwrap().credential_type;
    let mut subject = subject(provider, kind);
    let (back, scope) = approved(world, &subject).await;
    for (name, parameter) in &provider.oauth.as_ref().unwrap().callback_fields {
        subject.content.config.insert(name.as_str(), ConfigValue::Text(back[parameter].clone()));
    }
    let code = SecretText::new(back["code"].clone());
    let verifier = SecretText::new(VERIFIER.to_owned());
    let grant = Grant::Code { code, verifier, redirect_uri: REDIRECT.to_owned() };
    let response = adapter(world).token(&subject, &client(), grant, None).await?;
    Ok(stored(subject, response, &scope))
}

/// Puts the answer into the content of the credential, as the vault stores it.
fn stored(subject: Subject, response: TokenResponse, scope: &str) -> Subject {
    let Subject { provider, credential_type, content } = subject;
    let now = (FrozenClock::default().now(), 0.5);
    let granted = provider.take_grant(credential_type, content, response, scope, now);
    let granted = granted.unwrap_or_else(|violations| panic!("{}: {violations:?}", provider.id));
    Subject { content: granted.content, provider, credential_type }
}

fn secret(subject: &Subject, name: &str) -> Option<SecretText> {
    subject.content.secret.get(name).map(SecretText::duplicate)
}

fn refresh(token: SecretText) -> Grant {
    Grant::Refresh {
        refresh_token: token,
        redirect_uri: REDIRECT.to_owned(),
        send_before: tokio::time::Instant::now() + std::time::Duration::from_secs(60),
    }
}

/// Descriptions of what differs, each with its provider.
type Failures = Vec<String>;

async fn whole_life(world: &World, provider: &Played, failures: &mut Failures) {
    let mut tell =
        |what: &str, error: &TokenError| failures.push(format!("{}: {what}: {error}", provider.id));
    let credential = match granted(world, provider).await {
        Ok(credential) => credential,
        Err(error) => return tell("code", &error),
    };
    let token = secret(&credential, "access_token").unwrap();
    if provider.oauth.as_ref().unwrap().account == Some(AccountSource::Request) {
        match adapter(world).account(&credential, &token).await {
            Ok(account) => assert_eq!(account.unwrap().id, "id:alice@example.com", "{}", provider.id),
            Err(error) => tell("account", &error),
        }
    }
    let refresh_token = secret(&credential, "refresh_token");
    if let Some(token) = refresh_token.as_ref().map(SecretText::duplicate)
        && let Err(error) = adapter(world).token(&credential, &client(), refresh(token), None).await
    {
        tell("refresh", &error);
    }
    match adapter(world).revoke(&credential, &client(), &token).await {
        Err(error) => tell("revoke", &error),
        Ok(revoked) => assert_eq!(revoked, provider.requests().revoke.is_some(), "{}", provider.id),
    }
    if let (Some(token), Some(_)) = (refresh_token, &provider.requests().revoke) {
        let refused = adapter(world).token(&credential, &client(), refresh(token), None).await;
        assert!(matches!(refused, Err(TokenError::Dead { .. })), "{}", provider.id);
    }
}

#[tokio::test]
async fn every_provider_grants_refreshes_and_revokes_for_the_vaults_own_adapter() {
    let world = World::start().await;
    let mut failures = Failures::new();
    for provider in world.grantors() {
        whole_life(&world, &provider, &mut failures).await;
    }
    let mistakes = world.simulator.requests().into_iter().filter_map(|request| {
        Some(format!("{} {}: {}", request.provider?, request.endpoint?, request.mistake?))
    });
    failures.extend(mistakes);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn every_client_credentials_grant_gives_the_vaults_own_adapter_a_token() {
    let world = World::start().await;
    let mut failures = Failures::new();
    for provider in world.all() {
        let grant = provider.oauth.as_ref().and_then(|server| server.client_credentials.as_ref());
        let Some(grant) = grant else { continue };
        let request = provider.requests().client_credentials.as_ref().unwrap();
        let kind = CredentialType::ClientCredentials;
        let mut subject = subject(&provider, kind);
        let good = world.simulator.good(provider.id.as_str(), kind).unwrap();
        let text = |name: &str| good[name].as_str().unwrap().to_owned();
        let named = provider.types[&kind].required.iter().map(String::as_str);
        let named: Vec<_> = named.chain(request.scope.iter().flat_map(Template::variables)).collect();
        for field in provider.fields_of(kind).filter(|field| named.contains(&field.name.as_str())) {
            if let (false, serde_json::Value::String(text)) = (field.secret, credentials::public(field)) {
                subject.content.config.insert(field.name.as_str(), ConfigValue::Text(text));
            }
        }
        let secret = Some(SecretText::new(text(&grant.client_secret_field)));
        let client = Client { id: text(&grant.client_id_field), secret };
        if let Err(error) = adapter(&world).token(&subject, &client, Grant::ClientCredentials, None).await {
            let mistake = world.simulator.requests().pop().and_then(|request| request.mistake);
            failures.push(format!("{}: {error} {mistake:?}", provider.id));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn what_goes_wrong_is_sorted_as_the_port_says() {
    let world = World::start().await;
    let provider = world.provider("google");
    let credential = granted(&world, &provider).await.unwrap();
    let token = secret(&credential, "refresh_token").unwrap();
    for fault in [
        OauthFault::Unavailable503,
        OauthFault::TooManyRequests { retry_after: 7 },
        OauthFault::Html200,
        OauthFault::TruncatedJson,
        OauthFault::HangUpAfterReading,
    ] {
        world.simulator.oauth(OauthBehaviour { fault: Some(fault), ..OauthBehaviour::default() });
        let failed = adapter(&world).token(&credential, &client(), refresh(token.duplicate()), None).await;
        let Err(TokenError::Transient { may_have_been_served, retry_after, .. }) = failed else {
            panic!("{fault:?} is not transient");
        };
        let served = matches!(fault, OauthFault::TruncatedJson | OauthFault::HangUpAfterReading);
        assert!(may_have_been_served || !served, "{fault:?}");
        let limited = matches!(fault, OauthFault::TooManyRequests { .. });
        assert_eq!(retry_after.map(|wait| wait.as_secs()), limited.then_some(7));
    }
    world.simulator.oauth(OauthBehaviour::default());
    let bad = Client { secret: Some(SecretText::new("a-bad-secret".to_owned())), ..client() };
    let refused = adapter(&world).token(&credential, &bad, refresh(token.duplicate()), None).await;
    assert!(matches!(refused, Err(TokenError::App { .. })));
    world.simulator.revoke_grants();
    let refused = adapter(&world).token(&credential, &client(), refresh(token), None).await;
    assert!(matches!(refused, Err(TokenError::Dead { .. })));
}
