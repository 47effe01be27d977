//! Tests of what the test routes accept, and how they report what is wrong.

use serde_json::{Value, json};

use crate::support::{Character, Reply, World};

const SFTP: &str = "/integrations/sftp/test-connection";
const POSTGRES: &str = "/integrations/postgres/test-connection";

/// The places where a 422 reports a wrong shape, or the fields that a 400 names.
fn places(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match reply.status {
        422 => body["detail"].as_array().unwrap().iter().map(|detail| text(&detail["loc"][1])).collect(),
        400 => {
            let details = body["error"]["details"].as_array().unwrap();
            details.iter().map(|detail| text(&detail["field"])).collect()
        }
        _ => vec![reply.text.clone()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_shapes_are_422_and_wrong_content_is_400() {
    let world = World::embedded().with("STRONGROOM_LIMITS__ENABLED", "false");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let good = json!({ "host": "127.0.0.1", "username": "u", "auth_type": "password", "password": "p" });
    let with = |changes: Value| {
        let mut body = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let cases: [(&str, Value, u16, &str); 17] = [
        (SFTP, json!({ "auth_type": "password", "password": "p", "username": "u" }), 422, "host"),
        (SFTP, json!({ "auth_type": "password", "password": "p", "host": "h.example" }), 422, "username"),
        (SFTP, json!({ "host": "h.example", "username": "u", "password": "p" }), 422, "auth_type"),
        (SFTP, with(json!({ "auth_type": "oauth" })), 422, "auth_type"),
        (SFTP, with(json!({ "host": 5 })), 422, "host"),
        (SFTP, with(json!({ "password": 5 })), 422, "password"),
        (SFTP, with(json!({ "port": true })), 422, "port"),
        (SFTP, with(json!({ "port": 22.5 })), 422, "port"),
        (SFTP, with(json!({ "surprise": 1 })), 422, "surprise"),
        (SFTP, with(json!({ "port": 70_000 })), 400, "port"),
        (SFTP, with(json!({ "password": "" })), 400, "password"),
        (SFTP, with(json!({ "host": "a b" })), 400, "host"),
        (SFTP, with(json!({ "test_path": "x".repeat(1025) })), 400, "test_path"),
        (
            SFTP,
            with(json!({ "auth_type": "key_file", "private_key_data": "no key" })),
            400,
            "private_key_data",
        ),
        (POSTGRES, json!({ "host": 1 }), 422, "host"),
        (POSTGRES, json!({ "connection_string": 5 }), 422, "connection_string"),
        (POSTGRES, json!({ "connection_string": "postgres://u:p@h/d?host=/tmp" }), 400, "connection_string"),
    ];
    for (path, body, status, place) in cases {
        let reply = admin.post(path, body.clone()).await;
        assert_eq!((reply.status, places(&reply)), (status, vec![place.to_owned()]), "{path} {body}");
    }
    for fine in [
        json!({ "port": "22" }),
        json!({ "private_key_data": "", "test_path": "" }),
        json!({ "private_key_data": "unused" }),
    ] {
        assert_eq!(admin.post(SFTP, with(fine.clone())).await.status, 200, "{fine}");
    }
}
