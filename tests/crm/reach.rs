//! Tests of service accounts with limits, and of other organisations.

use serde_json::{Value, json};

use super::{CANARY, LIST, detail, hubspot, put, robot, salesforce, store};
use crate::support::{Character, Client, Server, World, on_both_stores};

on_both_stores!(a_limited_program_sees_only_what_it_reaches, another_organisation_has_nothing_here);

/// A client with every scope and a limit.
async fn limited(server: &Server, limits: Value) -> Client {
    let scopes = ["credentials:read", "credentials:write", "secrets:read"];
    let admin = server.client(Character::admin_of("acme"));
    server.client(admin.hire_within(&scopes, limits).await)
}

async fn a_limited_program_sees_only_what_it_reaches(world: World) {
    let server = world.setup.start().await;
    let robot = robot(&server);
    let (inside, outside) = (store(&robot, hubspot()).await, store(&robot, salesforce()).await);
    let id = inside.strip_prefix(LIST).unwrap();
    for limit in [json!({ "providers": ["hubspot"] }), json!({ "credential_ids": [id] })] {
        let narrow = limited(&server, limit).await;
        let listed = narrow.get(LIST).await.json();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &json!(id)));
        assert_eq!(narrow.get(&inside).await.status, 200);
        assert_eq!(narrow.get(&format!("{LIST}provider/hubspot")).await.status, 200);
        assert_eq!(put(&narrow, &inside, json!({ "metadata": { "note": 1 } })).await.status, 200);
        let unseen = [
            narrow.get(&outside).await,
            narrow.get(&format!("{LIST}provider/salesforce")).await,
            put(&narrow, &outside, json!({ "metadata": { "note": 1 } })).await,
            put(&narrow, &outside, json!({})).await,
            narrow.delete(&outside).await,
        ];
        for reply in unseen {
            assert_eq!((reply.status, reply.text.contains(CANARY)), (404, false));
        }
        let zoho = json!({ "provider": "zoho", "dsn": "https://www.zohoapis.com", "access_token": "x" });
        let forbidden = (403, "You do not have permission to access this resource".to_owned());
        assert_eq!(detail(&narrow.post(LIST, zoho).await), forbidden);
    }
    assert_eq!(robot.delete(&inside).await.status, 200);
    let by_provider = limited(&server, json!({ "providers": ["hubspot"] })).await;
    assert_eq!(by_provider.post(LIST, hubspot()).await.status, 201);
    assert_eq!(robot.delete(&format!("{LIST}{}", newest(&robot).await)).await.status, 200);
    let by_id = limited(&server, json!({ "credential_ids": [id] })).await;
    assert_eq!(by_id.post(LIST, hubspot()).await.status, 403, "it could not reach what it made");
}

async fn newest(client: &Client) -> String {
    client.get(LIST).await.json()[0]["id"].as_str().unwrap().to_owned()
}

async fn another_organisation_has_nothing_here(world: World) {
    let server = world.setup.start().await;
    let globex = server.client(Character::service_of("globex", "credentials:write secrets:read"));
    let foreign = store(&globex, salesforce()).await;
    let before = globex.get(&foreign).await;
    let unknown = format!("{LIST}0192f0c1-7b6a-7abc-8def-0123456789ab");
    for client in [robot(&server), server.client(Character::admin_of("acme"))] {
        for path in [&foreign, &unknown] {
            let id = path.strip_prefix(LIST).unwrap();
            let gone = (404, format!("Integration credentials {id} not found"));
            assert_eq!(detail(&client.get(path).await), gone);
            assert_eq!(detail(&put(&client, path, json!({ "metadata": { "note": 1 } })).await), gone);
            assert_eq!(detail(&client.delete(path).await), gone);
        }
        assert_eq!(client.get(LIST).await.json(), json!([]));
        assert_eq!(client.get(&format!("{LIST}provider/salesforce")).await.status, 404);
    }
    assert_eq!(globex.get(&foreign).await.json(), before.json());
    store(&robot(&server), salesforce()).await;
}
