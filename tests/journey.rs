//! The main use of the product: a password of a real server is stored, read back by a program, used, rotated
//! and used again.

use serde_json::{Value, json};
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};

use crate::support::{Character, World, on_both_stores};

on_both_stores!(a_stored_role_logs_in_to_a_real_server_before_and_after_its_rotation);

/// Logs in with nothing but the credentials that the vault returned.
async fn log_in(credentials: &Value) -> Result<String, tokio_postgres::Error> {
    let text = |field: &str| credentials[field].as_str().unwrap();
    let mut config = tokio_postgres::Config::new();
    config
        .host(text("host"))
        .port(u16::try_from(credentials["port"].as_u64().unwrap()).unwrap())
        .dbname(text("database"))
        .user(text("username"))
        .password(text("password"));
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    let user = client.query_one("SELECT current_user::text", &[]).await?.get(0);
    drop(client);
    connection.await.unwrap()?;
    Ok(user)
}

async fn a_stored_role_logs_in_to_a_real_server_before_and_after_its_rotation(world: World) {
    let customer = PostgresCluster::start(ClusterOptions { passwords: true, ..ClusterOptions::default() });
    customer.run_sql("CREATE ROLE app LOGIN PASSWORD 'first secret/1'").unwrap();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let robot = server.client(admin.hire(&["secrets:read"]).await);
    let credentials = |password: &str| {
        json!({
            "host": "127.0.0.1", "port": customer.port(), "database": "postgres",
            "username": "app", "password": password, "sslmode": "disable",
        })
    };
    let new = json!({ "provider": "postgresql", "credential_type": "user_password", "credentials": credentials("first secret/1") });
    let stored = admin.post("/integrations/credentials", new).await;
    assert_eq!(stored.status, 201, "{}", stored.text);
    let path = format!("/integrations/credentials/{}", stored.json()["id"].as_str().unwrap());
    let secrets = format!("{path}/credentials");

    let handed_out = robot.get(&secrets).await.json();
    assert_eq!(log_in(&handed_out["credentials"]).await.unwrap(), "app");

    customer.run_sql("ALTER ROLE app PASSWORD 'second secret@2'").unwrap();
    assert!(log_in(&handed_out["credentials"]).await.is_err(), "the server looks at the password");
    let rotation =
        json!({ "credential_type": "user_password", "credentials": credentials("second secret@2") });
    let rotated = admin.patch(&path, rotation).await;
    assert_eq!((rotated.status, &rotated.json()["version"]), (200, &json!(2)));
    assert_eq!(rotated.json()["id"], stored.json()["id"]);
    let handed_out = robot.get(&secrets).await.json();
    assert_eq!(log_in(&handed_out["credentials"]).await.unwrap(), "app");

    // The password is stored through a connection string this time, which fills the fields.
    let string =
        format!("postgres://app:second%20secret%402@127.0.0.1:{}/postgres?sslmode=disable", customer.port());
    let new = json!({ "provider": "postgresql", "credential_type": "user_password", "credentials": { "connection_string": string } });
    let stored = admin.post("/integrations/credentials", new).await.json();
    let secrets = format!("/integrations/credentials/{}/secrets", stored["id"].as_str().unwrap());
    assert_eq!(log_in(&robot.get(&secrets).await.json()["credentials"]).await.unwrap(), "app");
}
