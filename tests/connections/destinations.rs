//! Tests that destination and secret belong together (security.md, decision 1 and row 2), generated from the
//! catalog.

use serde_json::{Map, Value, json};
use strongroom_domain::{CredentialType, FieldKind};
use strongroom_environment::Catalog;
use strongroom_provider_simulator::Marker;

use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, World};

#[tokio::test(flavor = "multi_thread")]
async fn no_update_moves_a_stored_secret_to_another_destination() {
    let rehearsal = Rehearsal::start().await;
    let world = rehearsal.set(World::embedded()).with("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "1000");
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot = server.client(admin.hire(&["secrets:read"]).await);
    let mut tried = 0;
    for provider in rehearsal.simulator.catalog().all() {
        // A real private key would add nothing, because its type has the same destination fields as the
        // password.
        for kind in provider.types.keys().copied().filter(|kind| *kind != CredentialType::KeyFile) {
            let Ok(good) = rehearsal.simulator.with_marker(provider.id.as_str(), kind, Marker::Good) else {
                continue;
            };
            let good = json!(good);
            let new = json!({ "provider": provider.id.as_str(), "credential_type": kind.as_str(), "credentials": good });
            let stored = admin.post("/integrations/credentials", new).await;
            assert_eq!(stored.status, 201, "{}: {}", provider.id, stored.text);
            let path = format!("/integrations/credentials/{}", stored.json()["id"].as_str().unwrap());
            let before = robot.get(&format!("{path}/secrets")).await.json();
            let public: Map<String, Value> = good
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| provider.field(name).is_some_and(|field| !field.secret))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            for field in provider.fields_of(kind).filter(|field| field.destination && !field.secret) {
                let value = match field.kind {
                    FieldKind::Port => json!(2222),
                    _ => json!(field.example.clone().unwrap_or_else(|| "elsewhere.example.com".into())),
                };
                for mut credentials in [Map::new(), public.clone()] {
                    credentials.insert(field.name.clone(), value.clone());
                    let change = json!({ "credential_type": kind.as_str(), "credentials": credentials });
                    for query in ["", "?test=true"] {
                        let reply = admin.patch(&format!("{path}{query}"), change.clone()).await;
                        assert_eq!(reply.status, 400, "{} {}: {}", provider.id, field.name, reply.text);
                        tried += 1;
                    }
                }
            }
            assert_eq!(robot.get(&format!("{path}/secrets")).await.json(), before, "{}", provider.id);
        }
    }
    assert!(tried > 100, "only {tried} changes of a destination");
    // The first read of client credentials gets a token from the token endpoint that they were stored for.
    let requests = rehearsal.simulator.requests();
    let sent = requests.iter().filter(|request| request.endpoint != Some("token"));
    assert_eq!(sent.count(), 0, "nothing was sent anywhere");
}
