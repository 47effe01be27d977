use std::sync::Arc;

use strongroom_authorization_server::{AuthorizationRequest, AuthorizationServer, Grant, Subject};
use strongroom_catalog_files::FileCatalog;
use strongroom_domain::{CredentialType, FieldKind, Json, OauthServer, Provider, SecretText, Submission};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_environment::Catalog;
use url::Url;

use super::provider::{REDIRECT, client, code, refresh, secret};
use crate::grant::{address, request};
use crate::{OauthHttp, revoke};

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
