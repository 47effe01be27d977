//! Tests of the OAuth apps of organisations: they have ids and secrets, never endpoints, and are never shared
//! (security.md, row 50).

use serde_json::{Value, json};
use url::Url;

use super::{Form, HOUR, admin, begin, robot, secrets, url_of, visit};
use crate::support::authorization_servers::{Browser, CLIENT_ID, CLIENT_SECRET, OidcServer, PROVIDER};
use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(an_organisation_uses_its_own_app_and_no_other_does);

const APPS: &str = "/integrations/oauth/apps";

async fn an_organisation_uses_its_own_app_and_no_other_does(world: World) {
    let provider = OidcServer::start(HOUR);
    // The operator has no app in this test.
    let world = provider
        .set(world)
        .with("STRONGROOM_OAUTH__APPS__ACME_ID__CLIENT_ID", "")
        .with("STRONGROOM_OAUTH__APPS__ACME_ID__CLIENT_SECRET", "");
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let authorize = format!("/integrations/{PROVIDER}/authorize");
    let missing = admin.get(&authorize).await;
    assert_eq!(missing.status, 400);
    assert!(missing.text.contains("oauth.apps.acme_id.client_id"), "{}", missing.text);

    let app = json!({ "provider": PROVIDER, "client_id": CLIENT_ID, "client_secret": "wrong" });
    let created = admin.post(APPS, app.clone()).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let own = format!("{APPS}/{id}");
    assert_eq!(created.header("location"), own);
    let uri = format!("http://{}/integrations/{PROVIDER}/callback/{id}", server.address());
    assert_eq!(created.json()["redirect_uris"][PROVIDER], json!(uri));
    refuses_what_is_not_theirs_to_set(&admin, &app).await;
    let fixed = admin.patch(&own, json!({ "client_secret": CLIENT_SECRET })).await;
    assert_eq!(fixed.status, 200, "{}", fixed.text);
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    assert!(back.path().ends_with(&id), "{}", back.path());
    // A code of this app is refused at the callback of the operator's app and of another app.
    for elsewhere in ["".to_owned(), "/0192f0c1-7b6a-7abc-8def-0123456789ab".to_owned()] {
        let begun = begin(&admin, "").await;
        let back = Browser::default().follow(url_of(&begun)).await;
        let moved = back.as_str().replace(&format!("/{id}"), &elsewhere);
        let refused = visit(&Url::parse(&moved).unwrap()).await;
        assert!(refused.status == 400 && refused.text.contains("other_provider"), "{}", refused.text);
    }
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 0);
    let page = visit(&back).await;
    assert_eq!(Form::of(&page).press("connect").await.status, 200);
    let shown = admin.get("/integrations/credentials").await.json();
    assert_eq!(shown[0]["oauth_app_id"], json!(id));
    let credential = shown[0]["id"].as_str().unwrap();
    let refresh = format!("/integrations/credentials/{credential}/refresh");
    assert_eq!(robot.post(&refresh, json!({})).await.status, 200);

    // Another organisation cannot use or see the app.
    let globex = server.client(Character::admin_of("globex"));
    assert_eq!(globex.get(&authorize).await.status, 400);
    assert_eq!(globex.get(APPS).await.json(), json!([]));
    for reply in [globex.get(&own).await, globex.delete(&own).await] {
        assert_eq!(reply.status, 404);
    }
    assert_eq!(globex.patch(&own, json!({ "client_secret": "stolen" })).await.status, 404);

    // When its app is deleted, the grant is kept, and is not refreshed with another app.
    assert_eq!(admin.delete(&own).await.status, 204);
    assert_eq!(admin.get(&own).await.status, 404);
    let refused = robot.post(&refresh, json!({})).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let shown = admin.get(&format!("/integrations/credentials/{credential}")).await.json();
    assert_eq!((&shown["status"], &shown["status_reason"]), (&json!("validated"), &json!("app_missing")));
    assert_eq!(robot.get(&secrets(credential)).await.status, 200, "the token is valid");
    let trail = admin.get("/integrations/audit?limit=500").await.json();
    let text = trail.to_string();
    assert!(!text.contains(CLIENT_SECRET) && text.contains("oauth_app.updated"), "no secret is on record");
}

/// Checks that there is one app per name, for a provider with OAuth, with an id and a secret and nothing
/// else.
async fn refuses_what_is_not_theirs_to_set(admin: &Client, app: &Value) {
    assert_eq!(admin.post(APPS, app.clone()).await.status, 409);
    for body in [
        json!({ "provider": "sftp", "client_id": "x" }),
        json!({ "provider": "nobody", "client_id": "x" }),
        json!({ "provider": PROVIDER, "client_id": "caf\u{e9}" }),
        json!({ "provider": PROVIDER, "client_id": "" }),
    ] {
        assert_eq!(admin.post(APPS, body.clone()).await.status, 400, "{body}");
    }
    let emptied = admin.get(APPS).await.json()[0]["id"].as_str().unwrap().to_owned();
    let emptied = admin.patch(&format!("{APPS}/{emptied}"), json!({ "client_secret": "" })).await;
    assert_eq!(emptied.status, 400, "{}", emptied.text);
    for extra in ["token_url", "authorize_url", "scopes", "redirect_uri"] {
        let mut body = app.clone();
        body[extra] = json!("https://evil.example/token");
        assert_eq!(admin.post(APPS, body).await.status, 422, "{extra} is not an organisation's to set");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_an_app_is_sealed_and_opens_for_its_own_row_alone() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (acme, globex) = (admin(&server), server.client(Character::admin_of("globex")));
    for (admin, secret) in [(&acme, CLIENT_SECRET), (&globex, "another-secret")] {
        let body = json!({ "provider": PROVIDER, "client_id": CLIENT_ID, "client_secret": secret });
        assert_eq!(admin.post(APPS, body).await.status, 201);
    }
    let found = crate::support::server::bytes_below(&world.setup.data_dir());
    for (path, bytes) in found {
        let hit = bytes.windows(CLIENT_SECRET.len()).any(|window| window == CLIENT_SECRET.as_bytes());
        assert!(!hit, "{} holds a client secret", path.display());
    }
    begin(&globex, "").await;
    world.sql("UPDATE oauth_apps SET envelope = (SELECT envelope FROM oauth_apps WHERE org_id = 'acme') WHERE org_id = 'globex'");
    let moved = globex.get(&format!("/integrations/{PROVIDER}/authorize")).await;
    assert_eq!(moved.status, 500, "{}", moved.text);
    world.sql("UPDATE oauth_apps SET client_id = 'other' WHERE org_id = 'acme'");
    let edited = acme.get(&format!("/integrations/{PROVIDER}/authorize")).await;
    assert_eq!(edited.status, 500, "a secret is not sent with another client id");
}

/// Behind a proxy the operator must set the URL at which users reach the service; until then an app has no
/// redirect URI.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_can_be_managed_before_the_public_url_is_known() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded()).with("STRONGROOM_SERVER__BEHIND_PROXY", "true");
    let server = world.setup.start().await;
    let admin = admin(&server);
    let app = json!({ "provider": PROVIDER, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
    let created = admin.post(APPS, app).await;
    assert_eq!((created.status, &created.json()["redirect_uris"]), (201, &json!({})), "{}", created.text);
    assert_eq!(admin.get(APPS).await.json().as_array().unwrap().len(), 1);
    assert_eq!(admin.get(&format!("/integrations/{PROVIDER}/authorize")).await.status, 400);
    let own = format!("{APPS}/{}", created.json()["id"].as_str().unwrap());
    assert_eq!(admin.delete(&own).await.status, 204);
}
