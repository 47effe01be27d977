//! Tests of API keys: their form, what revokes them, and how fast (security.md, rows 18 and 19).

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(
    a_key_works_until_it_is_revoked_everywhere,
    what_ends_an_account_ends_its_keys,
    both_credentials_must_agree
);

async fn issue(admin: &Client, account: &str, expires_at: Value) -> (String, Character) {
    let body = json!({ "name": "key", "expires_at": expires_at });
    let key = admin.post(&format!("/service-accounts/{account}/api-keys"), body).await;
    assert_eq!(key.status, 201, "{}", key.text);
    let key = key.json();
    let token = key["token"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = token.splitn(3, '_').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("srk", 16, 43), "{token}");
    assert_eq!(key["id"], json!(parts[1]));
    (parts[1].to_owned(), Character::Key(token))
}

async fn account(admin: &Client) -> String {
    admin.post("/service-accounts", json!({ "name": "robot" })).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

const LIST: &str = "/integrations/credentials";

async fn a_key_works_until_it_is_revoked_everywhere(world: World) {
    let here = world.setup.start().await;
    // The embedded store has one server; with PostgreSQL a second instance is used.
    let there = match world.is_embedded() {
        true => None,
        false => Some(world.setup.start().await),
    };
    let admin = here.client(Character::admin_of("acme"));
    let account = account(&admin).await;
    for _ in 0..3 {
        let (id, character) = issue(&admin, &account, Value::Null).await;
        let Character::Key(token) = &character else { unreachable!() };
        let near = here.client(character.clone());
        assert_eq!(near.get(LIST).await.status, 200);
        assert_eq!(
            here.client(Character::Bearer(token.clone())).get(LIST).await.status,
            200,
            "as a bearer too"
        );
        let mut wrong = token.clone();
        wrong.replace_range(wrong.len() - 2.., "__");
        assert_eq!(here.client(Character::Key(wrong)).get(LIST).await.status, 401, "right after a good one");
        let far = there.as_ref().map(|server| server.client(character.clone()));
        if let Some(far) = &far {
            assert_eq!(far.get(LIST).await.status, 200);
        }
        let revoked = admin.delete(&format!("/service-accounts/{account}/api-keys/{id}")).await;
        assert_eq!(revoked.status, 204);
        assert_eq!(near.get(LIST).await.status, 401, "at once where it was revoked");
        if let Some(far) = &far {
            let revoked = Instant::now();
            while far.get(LIST).await.status != 401 {
                assert!(revoked.elapsed() < Duration::from_secs(5), "still works on the other instance");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let (_, short) = issue(&admin, &account, json!(in_seconds(2))).await;
    let short = here.client(short);
    assert_eq!(short.get(LIST).await.status, 200);
    let deadline = Instant::now() + Duration::from_secs(4);
    while short.get(LIST).await.status != 401 {
        assert!(Instant::now() < deadline, "an expired key works");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let past = admin
        .post(
            &format!("/service-accounts/{account}/api-keys"),
            json!({ "name": "k", "expires_at": in_seconds(-5) }),
        )
        .await;
    assert_eq!((past.status, &past.json()["error"]["details"][0]["field"]), (400, &json!("expires_at")));
}

fn in_seconds(seconds: i64) -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("{seconds} seconds"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}

async fn what_ends_an_account_ends_its_keys(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let account = account(&admin).await;
    let path = format!("/service-accounts/{account}");
    let (_, key) = issue(&admin, &account, Value::Null).await;
    let robot = server.client(key);
    assert_eq!(robot.get(LIST).await.status, 200);
    assert_eq!(admin.patch(&path, json!({ "status": "inactive" })).await.json()["status"], "inactive");
    assert_eq!(robot.get(LIST).await.status, 401);
    admin.patch(&path, json!({ "status": "active", "scopes": ["secrets:read"] })).await;
    assert_eq!(robot.get(LIST).await.status, 403, "the new scopes hold at once");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(robot.get(LIST).await.status, 401);
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.get(&format!("{path}/api-keys")).await.status, 404);
    let trail = admin.get("/integrations/audit").await.json();
    let actions: Vec<&str> =
        trail["items"].as_array().unwrap().iter().filter_map(|item| item["action"].as_str()).collect();
    for action in [
        "service_account.created",
        "service_account.scopes_granted",
        "api_key.created",
        "service_account.updated",
        "service_account.deleted",
    ] {
        assert!(actions.contains(&action), "{action} is not in {actions:?}");
    }
}

async fn both_credentials_must_agree(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let Character::Key(key) = admin.hire(&["secrets:read"]).await else { unreachable!() };
    let anonymous = server.client(Character::Anonymous);
    let bearer = |character: Character| character.header().unwrap().1;
    let good = bearer(Character::admin_of("acme"));
    let rows = [
        (good.clone(), key.clone(), 200),
        (bearer(Character::admin_of("globex")), key.clone(), 401),
        (good.clone(), format!("{}x", &key[..key.len() - 1]), 401),
        ("Bearer nonsense".into(), key.clone(), 401),
        (good.clone(), String::new(), 401),
        ("Basic YTpi".into(), key.clone(), 401),
        (good.replace("Bearer", "bearer"), key.clone(), 200),
    ];
    for (bearer, key, status) in rows {
        let headers = [("Authorization", bearer.as_str()), ("X-API-Key", key.as_str())];
        assert_eq!(anonymous.send(Method::GET, LIST, None, &headers).await.status, status, "{bearer}");
    }
}
