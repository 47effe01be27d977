//! Tests of the primary dialect, request by request, as api.md describes it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::sftp;
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    a_credential_is_created_and_shown,
    a_credential_is_replaced_and_destroyed,
    lists_are_filtered_and_paged,
    bad_queries_are_refused,
    the_catalog_describes_every_field,
    a_body_of_the_wrong_shape_is_422,
    wrong_content_is_400,
    destination_and_secret_are_replaced_together,
    secrets_are_read_in_every_way,
    many_secrets_are_read_at_once,
    the_audit_trail_tells_who_did_what,
    refusals_are_on_record,
    times_and_destinations_have_one_reading,
    service_accounts_are_managed,
);

async fn a_credential_is_created_and_shown(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let mut new = sftp("first");
    new["name"] = json!("  Nightly  ");
    new["slot"] = json!("nightly");
    new["expires_at"] = json!("2031-02-03T04:05:06+01:00");
    let created = admin.post("/api/integrations/credentials", new).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let object = created.json();
    let id = object["id"].as_str().unwrap();
    let path = format!("/integrations/credentials/{id}");
    assert_eq!((created.header("location"), created.header("etag")), (&*format!("/api{path}"), "\"1\""));
    let expected = json!({
        "id": id, "name": "Nightly", "provider": "sftp", "credential_type": "user_password", "status": "unverified",
        "status_reason": null, "config": { "host": "files.example.com", "port": 22, "username": "etl" }, "version": 1,
        "revision": 1, "slot": "nightly", "user_id": "alice", "google_email": null, "expires_at": "2031-02-03T03:05:06Z",
        "access_token_expires_at": null, "last_tested_at": null, "last_test_code": null, "last_read_at": null,
        "refreshed_at": null, "created_at": object["created_at"], "updated_at": object["updated_at"],
        "created_by": "alice", "issuer": "strongroom", "modified_by": "alice",
    });
    assert_eq!(object, expected);
    assert_eq!(object["created_at"].as_str().unwrap().len(), "2026-01-05T10:00:00Z".len());
    let prefixed = strongroom_domain::CredentialId::parse(id).unwrap().to_prefixed();
    for spelling in [id.to_owned(), id.to_uppercase(), prefixed] {
        let shown = admin.get(&format!("/integrations/credentials/{spelling}")).await;
        assert_eq!((shown.status, shown.json(), shown.header("etag")), (200, expected.clone(), "\"1\""));
    }
}

async fn a_credential_is_replaced_and_destroyed(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let mut new = sftp("first");
    new["slot"] = json!("nightly");
    new["expires_at"] = json!("2031-02-03T03:05:06Z");
    let created = admin.post("/integrations/credentials", new).await.json();
    let id = created["id"].as_str().unwrap();
    let path = format!("/integrations/credentials/{id}");
    let bob = server.client(Character::user("acme", "bob", &["member"]));
    let renamed =
        bob.send(Method::PATCH, &path, Some(json!({ "name": "Weekly" })), &[("If-Match", "\"1\"")]).await;
    let renamed = (renamed.status, renamed.json());
    assert_eq!(
        (renamed.0, &renamed.1["name"], &renamed.1["version"], &renamed.1["revision"]),
        (200, &json!("Weekly"), &json!(1), &json!(2))
    );
    assert_eq!(renamed.1["modified_by"], "bob");
    let content = json!({ "host": "new.example.com", "username": "etl", "password": "second" });
    let body = json!({ "credential_type": "user_password", "credentials": content });
    for stale in ["\"1\"", "W/\"2\"", "\"x\""] {
        let reply = bob.send(Method::PATCH, &path, Some(body.clone()), &[("If-Match", stale)]).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (412, &json!("version_mismatch")));
        assert_eq!(bob.send(Method::DELETE, &path, None, &[("If-Match", stale)]).await.status, 412);
    }
    let replaced = bob.patch(&path, body).await;
    assert_eq!(replaced.header("etag"), "\"3\"");
    let replaced = replaced.json();
    assert_eq!(
        (&replaced["version"], &replaced["config"]),
        (&json!(2), &json!({ "host": "new.example.com", "username": "etl" }))
    );
    assert_eq!(
        (&replaced["slot"], &replaced["name"], &replaced["expires_at"]),
        (&json!("nightly"), &json!("Weekly"), &Value::Null)
    );

    let removed = admin.send(Method::DELETE, &path, None, &[("If-Match", "\"3\"")]).await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.delete(&path).await.status, 404);
    assert_eq!(admin.patch(&path, json!({ "name": "x" })).await.status, 404);
    let tombstone = admin.get(&format!("/integrations/audit?credential_id={id}&limit=1")).await.json();
    assert_eq!(tombstone["items"][0]["action"], "credential.deleted");
}

async fn lists_are_filtered_and_paged(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let mut ids = Vec::new();
    for number in 0..7 {
        let mut body = sftp("x");
        body["name"] = json!(format!("number {}", number % 2));
        ids.insert(0, admin.post("/integrations/credentials", body).await.json()["id"].clone());
    }
    let datadog = json!({ "provider": "DataDog", "credential_type": "api_key", "slot": "dd",
        "credentials": { "api_key": "dd_api_key_EXAMPLE", "application_key": "dd_app_key_EXAMPLE" } });
    ids.insert(0, admin.post("/integrations/credentials", datadog).await.json()["id"].clone());
    let listed =
        |value: &Value| value.as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&admin.get("/integrations/credentials").await.json()), ids, "newest first");
    let mut collected = Vec::new();
    let mut next = "/api/integrations/credentials?limit=3&status=unverified".to_owned();
    loop {
        let page = admin.get(&next).await;
        assert_eq!(page.status, 200, "{}", page.text);
        collected.extend(listed(&page.json()));
        let Some(link) = page.header("link").strip_prefix('<') else { break };
        assert!(link.ends_with("; rel=\"next\""), "{link}");
        next = link.split_once('>').unwrap().0.to_owned();
    }
    assert_eq!(collected, ids);
    for (query, count) in [
        ("?provider=sftp", 7),
        ("?provider=SFTP&name=number%201", 3),
        ("?slot=dd", 1),
        ("?slot=none", 0),
        ("?status=validated", 0),
        ("/provider/datadog", 1),
        ("/provider/SFTP?limit=2", 2),
    ] {
        let reply = admin.get(&format!("/integrations/credentials{query}")).await;
        assert_eq!(reply.json().as_array().map(Vec::len), Some(count), "{query}: {}", reply.text);
    }
}

async fn bad_queries_are_refused(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    for (query, status) in [
        ("?limit=0", 422),
        ("?limit=501", 422),
        ("?limit=x", 422),
        ("?status=good", 422),
        ("?provider=nobody", 422),
        ("?limit=1&limit=2", 422),
        ("?cursor=nonsense", 400),
        ("?cursor=djE", 400),
        ("/provider/nobody", 400),
        ("/not-an-id", 400),
        ("/0192f0c1-7b6a-7abc-8def-0123456789ab", 404),
        ("/int_01HX9VTPQR3KF8MZWBYD5N6JCE", 400),
    ] {
        let reply = admin.get(&format!("/integrations/credentials{query}")).await;
        assert_eq!(reply.status, status, "{query}: {}", reply.text);
        if status == 422 {
            assert_eq!(reply.json()["detail"][0]["loc"][0], "query");
        }
    }
}

async fn the_catalog_describes_every_field(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let catalog = admin.get("/integrations/catalog").await.json();
    let sftp = catalog.as_array().unwrap().iter().find(|entry| entry["provider"] == "sftp").unwrap();
    assert_eq!(sftp["credential_types"], json!(["user_password", "key_file"]));
    let schema = &sftp["credential_providers"][0]["credential_schema"];
    assert_eq!(schema["properties"]["password"]["x-secret"], true);
    assert_eq!(schema["properties"]["host"]["x-destination"], true);
}

async fn a_body_of_the_wrong_shape_is_422(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let with = |field: &str, value: Value| {
        let mut body = sftp("a-password");
        body[field] = value;
        body
    };
    let shapes = [
        (json!({}), vec!["provider", "credential_type", "credentials"]),
        (with("credential_type", json!("password")), vec!["credential_type"]),
        (with("provider", json!("nobody")), vec!["provider"]),
        (with("provider", json!(7)), vec!["provider"]),
        (with("credentials", json!("x")), vec!["credentials"]),
        (with("credentials", Value::Null), vec!["credentials"]),
        (with("expires_at", json!("tomorrow")), vec!["expires_at"]),
        (with("surprise", json!(1)), vec!["surprise"]),
    ];
    for (body, fields) in shapes {
        let reply = admin.post("/integrations/credentials", body).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        let detail = reply.json()["detail"].clone();
        let named: Vec<&str> =
            detail.as_array().unwrap().iter().map(|entry| entry["loc"][1].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{detail}");
    }
}

#[expect(clippy::too_many_lines, reason = "one table")]
async fn wrong_content_is_400(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let with = |field: &str, value: Value| {
        let mut body = sftp("a-password");
        body[field] = value;
        body
    };
    let content = |provider: &str, kind: &str, credentials: Value| json!({ "provider": provider, "credential_type": kind, "credentials": credentials });
    let contents = [
        (content("sftp", "user_password", json!({ "host": "h.example", "username": "u" })), vec!["password"]),
        (
            content("sftp", "user_password", json!({ "host": "h.example", "username": "u", "password": "" })),
            vec!["password"],
        ),
        (
            content(
                "sftp",
                "user_password",
                json!({ "port": 0, "surprise": 1, "password": "x".repeat(32 * 1024 + 1) }),
            ),
            vec!["host", "username", "password", "port", "surprise"],
        ),
        (content("sftp", "api_key", json!({ "api_key": "x" })), vec!["credential_type"]),
        (
            content(
                "sftp",
                "key_file",
                json!({ "host": "h.example", "username": "u", "private_key": "nonsense" }),
            ),
            vec!["private_key"],
        ),
        (
            content(
                "sftp",
                "key_file",
                json!({ "host": "h.example", "username": "u", "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" }),
            ),
            vec!["private_key"],
        ),
        (
            content(
                "postgresql",
                "user_password",
                json!({ "connection_string": "postgres://u:p@h/d?passfile=/etc/passwd" }),
            ),
            vec!["connection_string"],
        ),
        (
            content("postgresql", "user_password", json!({ "connection_string": "postgres://u:p@a,b/d" })),
            vec!["connection_string"],
        ),
        (with("slot", json!("crm/hubspot")), vec!["slot"]),
        (with("name", json!("a\u{202e}b")), vec!["name"]),
    ];
    for (body, fields) in contents {
        let reply = admin.post("/integrations/credentials", body).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (400, &json!("bad_request")),
            "{}",
            reply.text
        );
        let details = reply.json()["error"]["details"].clone();
        let named: Vec<&str> =
            details.as_array().unwrap().iter().map(|entry| entry["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{details}");
    }
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]), "nothing is half stored");
}

async fn destination_and_secret_are_replaced_together(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let path = format!("/integrations/credentials/{id}");
    for (body, status) in [
        (json!({}), 422),
        (json!({ "credentials": {} }), 422),
        (json!({ "credential_type": "user_password" }), 422),
        (json!({ "provider": "datadog", "name": "x" }), 422),
        (json!({ "credential_type": "user_password", "credentials": { "host": "evil.example" } }), 400),
    ] {
        assert_eq!(admin.patch(&path, body.clone()).await.status, status, "{body}");
    }
    let robot = server.client(Character::service_of("acme", "secrets:read"));
    let secret = robot.get(&format!("{path}/secrets")).await.json();
    assert_eq!(
        (&secret["version"], &secret["credentials"]["host"]),
        (&json!(1), &json!("files.example.com"))
    );
}

async fn secrets_are_read_in_every_way(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot = server.client(admin.hire(&["secrets:read", "refresh_tokens:read"]).await);
    let google = json!({ "provider": "google", "credential_type": "google_oauth", "slot": "drive",
        "credentials": { "access_token": "ya29.EXAMPLE", "refresh_token": "1//EXAMPLE", "expires_at": "2031-01-01T00:00:00Z", "scope": "openid email" } });
    let stored = admin.post("/integrations/credentials", google).await.json();
    assert_eq!(
        (&stored["access_token_expires_at"], &stored["expires_at"]),
        (&json!("2031-01-01T00:00:00Z"), &Value::Null)
    );
    let one = stored["id"].as_str().unwrap().to_owned();
    let path = format!("/integrations/credentials/{one}");
    let expected = json!({ "id": one, "provider": "google", "credential_type": "google_oauth", "version": 1, "expires_at": "2031-01-01T00:00:00Z",
        "credentials": { "access_token": "ya29.EXAMPLE", "refresh_token": "1//EXAMPLE", "scope": "openid email", "expires_at": "2031-01-01T00:00:00Z" } });
    for way in [
        format!("{path}/credentials"),
        format!("{path}/secrets"),
        "/integrations/slots/drive/credentials".into(),
    ] {
        let reply = robot.get(&way).await;
        assert_eq!(
            (reply.status, reply.json(), reply.header("etag")),
            (200, expected.clone(), "\"1\""),
            "{way}"
        );
        assert_eq!(reply.header("content-type"), "application/json");
    }
    let other = server.client(admin.hire(&["secrets:read"]).await);
    let fields = other.get(&format!("{path}/secrets")).await.json()["credentials"].clone();
    assert!(fields["access_token"].is_string() && fields["refresh_token"].is_null(), "without the scope");
    let narrow = robot.get(&format!("{path}/secrets?fields=access_token")).await.json();
    assert_eq!(narrow["credentials"], json!({ "access_token": "ya29.EXAMPLE" }));
    for character in [Character::admin_of("acme"), Character::member_of("acme")] {
        let refused = server.client(character).get(&format!("{path}/secrets")).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["message"]),
            (403, &json!("Service account required"))
        );
    }
    let reads = admin
        .get(&format!("/integrations/audit?credential_id={one}&action=secret.read&limit=500"))
        .await
        .json();
    assert_eq!(
        reads["items"].as_array().unwrap().len(),
        5,
        "three ways, one narrow and one without the scope: {reads}"
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while admin.get(&path).await.json()["last_read_at"].is_null() {
        assert!(std::time::Instant::now() < deadline, "the read time is never written");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn many_secrets_are_read_at_once(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot = server.client(admin.hire(&["secrets:read"]).await);
    let (one, two) = (admin.store_sftp("first").await, admin.store_sftp("second").await);
    let batch = robot.post("/integrations/credentials/secrets", json!({ "ids": [two, one, two] })).await;
    assert_eq!(batch.status, 200, "{}", batch.text);
    let batch = batch.json();
    assert_eq!(
        (batch.as_array().unwrap().len(), &batch[0]["id"], &batch[1]["credentials"]["password"]),
        (2, &json!(two), &json!("first"))
    );
    let many: Vec<&str> = vec![&two; 51];
    for (ids, status) in [
        (json!([]), 400),
        (json!(many), 400),
        (json!(["x"]), 400),
        (json!("x"), 422),
        (json!([one, "0192f0c1-7b6a-7abc-8def-0123456789ab"]), 404),
    ] {
        assert_eq!(
            robot.post("/integrations/credentials/secrets", json!({ "ids": ids })).await.status,
            status,
            "{ids}"
        );
    }
    let reads = admin.get("/integrations/audit?action=secret.read").await.json();
    assert_eq!(reads["items"].as_array().unwrap().len(), 2, "refused batches read nothing: {reads}");
}

async fn the_audit_trail_tells_who_did_what(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let (robot, member) = (admin.hire(&["secrets:read"]).await, server.client(Character::member_of("acme")));
    let read = server.client(robot).get(&format!("/integrations/credentials/{id}/secrets")).await;
    assert_eq!(member.get(&format!("/integrations/credentials/{id}/secrets")).await.status, 403);
    let all = admin.get("/integrations/audit").await.json();
    let items = all["items"].as_array().unwrap();
    let seqs: Vec<u64> = items.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] == pair[1] + 1) && seqs.last() == Some(&1), "{seqs:?}");
    let of = |action: &str| {
        items.iter().find(|item| item["action"] == action).unwrap_or_else(|| panic!("no {action}"))
    };
    let event = of("secret.read");
    assert_eq!(
        (&event["outcome"], &event["credential_id"], &event["provider"]),
        (&json!("success"), &json!(id), &json!("sftp"))
    );
    assert_eq!(event["request_id"], json!(read.header("x-request-id")));
    assert_eq!(event["source_ip"], "127.0.0.1");
    assert!(event["actor"].as_str().unwrap().starts_with("service:"));
    assert!(event["authentication"].as_str().unwrap().starts_with("api_key:"));
    assert_eq!(event["hash"].as_str().unwrap().len(), 64);
    assert_eq!(of("credential.created")["actor"], "user:alice");
    let denied = admin.get("/integrations/audit?action=access.denied").await.json();
    assert_eq!(
        (&denied["items"][0]["actor"], &denied["items"][0]["outcome"]),
        (&json!("user:mallory"), &json!("denied"))
    );
    let first = admin.get("/integrations/audit?limit=2&actor=user:alice").await.json();
    let more = format!(
        "/integrations/audit?limit=2&actor=user:alice&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    assert!(admin.get(&more).await.json()["items"][0]["seq"].as_u64() < first["items"][1]["seq"].as_u64());
    let now = items[0]["at"].as_str().unwrap();
    assert_eq!(
        admin.get(&format!("/integrations/audit?to=2020-01-01T00:00:00Z&from={now}")).await.json()["items"],
        json!([])
    );
    for bad in ["action=nonsense", "from=yesterday", "limit=0", "credential_id=x"] {
        assert_eq!(admin.get(&format!("/integrations/audit?{bad}")).await.status, 422, "{bad}");
    }
    let verified = admin.get("/integrations/audit/verify").await.json();
    assert_eq!(verified["ok"], true, "{verified}");
    let part = admin.get("/integrations/audit/verify?from_seq=2&to_seq=4").await.json();
    assert_eq!((&part["ok"], &part["events"]), (&json!(true), &json!(3)));
    assert_eq!(part["head"], items.iter().find(|item| item["seq"] == 4).unwrap()["hash"]);
}

async fn service_accounts_are_managed(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let created = admin
        .post(
            "/api/service-accounts",
            json!({ "name": "importer", "description": "nightly", "providers": ["sftp"] }),
        )
        .await;
    assert_eq!(created.status, 201, "{}", created.text);
    let account = created.json();
    assert_eq!(account["scopes"], json!(["credentials:read", "secrets:read"]));
    assert_eq!(
        (&account["status"], &account["providers"], &account["credential_ids"]),
        (&json!("active"), &json!(["sftp"]), &Value::Null)
    );
    let path = format!("/service-accounts/{}", account["id"].as_str().unwrap());
    assert_eq!(created.header("location"), format!("/api{path}"));
    let changed = admin
        .patch(&path, json!({ "name": "exporter", "providers": null, "scopes": ["secrets:read"] }))
        .await
        .json();
    assert_eq!(
        (&changed["name"], &changed["providers"], &changed["scopes"], &changed["description"]),
        (&json!("exporter"), &Value::Null, &json!(["secrets:read"]), &json!("nightly"))
    );
    assert_eq!(admin.get(&path).await.json(), changed);
    admin.post("/service-accounts", json!({ "name": "second" })).await;
    let list = admin.get("/service-accounts?limit=1&offset=1").await.json();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["id"]), (1, &account["id"]));
    for (body, status) in [
        (json!({}), 422),
        (json!({ "name": 1 }), 422),
        (json!({ "name": "" }), 400),
        (json!({ "name": "x", "scopes": ["admin"] }), 400),
        (json!({ "name": "x", "scopes": [] }), 400),
        (json!({ "name": "x", "providers": ["nobody"] }), 400),
        (json!({ "name": "x", "credential_ids": ["x"] }), 400),
        (json!({ "name": "x", "status": "active" }), 422),
    ] {
        assert_eq!(admin.post("/service-accounts", body.clone()).await.status, status, "{body}");
    }
    let key = admin.post(&format!("{path}/api-keys"), json!({ "name": "laptop" })).await.json();
    let keys = admin.get(&format!("{path}/api-keys")).await;
    assert!(!keys.text.contains(key["token"].as_str().unwrap()), "a token is shown once");
    assert_eq!((&keys.json()[0]["id"], &keys.json()[0]["name"]), (&key["id"], &json!("laptop")));
    assert_eq!(admin.delete(&format!("{path}/api-keys/{}", key["id"].as_str().unwrap())).await.status, 204);
    assert_eq!(admin.delete(&format!("{path}/api-keys/{}", key["id"].as_str().unwrap())).await.status, 404);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 404);
}

async fn refusals_are_on_record(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let account = json!({ "name": "narrow", "providers": ["datadog"], "scopes": ["credentials:write"] });
    let account = admin.post("/service-accounts", account).await.json();
    let keys = format!("/service-accounts/{}/api-keys", account["id"].as_str().unwrap());
    let key = admin.post(&keys, json!({ "name": "key" })).await.json()["token"].as_str().unwrap().to_owned();
    let narrow = server.client(Character::Key(key));
    assert_eq!(narrow.post("/integrations/credentials", sftp("x")).await.status, 403);
    // A refusal is answered before its event is recorded.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let denied = admin.get("/integrations/audit?action=access.denied").await.json();
        if denied["items"][0]["details"]["operation"] == "CreateCredential" {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{denied}");
    }

    let anonymous = server.client(Character::Anonymous);
    for _ in 0..3 {
        let basic = anonymous
            .send(Method::GET, "/integrations/credentials", None, &[("Authorization", "Basic YTpi")])
            .await;
        assert_eq!(basic.status, 401);
    }
    let stranger = server.client(Character::Bearer("nonsense".into()));
    for _ in 0..37 {
        assert_eq!(stranger.get("/integrations/credentials").await.status, 401);
    }
    server.stop();
    let of_system = "FROM audit_events WHERE org_id = '~system' AND action = 'authentication.failed'";
    assert_eq!(world.sql(&format!("SELECT count(*) {of_system}")), "11", "ten, and one summary of the rest");
    assert_eq!(
        world.sql(&format!("SELECT details {of_system} ORDER BY seq DESC LIMIT 1")),
        r#"{"summary_of":"30"}"#
    );
    let started = "SELECT count(*) FROM audit_events WHERE org_id = '~system' AND action = 'server.started'";
    assert_eq!(world.sql(started), "1");
    world.setup.must(&["audit", "verify", "--org", "~system"]);
}

async fn times_and_destinations_have_one_reading(world: World) {
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let google = |expires_at: &str| json!({ "provider": "google", "credential_type": "google_oauth", "credentials": { "access_token": "a", "expires_at": expires_at } });
    for edge in ["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "1500-01-01T00:00:00Z", "soon"] {
        assert_eq!(admin.post("/integrations/credentials", google(edge)).await.status, 400, "{edge}");
    }
    let stored = admin.post("/integrations/credentials", google("2031-01-01T01:00:00+01:00")).await.json();
    assert_eq!(
        (&stored["access_token_expires_at"], &stored["expires_at"]),
        (&json!("2031-01-01T00:00:00Z"), &json!("2031-01-01T00:00:00Z"))
    );
    let path = format!("/integrations/credentials/{}", stored["id"].as_str().unwrap());
    let lifted = admin.patch(&path, json!({ "expires_at": null })).await;
    assert_eq!((lifted.status, &lifted.json()["expires_at"]), (200, &Value::Null), "{}", lifted.text);
    let set = admin.patch(&path, json!({ "expires_at": "2030-06-01T00:00:00Z" })).await.json();
    assert_eq!((&set["expires_at"], &set["version"]), (&json!("2030-06-01T00:00:00Z"), &json!(1)));

    let custom = |base_url: &str| json!({ "provider": "custom", "credential_type": "api_key", "credentials": { "base_url": base_url, "api_key": "x" } });
    for url in [
        " https://h.example",
        "https://h.example\\@e.example/",
        "https://u:p@h.example",
        "https://h.example/#f",
        "ftp://h.example",
    ] {
        assert_eq!(admin.post("/integrations/credentials", custom(url)).await.status, 400, "{url}");
    }
    let mut bracketed = sftp("x");
    bracketed["credentials"]["host"] = json!("[2001:db8::1]");
    assert_eq!(
        admin.post("/integrations/credentials", bracketed).await.json()["config"]["host"],
        "2001:db8::1"
    );
    let postgres = |field: &str, value: &str| {
        let mut credentials =
            json!({ "host": "h.example", "database": "d", "username": "u", "password": "p" });
        credentials[field] = json!(value);
        json!({ "provider": "postgresql", "credential_type": "user_password", "credentials": credentials })
    };
    let bad_pem = "-----BEGIN CERTIFICATE-----\nnotacert\n-----END CERTIFICATE-----";
    for (field, value) in
        [("ssl_ca", bad_pem), ("host", "-oProxyCommand=x"), ("host", "/tmp"), ("sslmode", "maybe")]
    {
        let reply = admin.post("/integrations/credentials", postgres(field, value)).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["details"][0]["field"]),
            (400, &json!(field)),
            "{}",
            reply.text
        );
    }
    for query in ["from_seq=5&to_seq=1", "from_seq=999999"] {
        assert_eq!(admin.get(&format!("/integrations/audit/verify?{query}")).await.status, 422, "{query}");
    }
    assert_eq!(admin.get("/integrations/audit?actor=%00").await.status, 422);
}
