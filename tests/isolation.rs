//! What belongs to another organisation does not exist (security.md, row 1).

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

/// Everything of `globex` that somebody of `acme` could ask for.
async fn globex(server: &Server) -> Targets {
    let admin = server.client(Character::admin_of("globex"));
    let mut body = sftp(CANARY);
    body["slot"] = json!("nightly");
    body["name"] = json!(CANARY);
    let stored = admin.post("/integrations/credentials", body).await.json();
    let account = admin.post("/service-accounts", json!({ "name": CANARY })).await.json();
    let id = account["id"].as_str().unwrap();
    let key = admin.post(&format!("/service-accounts/{id}/api-keys"), json!({ "name": CANARY })).await.json();
    Targets {
        credential: stored["id"].as_str().unwrap().into(),
        slot: "nightly".into(),
        account: id.into(),
        key: key["id"].as_str().unwrap().into(),
    }
}

/// Everybody of `acme`, with both ways to authenticate.
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

async fn state(server: &Server, targets: &Targets) -> Vec<Value> {
    let admin = server.client(Character::admin_of("globex"));
    let robot = server.client(Character::service_of("globex", "secrets:read"));
    let secret = robot.get(&format!("/integrations/credentials/{}/secrets", targets.credential)).await;
    let keys = admin.get(&format!("/service-accounts/{}/api-keys", targets.account)).await;
    let mut list = admin.get("/integrations/credentials").await.json();
    list[0]["last_read_at"] = Value::Null;
    vec![list, admin.get("/service-accounts").await.json(), keys.json(), secret.json()]
}

async fn no_route_reaches_into_another_organisation(world: World) {
    let server = world.setup.start().await;
    let targets = globex(&server).await;
    let before = state(&server, &targets).await;
    let prefixed = strongroom_domain::CredentialId::parse(&targets.credential).unwrap().to_prefixed();
    for client in acme(&server).await {
        for spelling in [&targets.credential, &prefixed] {
            let targets = Targets {
                credential: spelling.clone(),
                slot: targets.slot.clone(),
                account: targets.account.clone(),
                key: targets.key.clone(),
            };
            for request in routes::protected(&targets) {
                for prefix in ["", "/api"] {
                    let path = format!("{prefix}{}", request.path);
                    let reply = client.send(request.method.clone(), &path, request.body.clone(), &[]).await;
                    let place = format!("{} {}: {}", request.method, request.template, reply.everything());
                    assert!(!reply.text.contains(CANARY), "{place}");
                    if request.names_something {
                        assert!([403, 404].contains(&reply.status), "{place}");
                    }
                }
            }
        }
        let path = format!("/integrations/audit?credential_id={}", targets.credential);
        let trail = client.get(&path).await;
        assert!(trail.status == 403 || trail.json()["items"] == json!([]), "{}", trail.text);
    }
    assert_eq!(state(&server, &targets).await, before);
}

async fn foreign_and_unknown_ids_get_the_same_answer(world: World) {
    let server = world.setup.start().await;
    let foreign = globex(&server).await;
    let client =
        server.client(Character::service_of("acme", "credentials:read credentials:write secrets:read"));
    let pairs = routes::protected(&foreign).into_iter().zip(routes::protected(&Targets::nowhere()));
    for (foreign, unknown) in pairs.filter(|(foreign, _)| foreign.names_something) {
        let mut replies = Vec::new();
        for request in [foreign, unknown] {
            let reply = client.send(request.method, &request.path, request.body, &[]).await;
            let mut body = reply.json();
            body["request_id"] = Value::Null;
            replies.push((request.template, reply.status, body));
        }
        assert_eq!(replies[0], replies[1]);
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
