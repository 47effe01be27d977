use http::{HeaderMap, HeaderValue, StatusCode};
use strongroom_catalog_files::FileCatalog;
use strongroom_declared_http::Values;
use strongroom_domain::{CredentialType, FieldKind, Json, Provider, SecretText, Submission, TestCode};
use strongroom_environment::Catalog;
use time::macros::datetime;

use super::provider::{catalogued, first_step, test_of};
use crate::evaluate;
use crate::request::{Prepared, prepare};

/// The examples of all fields of a type that have one.
fn examples(provider: &Provider, kind: CredentialType) -> Submission {
    let one_line = |kind| !matches!(kind, FieldKind::List | FieldKind::Boolean);
    let fields = provider.fields_of(kind).filter(|field| one_line(field.kind));
    let value = |text: &str| Json::Text(SecretText::new(text.to_owned()));
    fields.filter_map(|field| Some((field.name.clone(), value(field.example.as_deref()?)))).collect()
}

#[test]
fn every_step_of_every_provider_can_be_built_from_its_examples() {
    let mut built = 0;
    let catalog = FileCatalog::embedded().unwrap();
    let declarations = catalog.declarations();
    for provider in catalog.all() {
        let Some(test) = declarations.test(&provider.id) else { continue };
        for kind in provider.types.keys().copied() {
            let context = format!("{} {}", provider.id, kind.as_str());
            let content = provider.accept(kind, examples(&provider, kind));
            let content = content.unwrap_or_else(|found| panic!("{context}: {found:?}"));
            let values = Values::for_test(&provider, kind, &content, test);
            for step in test.steps.iter().filter(|step| step.conditions.are_for(kind)) {
                let prepared = prepare(step, &values, datetime!(2026-01-05 10:00 UTC));
                let prepared =
                    prepared.unwrap_or_else(|refusal| panic!("{context} {}: {refusal}", step.name));
                assert!(!prepared.target.plain_http, "{context} {}", step.name);
                built += 1;
            }
        }
    }
    assert!(built >= 66, "{built}");
}

/// Looks at the first step's request for a credential with these fields and no others.
fn first<T>(id: &str, kind: CredentialType, fields: &[(&str, &str)], look: impl Fn(Prepared<'_>) -> T) -> T {
    let provider = catalogued(id);
    let value = |text: &str| Json::Text(SecretText::new(text.to_owned()));
    let submission = fields.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
    let content = provider.accept(kind, submission).unwrap_or_else(|found| panic!("{id}: {found:?}"));
    let values = Values::for_test(&provider, kind, &content, test_of(&provider));
    let mut steps = test_of(&provider).steps.iter();
    let step = steps.find(|step| step.conditions.admit(kind, |name| values.has(name))).unwrap();
    look(
        prepare(step, &values, datetime!(2026-01-05 10:00 UTC)).unwrap_or_else(|refusal| panic!("{refusal}")),
    )
}

#[test]
fn a_key_of_a_custom_provider_is_a_bearer_token_in_authorization_unless_it_has_a_prefix() {
    let sent = |more: &[(&str, &str)], header: &'static str| {
        let fields =
            [&[("base_url", "https://api.example.com"), ("test_path", "/me"), ("api_key", "k3y")], more];
        first("custom", CredentialType::ApiKey, &fields.concat(), |built| {
            built.request.headers()[header].to_str().unwrap().to_owned()
        })
    };
    assert_eq!(sent(&[], "authorization"), "Bearer k3y");
    assert_eq!(sent(&[("header_name", "Authorization")], "authorization"), "Bearer k3y");
    assert_eq!(sent(&[("header_name", "authorization")], "authorization"), "Bearer k3y");
    assert_eq!(sent(&[("header_prefix", "Token")], "authorization"), "Token k3y");
    let both = [("header_name", "Authorization"), ("header_prefix", "Token")];
    assert_eq!(sent(&both, "authorization"), "Token k3y");
    assert_eq!(sent(&[("header_name", "X-Api-Key")], "x-api-key"), "k3y");
    let both = [("header_name", "X-Api-Key"), ("header_prefix", "Token")];
    assert_eq!(sent(&both, "x-api-key"), "Token k3y");
}

#[test]
fn accounts_sites_and_environments_lead_where_people_mean() {
    let url = |built: Prepared<'_>| built.target.url.expose().to_owned();
    for (account, host) in
        [("xy12345.eu-central-1", "xy12345.eu-central-1"), ("myorg-my_account", "myorg-my-account")]
    {
        let fields = [("account", account), ("api_key", "k3y")];
        let expected = format!("https://{host}.snowflakecomputing.com/api/v2/statements");
        assert_eq!(first("snowflake", CredentialType::ApiKey, &fields, url), expected);
    }
    for (site, host) in
        [("app.datadoghq.com", "api.datadoghq.com"), ("us3.datadoghq.com", "api.us3.datadoghq.com")]
    {
        let fields = [("site", site), ("api_key", "k3y"), ("application_key", "k3y")];
        let expected = format!("https://{host}/api/v1/validate");
        assert_eq!(first("datadog", CredentialType::ApiKey, &fields, url), expected);
    }
    let fields =
        [("site_hostname", "x.sharepoint.com"), ("site_path", "/sites/a b"), ("access_token", "k3y")];
    let expected = "https://graph.microsoft.com/v1.0/sites/x.sharepoint.com:/sites/a%20b";
    assert_eq!(first("sharepoint", CredentialType::Oauth2, &fields, url), expected);
    for address in ["https://org.crm4.dynamics.com", "https://org.crm4.dynamics.com/api/data/"] {
        let fields =
            [("environment_url", address), ("tenant", "t"), ("client_id", "c"), ("client_secret", "k3y")];
        let body =
            first("dynamics", CredentialType::ClientCredentials, &fields, |built| built.request.into_body());
        let scope = b"scope=https%3A%2F%2Forg.crm4.dynamics.com%2F.default";
        assert!(body.windows(scope.len()).any(|part| part == scope), "{address}");
    }
}

#[test]
fn no_provider_takes_a_403_for_a_good_secret_that_says_otherwise() {
    let catalog = FileCatalog::embedded().unwrap();
    let declarations = catalog.declarations();
    let json = [("content-type".parse().unwrap(), HeaderValue::from_static("application/json"))];
    let json = HeaderMap::from_iter(json);
    let mut tried = 0;
    for provider in catalog.all() {
        let Some(test) = declarations.test(&provider.id) else { continue };
        for step in &test.steps {
            let read = |body: &str| evaluate(step, StatusCode::FORBIDDEN, &json, body.as_bytes());
            let context = format!("{} {}", provider.id, step.name);
            for dead in [
                r#"{"message":"Sorry. Your account was suspended."}"#,
                r#"{"error":"user_deactivated"}"#,
                r#"{"errors":[{"message":"This API key has been disabled"}]}"#,
            ] {
                assert_ne!(read(dead), TestCode::Insufficient, "{context}: {dead}");
                assert_ne!(read(dead), TestCode::Ok, "{context}: {dead}");
            }
            assert_ne!(read("<!doctype html><title>Blocked</title>"), TestCode::Insufficient, "{context}");
            tried += 1;
        }
    }
    assert!(tried >= 66, "{tried}");
    let github = catalogued("github");
    let suspended = br#"{"message":"Sorry. Your account was suspended."}"#;
    let read = |body: &[u8]| evaluate(first_step(&github), StatusCode::FORBIDDEN, &json, body);
    assert_eq!(read(suspended), TestCode::AuthRejected);
    let right = br#"{"message":"Resource not accessible by personal access token"}"#;
    assert_eq!(read(right), TestCode::Insufficient);
}

#[test]
fn github_without_requests_left_is_a_limit_and_no_missing_right() {
    let provider = catalogued("github");
    let read = |left: &str, status| {
        let headers: HeaderMap =
            [("x-ratelimit-remaining".parse().unwrap(), left.parse().unwrap())].into_iter().collect();
        evaluate(first_step(&provider), StatusCode::from_u16(status).unwrap(), &headers, b"{}")
    };
    assert_eq!((read("0", 403), read("0", 429)), (TestCode::RateLimited, TestCode::RateLimited));
    assert_eq!(read("4990", 403), TestCode::Insufficient);
}
