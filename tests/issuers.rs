//! Tests of issuers whose keys are in a file (security.md, row 11).

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::{Character, Client, World};

/// A key of an issuer.
struct Key {
    id: &'static str,
    pair: Ed25519KeyPair,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { id, pair: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap() }
    }

    fn public(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": x })
    }

    /// An admin of acme, by a token of this key.
    fn admin(&self) -> Character {
        let ends = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3_600;
        let claims = json!({
            "iss": "https://id.example.test", "aud": "strongroom", "sub": "ann", "org_id": "acme",
            "roles": ["admin"], "exp": ends,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.id });
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = self.pair.sign(signed.as_bytes());
        Character::Bearer(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

fn write(path: &Path, keys: &[&Key]) {
    let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    std::fs::write(path, json!({ "keys": keys }).to_string()).unwrap();
}

async fn until(client: &Client, status: u16) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while client.get("/integrations/credentials").await.status != status {
        assert!(Instant::now() < deadline, "no {status} within 10 seconds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The keys of an issuer are rotated under a running server, as the usual tools do it.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_accepted_and_a_withdrawn_one_refused_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let (old, new) = (Key::new("2026-11"), Key::new("2026-12"));
    write(&path, &[&old]);
    let world = World::embedded()
        .with("STRONGROOM_AUTH__ISSUERS__CLOUD__ISSUER", "https://id.example.test")
        .with("STRONGROOM_AUTH__ISSUERS__CLOUD__AUDIENCE", "strongroom")
        .with("STRONGROOM_AUTH__ISSUERS__CLOUD__JWKS_FILE", &path.display().to_string());
    let server = world.setup.start().await;
    let (by_old, by_new) = (server.client(old.admin()), server.client(new.admin()));
    until(&by_old, 200).await;
    until(&by_new, 401).await;
    write(&path, &[&old, &new]);
    until(&by_new, 200).await;
    until(&by_old, 200).await;
    write(&path, &[&new]);
    until(&by_old, 401).await;
    // What is no key set changes nothing, and the operator is told.
    type Spoil = fn(&Path);
    let spoils: [Spoil; 3] = [
        |path| std::fs::write(path, "{").unwrap(),
        |path| std::fs::write(path, r#"{"keys":[]}"#).unwrap(),
        |path| std::fs::remove_file(path).unwrap(),
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let told = || server.logs().matches("the keys before stay").count();
        let (before, deadline) = (told(), Instant::now() + Duration::from_secs(10));
        spoil(&path);
        while told() == before {
            assert!(Instant::now() < deadline, "the operator is not told about spoil {number}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        until(&by_new, 200).await;
    }
    write(&path, &[&old]);
    until(&by_old, 200).await;
    until(&by_new, 401).await;
}
