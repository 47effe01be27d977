//! Tests that every refusal is one sentence.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CANARY, LIST, detail, put, robot, salesforce, store};
use crate::support::client::raw;
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    a_bad_body_is_400_and_names_the_first_problem,
    callers_without_permission_are_told_so,
    what_is_not_there_is_named_as_it_was_asked_for,
    requests_that_cannot_be_taken_get_a_sentence_too,
);

const ONE_OF: &str = "provider must be one of: custom, dynamics, hubspot, pipedrive, salesforce, zoho";

fn with(field: &str, value: Value) -> Value {
    let mut body = salesforce();
    body[field] = value;
    body
}

async fn a_bad_body_is_400_and_names_the_first_problem(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    for (body, problem) in [
        (json!({}), "provider field is required"),
        (with("provider", json!(null)), "provider field is required"),
        (with("provider", json!("")), "provider field is required"),
        (json!({ "provider": "salesforce" }), "dsn field is required"),
        (with("dsn", json!("")), "dsn field is required"),
        (json!({ "provider": "", "dsn": "", "x": 1 }), "provider field is required"),
        (json!({ "provider": "salesforce", "dsn": "x" }), "access_token field is required"),
        (with("access_token", json!(null)), "access_token field is required"),
        (with("access_token", json!("")), "access_token field is required"),
        (with("provider", json!(5)), "provider must be a string"),
        (with("dsn", json!([CANARY])), "dsn must be a string"),
        (with("access_token", json!({ "canary": CANARY })), "access_token must be a string"),
        (with("metadata", json!(CANARY)), "metadata must be an object"),
        (with("metadata", json!([CANARY])), "metadata must be an object"),
        (with("provider", json!("acme-crm")), ONE_OF),
        (with("provider", json!("sftp")), ONE_OF),
        (with("token", json!(CANARY)), "token is not a known field"),
        (json!([CANARY]), "body must be an object"),
        (
            with("access_token", json!("two\nlines")),
            "access_token must not contain control characters: it has line breaks in it",
        ),
        (with("access_token", json!("x".repeat(32 * 1024 + 1))), "access_token must be at most 32 KiB"),
        (
            with("metadata", json!({ "refresh_token": "a b" })),
            "metadata.refresh_token does not have the form that this provider expects, such as sf_refresh_token_EXAMPLE: it has blanks in it",
        ),
    ] {
        let reply = robot.post(LIST, body).await;
        assert_eq!(detail(&reply), (400, format!("Validation error: {problem}")));
        assert!(!reply.text.contains(CANARY));
    }
    let path = store(&robot, salesforce()).await;
    for (body, problem) in [
        (json!({ "provider": "hubspot" }), "provider cannot be changed"),
        (json!({ "provider": "" }), "provider field is required"),
        (json!({ "dsn": "" }), "dsn field is required"),
        (json!({ "access_token": "" }), "access_token field is required"),
        (json!({ "access_token": 1 }), "access_token must be a string"),
        (json!({ "metadata": [] }), "metadata must be an object"),
        (json!({ "id": "x" }), "id is not a known field"),
        (json!(null), "body must be an object"),
    ] {
        assert_eq!(detail(&put(&robot, &path, body).await), (400, format!("Validation error: {problem}")));
    }
    assert_eq!(robot.get(&path).await.header("etag"), "\"1\"");
    let unknown = robot.get(&format!("{LIST}provider/acme-crm")).await;
    assert_eq!(detail(&unknown), (400, format!("Validation error: {ONE_OF}")));
}

async fn callers_without_permission_are_told_so(world: World) {
    let server = world.setup.start().await;
    let path = store(&robot(&server), salesforce()).await;
    let bad = [Character::Anonymous, Character::Bearer("x.y.z".into()), Character::Key("srk_x_y".into())];
    for character in bad {
        let client = server.client(character);
        let replies = [
            client.get(LIST).await,
            client.get(&path).await,
            client.post(LIST, salesforce()).await,
            put(&client, &path, json!({})).await,
            client.delete(&path).await,
        ];
        for reply in replies {
            assert_eq!(detail(&reply), (401, "Invalid or missing authentication credentials".to_owned()));
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
    }
    let reader = server.client(Character::service_of("acme", "credentials:read secrets:read"));
    let forbidden = (403, "You do not have permission to access this resource".to_owned());
    let refused = [
        reader.post(LIST, salesforce()).await,
        put(&reader, &path, json!({})).await,
        reader.delete(&path).await,
        server.client(Character::guest_of("acme")).get(LIST).await,
    ];
    for reply in refused {
        assert_eq!(detail(&reply), forbidden);
    }
}

async fn what_is_not_there_is_named_as_it_was_asked_for(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    for id in ["0192f0c1-7b6a-7abc-8def-0123456789ab", "8e1f9722-9637-62fg-d059-g29he3h12cg9", "1", "a'b"] {
        let path = format!("{LIST}{id}");
        let gone = (404, format!("Integration credentials {id} not found"));
        assert_eq!(detail(&robot.get(&path).await), gone);
        assert_eq!(detail(&put(&robot, &path, json!({})).await), gone);
        assert_eq!(detail(&robot.delete(&path).await), gone);
    }
    let gone = "Integration credentials for provider 'zoho' not found".to_owned();
    assert_eq!(detail(&robot.get(&format!("{LIST}provider/zoho")).await), (404, gone));
    for path in ["/integration-credentials/provider/zoho/more", "/integration-credentials/provider/"] {
        assert_eq!(detail(&robot.get(path).await), (404, "Not found".to_owned()), "{path}");
    }
    // Both forms of an id mean the same credential.
    let path = store(&robot, salesforce()).await;
    let id = strongroom_domain::CredentialId::parse(path.strip_prefix(LIST).unwrap()).unwrap();
    let shown = robot.get(&format!("{LIST}{}", id.to_prefixed())).await;
    assert_eq!((shown.status, &shown.json()["id"]), (200, &json!(id.to_string())));
}

async fn requests_that_cannot_be_taken_get_a_sentence_too(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let path = store(&robot, salesforce()).await;
    for (method, path, allow) in [
        (Method::PATCH, LIST, "POST, GET, HEAD"),
        (Method::DELETE, "/integration-credentials", "POST, GET, HEAD"),
        (Method::POST, path.as_str(), "GET, HEAD, PUT, DELETE"),
        (Method::PUT, "/integration-credentials/provider/zoho", "GET, HEAD"),
    ] {
        let reply = robot.send(method, path, Some(json!({})), &[]).await;
        assert_eq!((detail(&reply), reply.header("allow")), ((405, "Method not allowed".to_owned()), allow));
    }
    let long = robot.post(LIST, with("dsn", json!("x".repeat(300 * 1024)))).await;
    assert_eq!(detail(&long), (413, "The request body is larger than 256 KiB".to_owned()));
    let text = robot.send(Method::POST, LIST, Some(salesforce()), &[("content-type", "text/plain")]).await;
    let rule = "The request body must be application/json without content encoding";
    assert_eq!(detail(&text), (415, rule.to_owned()));

    let (_, token) = Character::service_of("acme", "credentials:write").header().unwrap();
    for (body, problem) in [
        ("{\"provider\":", "body must be JSON; line 1, column 12 is not"),
        ("{\"dsn\":\"canary\",\"dsn\":\"canary\"}", "body must not repeat a field"),
    ] {
        let length = body.len();
        let request = format!(
            "POST {LIST} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let answer = raw(server.address(), request.as_bytes());
        let expected = json!({ "detail": format!("Validation error: {problem}") }).to_string();
        assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with(&expected), "{answer}");
    }
}
