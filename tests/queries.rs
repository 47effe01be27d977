//! Tests of query parameters: what a route does not know is refused by name, in the shape of its dialect, and
//! never passed over.

use reqwest::Method;
use serde_json::json;
use strongroom_http_kit::QueryRule;
use strongroom_server::DIALECTS;

use crate::support::routes::{self, Targets};
use crate::support::{Character, Client, Reply, World};

/// The routes to which others add parameters of their own: providers, browsers and probes.
const ANY: [&str; 9] = [
    "GET /integrations/{provider}/callback",
    "GET /integrations/{provider}/callback/{app_id}",
    "POST /integrations/{provider}/callback",
    "POST /integrations/{provider}/callback/{app_id}",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /openapi.json",
    "GET /docs",
];

/// A refusal that names the parameter, and shows no value.
fn assert_refused(reply: &Reply, wrong_shape: u16, name: &str, place: &str) {
    assert_eq!(reply.status, wrong_shape, "{place}: {}", reply.text);
    assert!(reply.text.contains(name) && !reply.text.contains("canary"), "{place}: {}", reply.text);
    if wrong_shape == 422 {
        assert_eq!(reply.json()["detail"][0]["loc"], json!(["query", name]), "{place}");
        assert_eq!(reply.json()["detail"][0]["type"], "extra_forbidden", "{place}");
    }
}

#[test]
fn the_routes_that_take_any_query_are_these() {
    let routes = DIALECTS.iter().flat_map(|dialect| dialect.routes);
    let any = routes.clone().filter(|route| route.query == QueryRule::Any);
    let any: Vec<String> = any.map(|route| format!("{} {}", (route.method)(), route.path)).collect();
    assert_eq!(any, ANY);
    let judged: Vec<&str> =
        routes.filter(|route| route.query == QueryRule::Judged).map(|route| route.path).collect();
    assert_eq!(judged, ["/integrations/{provider}/authorize"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_a_parameter_that_it_does_not_know() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot =
        server.client(Character::service_of("acme", "credentials:read credentials:write secrets:read"));
    let requests = routes::protected(&Targets::nowhere());
    let mut tried = 0;
    for request in requests {
        let path = match request.template.ends_with("/authorize") {
            true => request.path.replace("internal_postgresql", "google"),
            false => request.path,
        };
        let read = ["/credentials/{credential_id}/", "/slots/", "/credentials/secrets"];
        let is_read = read.iter().any(|part| request.template.contains(part));
        let client: &Client = if is_read { &robot } else { &admin };
        for prefix in request.dialect.prefixes {
            let asked = format!("{prefix}{path}?slott=canary");
            let reply = client.send(request.method.clone(), &asked, request.body.clone(), &[]).await;
            let place = format!("{} {}", request.method, request.template);
            assert_refused(&reply, request.dialect.doc.wrong_shape, "slott", &place);
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
    let anonymous = server.client(Character::Anonymous);
    let reply = anonymous.get("/v1/integrations/catalog?categori=canary").await;
    assert_refused(&reply, 400, "categori", "the public catalog");
    for path in ["/health/live?x=1", "/health/ready?x=1", "/openapi.json?v=2", "/docs?utm_source=x"] {
        assert_eq!(anonymous.get(path).await.status, 200, "{path}");
    }
    let callback =
        anonymous.get("/integrations/google/callback?state=x&code=y&authuser=0&hd=acme.test").await;
    assert_eq!((callback.status, callback.header("content-type")), (400, "text/html; charset=utf-8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_parameter_stores_lists_and_deletes_nothing() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let known = "Parameter is not known here; known are: test";
    let stored = admin
        .send(
            Method::POST,
            "/integrations/credentials?tset=canary",
            Some(crate::support::client::sftp("x")),
            &[],
        )
        .await;
    assert_refused(&stored, 422, "tset", "store");
    assert_eq!(stored.json()["detail"][0]["msg"], known);
    for (query, name) in [
        ("slott=canary", "slott"),
        ("Slot=canary", "Slot"),
        ("limit=1&offset=canary", "offset"),
        ("=canary", ""),
    ] {
        let listed = admin.get(&format!("/integrations/credentials?{query}")).await;
        assert_refused(&listed, 422, name, query);
    }
    assert_refused(&admin.get("/integrations/audit?outcome=canary").await, 422, "outcome", "audit");
    let deleted =
        admin.send(Method::DELETE, &format!("/integrations/credentials/{id}?revok=canary"), None, &[]).await;
    assert_refused(&deleted, 422, "revok", "delete");
    assert_eq!(admin.get("/integrations/credentials").await.json().as_array().map(Vec::len), Some(1));
    // Who is not known, or may not, learns nothing about parameters.
    let anonymous = server.client(Character::Anonymous);
    assert_eq!(anonymous.get("/integrations/credentials?slott=canary").await.status, 401);
    let member = server.client(Character::member_of("acme"));
    assert_eq!(member.get("/integrations/audit?outcome=canary").await.status, 403);
    // Wrong values and repeated parameters are refused as before.
    for query in [
        "limit=0",
        "limit=+5",
        "limit=0010",
        "limit=1e1",
        "limit=5.0",
        "limit=1&limit=2",
        "status=canary",
        "from=canary",
    ] {
        let path = if query.starts_with("from") { "audit" } else { "credentials" };
        let reply = admin.get(&format!("/integrations/{path}?{query}")).await;
        assert!(reply.status == 422 && !reply.text.contains("canary"), "{query}: {}", reply.text);
    }
}
