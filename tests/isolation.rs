//! Tests that data of another organisation does not exist for a caller (security.md, row 1).

use serde_json::{Value, json};

use crate::support::client::sftp;
use crate::support::routes::{self, Targets};
use crate::support::{Character, Client, Server, World, on_both_stores};

on_both_stores!(
    no_route_reaches_into_another_organisation,
    foreign_and_unknown_ids_get_the_same_answer,
    a_service_account_sees_only_what_it_reaches,
);

const CANARY: &str = "canary-zq4mx7wv2kn";

/// Everything of `globex` that a caller of `acme` could ask for: a credential stored through each dialect,
/// connected where that is possible, and the rest.
async fn globex(world: &World, server: &Server) -> Vec<Targets> {
    let admin = server.client(Character::admin_of("globex"));
    let mut body = sftp(CANARY);
    body["slot"] = json!("nightly");
    body["name"] = json!(CANARY);
    let stored = admin.post("/integrations/credentials", body).await.json();
    let account = admin.post("/service-accounts", json!({ "name": CANARY })).await.json();
    let id = account["id"].as_str().unwrap();
    let key = admin.post(&format!("/service-accounts/{id}/api-keys"), json!({ "name": CANARY })).await.json();
    let crm = json!({
        "provider": "salesforce", "dsn": "https://acme.my.salesforce.com", "access_token": CANARY,
        "metadata": { "refresh_token": CANARY, "note": { "deep": [CANARY] } }
    });
    let crm = admin.post("/integration-credentials/", crm).await;
    assert_eq!(crm.status, 201, "{}", crm.text);
    let datadog = json!({ "credentials": { "api_key": CANARY, "application_key": CANARY }, "label": CANARY });
    let connect = admin.post("/v1/integrations/datadog/credentials", datadog).await;
    assert_eq!(connect.status, 201, "{}", connect.text);
    world.sql("UPDATE credentials SET status = 'validated' WHERE provider = 'datadog'");
    let id_of_connect = connect.json()["credentialId"].clone();
    let connected =
        admin.post("/v1/integrations/datadog/connect", json!({ "credentialId": id_of_connect })).await;
    assert_eq!(connected.status, 200, "{}", connected.text);
    let app = json!({ "provider": "google", "client_id": "globex.example.com", "client_secret": CANARY });
    let app = admin.post("/integrations/oauth/apps", app).await.json()["id"].as_str().unwrap().to_owned();
    let ids = [
        stored["id"].as_str().unwrap().to_owned(),
        crm.json()["id"].as_str().unwrap().to_owned(),
        connect.json()["credentialId"].as_str().unwrap().to_owned(),
    ];
    let spellings = ids.iter().flat_map(|id| {
        let id = strongroom_domain::CredentialId::parse(id).unwrap();
        [id.to_string(), id.to_prefixed()]
    });
    spellings
        .map(|credential| Targets {
            credential,
            slot: "nightly".into(),
            account: id.into(),
            key: key["id"].as_str().unwrap().into(),
            app: app.clone(),
            connected: "datadog",
            crm: "salesforce",
        })
        .collect()
}

/// Callers of `acme` with every kind of role, and with both ways to authenticate.
async fn acme(server: &Server) -> Vec<Client> {
    let admin = server.client(Character::admin_of("acme"));
    let all = "credentials:read credentials:write secrets:read";
    let key = admin.hire(&all.split(' ').collect::<Vec<_>>()).await;
    let people =
        [Character::member_of("acme"), Character::guest_of("acme"), Character::service_of("acme", all), key];
    let mut everybody = vec![admin];
    everybody.extend(people.into_iter().map(|character| server.client(character)));
    everybody
}

/// Everything that `globex` has, as a caller of `globex` sees it.
async fn state(server: &Server, targets: &[Targets]) -> Vec<Value> {
    let admin = server.client(Character::admin_of("globex"));
    let robot = server.client(Character::service_of("globex", "secrets:read"));
    let mut seen = Vec::new();
    for path in [
        "/integrations/credentials",
        "/service-accounts",
        "/v1/integrations",
        "/integrations/oauth/apps",
        &format!("/service-accounts/{}/api-keys", targets[0].account),
    ] {
        seen.push(admin.get(path).await.json());
    }
    for credential in seen[0].as_array_mut().unwrap() {
        credential["last_read_at"] = Value::Null;
    }
    seen.push(robot.get("/integration-credentials/").await.json());
    for target in targets {
        let path = format!("/integrations/credentials/{}/secrets", target.credential);
        seen.push(robot.get(&path).await.json());
    }
    seen
}

async fn no_route_reaches_into_another_organisation(world: World) {
    let server = world.setup.start().await;
    let all = globex(&world, &server).await;
    let before = state(&server, &all).await;
    for client in acme(&server).await {
        for (position, targets) in all.iter().enumerate() {
            // A request that names nothing is the same for every target.
            let requests = routes::protected(targets).into_iter();
            for request in requests.filter(|request| position == 0 || request.names_something) {
                for prefix in request.dialect.prefixes {
                    let path = format!("{prefix}{}", request.path);
                    let reply = client.send(request.method.clone(), &path, request.body.clone(), &[]).await;
                    let place = format!("{} {}: {}", request.method, request.template, reply.everything());
                    assert!(!reply.text.contains(CANARY), "{place}");
                    if request.names_something {
                        assert!([403, 404].contains(&reply.status), "{place}");
                    }
                }
            }
            let path = format!("/integrations/audit?credential_id={}", targets.credential);
            let trail = client.get(&path).await;
            assert!(trail.status == 403 || trail.json()["items"] == json!([]), "{}", trail.text);
        }
    }
    assert_eq!(state(&server, &all).await, before);
}

async fn foreign_and_unknown_ids_get_the_same_answer(world: World) {
    let server = world.setup.start().await;
    let unknown = Targets::nowhere();
    let client =
        server.client(Character::service_of("acme", "credentials:read credentials:write secrets:read"));
    for foreign in globex(&world, &server).await {
        let pairs = routes::protected(&foreign).into_iter().zip(routes::protected(&unknown));
        for (foreign_request, unknown_request) in pairs.filter(|(foreign, _)| foreign.names_something) {
            let mut replies = Vec::new();
            for (request, target) in [(foreign_request, &foreign), (unknown_request, &unknown)] {
                let reply = client.send(request.method, &request.path, request.body, &[]).await;
                // One dialect repeats in its answer what the request asked for.
                let text = reply.text.replace(&target.credential, "{id}").replace(target.crm, "{provider}");
                let mut body: Value = serde_json::from_str(&text).unwrap();
                body["request_id"] = Value::Null;
                replies.push((request.template, reply.status, body));
            }
            assert_eq!(replies[0], replies[1]);
        }
    }
}

async fn a_service_account_sees_only_what_it_reaches(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let inside = admin.store_sftp("inside-password").await;
    let datadog = json!({
        "provider": "datadog", "credential_type": "api_key",
        "credentials": { "api_key": "dd_api_key_EXAMPLE", "application_key": "dd_app_key_EXAMPLE" },
    });
    let outside = admin.post("/integrations/credentials", datadog.clone()).await.json()["id"].clone();
    let scopes = json!(["credentials:read", "credentials:write", "secrets:read"]);
    let limits = [json!({ "providers": ["sftp"] }), json!({ "credential_ids": [inside] })];
    for limit in limits {
        let mut account = json!({ "name": "narrow", "scopes": scopes });
        account.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
        let account = admin.post("/service-accounts", account).await.json();
        let keys = format!("/service-accounts/{}/api-keys", account["id"].as_str().unwrap());
        let key = admin.post(&keys, json!({ "name": "key" })).await.json();
        let robot = server.client(Character::Key(key["token"].as_str().unwrap().into()));

        let listed = robot.get("/integrations/credentials").await.json();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed[0]["id"], json!(inside));
        assert_eq!(robot.get(&format!("/integrations/credentials/{inside}/secrets")).await.status, 200);
        let path = format!("/integrations/credentials/{}", outside.as_str().unwrap());
        assert_eq!(robot.get(&path).await.status, 404);
        assert_eq!(robot.get(&format!("{path}/secrets")).await.status, 404);
        assert_eq!(robot.patch(&path, json!({ "name": "mine" })).await.status, 404);
        assert_eq!(robot.delete(&path).await.status, 404);
        let batch =
            robot.post("/integrations/credentials/secrets", json!({ "ids": [inside, outside] })).await;
        assert_eq!(batch.status, 404);
        assert_eq!(robot.post("/integrations/credentials", datadog.clone()).await.status, 403);
    }
}
