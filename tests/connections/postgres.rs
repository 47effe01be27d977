//! Tests of PostgreSQL credentials against real servers, through the API.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};

use crate::support::dns::NameServer;
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(a_role_is_tested_over_every_kind_of_tls);

const NAME: &str = "db.example.test";
const TEST: &str = "/integrations/postgres/test-connection";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([NAME.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

async fn code(client: &Client, fields: &[(&str, Value)], base: &Value) -> String {
    let mut body = base.clone();
    for (name, value) in fields {
        body[*name] = value.clone();
    }
    let reply = client.post(TEST, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["code"].as_str().unwrap().to_owned()
}

async fn a_role_is_tested_over_every_kind_of_tls(world: World) {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let customer = PostgresCluster::start(ClusterOptions {
        passwords: true,
        tls: Some(authority.issue()),
        ..ClusterOptions::default()
    });
    customer.run_sql("CREATE ROLE app LOGIN PASSWORD 'good secret/1'").unwrap();
    let names = NameServer::start(|_, _| vec![[127, 0, 0, 1].into()]);
    let world = world
        .with("STRONGROOM_EGRESS__DNS", &names.address())
        .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "postgres=127.0.0.0/8")
        .with("STRONGROOM_EGRESS__INTERNAL_POSTGRESQL_HOSTS", &format!("{NAME}:{}", customer.port()))
        .with("STRONGROOM_LIMITS__ENABLED", "false");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let base = json!({ "host": NAME, "port": customer.port().to_string(), "database": "postgres", "username": "app",
        "password": "good secret/1" });
    let ca = json!(authority.0.pem());
    modes(&admin, &base, &ca, &json!(stranger.0.pem())).await;
    strings(&admin, customer.port(), &base).await;
    stored(&admin, &customer, &base, &ca).await;
    // The operator's own servers have a separate provider, which can reach no other server.
    let internal = async |host: &str| {
        let credentials = json!({ "host": host, "port": customer.port(), "database": "postgres", "username": "app",
            "password": "another", "sslmode": "disable" });
        let body = json!({ "credential_type": "user_password", "credentials": credentials });
        admin.post("/integrations/internal_postgresql/test-connection", body).await.json()["code"].clone()
    };
    assert_eq!((internal(NAME).await, internal("127.0.0.1").await), (json!("ok"), json!("not_reachable")));
}

async fn modes(admin: &Client, base: &Value, ca: &Value, other_ca: &Value) {
    let mut body = base.clone();
    body["ssl_ca"] = ca.clone();
    let report = admin.post(TEST, body).await.json();
    assert_eq!((&report["code"], &report["facts"]["tls"]), (&json!("ok"), &json!("verified")), "{report}");
    assert!(report["facts"]["server_version"].as_str().unwrap().starts_with("15"), "{report}");
    assert!(report["facts"]["tls_certificate_expires_at"].as_str().unwrap().ends_with('Z'), "{report}");
    let (trusted, by_address) = (("ssl_ca", ca.clone()), ("host", json!("127.0.0.1")));
    let mode = |name: &str| ("sslmode", json!(name));
    let cases: [(Vec<(&str, Value)>, &str); 9] = [
        (vec![], "tls_failed"),
        (vec![("ssl_ca", other_ca.clone())], "tls_failed"),
        (vec![trusted.clone(), by_address.clone()], "tls_failed"),
        (vec![trusted.clone(), by_address, mode("verify-ca")], "ok"),
        (vec![mode("require")], "ok"),
        (vec![mode("disable")], "ok"),
        (vec![mode("prefer")], "ok"),
        (vec![trusted.clone(), ("password", json!("bad secret"))], "auth_rejected"),
        (vec![trusted, ("database", json!("nobody"))], "invalid_config"),
    ];
    for (fields, expected) in cases {
        assert_eq!(code(admin, &fields, base).await, expected, "{fields:?}");
    }
}

async fn strings(admin: &Client, port: u16, base: &Value) {
    let url = format!("postgres://app:good%20secret%2F1@{NAME}:{port}/postgres?sslmode=require");
    let pairs = format!("host={NAME} port={port} user=app password='bad' dbname=postgres sslmode=require");
    for (string, expected) in [(url, "ok"), (pairs, "auth_rejected")] {
        assert_eq!(code(admin, &[("connection_string", json!(string))], base).await, expected);
    }
    for bad in [
        "postgres://u:p@h/d?host=/tmp",
        "postgres://u:p@h1,h2/d",
        "host=/run user=u password=p dbname=d",
        "service=x",
    ] {
        let reply = admin.post(TEST, json!({ "connection_string": bad })).await;
        let field = &reply.json()["error"]["details"][0]["field"];
        assert_eq!((reply.status, field), (400, &json!("connection_string")), "{bad}");
    }
}

/// Stores a credential, tests it, rotates its password at the server, and tests it again.
async fn stored(admin: &Client, customer: &PostgresCluster, base: &Value, ca: &Value) {
    let mut credentials = base.clone();
    credentials["ssl_ca"] = ca.clone();
    let new =
        json!({ "provider": "postgresql", "credential_type": "user_password", "credentials": credentials });
    let stored = admin.post("/integrations/credentials?test=true", new).await;
    assert_eq!((stored.status, &stored.json()["status"]), (201, &json!("validated")), "{}", stored.text);
    let id = stored.json()["id"].as_str().unwrap().to_owned();
    let test = async |path: String| admin.send(Method::POST, &path, None, &[]).await.json()["code"].clone();
    assert_eq!(test(format!("{TEST}/{id}")).await, "ok");
    customer.run_sql("ALTER ROLE app PASSWORD 'another'").unwrap();
    assert_eq!(test(format!("/integrations/credentials/{id}/test")).await, "auth_rejected");
    assert_eq!(admin.get(&format!("/integrations/credentials/{id}")).await.json()["status"], "rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_text_is_only_for_listed_networks_and_the_servers_own_environment_stays_at_home() {
    let customer = PostgresCluster::start(ClusterOptions { passwords: true, ..ClusterOptions::default() });
    customer.run_sql("CREATE ROLE app LOGIN PASSWORD 'good secret/1'").unwrap();
    let world = World::embedded().with("STRONGROOM_EGRESS__ALLOW_CIDRS", "postgres=127.0.0.1/32");
    let mut world = world.with("STRONGROOM_LIMITS__ENABLED", "false");
    for name in
        ["PGPASSWORD", "PGUSER", "PGHOST", "PGDATABASE", "PGSERVICE", "PGPASSFILE", "PGSSLMODE", "PGOPTIONS"]
    {
        world = world.with(name, "CANARYENVIRONMENT");
    }
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let base = json!({ "host": "127.0.0.1", "port": customer.port(), "database": "postgres", "username": "app",
        "password": "good secret/1" });
    for (mode, expected) in [
        ("disable", "ok"),
        ("prefer", "ok"),
        ("allow", "ok"),
        ("require", "tls_failed"),
        ("verify-ca", "tls_failed"),
        ("verify-full", "tls_failed"),
    ] {
        assert_eq!(code(&admin, &[("sslmode", json!(mode))], &base).await, expected, "{mode}");
    }
    assert_eq!(code(&admin, &[], &base).await, "tls_failed", "verify-full unless given");
    let missing =
        admin.post(TEST, json!({ "host": "127.0.0.1", "port": customer.port(), "sslmode": "disable" })).await;
    assert_eq!(missing.status, 400, "what is missing is not taken from the environment: {}", missing.text);
}
