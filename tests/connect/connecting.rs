//! `POST /v1/integrations/{provider}/connect`

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strongroom_domain::CredentialId;
use strongroom_provider_simulator::Marker;

use super::{Stage, connect, events_about, path_of, refused, shown, text};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    a_provider_is_connected_once_by_either_spelling_of_the_credential,
    of_twenty_parallel_connects_exactly_one_succeeds,
    a_credential_that_is_not_the_providers_or_not_there_is_refused,
    an_untested_credential_is_tested_first,
    a_rejected_credential_does_not_connect,
    what_cannot_be_connected_by_a_key_says_what_it_needs,
);

async fn a_provider_is_connected_once_by_either_spelling_of_the_credential(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let id = stage.store(&admin, "datadog", Marker::Good).await;
    let reply = connect(&admin, "DataDog", &id).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let connected = reply.json();
    let names: Vec<&str> = connected.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["connectedAt", "integrationId", "provider", "status"]);
    assert_eq!((&connected["provider"], &connected["status"]), (&json!("datadog"), &json!("connected")));
    let (integration, at) = (text(&connected, "integrationId"), text(&connected, "connectedAt"));
    assert!(integration.starts_with("int_") && integration.len() == 30, "{integration}");
    assert!(at.len() == 20 && at.ends_with('Z'), "{at}");
    refused(&connect(&admin, "datadog", &id).await, 409, "already_connected");
    let second = stage.store(&admin, "datadog", Marker::Good).await;
    refused(&connect(&admin, "datadog", &second).await, 409, "already_connected");
    assert_eq!(text(&shown(&admin, "datadog").await, "integrationId"), integration);

    let id = stage.store(&admin, "pagerduty", Marker::Denied).await;
    let hyphenated = CredentialId::parse(&id).unwrap().to_string();
    assert_eq!(connect(&admin, "pagerduty", &hyphenated).await.status, 200);
    assert_eq!(events_about(&admin, "integration.connected", &id).await, 1);
    assert_eq!(events_about(&admin, "integration.connected", &second).await, 0);
    stage.world.setup.must(&["audit", "verify", "--deep"]);
}

async fn of_twenty_parallel_connects_exactly_one_succeeds(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let ids = [
        stage.store(&admin, "datadog", Marker::Good).await,
        stage.store(&admin, "datadog", Marker::Good).await,
    ];
    // A PostgreSQL store has two instances here; the embedded one has a single server.
    let other = if stage.world.is_embedded() { None } else { Some(stage.world.setup.start().await) };
    let other = other.as_ref().map(|server| server.client(Character::admin_of("acme")));
    for round in 0..5 {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let client = other.as_ref().filter(|_| number % 2 == 0).unwrap_or(&admin).clone();
            let id = ids[number % 2].clone();
            tasks.spawn(async move { connect(&client, "datadog", &id).await });
        }
        let mut statuses = BTreeMap::new();
        while let Some(reply) = tasks.join_next().await {
            let reply = reply.unwrap();
            if reply.status != 200 {
                refused(&reply, 409, "already_connected");
            }
            *statuses.entry(reply.status).or_insert(0) += 1;
        }
        assert_eq!(statuses, BTreeMap::from([(200, 1), (409, 19)]), "round {round}");
        assert_eq!(shown(&admin, "datadog").await["status"], "connected");
        assert_eq!(admin.delete(&path_of("datadog")).await.status, 204);
    }
    let events = admin.get("/integrations/audit?action=integration.connected").await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 5);
}

async fn a_credential_that_is_not_the_providers_or_not_there_is_refused(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let own = stage.store(&admin, "pagerduty", Marker::Good).await;
    let said = refused(&connect(&admin, "datadog", &own).await, 400, "validation_error");
    assert_eq!(said, "credentialId must be a credential of datadog");
    for text in ["", "x", "crd_", "0192f0c17b6a7abc8def0123456789ab", &own.replace("crd_", "int_")] {
        let said = refused(&connect(&admin, "datadog", text).await, 400, "validation_error");
        assert_eq!(said, "credentialId must be a credential id");
    }
    for (body, said) in [
        (json!({}), "credentialId is required"),
        (json!({ "credentialId": null }), "credentialId is required"),
        (json!({ "redirectUrl": "https://app.example.com/" }), "credentialId is required"),
        (json!({ "credentialId": 7 }), "credentialId must be of type string"),
        (json!({ "credentialId": own, "redirectUrl": true }), "redirectUrl must be of type string"),
        (json!({ "credential_id": own }), "credential_id is not known here"),
        (json!([own]), "body must be of type object"),
    ] {
        let reply = admin.post(&path_of("pagerduty"), body).await;
        assert_eq!(refused(&reply, 400, "validation_error"), said);
    }
    let unknown = connect(&admin, "datadog", "crd_01HX9VTPQR3KF8MZWBYD5N6JCE").await;
    refused(&unknown, 404, "credential_not_found");
    let foreign = stage.server.client(Character::admin_of("globex"));
    let foreign = stage.store(&foreign, "datadog", Marker::Good).await;
    let reply = connect(&admin, "datadog", &foreign).await;
    refused(&reply, 404, "credential_not_found");
    assert_eq!(reply.text, unknown.text);
    refused(&connect(&admin, "nobody", &own).await, 404, "provider_not_found");
    refused(&connect(&admin, "sftp", &own).await, 404, "provider_not_found");
    assert_eq!(admin.get("/v1/integrations").await.json(), json!({ "items": [], "total": 0 }));
}

async fn an_untested_credential_is_tested_first(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let status =
        async |id: &str| admin.get(&format!("/integrations/credentials/{id}")).await.json()["status"].clone();
    let key = json!({ "api_key": "rehearsal-good-key" });
    for (provider, credentials, expected, code, then) in [
        ("datadog", stage.credentials("datadog", Marker::Broken), 502, "provider_unavailable", "unverified"),
        (
            "datadog",
            stage.credentials("datadog", Marker::Bad),
            422,
            "credential_validation_failed",
            "rejected",
        ),
        ("datadog", stage.credentials("datadog", Marker::Good), 200, "", "validated"),
        ("pagerduty", stage.credentials("pagerduty", Marker::Denied), 200, "", "validated"),
        ("faraway", key.clone(), 502, "provider_unavailable", "unverified"),
        ("untested", key, 200, "", "unverified"),
    ] {
        let id = stage.store_untested(&admin, provider, &credentials).await;
        assert_eq!(status(&id).await, "unverified");
        let reply = connect(&admin, provider, &id).await;
        match expected {
            200 => assert_eq!(reply.status, 200, "{provider}: {}", reply.text),
            _ => drop(refused(&reply, expected, code)),
        }
        assert_eq!(reply.header("retry-after").is_empty(), expected != 502);
        assert_eq!(status(&id).await, then, "{provider}");
        let connections = admin.get(&format!("/v1/integrations?provider={provider}")).await.json();
        assert_eq!(connections["total"], u64::from(expected == 200), "{provider}");
        assert_eq!(events_about(&admin, "integration.connected", &id).await, usize::from(expected == 200));
        let tested = usize::from(provider != "untested");
        assert_eq!(events_about(&admin, "credential.tested", &id).await, tested, "{provider}");
    }
}

async fn a_rejected_credential_does_not_connect(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let bad = stage.credentials("pagerduty", Marker::Bad);
    let id = stage.store_untested(&admin, "pagerduty", &bad).await;
    let path = format!("/integrations/credentials/{id}");
    admin.post(&format!("{path}/test"), json!({})).await;
    let requests = stage.rehearsal.simulator.requests().len();
    let reply = connect(&admin, "pagerduty", &id).await;
    refused(&reply, 422, "credential_validation_failed");
    assert_eq!(stage.rehearsal.simulator.requests().len(), requests, "what is known is not asked again");
    for (status, expected, code) in
        [("needs_reauth", 422, "credential_validation_failed"), ("pending", 409, "authorization_pending")]
    {
        let row = stage.world.id(&id);
        stage.world.sql(&format!("UPDATE credentials SET status = '{status}' WHERE id = {row}"));
        refused(&connect(&admin, "pagerduty", &id).await, expected, code);
    }
    // New, valid content makes the credential usable again.
    stage
        .world
        .sql(&format!("UPDATE credentials SET status = 'rejected' WHERE id = {}", stage.world.id(&id)));
    let better =
        json!({ "credential_type": "api_key", "credentials": stage.credentials("pagerduty", Marker::Good) });
    assert_eq!(admin.patch(&path, better).await.status, 200);
    assert_eq!(connect(&admin, "pagerduty", &id).await.status, 200);
}

async fn what_cannot_be_connected_by_a_key_says_what_it_needs(world: World) {
    let stage = Stage::set(world).await;
    let admin = stage.admin();
    let id = stage.store(&admin, "datadog", Marker::Good).await;
    for body in [json!({}), json!({ "redirectUrl": Value::Null }), json!({ "credentialId": id })] {
        let reply = admin.post(&path_of("github"), body).await;
        assert_eq!(refused(&reply, 400, "validation_error"), "redirectUrl is required");
    }
    let body = json!({ "redirectUrl": "https://app.example.com/connected" });
    let said = refused(&admin.post(&path_of("github"), body).await, 400, "validation_error");
    assert!(said.contains("oauth.apps.github.client_id"), "{said}");
    assert!(!said.contains("app.example.com"), "{said}");
    let said = refused(&connect(&admin, "hooks", &id).await, 400, "validation_error");
    assert!(said.contains("webhooks"), "{said}");
}
