//! Tests of what each caller sees: secrets in the clear for programs that may read them, masks for all
//! others.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CANARY, LIST, put, reads, robot, salesforce, sent_fields, store};
use crate::support::{Character, Client, Server, World, on_both_stores};

on_both_stores!(
    people_and_narrow_programs_see_masks,
    what_is_created_and_changed_is_shown_as_its_caller_may_see_it,
    every_answer_in_the_clear_is_on_record,
    a_grant_that_has_ended_is_masked_in_the_list_and_withheld_by_itself,
    a_row_that_was_edited_is_hidden_in_the_list_and_hides_no_other,
);

/// [`salesforce`] with its secrets masked.
fn masked() -> Value {
    let mut masked = salesforce();
    masked["access_token"] = json!("********");
    masked["metadata"]["refresh_token"] = json!("********");
    masked["metadata"]["note"] = json!({ "deep": ["********", "********"] });
    masked
}

async fn blind(server: &Server) -> Vec<Client> {
    let admin = server.client(Character::admin_of("acme"));
    let key = admin.hire(&["credentials:read", "credentials:write"]).await;
    let scopes = "credentials:read credentials:write";
    let others = [Character::member_of("acme"), Character::service_of("acme", scopes), key];
    let mut blind = vec![admin];
    blind.extend(others.into_iter().map(|character| server.client(character)));
    blind
}

async fn people_and_narrow_programs_see_masks(world: World) {
    let server = world.setup.start().await;
    let path = store(&robot(&server), salesforce()).await;
    let before = reads(&server).await;
    for client in blind(&server).await {
        for path in [path.as_str(), "/integration-credentials/provider/SalesForce", LIST] {
            let reply = client.get(path).await;
            let shown = if path == LIST { reply.json()[0].clone() } else { reply.json() };
            assert_eq!((reply.status, sent_fields(&shown)), (200, masked()));
            assert!(!reply.everything().contains(CANARY));
        }
    }
    assert_eq!(reads(&server).await, before, "nobody has read anything");
    // The scope to read secrets is enough to see them; a caller that may read neither credentials nor secrets
    // sees nothing.
    let reader = server.client(Character::service_of("acme", "secrets:read"));
    assert_eq!(sent_fields(&reader.get(&path).await.json()), salesforce());
    for nobody in [Character::service_of("acme", "credentials:write"), Character::guest_of("acme")] {
        assert_eq!(server.client(nobody).get(&path).await.status, 403);
    }
}

async fn what_is_created_and_changed_is_shown_as_its_caller_may_see_it(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let secret_dsn = format!("postgres://crm:{CANARY}@db.example.com:5432/crm?password={CANARY}");
    for client in blind(&server).await {
        let created = client.post(LIST, salesforce()).await;
        assert_eq!((created.status, sent_fields(&created.json())), (201, masked()));
        let path = created.header("location").to_owned();
        let token = format!("{CANARY}-another");
        let changed = put(
            &client,
            &path,
            json!({ "dsn": secret_dsn, "access_token": token, "metadata": { "x": CANARY } }),
        )
        .await;
        let expected = json!({
            "provider": "salesforce", "access_token": "********",
            "dsn": "postgres://********@db.example.com:5432/crm?********",
            "metadata": { "instance_url": salesforce()["dsn"], "api_version": "v58.0", "x": "********" },
        });
        assert_eq!((changed.status, sent_fields(&changed.json())), (200, expected));
        for reply in [&created, &changed] {
            assert!(!reply.everything().contains(CANARY));
        }
        let stored = robot.get(&path).await.json();
        assert_eq!((&stored["dsn"], &stored["access_token"]), (&json!(secret_dsn), &json!(token)));
        assert_eq!(client.delete(&path).await.status, 200);
    }
    assert!(!server.stop().contains(CANARY));
}

async fn every_answer_in_the_clear_is_on_record(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let mut expected: Vec<String> = Vec::new();
    let mut ids = Vec::new();
    for body in [salesforce(), super::hubspot()] {
        let created = robot.post(LIST, body).await;
        ids.insert(0, created.json()["id"].as_str().unwrap().to_owned());
        expected.insert(0, ids[0].clone());
    }
    assert_eq!(reads(&server).await, expected, "what was created was handed out");
    for path in [format!("{LIST}{}", ids[0]), format!("{LIST}provider/hubspot")] {
        assert_eq!(robot.get(&path).await.status, 200);
        expected.insert(0, ids[0].clone());
    }
    let path = format!("{LIST}{}", ids[0]);
    for change in [json!({ "metadata": { "note": 1 } }), json!({})] {
        assert_eq!(put(&robot, &path, change).await.status, 200);
        expected.insert(0, ids[0].clone());
    }
    assert_eq!(reads(&server).await, expected);
    assert_eq!(robot.get(LIST).await.json().as_array().unwrap().len(), 2);
    let after = reads(&server).await;
    let mut listed = after[..2].to_vec();
    listed.sort();
    ids.sort();
    assert_eq!((listed, &after[2..]), (ids, expected.as_slice()), "one event for each object of the list");
    let refused = robot.send(Method::PUT, &path, Some(json!({ "provider": "zoho" })), &[]).await;
    assert_eq!((refused.status, reads(&server).await), (400, after));
    assert!(world.setup.must(&["audit", "verify", "--deep"]).contains("chains"));
}

async fn a_grant_that_has_ended_is_masked_in_the_list_and_withheld_by_itself(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let path = store(&robot, salesforce()).await;
    store(&robot, super::hubspot()).await;
    world.sql("UPDATE credentials SET status = 'needs_reauth' WHERE provider = 'salesforce'");
    let list = robot.get(LIST).await.json();
    assert_eq!((&list[0]["access_token"], sent_fields(&list[1])), (&json!("pat-na1-EXAMPLE"), masked()));
    assert_eq!(robot.get(&path).await.status, 409);
    // With a new token the grant is valid again.
    let renewed = put(&robot, &path, json!({ "access_token": "00D-renewed" })).await;
    assert_eq!((renewed.status, &renewed.json()["access_token"]), (200, &json!("00D-renewed")));
    assert_eq!(robot.get(&path).await.status, 200);
}

async fn a_row_that_was_edited_is_hidden_in_the_list_and_hides_no_other(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let path = store(&robot, salesforce()).await;
    store(&robot, super::hubspot()).await;
    world.sql("UPDATE credentials SET config = '{}' WHERE provider = 'salesforce'");
    let admin = server.client(Character::admin_of("acme"));
    for client in [&robot, &admin] {
        let list = client.get(LIST).await;
        assert_eq!(list.status, 200, "{}", list.text);
        assert!(!list.text.contains(CANARY) && list.text.contains("hubspot"), "{}", list.text);
        let edited = list.json()[1].clone();
        assert_eq!((&edited["dsn"], &edited["metadata"]), (&json!("********"), &json!({})));
        assert_eq!(client.get(&path).await.status, 500);
    }
    let trail = admin.get("/integrations/audit?action=integrity.failed").await.json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 4);
    assert_eq!(admin.delete(&path).await.status, 200);
    assert_eq!(admin.get(LIST).await.json().as_array().unwrap().len(), 1);
}
