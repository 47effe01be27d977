//! Tests of fixation, mix-up, and forged, replayed and stolen states (RFC 9700, RFC 9207, security.md rows 13
//! to 15).

use std::path::Path;

use serde_json::json;
use strongroom_domain::oauth::sha256;
use url::Url;

use super::{Form, HOUR, admin, begin, granted, parameter, person, robot, secrets, url_of, visit};
use crate::support::authorization_servers::{Browser, CLIENT_ID, MockServer, OidcServer, PROVIDER, with_app};
use crate::support::{Character, World, on_both_stores};

on_both_stores!(
    a_state_is_used_once,
    a_code_of_another_server_is_not_taken,
    what_was_edited_in_the_database_completes_nothing,
);

fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let pairs: Vec<(String, String)> =
        url.query_pairs().filter(|(key, _)| key != name).map(|(k, v)| (k.into(), v.into())).collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    if let Some(value) = value {
        changed.query_pairs_mut().append_pair(name, value);
    }
    changed
}

async fn a_state_is_used_once(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world);
    let server = world.setup.start().await;
    let admin = admin(&server);
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    // Forged states come first, because they use up no flow.
    for state in ["", "x", &"A".repeat(43), &"A".repeat(44), "../../etc/passwd"] {
        assert_eq!(visit(&with(&back, "state", Some(state))).await.status, 400, "{state}");
    }
    assert_eq!(visit(&with(&back, "state", None)).await.status, 400);
    let mut twice = back.clone();
    twice.query_pairs_mut().append_pair("state", begun["state"].as_str().unwrap());
    assert_eq!(visit(&twice).await.status, 400, "a parameter that is there twice");
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 0);

    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let back = back.clone();
        all.spawn(async move { visit(&back).await.status });
    }
    let mut statuses = all.join_all().await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[99]), (200, 200), "who brings the code sees its page");
    assert_eq!(visit(&with(&back, "code", Some("another"))).await.status, 400);
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 1, "a replay asks nobody");
    assert_eq!(admin.get("/integrations/credentials").await.json().as_array().unwrap().len(), 1);

    // A state that was never used is refused after its ten minutes.
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    world.sql(&format!("UPDATE authorization_flows SET expires_at = {}", world.time(-1)));
    let expired = visit(&back).await;
    assert!(expired.status == 400 && expired.text.contains("unknown_state"), "{}", expired.text);
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 1);
}

/// Mix-up attacks: a user is sent to the honest server with a flow of the attacker, or the other way round.
async fn a_code_of_another_server_is_not_taken(world: World) {
    let (honest, attacker) = (OidcServer::start(HOUR), OidcServer::start(HOUR));
    let world = with_app(honest.set(world), "evil_id");
    let overlay = world.setup.variable("STRONGROOM_CATALOG__DIR").unwrap().to_owned();
    attacker.write_provider(Path::new(&overlay), "evil_id");
    let server = world.setup.start().await;
    let admin = admin(&server);

    // The attacker's server sends the honest server's code to the attacker's callback, with all parameters
    // that belong to it.
    let code = Browser::default().follow(url_of(&begin(&admin, "").await)).await;
    let mixed = code.as_str().replace(&format!("/{PROVIDER}/"), "/evil_id/");
    let refused = visit(&Url::parse(&mixed).unwrap()).await;
    assert!(refused.status == 400 && refused.text.contains("other_provider"), "{}", refused.text);
    assert_eq!(attacker.counts().await.token_requests("authorization_code"), 0, "the code went nowhere");

    // This time the honest server's code comes with the state of the attacker's own flow, which that callback
    // knows.
    let evil = admin.get("/integrations/evil_id/authorize").await.json();
    let own = Browser::default().follow(url_of(&evil)).await;
    let code = Browser::default().follow(url_of(&begin(&admin, "").await)).await;
    let mixed = with(&own, "code", parameter(&code, "code").as_deref());
    let refused = visit(&with(&mixed, "iss", Some(honest.issuer()))).await;
    assert!(refused.status == 400 && refused.text.contains("other_issuer"), "{}", refused.text);
    assert_eq!(attacker.counts().await.token_requests("authorization_code"), 0, "the code went nowhere");

    // The state of the attacker's flow is sent to the honest callback, with a code of the attacker's server.
    let evil = admin.get("/integrations/evil_id/authorize").await.json();
    let code = Browser::default().follow(url_of(&evil)).await;
    let mixed = code.as_str().replace("/evil_id/", &format!("/{PROVIDER}/"));
    let refused = visit(&Url::parse(&mixed).unwrap()).await;
    assert!(refused.status == 400 && refused.text.contains("other_provider"), "{}", refused.text);
    assert_eq!(honest.counts().await.token_requests("authorization_code"), 0);

    // The issuer is another one than announced, or is missing.
    for issuer in [Some(attacker.issuer()), Some("https://honest.example"), None] {
        let begun = begin(&admin, "").await;
        let back = Browser::default().follow(url_of(&begun)).await;
        let refused = visit(&with(&back, "iss", issuer)).await;
        assert!(refused.status == 400 && refused.text.contains("other_issuer"), "{}", refused.text);
    }
    assert_eq!(honest.counts().await.token_requests("authorization_code"), 0);
    assert_eq!(admin.get("/integrations/credentials").await.json(), json!([]));
}

/// Edits by somebody who can write to the database: each is put back afterwards, and then all goes on.
async fn what_was_edited_in_the_database_completes_nothing(world: World) {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(world).with("STRONGROOM_OAUTH__COMPLETION", "bound");
    let server = world.setup.start().await;
    let (admin, mallory) = (admin(&server), server.client(Character::user("acme", "mallory", &["admin"])));
    let own_code = "A".repeat(43);
    let known: String = sha256(&own_code).iter().map(|byte| format!("{byte:02x}")).collect();
    let known = world.bytes(&known);

    // A flow whose person is still at the provider: its code goes nowhere.
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    world.sql("UPDATE authorization_flows SET actor = 'user:mallory', initiator_id = 'mallory'");
    let refused = visit(&back).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 0);
    world.sql("DELETE FROM authorization_flows");

    // A flow that waits for its completion.
    let begun = begin(&admin, "").await;
    let page = visit(&Browser::default().follow(url_of(&begun)).await).await;
    let code = page.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let id = admin.get("/integrations/credentials").await.json()[0]["id"].as_str().unwrap().to_owned();
    let reader = server.client(Character::service_of("acme", "secrets:read"));
    let good = json!({ "state": begun["state"], "completion_code": code });
    let forged = json!({ "state": begun["state"], "completion_code": own_code });
    let edits = [
        ("actor = 'user:mallory'", &mallory, &good),
        ("completion_hash = ", &admin, &forged),
        ("redirect_to = 'https://evil.example/'", &admin, &good),
        ("name = 'Another'", &admin, &good),
        ("scope = ''", &admin, &good),
        ("oauth_app_id = NULL, initiator_id = 'mallory'", &admin, &good),
    ];
    world.sql("CREATE TABLE kept AS SELECT * FROM authorization_flows");
    for (edit, who, body) in edits {
        let value = if edit.ends_with("= ") { known.as_str() } else { "" };
        world.sql(&format!("UPDATE authorization_flows SET {edit}{value}"));
        let refused = who.post("/integrations/oauth/complete", body.clone()).await;
        assert_eq!(refused.status, 500, "{edit}: {}", refused.text);
        assert_eq!(reader.get(&secrets(&id)).await.status, 409, "{edit}");
        world.sql("DELETE FROM authorization_flows; INSERT INTO authorization_flows SELECT * FROM kept");
    }

    // A grant that is made usable without its completion.
    world.sql("UPDATE credentials SET status = 'validated'");
    let refused = reader.get(&secrets(&id)).await;
    assert_eq!(refused.status, 500, "{}", refused.text);
    let trail = admin.get("/integrations/audit?action=integrity.failed").await.json();
    assert_eq!(trail["items"][0]["credential_id"], id.as_str(), "{trail}");
    world.sql("UPDATE credentials SET status = 'pending'");

    let completed = admin.post("/integrations/oauth/complete", good).await;
    assert_eq!(completed.status, 200, "{}", completed.text);
    assert_eq!(reader.get(&secrets(&id)).await.status, 200);
    // A usable one that is put into a slot by hand does not answer to it.
    world.sql("UPDATE credentials SET slot = 'nightly'");
    assert_eq!(reader.get(&secrets(&id)).await.status, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_victim_who_follows_an_attackers_link_gives_the_attacker_nothing() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded()).with("STRONGROOM_OAUTH__COMPLETION", "bound");
    let server = world.setup.start().await;
    // Mallory begins a flow, the victim grants, and the completion code is shown only in the victim's
    // browser.
    let mallory = server.client(Character::member_of("globex"));
    let begun = begin(&mallory, "").await;
    let back = Browser::default().follow_as(url_of(&begun), "victim@example.com").await;
    let page = visit(&back).await;
    let code = page.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let listed = mallory.get("/integrations/credentials").await.json();
    let id = listed[0]["id"].as_str().unwrap();
    let reader = server.client(Character::service_of("globex", "secrets:read"));
    assert_eq!(reader.get(&secrets(id)).await.status, 409);
    let guess = json!({ "state": begun["state"], "completion_code": "A".repeat(43) });
    assert_eq!(mallory.post("/integrations/oauth/complete", guess).await.status, 400);
    // The victim cannot be made to complete the flow either, because the victim is another principal.
    let victim = server.client(Character::member_of("acme"));
    let body = json!({ "state": begun["state"], "completion_code": code });
    assert_eq!(victim.post("/integrations/oauth/complete", body).await.status, 400);
    assert_eq!(reader.get(&secrets(id)).await.status, 409);
}

/// Checks RFC 7636, sections 4.1 to 4.3, and that the challenge belongs to the flow of the code (RFC 9700,
/// section 2.1.2).
#[tokio::test(flavor = "multi_thread")]
async fn every_flow_has_a_challenge_of_its_own_and_nobody_changes_its_parameters() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let admin = admin(&server);
    let injected = "response_mode=fragment&response_type=token&code_challenge_method=plain&code_challenge=x\
                    &redirect_uri=https%3A%2F%2Fevil.example&client_id=evil&state=mine";
    let mut seen = std::collections::BTreeSet::new();
    let refused = admin.get(&format!("/integrations/{PROVIDER}/authorize?{injected}")).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let named = injected.split('&').map(|pair| pair.split_once('=').unwrap().0);
    assert!(named.into_iter().all(|name| refused.text.contains(&format!("\"{name}\""))), "{}", refused.text);
    for query in ["", ""] {
        let begun = begin(&admin, query).await;
        let url = Url::parse(url_of(&begun)).unwrap();
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        let unique: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "a parameter is there twice: {names:?}");
        assert!(!names.iter().any(|name| name == "response_mode"), "{names:?}");
        let expected = format!("http://{}/integrations/{PROVIDER}/callback", server.address());
        for (name, value) in [
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("redirect_uri", &expected),
            ("client_id", CLIENT_ID),
        ] {
            assert_eq!(parameter(&url, name).as_deref(), Some(value), "{name}");
        }
        for name in ["state", "code_challenge"] {
            let value = parameter(&url, name).unwrap();
            assert!(value.len() == 43 && seen.insert(value), "{name} is 256 bits, and new");
        }
    }
    // A code that is sent with POST is refused, because only the service's own page posts to the callback.
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let (callback, query) = (back.as_str().split_once('?').unwrap().0, back.query().unwrap().to_owned());
    let form = ("content-type", "application/x-www-form-urlencoded");
    let posted = person().post(callback).header(form.0, form.1).body(query).send().await.unwrap();
    assert_eq!(posted.status(), 400);
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_own_page_confirms() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let admin = admin(&server);
    let begun = begin(&admin, "").await;
    let back = Browser::default().follow(url_of(&begun)).await;
    let form = Form::of(&visit(&back).await);
    let own = form.action.origin().ascii_serialization();
    let foreign = [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("http://127.0.0.1"),
        Some(&format!("{own}.evil.example")),
    ]
    .map(|origin| origin.map(str::to_owned));
    for origin in foreign {
        let refused = form.press_from(origin.as_deref(), "connect").await;
        assert_eq!(refused.status, 403, "{origin:?}");
    }
    let other_token = Form { token: "A".repeat(43), action: form.action.clone(), state: form.state.clone() };
    assert_eq!(other_token.press("connect").await.status, 400);
    let other_state = Form { state: "A".repeat(43), action: form.action.clone(), token: form.token.clone() };
    assert_eq!(other_state.press("connect").await.status, 400);
    assert_eq!(form.press("perhaps").await.status, 400);
    let listed = admin.get("/integrations/credentials").await.json();
    assert_eq!(listed[0]["status"], "pending", "nobody has confirmed");
    // The API does not complete a flow that is confirmed on the page, not even with the token of the page.
    let body = json!({ "state": form.state, "completion_code": form.token });
    assert_eq!(admin.post("/integrations/oauth/complete", body).await.status, 400);
    assert_eq!(form.press("connect").await.status, 200);
    assert_eq!(form.press("connect").await.status, 400, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_where_the_list_does_not_lead() {
    let provider = MockServer::start(HOUR);
    let allowed = "https://app.example.com/done,http://localhost:3000";
    let world = provider.set(World::embedded()).with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", allowed);
    let server = world.setup.start().await;
    let admin = admin(&server);
    let corpus = include_str!("../../crates/domain/src/oauth/redirect_corpus.txt");
    let mut tried = 0;
    for line in corpus.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()) {
        let line = line.replace("\\t", "\t").replace("\\n", "\n").replace("\\0", "\0");
        let encoded: String = url::form_urlencoded::byte_serialize(line.as_bytes()).collect();
        let reply = admin.get(&format!("/integrations/{PROVIDER}/authorize?redirect_to={encoded}")).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["details"][0]["field"]),
            (400, &json!("redirect_to"))
        );
        tried += 1;
    }
    assert!(tried >= 60, "only {tried} places");
    let default = provider.set(World::embedded());
    let server = default.setup.start().await;
    let own = format!("http%3A%2F%2F{}%2Fdocs", server.address());
    begin(&server.client(Character::admin_of("acme")), &format!("redirect_to={own}")).await;
}

/// Whoever can write to the database does not send people, or completion codes, to another place: the
/// allow-list is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn a_flow_whose_row_was_edited_leads_nowhere() {
    let provider = OidcServer::start(HOUR);
    let world = provider
        .set(World::embedded())
        .with("STRONGROOM_OAUTH__COMPLETION", "bound")
        .with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", "https://app.example.test/done");
    let server = world.setup.start().await;
    let admin = admin(&server);
    let query = "redirect_to=https://app.example.test/done";
    let back = Browser::default().follow(url_of(&begin(&admin, query).await)).await;
    assert!(super::location(&visit(&back).await).as_str().starts_with("https://app.example.test/done?"));
    let back = Browser::default().follow(url_of(&begin(&admin, query).await)).await;
    world.sql("UPDATE authorization_flows SET redirect_to = 'https://evil.example.test/steal'");
    let page = visit(&back).await;
    assert!(page.status == 503 && page.headers.get("location").is_none(), "{}", page.text);
    let back = Browser::default().follow(url_of(&begin(&admin, query).await)).await;
    world.sql("UPDATE authorization_flows SET redirect_to = 'https://evil.example.test/steal'");
    let failed = visit(&with(&back, "code", None)).await;
    assert!(failed.status == 400 && failed.headers.get("location").is_none(), "{}", failed.text);
    // What nobody has completed is found when it is made usable by hand.
    world.setup.must(&["audit", "verify", "--deep"]);
    world.sql("UPDATE credentials SET status = 'validated' WHERE status = 'pending'");
    let found = world.setup.run(&["audit", "verify", "--deep"]);
    let said = String::from_utf8(found.stdout).unwrap();
    assert!(!found.status.success() && said.contains("no record says that its authorization was"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_and_grants_of_another_organisation_do_not_exist() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded()).with("STRONGROOM_OAUTH__COMPLETION", "bound");
    let server = world.setup.start().await;
    let (acme, globex) = (admin(&server), server.client(Character::admin_of("globex")));
    let begun = begin(&acme, "").await;
    let page = visit(&Browser::default().follow(url_of(&begun)).await).await;
    let code = page.text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned();
    let body = json!({ "state": begun["state"], "completion_code": code });
    let foreign = globex.post("/integrations/oauth/complete", body.clone()).await;
    let unknown = globex
        .post("/integrations/oauth/complete", json!({ "state": "A".repeat(43), "completion_code": code }))
        .await;
    assert_eq!(
        (foreign.status, foreign.json()["error"].clone()),
        (unknown.status, unknown.json()["error"].clone())
    );
    let done = acme.post("/integrations/oauth/complete", body).await;
    let id = done.json()["id"].as_str().unwrap().to_owned();
    let again = globex.get(&format!("/integrations/{PROVIDER}/authorize?credential_id={id}")).await;
    assert_eq!(again.status, 404);
    assert_eq!(globex.post(&format!("/integrations/credentials/{id}/refresh"), json!({})).await.status, 404);
    let reader = server.client(Character::service_of("globex", "secrets:read"));
    assert_eq!(reader.get(&secrets(&id)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_provider_are_sorted_and_never_shown() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let admin = admin(&server);
    for (error, told) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "provider_unavailable"),
        ("server_error", "provider_unavailable"),
        ("unauthorized_client", "misconfigured"),
        ("invalid_scope", "provider_refused"),
        ("<script>alert(1)</script>", "provider_refused"),
    ] {
        let begun = begin(&admin, "").await;
        let mut back =
            Url::parse(&format!("http://{}/integrations/{PROVIDER}/callback", server.address())).unwrap();
        back.query_pairs_mut().extend_pairs([
            ("error", error),
            ("error_description", "<script>alert(1)</script>"),
            ("state", begun["state"].as_str().unwrap()),
            ("iss", provider.issuer()),
        ]);
        let page = visit(&back).await;
        assert!(page.status == 400 && page.text.contains(told), "{error}: {}", page.text);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_deleted_while_it_is_authorised_again_stays_deleted() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let (admin, robot) = (admin(&server), robot(&server));
    let id = granted(&admin).await;
    let begun = begin(&admin, &format!("credential_id={id}")).await;
    let form = Form::of(&visit(&Browser::default().follow(url_of(&begun)).await).await);
    assert_eq!(admin.delete(&format!("/integrations/credentials/{id}")).await.status, 204);
    assert_eq!(form.press("connect").await.status, 400);
    assert_eq!(robot.get(&secrets(&id)).await.status, 404);
}
