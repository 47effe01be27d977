//! Tests of issuers: their keys in files, what their tokens may say, and the principals that they vouch for
//! (security.md, row 11).

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::oauth::{HOUR, begin, url_of, visit};
use crate::support::authorization_servers::{Browser, OidcServer, PROVIDER};
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(one_name_of_two_issuers_is_two_principals, an_issuer_speaks_for_nobody_beyond_its_settings,);

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

    /// A token of this key with these claims, valid for an hour unless they say otherwise.
    fn token(&self, claims: &Value) -> Character {
        let ends = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3_600;
        let mut all = json!({ "aud": "strongroom", "org_id": "acme", "exp": ends });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.id });
        let signed = format!("{}.{}", part(&head), part(&all));
        let signature = self.pair.sign(signed.as_bytes());
        Character::Bearer(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }

    /// An admin of acme.
    fn admin(&self) -> Character {
        self.token(&json!({ "iss": "https://id.example.test", "sub": "ann", "roles": ["admin"] }))
    }
}

/// An issuer with one key.
struct Provider {
    name: &'static str,
    folder: tempfile::TempDir,
    key: Key,
}

impl Provider {
    fn new(name: &'static str) -> Self {
        let provider = Self { name, folder: tempfile::tempdir().unwrap(), key: Key::new("one") };
        write(&provider.folder.path().join("jwks.json"), &[&provider.key]);
        provider
    }

    fn iss(&self) -> String {
        format!("https://{}.example.test", self.name)
    }

    /// The settings of this issuer, and these beside them.
    fn set(&self, world: World, more: &[(&str, &str)]) -> World {
        let (iss, path) = (self.iss(), self.folder.path().join("jwks.json").display().to_string());
        let own = [("ISSUER", iss.as_str()), ("AUDIENCE", "strongroom"), ("JWKS_FILE", &path)];
        own.iter().chain(more).fold(world, |world, (key, value)| {
            world.with(&format!("STRONGROOM_AUTH__ISSUERS__{}__{key}", self.name.to_uppercase()), value)
        })
    }

    fn token(&self, mut claims: Value) -> Character {
        claims["iss"] = json!(self.iss());
        self.key.token(&claims)
    }

    fn ann(&self) -> Character {
        self.token(json!({ "sub": "ann", "roles": ["admin"] }))
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

/// An issuer as AWS Cognito is one: ids of keys in base64, no `aud`, roles under a name with a colon. Beside
/// its key the set has one that nobody can use.
struct Cognito {
    folder: tempfile::TempDir,
    key: Key,
}

impl Cognito {
    fn new() -> Self {
        let key = Key::new("bv9OIkPHXeQHSJvvmt9xkrhbT7UcyjXLDFdvPMLpJu0=");
        let n = URL_SAFE_NO_PAD.encode([0xff; 128]);
        let short = json!({ "kty": "RSA", "kid": "old/rsa+1024=", "e": "AQAB", "n": n });
        let folder = tempfile::tempdir().unwrap();
        let set = json!({ "keys": [short, key.public()] });
        std::fs::write(folder.path().join("jwks.json"), set.to_string()).unwrap();
        Self { folder, key }
    }

    fn set(&self, world: World) -> World {
        let path = self.folder.path().join("jwks.json");
        let settings = [
            ("ISSUER", "https://id.example.test"),
            ("AUDIENCE", "none"),
            ("CLIENT_ID", "4example23client"),
            ("ORG_CLAIM", "/app/org"),
            ("ROLES_CLAIM", "cognito:groups"),
            ("ROLE_MAP", "vault-admins=admin,staff=member"),
            ("JWKS_FILE", path.to_str().unwrap()),
        ];
        settings.iter().fold(world, |world, (key, value)| {
            world.with(&format!("STRONGROOM_AUTH__ISSUERS__CLOUD__{key}"), value)
        })
    }

    /// A token of an admin, unless these claims say otherwise.
    fn token(&self, claims: &Value) -> Character {
        let mut all = json!({
            "aud": null, "org_id": null, "iss": "https://id.example.test", "sub": "aaaa-bbbb", "token_use": "access",
            "client_id": "4example23client", "at_hash": "x", "cognito:groups": ["vault-admins"], "app": { "org": "acme" },
        });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        self.key.token(&all)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_sends_is_read_and_what_is_refused_is_told_to_the_operator() {
    let cognito = Cognito::new();
    let world = cognito.set(World::embedded());
    let server = world.setup.start().await;
    let ask = async |claims: Value| server.client(cognito.token(&claims)).get("/integrations/audit").await;
    assert_eq!(ask(json!({})).await.status, 200);
    assert_eq!(ask(json!({ "cognito:groups": ["staff", "everybody"] })).await.status, 403);
    let strangers = [
        (json!({ "app": {} }), "token_claim_missing", "it lacks a claim: /app/org"),
        (json!({ "client_id": "other" }), "token_client", "it was made for another client: other"),
        (json!({ "exp": 1 }), "token_expired", "it has expired"),
        (
            json!({ "iss": "https://nobody.example.test" }),
            "token_issuer_unknown",
            "no issuer of the settings",
        ),
    ];
    for (claims, _, _) in &strangers {
        let refused = ask(claims.clone()).await;
        let said = refused.json()["error"]["message"].clone();
        assert_eq!((refused.status, said), (401, json!("Invalid authentication token")));
    }
    let listed = |organization: &str, action: &str| -> Value {
        let listed =
            world.setup.must(&["audit", "list", "--org", organization, "--action", action, "--json"]);
        serde_json::from_str::<Value>(&listed).unwrap()["items"].clone()
    };
    let failed = listed("~system", "authentication.failed");
    let reasons: Vec<&str> =
        failed.as_array().unwrap().iter().map(|item| item["details"]["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, strangers.clone().map(|(_, reason, _)| reason), "{failed}");
    assert_eq!(failed[0]["details"]["claim"], "/app/org", "{failed}");
    let denied = listed("acme", "access.denied")[0]["details"].clone();
    assert_eq!((&denied["roles"], &denied["other_roles"]), (&json!("member"), &json!("everybody")));
    let found = world.setup.must(&["doctor"]);
    assert!(found.contains("auth.issuers.cloud: key `old/rsa+1024=` is an RSA key of fewer"), "{found}");
    let logs = server.logs();
    for told in strangers.iter().map(|(_, _, told)| *told).chain(["old/rsa+1024=", "everybody"]) {
        assert!(logs.contains(told), "{told} is not in the log");
    }
}

/// Two people of one name, and an account and a token of its id.
async fn one_name_of_two_issuers_is_two_principals(world: World) {
    let (north, south, google) = (Provider::new("north"), Provider::new("south"), OidcServer::start(HOUR));
    let world =
        google.set(south.set(north.set(world, &[]), &[])).with("STRONGROOM_OAUTH__COMPLETION", "bound");
    let server = world.setup.start().await;
    let (ann, namesake) = (server.client(north.ann()), server.client(south.ann()));
    let local = server.client(Character::user("acme", "ann", &["admin"]));
    let path = "/integrations/oauth/complete";
    let begun = begin(&ann, "").await;
    let body = completion(&begun).await;
    for other in [&namesake, &local] {
        let refused = other.post(path, body.clone()).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
    }
    let done = ann.post(path, body).await;
    assert_eq!((done.status, &done.json()["issuer"]), (200, &json!(north.iss())), "{}", done.text);

    // What begins with an API key is not completed by a token that calls itself by the id of the account.
    let robot = namesake.hire(&["credentials:read", "credentials:write"]).await;
    let account = namesake.get("/service-accounts").await.json()[0].clone();
    let scope = "credentials:read credentials:write";
    let claims = json!({ "sub": account["id"], "principal_type": "service", "scope": scope });
    let (robot, double) = (server.client(robot), server.client(north.token(claims)));
    let begun = begin(&robot, "subject=customer").await;
    let mut body = completion(&begun).await;
    body["subject"] = json!("customer");
    assert_eq!(double.post(path, body.clone()).await.status, 403);
    let done = robot.post(path, body).await;
    assert_eq!((done.status, &done.json()["issuer"]), (200, &Value::Null), "{}", done.text);

    // Rows and events say whose they are.
    let keys =
        namesake.get(&format!("/service-accounts/{}/api-keys", account["id"].as_str().unwrap())).await.json();
    assert_eq!((&account["issuer"], &keys[0]["issuer"]), (&json!(south.iss()), &json!(south.iss())));
    let app = json!({ "provider": PROVIDER, "client_id": "own", "client_secret": "secret" });
    assert_eq!(ann.post("/integrations/oauth/apps", app).await.json()["issuer"], json!(north.iss()));
    let stored = namesake.store_sftp("anything").await;
    let shown = ann.get(&format!("/integrations/credentials/{stored}")).await.json();
    assert_eq!((&shown["created_by"], &shown["issuer"]), (&json!("ann"), &json!(south.iss())));
    let trail = ann.get("/integrations/audit?actor=user:ann&limit=100").await.json();
    let of = |issuer: String| {
        trail["items"].as_array().unwrap().iter().filter(move |item| item["issuer"] == issuer)
    };
    let denied = |issuer| of(issuer).filter(|item| item["action"] == "access.denied").count();
    assert_eq!((denied(north.iss()), denied(south.iss()), denied("strongroom".into())), (0, 1, 1), "{trail}");
    assert_eq!(of(north.iss()).filter(|item| item["action"] == "authorization.completed").count(), 1);
    let verified = world.setup.must(&["audit", "verify", "--deep"]);
    assert!(!verified.contains("BAD"), "{verified}");
}

/// Grants what was begun; what the principal sends to complete it.
async fn completion(begun: &Value) -> Value {
    let page = visit(&Browser::default().follow(url_of(begun)).await).await;
    let code = page.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
    json!({ "state": begun["state"], "completion_code": code })
}

async fn an_issuer_speaks_for_nobody_beyond_its_settings(world: World) {
    let issuer = Provider::new("north");
    let limits = [
        ("ORGANIZATIONS", "acme,globex"),
        ("PRINCIPALS", "users"),
        ("MAX_LIFETIME", "90m"),
        ("ROLE_MAP", "vault=admin"),
        ("ROLES_CLAIM", "/realm/roles"),
    ];
    let world = issuer.set(world, &limits);
    let server = world.setup.start().await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let admin = json!({ "sub": "ann", "realm": { "roles": ["vault"] } });
    let with = |name: &str, value: Value| {
        let mut claims = admin.clone();
        claims[name] = value;
        server.client(issuer.token(claims))
    };
    let unknown = server.client(Character::Bearer("a.b.c".into())).get("/integrations/audit").await;
    for (name, value, status) in [
        ("org_id", json!("acme"), 200),
        ("org_id", json!("globex"), 200),
        ("org_id", json!("initech"), 401),
        ("principal_type", json!("user"), 200),
        ("principal_type", json!("service"), 401),
        ("exp", json!(now + 5_400), 200),
        ("exp", json!(now + 5_600), 401),
        ("realm", json!({ "roles": ["admin"] }), 403),
    ] {
        let reply = with(name, value.clone()).get("/integrations/audit").await;
        assert_eq!(reply.status, status, "{name} {value}: {}", reply.text);
        if status == 401 {
            assert_eq!(reply.json()["error"]["message"], unknown.json()["error"]["message"], "{name}");
        }
    }
}

/// A directory's names hold everything that means something elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_with_any_printable_character_is_shown_and_found_as_it_is() {
    let issuer = Provider::new("north");
    let world = issuer.set(World::embedded(), &[]);
    let server = world.setup.start().await;
    let sub: String = format!("CN=Ann {}", ('!'..='~').collect::<String>());
    let ann = server.client(issuer.token(json!({ "sub": sub, "roles": ["admin"] })));
    let id = ann.store_sftp("anything").await;
    let shown = ann.get(&format!("/integrations/credentials/{id}")).await.json();
    assert_eq!((&shown["created_by"], &shown["user_id"]), (&json!(sub), &json!(sub)));
    let actor: String = url::form_urlencoded::byte_serialize(format!("user:{sub}").as_bytes()).collect();
    let found = ann.get(&format!("/integrations/audit?actor={actor}")).await;
    assert_eq!(found.json()["items"][0]["actor"], json!(format!("user:{sub}")), "{}", found.text);
}
