//! Tests of SFTP credentials against a real OpenSSH server, through the API.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_fixtures::sshd::{Sshd, SshdOptions};

use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(a_password_is_tested_stored_pinned_and_never_sent_to_another_host_key);

fn listed(world: World) -> World {
    world
        .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "sftp=127.0.0.0/8")
        .with("STRONGROOM_LIMITS__ENABLED", "false")
}

const TEST: &str = "/integrations/sftp/test-connection";

async fn a_password_is_tested_stored_pinned_and_never_sent_to_another_host_key(world: World) {
    let mut sshd = Sshd::start(SshdOptions::default());
    let world = listed(world);
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    before_saving(&admin, &sshd).await;
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]), "a test stores nothing");

    // When a credential is stored with a test, its host key is pinned.
    let content = |password: &str| json!({ "host": "127.0.0.1", "port": sshd.port(), "username": sshd.user(), "password": password });
    let new = |password: &str| json!({ "provider": "sftp", "credential_type": "user_password", "credentials": content(password) });
    let refused = admin.post("/integrations/credentials?test=true", new("a wrong one")).await;
    assert_eq!((refused.status, &refused.json()["error"]["details"]["code"]), (422, &json!("auth_rejected")));
    let stored = admin.post("/integrations/credentials?test=true", new(sshd.password())).await;
    assert_eq!((stored.status, &stored.json()["status"]), (201, &json!("validated")), "{}", stored.text);
    assert_eq!(stored.json()["config"]["host_key_fingerprint"], sshd.fingerprint());
    let path = format!("/integrations/credentials/{}", stored.json()["id"].as_str().unwrap());
    let report = admin.send(Method::POST, &format!("{path}/test"), None, &[]).await.json();
    assert_eq!(report["code"], "ok");
    let change = json!({ "credential_type": "user_password", "credentials": content(sshd.password()) });

    let old = sshd.fingerprint();
    sshd.change_host_key();
    let report = admin.send(Method::POST, &format!("{path}/test"), None, &[]).await.json();
    assert_eq!(report["code"], "host_key_mismatch", "{report}");
    assert_eq!(report["facts"]["host_key_fingerprint"], sshd.fingerprint());
    let kept = admin.get(&path).await.json();
    assert_eq!(
        (&kept["status"], &kept["last_test_code"]),
        (&json!("validated"), &json!("host_key_mismatch"))
    );
    assert_eq!(kept["config"]["host_key_fingerprint"], old.as_str());
    let repinned = admin.patch(&format!("{path}?test=true"), change.clone()).await;
    assert_eq!(
        (repinned.status, &repinned.json()["error"]["details"]["code"]),
        (422, &json!("host_key_mismatch"))
    );
    let body = json!({ "host": "127.0.0.1", "port": sshd.port(), "username": sshd.user(),
        "auth_type": "password", "password": sshd.password(), "host_key_fingerprint": old });
    assert_eq!(admin.post(TEST, body).await.json()["code"], "host_key_mismatch");
    let log = sshd.log();
    assert!(!log.contains("userauth-request") && !log.contains(sshd.user()), "nobody tried to log in: {log}");
    let events = admin.get("/integrations/audit?action=credential.tested").await.json();
    assert_eq!(events["items"][0]["details"]["code"], "host_key_mismatch", "{events}");
    let mut named = change;
    named["credentials"]["host_key_fingerprint"] = json!(sshd.fingerprint());
    assert_eq!(admin.patch(&format!("{path}?test=true"), named).await.json()["status"], "validated");
}

/// Tests content that is not stored: the right password, a folder, a locked folder, a wrong password.
async fn before_saving(admin: &Client, sshd: &Sshd) {
    let test = async |password: &str, folder: Option<&str>| -> Value {
        let mut body = json!({ "host": "127.0.0.1", "port": sshd.port(), "username": sshd.user(),
            "auth_type": "user_password", "password": password });
        if let Some(folder) = folder {
            body["test_path"] = json!(sshd.home().join(folder).display().to_string());
        }
        admin.post(TEST, body).await.json()
    };
    let report = test(sshd.password(), None).await;
    assert_eq!((&report["code"], &report["success"]), (&json!("ok"), &json!(true)), "{report}");
    assert_eq!(report["facts"]["host_key_fingerprint"], sshd.fingerprint());
    let names: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["name"].clone()).collect();
    assert_eq!(names, ["parse", "reach", "handshake", "login", "probe"]);
    assert_eq!(test(sshd.password(), Some("upload")).await["code"], "ok");
    assert_eq!(std::fs::read_dir(sshd.home().join("upload")).unwrap().count(), 0, "the probe file is gone");
    assert_eq!(test(sshd.password(), Some("locked")).await["code"], "insufficient");
    let report = test("a wrong one", None).await;
    assert_eq!(
        (&report["code"], &report["steps"][3]["outcome"]),
        (&json!("auth_rejected"), &json!("failed"))
    );
    assert!(report["hint"].as_str().unwrap().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_tested_in_both_forms_and_with_passphrases() {
    let sshd = Sshd::start(SshdOptions { passwords: false, ..SshdOptions::default() });
    let world = listed(World::embedded());
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    for (kind, passphrase, pem) in [
        ("ed25519", "", false),
        ("ed25519", "open sesame", false),
        ("rsa", "", true),
        ("rsa", "open sesame", false),
        ("ecdsa", "", true),
    ] {
        number += 1;
        let file = folder.path().join(format!("key{number}"));
        let mut keygen = std::process::Command::new("ssh-keygen");
        keygen.args(["-q", "-t", kind, "-N", passphrase, "-f"]).arg(&file);
        if pem {
            keygen.args(["-m", "PEM"]);
        }
        assert!(keygen.status().unwrap().success());
        let key = std::fs::read_to_string(&file).unwrap();
        let body = json!({ "host": "127.0.0.1", "port": sshd.port(), "username": sshd.user(),
            "auth_type": "key_file", "private_key_data": key, "private_key_passphrase": passphrase });
        let place = format!("{kind} {passphrase:?} pem {pem}");
        let report = admin.post(TEST, body.clone()).await;
        assert_eq!(
            (report.status, &report.json()["code"]),
            (200, &json!("auth_rejected")),
            "{place}: {}",
            report.text
        );
        sshd.authorize(&std::fs::read_to_string(file.with_extension("pub")).unwrap());
        assert_eq!(admin.post(TEST, body.clone()).await.json()["code"], "ok", "{place}");
        if !passphrase.is_empty() {
            let mut wrong = body;
            wrong["private_key_passphrase"] = json!("another");
            let reply = admin.post(TEST, wrong).await;
            assert_eq!(
                (reply.status, &reply.json()["error"]["details"][0]["field"]),
                (400, &json!("private_key_data"))
            );
        }
    }
}
