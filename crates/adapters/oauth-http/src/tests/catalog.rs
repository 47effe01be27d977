use std::sync::Arc;

use strongroom_authorization_server::{
    AuthorizationRequest, AuthorizationServer, Grant, Subject, TokenError, Trouble,
};
use strongroom_catalog_files::FileCatalog;
use strongroom_domain::{CredentialType, FieldKind, Json, OauthServer, Provider, SecretText, Submission};
use strongroom_egress::{Answer, Egress, EgressSettings};
use strongroom_environment::Catalog;
use url::Url;

use super::provider::{REDIRECT, client, code, refresh, secret};
use crate::grant::{address, request};
use crate::sent::Sent;
use crate::{OauthHttp, fault, pointer, revoke};

/// A credential with all fields of a type that have an example.
fn exemplary(provider: &Arc<Provider>, kind: CredentialType) -> Subject {
    let one_line = |kind| !matches!(kind, FieldKind::List | FieldKind::Boolean);
    let fields = provider.fields_of(kind).filter(|field| one_line(field.kind));
    let value = |text: &str| Json::Text(SecretText::new(text.to_owned()));
    let submission: Submission =
        fields.filter_map(|field| Some((field.name.clone(), value(field.example.as_deref()?)))).collect();
    let content = provider.accept(kind, submission);
    let content = content.unwrap_or_else(|found| panic!("{} {}: {found:?}", provider.id, kind.as_str()));
    Subject { provider: Arc::clone(provider), credential_type: kind, content }
}

/// Every grant of a server for a type of credential.
fn grants(server: &OauthServer, kind: CredentialType) -> Vec<Grant> {
    if kind == server.credential_type && kind.is_oauth() {
        return vec![code(), refresh()];
    }
    let own = kind == CredentialType::ClientCredentials && server.client_credentials.is_some();
    if own { vec![Grant::ClientCredentials] } else { Vec::new() }
}

#[test]
fn every_request_of_every_provider_can_be_built_from_its_examples_and_goes_out_over_tls() {
    let catalog = FileCatalog::embedded().unwrap();
    let declarations = catalog.declarations();
    let adapter = OauthHttp::new(Egress::new(&EgressSettings::default()).unwrap(), declarations.clone());
    let asked = AuthorizationRequest {
        client_id: "the-app",
        redirect_uri: REDIRECT,
        scope: None,
        state: "the-state",
        code_challenge: "the-challenge",
    };
    let (mut urls, mut requests) = (0, 0);
    for provider in catalog.all() {
        let Some(server) = &provider.oauth else { continue };
        let declared = declarations.oauth(&provider.id).unwrap();
        for kind in provider.types.keys().copied() {
            let context = format!("{} {}", provider.id, kind.as_str());
            let grants = grants(server, kind);
            if grants.is_empty() {
                continue;
            }
            let subject = exemplary(&provider, kind);
            let values = crate::values(&subject, declared);
            let account = declared.account.as_ref().and_then(|account| account.endpoint.as_ref());
            let revoked = declared.revoke.iter().map(|revocation| {
                revoke::target(revocation, declared, &subject, &client())
                    .unwrap_or_else(|violation| panic!("{context}: {violation}"))
            });
            let looked_up = account.into_iter().map(|endpoint| {
                address(endpoint, &values).unwrap_or_else(|refusal| panic!("{context}: {refusal}"))
            });
            assert!(
                !kind.is_oauth() || revoked.chain(looked_up).all(|target| !target.plain_http),
                "{context}"
            );
            for grant in grants {
                let built = request(declared, &values, &client(), grant);
                let (target, request) = built.unwrap_or_else(|violation| panic!("{context}: {violation}"));
                assert!(!target.plain_http && request.uri().query().is_none(), "{context}");
                requests += 1;
            }
            if kind.is_oauth() {
                let built = adapter.authorization_url(&subject, &asked);
                let built = built.unwrap_or_else(|violation| panic!("{context}: {violation}"));
                let url = Url::parse(&built.url).unwrap();
                assert!(
                    url.query_pairs().any(|pair| pair == ("state".into(), "the-state".into())),
                    "{context}"
                );
                adapter.issuer(&subject).unwrap_or_else(|violation| panic!("{context}: {violation}"));
                urls += 1;
            }
        }
    }
    assert!(urls >= 45 && requests > urls * 2, "{urls} {requests}");
}

#[test]
fn a_refresh_of_google_asks_google() {
    let catalog = FileCatalog::embedded().unwrap();
    let provider = catalog.find("google").unwrap();
    let (server, declarations) = (provider.oauth.as_ref().unwrap(), catalog.declarations());
    let declared = declarations.oauth(&provider.id).unwrap();
    let subject = exemplary(&provider, server.credential_type);
    let token = Grant::Refresh {
        refresh_token: secret("r"),
        redirect_uri: REDIRECT.to_owned(),
        send_before: tokio::time::Instant::now() + std::time::Duration::from_secs(60),
    };
    let (target, _) = request(declared, &crate::values(&subject, declared), &client(), token).unwrap();
    assert_eq!(target.url.expose(), "https://oauth2.googleapis.com/token");
}

/// What people report of these providers: one word, and several meanings.
#[test]
fn words_of_two_meanings_are_read_as_each_provider_means_them() {
    let catalog = FileCatalog::embedded().unwrap();
    let declarations = catalog.declarations();
    let said = |code: &str, text: &str| format!(r#"{{"error":"{code}","error_description":"{text}"}}"#);
    let gone = said("unauthorized_client", "refresh_token is invalid");
    let busy = said("invalid_grant", "token request is already being processed");
    let late = said("invalid_grant", "expired authorization code");
    let often =
        said("Access Denied", "You have made too many requests continuously. Try again after some time.");
    let rows = [
        ("atlassian", 403, gone.clone(), "dead"),
        ("jira", 403, gone.clone(), "dead"),
        ("confluence", 403, gone.clone(), "dead"),
        ("jira", 401, said("unauthorized_client", "the client is not known"), "app"),
        ("asana", 403, gone, "app"),
        ("salesforce", 400, busy.clone(), "passing"),
        ("salesforce", 400, late, "passing"),
        ("salesforce", 400, said("invalid_grant", "expired access/refresh token"), "doubtful"),
        ("google", 400, busy, "doubtful"),
        ("salesforce", 400, said("invalid_grant", "login rate exceeded"), "throttled"),
        ("zoho", 400, often, "throttled"),
        ("zoho", 200, r#"{"error":"invalid_code"}"#.to_owned(), "dead"),
        ("microsoft", 400, r#"{"error":"invalid_grant","error_codes":[50196]}"#.to_owned(), "throttled"),
        ("outlook", 400, r#"{"error":"invalid_grant","error_codes":[700082]}"#.to_owned(), "dead"),
        ("outlook", 400, r#"{"error":"interaction_required"}"#.to_owned(), "dead"),
        ("servicenow", 401, said("server_error", "access_denied"), "doubtful"),
        ("slack", 200, r#"{"ok":false,"error":"ratelimited"}"#.to_owned(), "throttled"),
        ("slack", 200, r#"{"ok":false,"error":"token_revoked"}"#.to_owned(), "dead"),
        ("github", 200, r#"{"error":"bad_refresh_token"}"#.to_owned(), "dead"),
        ("hubspot", 400, r#"{"status":"BAD_REFRESH_TOKEN"}"#.to_owned(), "dead"),
    ];
    for (provider, status, body, expected) in rows {
        let errors = &declarations.oauth(&catalog.find(provider).unwrap().id).unwrap().errors;
        let status = http::StatusCode::from_u16(status).unwrap();
        let json = pointer::object(body.as_bytes());
        let answer =
            Answer { status, headers: http::HeaderMap::new(), body: body.clone().into_bytes().into() };
        let meaning = match fault::sort(errors, &answer, json.as_ref(), &Sent::default()) {
            TokenError::Dead { is_certain: true, .. } => "dead",
            TokenError::Dead { is_certain: false, .. } => "doubtful",
            TokenError::App { .. } => "app",
            TokenError::Transient { trouble: Trouble::Passing, .. } => "passing",
            TokenError::Transient { trouble: Trouble::Throttled, .. } => "throttled",
            _ => "something else",
        };
        assert_eq!(meaning, expected, "{provider} {body}");
    }
}
