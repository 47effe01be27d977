//! Runs the commands of the reference document as they are written there; only host, id and key differ.

use std::process::Command;

use serde_json::{Value, json};

use super::{LIST, detail, sent_fields};
use crate::support::{Character, Server, World, on_both_stores};

on_both_stores!(the_documented_commands_work_with_both_ways_to_authenticate);

const CREATE: [(&str, &str); 3] = [
    ("salesforce", include_str!("salesforce.sh")),
    ("hubspot", include_str!("hubspot.sh")),
    ("pipedrive", include_str!("pipedrive.sh")),
];
const UPDATE: &str = include_str!("update.sh");

/// Runs a command and returns the status and the body that it got.
fn run(script: &str, server: &Server, character: &Character, credential: &str) -> (u16, Value) {
    let home = tempfile::tempdir().unwrap();
    let quiet = "silent\nshow-error\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n";
    std::fs::write(home.path().join(".curlrc"), quiet).unwrap();
    let (header, value) = character.header().unwrap();
    let output = Command::new("sh")
        .args(["-c", script])
        .env("CURL_HOME", home.path())
        .env("STRONGROOM", format!("http://{}", server.address()))
        .env("AUTHENTICATION", format!("{header}: {value}"))
        .env("CREDENTIAL", credential)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// The body that a command sends.
fn body(script: &str) -> Value {
    let (_, rest) = script.split_once("-d '").unwrap();
    serde_json::from_str(rest.rsplit_once('\'').unwrap().0).unwrap()
}

async fn the_documented_commands_work_with_both_ways_to_authenticate(world: World) {
    let server = world.setup.start().await;
    let scopes = ["credentials:read", "credentials:write", "secrets:read"];
    let key = server.client(Character::admin_of("acme")).hire(&scopes).await;
    let bearer = Character::service_of("acme", &scopes.join(" "));
    for character in [key, bearer] {
        for (provider, script) in CREATE {
            journey(&server, &character, provider, script).await;
        }
    }
}

/// Creates, shows, tries to create a second one, updates and deletes, and then does it all again.
async fn journey(server: &Server, character: &Character, provider: &str, script: &str) {
    let client = server.client(character.clone());
    let (status, created) = run(script, server, character, "");
    assert_eq!((status, sent_fields(&created)), (201, body(script)), "{created}");
    let id = created["id"].as_str().unwrap();
    assert_eq!((id.len(), &created["org_id"]), (36, &json!("acme")));
    assert_eq!(created["created_at"].as_str().unwrap().len(), "2026-01-05T10:00:00Z".len());
    assert_eq!(created.as_object().unwrap().len(), 8, "{created}");
    for path in [format!("{LIST}{id}"), format!("{LIST}provider/{provider}")] {
        let shown = client.get(&path).await;
        assert_eq!((shown.status, shown.json()), (200, created.clone()));
        assert_eq!(shown.header("etag"), "\"1\"");
    }
    for path in [LIST, "/integration-credentials"] {
        assert_eq!(client.get(path).await.json(), json!([created]));
    }

    let (status, refused) = run(script, server, character, "");
    let taken = format!("Integration credentials for provider '{provider}' already exist");
    assert_eq!((status, refused), (409, json!({ "detail": taken })));

    let (status, updated) = run(UPDATE, server, character, id);
    let mut expected = body(script);
    expected["access_token"] = json!("NEW_ACCESS_TOKEN_HERE");
    expected["metadata"]["refresh_token"] = json!("NEW_REFRESH_TOKEN");
    assert_eq!((status, sent_fields(&updated)), (200, expected));
    assert_eq!(client.get(&format!("{LIST}{id}")).await.json(), updated);

    let deleted = client.delete(&format!("{LIST}{id}")).await;
    let message = format!("Integration credentials {id} deleted successfully");
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "message": message })));
    let gone = (404, format!("Integration credentials {id} not found"));
    assert_eq!(detail(&client.get(&format!("{LIST}{id}")).await), gone);
    assert_eq!(detail(&client.delete(&format!("{LIST}{id}")).await), gone);
}
