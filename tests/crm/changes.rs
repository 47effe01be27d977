//! Tests of what `PUT` changes, and of what it refuses to change.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CANARY, LIST, detail, put, robot, salesforce, sent_fields, store};
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(
    only_what_is_sent_changes,
    a_masked_value_is_never_written_back,
    another_destination_needs_a_token_and_forgets_other_secrets,
    a_stale_change_is_refused,
    metadata_grow_to_their_limit_and_no_further,
    a_masked_dsn_tells_nothing_to_who_guesses,
);

async fn only_what_is_sent_changes(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let path = store(&robot, salesforce()).await;
    let mut expected = salesforce();
    let steps = [
        (json!({ "access_token": "second" }), json!({ "access_token": "second" })),
        (json!({ "provider": "SALESFORCE", "dsn": null, "access_token": null, "metadata": null }), json!({})),
        (json!({}), json!({})),
        (
            json!({ "metadata": { "api_version": "v59.0", "refresh_token": null, "note": { "deep": null, "new": [1.5, {}] } } }),
            json!({ "metadata": {
                "instance_url": "https://mycompany.my.salesforce.com", "api_version": "v59.0", "note": { "new": [1.5, {}] },
            } }),
        ),
        (
            json!({ "metadata": { "note": "flat", "größe": { "a": null, "b": 9_007_199_254_740_993_u64 } } }),
            json!({ "metadata": {
                "instance_url": "https://mycompany.my.salesforce.com", "api_version": "v59.0", "note": "flat",
                "größe": { "b": 9_007_199_254_740_993_u64 },
            } }),
        ),
    ];
    for (sent, change) in steps {
        let reply = put(&robot, &path, sent.clone()).await;
        expected.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!((reply.status, sent_fields(&reply.json())), (200, expected.clone()), "{sent}");
        let shown = robot.get(&path).await;
        assert_eq!((shown.json(), shown.header("etag")), (reply.json(), reply.header("etag")), "{sent}");
    }
    assert_eq!(robot.get(&path).await.header("etag"), "\"4\"", "what changes nothing is no edit");
}

async fn a_masked_value_is_never_written_back(world: World) {
    let server = world.setup.start().await;
    let (admin, robot) = (server.client(Character::admin_of("acme")), robot(&server));
    let mut new = salesforce();
    new["dsn"] = json!(format!("https://crm:{CANARY}@mycompany.my.salesforce.com"));
    let path = store(&robot, new.clone()).await;
    let before = robot.get(&path).await.json();
    let masked = sent_fields(&admin.get(&path).await.json());
    let inside =
        |field: &str| format!("Validation error: {field} must not contain the mask that stands for a secret");
    let cases = [
        (json!({ "dsn": masked["dsn"] }), "dsn"),
        (json!({ "dsn": masked["dsn"], "access_token": "new" }), "dsn"),
        (json!({ "access_token": masked["access_token"] }), "access_token"),
        (json!({ "access_token": "x********y" }), "access_token"),
        (json!({ "metadata": { "note": masked["metadata"]["note"] } }), "metadata.note"),
        (json!({ "metadata": { "new": [[{ "a": "********" }]] } }), "metadata.new"),
        (masked, "dsn"),
    ];
    for (sent, field) in cases {
        for client in [&admin, &robot] {
            assert_eq!(detail(&put(client, &path, sent.clone()).await), (400, inside(field)), "{sent}");
            let mut body = super::hubspot();
            let other = sent.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(other.into_iter().filter(|(name, _)| name != "provider"));
            assert_eq!(detail(&client.post(LIST, body).await), (400, inside(field)), "{sent}");
        }
    }
    assert_eq!(robot.get(LIST).await.json(), json!([before]));
}

/// Changes of the destination of [`salesforce`].
fn moves() -> [Value; 5] {
    [
        json!({ "dsn": "https://evil.my.salesforce.com" }),
        json!({ "dsn": "https://evil.example.com" }),
        json!({ "metadata": { "instance_url": "https://evil.my.salesforce.com" } }),
        json!({ "metadata": { "login_host": "evil.salesforce.com" } }),
        json!({ "metadata": { "instance_url": null } }),
    ]
}

async fn another_destination_needs_a_token_and_forgets_other_secrets(world: World) {
    let server = world.setup.start().await;
    let (member, robot) = (server.client(Character::member_of("acme")), robot(&server));
    for mut sent in moves() {
        let path = store(&robot, salesforce()).await;
        let before = robot.get(&path).await.json();
        let refused = put(&member, &path, sent.clone()).await;
        let rule = "Validation error: access_token field is required when dsn or another destination changes";
        assert_eq!(detail(&refused), (400, rule.to_owned()), "{sent}");
        assert_eq!(robot.get(&path).await.json(), before);
        sent["access_token"] = json!("a-new-token");
        let moved = put(&member, &path, sent.clone()).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        let stored = robot.get(&path).await;
        assert!(!stored.text.contains(CANARY), "the old secrets are still there after {sent}");
        assert_eq!(stored.json()["metadata"]["api_version"], "v58.0");
        destroy(&member, &path).await;
    }
    // Secrets that are sent again with the new destination are kept.
    let path = store(&robot, salesforce()).await;
    let sent = json!({
        "dsn": "https://new.my.salesforce.com", "access_token": "new", "metadata": { "refresh_token": "again" },
    });
    let moved = put(&robot, &path, sent).await.json();
    let expected = json!({
        "instance_url": "https://mycompany.my.salesforce.com", "api_version": "v58.0", "refresh_token": "again",
    });
    assert_eq!(moved["metadata"], expected);
}

async fn destroy(client: &Client, path: &str) {
    assert_eq!(client.delete(path).await.status, 200);
}

async fn a_stale_change_is_refused(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let path = store(&robot, salesforce()).await;
    let change = |note: &str| Some(json!({ "metadata": { "note": note } }));
    let fresh = robot.send(Method::PUT, &path, change("first"), &[("If-Match", "\"1\"")]).await;
    assert_eq!((fresh.status, fresh.header("etag")), (200, "\"2\""));
    let stale = (412, "The credential has another revision by now".to_owned());
    for tag in ["\"1\"", "W/\"2\"", "\"x\""] {
        let put = robot.send(Method::PUT, &path, change("second"), &[("If-Match", tag)]).await;
        let delete = robot.send(Method::DELETE, &path, None, &[("If-Match", tag)]).await;
        let (put, delete) = (detail(&put), detail(&delete));
        assert_eq!(put, delete, "{tag}");
        match tag.starts_with("W/") {
            true => assert!(put.0 == 412 && put.1.contains("weak tag (W/)"), "{put:?}"),
            false => assert_eq!(put, stale, "{tag}"),
        }
    }
    let bad = robot.send(Method::PUT, &path, change("second"), &[("If-Match", "2")]).await;
    assert_eq!(detail(&bad), (400, "Validation error: If-Match must be one quoted entity tag".to_owned()));
    assert_eq!(robot.get(&path).await.json()["metadata"]["note"], "first");
    assert_eq!(robot.send(Method::DELETE, &path, None, &[("If-Match", "\"2\"")]).await.status, 200);
}

async fn metadata_grow_to_their_limit_and_no_further(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    for (provider, filler) in [("zoho", "a"), ("custom", "\""), ("dynamics", "\u{1}")] {
        let new = json!({ "provider": provider, "dsn": "https://a.example.com", "access_token": "a-token" });
        let path = store(&robot, new).await;
        let mut refused = None;
        for n in 0..20 {
            let change = json!({ "metadata": { format!("c{n}"): filler.repeat(31_000) } });
            let reply = put(&robot, &path, change).await;
            if reply.status != 200 {
                refused = Some(detail(&reply));
                break;
            }
        }
        let (status, text) = refused.unwrap();
        assert!(status == 400 && text.starts_with("Validation error: metadata "), "{status} {text}");
        assert_eq!(robot.get(&path).await.json()["access_token"], "a-token");
    }
}

/// Otherwise a member could try one password after another.
async fn a_masked_dsn_tells_nothing_to_who_guesses(world: World) {
    let server = world.setup.start().await;
    let member = server.client(Character::member_of("acme"));
    let new = |dsn: &str| json!({ "provider": "custom", "dsn": dsn, "access_token": "a-token" });
    let path = store(&robot(&server), new("https://u:1234@a.example.com")).await;
    for guess in ["1233", "1234"] {
        let reply = put(&member, &path, json!({ "dsn": format!("https://u:{guess}@a.example.com") })).await;
        assert_eq!(reply.status, 400, "{guess}: {}", reply.text);
    }
}
