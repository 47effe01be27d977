//! Tests of the configurations with which the server does not start, and of starting and stopping
//! (security.md, rows 27 and 29).

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use strongroom_fixtures::pgbouncer::PgBouncer;
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};

use crate::support::{Character, Setup, World, on_both_stores};

on_both_stores!(a_restart_keeps_everything, the_wrong_keys_are_refused);

fn refusal(setup: &Setup) -> String {
    match setup.launch() {
        Ok(_) => panic!("the server started"),
        Err(said) => said,
    }
}

async fn a_restart_keeps_everything(world: World) {
    let server = world.setup.start().await;
    let id = server.client(Character::admin_of("acme")).store_sftp("a-password").await;
    server.stop();
    let began = Instant::now();
    let server = world.setup.start().await;
    assert!(began.elapsed() < Duration::from_secs(2), "ready after {:?}", began.elapsed());
    let robot = server.client(Character::service_of("acme", "secrets:read"));
    let read = robot.get(&format!("/integrations/credentials/{id}/secrets")).await.json();
    assert_eq!(read["credentials"]["password"], "a-password");
}

async fn the_wrong_keys_are_refused(world: World) {
    let ring = |name: &str| strongroom::KeyRing::generate(name).unwrap().render().trim().to_owned();
    let (first, other) = (ring("k1"), ring("k1"));
    let world = world.with("STRONGROOM_VAULT__KEYS", &first);
    world.setup.start().await.stop();

    let world = world.with("STRONGROOM_VAULT__KEYS", &other);
    let said = refusal(&world.setup);
    assert!(said.contains("k1") && said.contains("not the one"), "{said}");
    let world = world.with("STRONGROOM_VAULT__KEYS", &ring("k2"));
    assert!(refusal(&world.setup).contains("k1"), "the missing key is named");
    assert!(!world.setup.run(&["doctor"]).status.success());
    assert!(!world.setup.run(&["keys", "status"]).status.success(), "a needed key is not held");
    // An additional key is accepted, and does not seal until it is promoted.
    let world = world.with("STRONGROOM_VAULT__KEYS", &format!("{},{first}", ring("k2")));
    world.setup.start().await.stop();
    let status = world.setup.must(&["keys", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let primary: Vec<_> =
        status["keys"].as_array().unwrap().iter().filter(|key| key["primary"] == true).collect();
    assert_eq!((primary.len(), &primary[0]["name"]), (1, &serde_json::json!("k1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_keys_and_secrets_are_refused() {
    let rows = [
        ("STRONGROOM_VAULT__KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("STRONGROOM_VAULT__KEYS", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("STRONGROOM_VAULT__KEYS", "k1:Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSAxMjM="),
        ("STRONGROOM_VAULT__KEYS", "k1:c2hvcnQ="),
        ("STRONGROOM_VAULT__KEYS", "no-colon"),
        ("STRONGROOM_AUTH__JWT_SECRET", "short"),
        ("STRONGROOM_AUTH__JWT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("STRONGROOM_AUTH__JWT_SECRET", "your-256-bit-secret-your-256-bit-secret"),
        ("STRONGROOM_SERVER__LISTEN", "0.0.0.0:0"),
        ("STRONGROOM_SERVER__LISTEN", "[::]:0"),
        ("STRONGROOM_STORE__URL", "mysql://x"),
        ("STRONGROOM_DEPLOYMENT_ID", "0192f0c1-7b6a-7abc-8def-0123456789ab"),
        ("STRONGROOM_CATALOG__DIR", "/nowhere/at/all"),
        ("STRONGROOM_STORE_POOLSIZE", "1"),
    ];
    for (variable, value) in rows {
        let said = refusal(&Setup::embedded().with(variable, value));
        assert!(said.contains("error: "), "{variable}: {said}");
        let secret = value.split(':').next_back().unwrap();
        assert!(!variable.contains("KEYS") || !said.contains(secret), "{variable}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_without_keys_or_secret_is_refused() {
    let world = World::postgres();
    let said = refusal(&world.with("STRONGROOM_VAULT__KEYS", "").setup);
    assert!(said.contains("STRONGROOM_VAULT__KEYS"), "{said}");
    let said = refusal(&World::postgres().with("STRONGROOM_AUTH__JWT_SECRET", "").setup);
    assert!(said.contains("STRONGROOM_AUTH__JWT_SECRET"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_up_yet_is_waited_for() {
    let cluster = PostgresCluster::start(ClusterOptions { fsync: true, ..ClusterOptions::default() });
    let database = cluster.create_database();
    let setup = Setup::postgres(&database.url());
    cluster.stop();
    let mut command = setup.command();
    command.arg("serve").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let early = lines.find(|line| line.contains("the start takes longer")).expect("somebody answers");
    let address = serde_json::from_str::<Value>(&early).unwrap()["address"].as_str().unwrap().to_owned();
    for (path, status) in [("/health/live", 200), ("/health/ready", 503), ("/integrations/credentials", 503)]
    {
        let answer = reqwest::get(format!("{address}{path}")).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let waiting = lines.by_ref().filter(|line| line.contains("waiting for the database")).take(2);
    let waiting: Vec<_> = waiting.collect();
    assert!(waiting.len() == 2 && waiting.iter().all(|line| line.contains("refused")), "{waiting:?}");
    cluster.start_again();
    assert!(lines.any(|line| line.contains("\"listening\"")), "the server did not start");
    let ready = reqwest::get(format!("{address}/health/ready")).await.unwrap();
    assert_eq!(ready.status(), 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_used_is_refused_with_the_name_of_its_setting() {
    let cluster = PostgresCluster::shared();
    let (database, pooler) =
        (cluster.create_database(), PgBouncer::start(cluster.port(), "pool_mode = transaction"));
    let good = Setup::postgres(&database.url());
    for (url, words) in [
        (format!("{}?ssl=true", database.url()), "write sslmode"),
        (format!("{}?schema=canary", database.url()), "search_path"),
        (database.url().replace("postgres@", "app:canary@x@"), "%40"),
        (database.url().replace(database.name(), "absent"), "3D000"),
        (pooler.url(database.name()), "session mode"),
    ] {
        for variable in ["STRONGROOM_STORE__URL", "DATABASE_URL"] {
            let mut command = good.command();
            command.env_remove("STRONGROOM_STORE__URL").env(variable, &url).arg("serve").stdin(Stdio::null());
            let ended = command.output().unwrap();
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(
                !ended.status.success() && said.contains(variable) && said.contains(words),
                "{url}: {said}"
            );
            assert!(!said.contains("canary") && !said.contains("db error"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_or_no_tables_is_refused_with_the_next_step() {
    let cluster = PostgresCluster::shared();
    let (standby, foreign) = (cluster.create_database(), cluster.create_database());
    Setup::postgres(&standby.url()).must(&["migrate"]);
    let name = standby.name();
    cluster.run_sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).unwrap();
    let setup = Setup::postgres(&standby.url()).with("STRONGROOM_STORE__WAIT_S", "1");
    let said = refusal(&setup);
    assert!(said.contains("STRONGROOM_STORE__URL") && said.contains("name the primary"), "{said}");
    let role = format!("tenant_of_{}", foreign.name());
    cluster.run_sql(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    let said = refusal(&Setup::postgres(&foreign.url().replace("postgres@", &format!("{role}@"))));
    assert!(said.contains("STRONGROOM_STORE__URL") && said.contains("GRANT USAGE, CREATE"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_not_replaced_by_an_empty_one() {
    let world = World::embedded();
    world.setup.start().await.stop();
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(world.setup.data_dir().join(format!("strongroom.db{suffix}"))).ok();
    }
    let said = refusal(&world.setup);
    assert!(said.contains("is missing or empty though this data directory was set up"), "{said}");
    assert!(!world.setup.data_dir().join("strongroom.db").exists());
    // An empty file is not accepted as a database.
    std::fs::write(world.setup.data_dir().join("strongroom.db"), "").unwrap();
    let said = refusal(&world.setup);
    assert!(said.contains("is missing or empty"), "{said}");
    assert!(!world.setup.run(&["doctor"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_first_start_leaves_nothing_behind() {
    let bad = [
        ("STRONGROOM_VAULT__KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("STRONGROOM_AUTH__JWT_SECRET", "short"),
        ("STRONGROOM_CATALOG__DIR", "/nowhere/at/all"),
        ("STRONGROOM_STORE__MIGRATE", "never"),
    ];
    for (variable, value) in bad {
        let world = World::embedded();
        let good = world.setup.variable(variable).unwrap_or_default().to_owned();
        let world = world.with(variable, value);
        let said = refusal(&world.setup);
        let named = variable == "STRONGROOM_STORE__MIGRATE" || said.contains(variable);
        assert!(named && said.matches("error: ").count() == 1, "{variable}: {said}");
        assert!(!world.setup.data_dir().exists(), "{variable}");
        world.with(variable, &good).setup.start().await.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_broke_off_is_resumed() {
    let world = World::embedded();
    world.setup.start().await.stop();
    // The marker is written last. Without it, every other file may or may not be there.
    std::fs::remove_file(world.setup.data_dir().join("initialized")).unwrap();
    world.setup.start().await.stop();
    assert!(world.setup.data_dir().join("initialized").exists());

    let fresh = World::embedded();
    std::fs::create_dir(fresh.setup.data_dir()).unwrap();
    std::fs::write(fresh.setup.data_dir().join("strongroom.db.new"), "half a database").unwrap();
    fresh.setup.start().await.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_one_data_directory_is_refused() {
    let world = World::embedded();
    let _first = world.setup.start().await;
    let said = refusal(&world.setup);
    assert!(said.contains("another strongroom server is running"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_that_start_at_once_share_one_store() {
    let world = World::postgres();
    let (one, two) = tokio::join!(world.setup.start(), world.setup.start());
    let id = one.client(Character::admin_of("acme")).store_sftp("a-password").await;
    let robot = two.client(Character::service_of("acme", "secrets:read"));
    let read = robot.get(&format!("/integrations/credentials/{id}/secrets")).await;
    assert_eq!(read.json()["credentials"]["password"], "a-password");
    assert_eq!(world.sql("SELECT count(*) FROM purpose_keys"), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_are_finished_when_the_server_stops() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    admin.store_sftp("a-password").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let admin = admin.clone();
        tasks.spawn(async move {
            admin.post("/integrations/credentials", crate::support::client::sftp("x")).await.status
        });
    }
    // The first answer shows that the other requests are in progress.
    let first = tasks.join_next().await.unwrap().unwrap();
    let stopping = tokio::task::spawn_blocking(move || server.stop());
    let mut statuses = vec![first];
    while let Some(result) = tasks.join_next().await {
        // A connection that the server has not accepted yet may be refused; an accepted request is answered.
        statuses.extend(result.ok());
    }
    stopping.await.unwrap();
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    let server = world.setup.start().await;
    let listed =
        server.client(Character::admin_of("acme")).get("/integrations/credentials?limit=500").await.json();
    assert!(listed.as_array().unwrap().len() > statuses.len(), "every answered create is there");
}

/// The digest of the last start.
fn settings_digest(world: &World) -> String {
    let query = "SELECT details FROM audit_events WHERE action = 'server.started' ORDER BY seq DESC LIMIT 1";
    let details: serde_json::Value = serde_json::from_str(&world.sql(query)).unwrap();
    details["settings_digest"].as_str().unwrap().to_owned()
}

/// Security.md, row 48: what weakens the deployment is on record with its next start.
#[tokio::test(flavor = "multi_thread")]
async fn the_event_of_a_start_changes_with_every_setting_and_every_provider_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("salesforce.toml");
    let text = include_str!("../config/providers/salesforce.toml");
    std::fs::write(&file, text).unwrap();
    let mut world = World::embedded()
        .with("STRONGROOM_CATALOG__DIR", &folder.path().display().to_string())
        .with("STRONGROOM_SERVER__PUBLIC_URL", "https://vault.example.test");
    let mut seen = std::collections::BTreeSet::new();
    world.setup.start().await.stop();
    seen.insert(settings_digest(&world));
    world.setup.start().await.stop();
    assert!(seen.contains(&settings_digest(&world)), "nothing has changed");
    let token = "token_url = \"https://{login_host}/services/oauth2/token\"";
    assert!(text.contains(token));
    std::fs::write(&file, text.replace(token, "token_url = \"https://{login_host}/another/token\"")).unwrap();
    world.setup.start().await.stop();
    assert!(seen.insert(settings_digest(&world)), "a token address has changed");
    for (name, value) in [
        ("STRONGROOM_SERVER__TRUSTED_PROXIES", "0.0.0.0/0"),
        ("STRONGROOM_SERVER__METRICS_LISTEN", "127.0.0.1:0"),
        ("STRONGROOM_SERVER__BEHIND_PROXY", "true"),
        ("STRONGROOM_EGRESS__ALLOW_CIDRS", "127.0.0.0/8"),
        ("STRONGROOM_LIMITS__ENABLED", "false"),
        ("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", "https://app.example.test/done"),
    ] {
        world = world.with(name, value);
        world.setup.start().await.stop();
        assert!(seen.insert(settings_digest(&world)), "{name}");
    }
}

/// A lost purpose key is not made anew, which would hide that API keys and audit records cannot be verified.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_its_purpose_keys_is_not_opened() {
    let world = World::embedded();
    let server = world.setup.start().await;
    server.client(crate::support::Character::admin_of("acme")).hire(&["secrets:read"]).await;
    server.stop();
    world.sql("CREATE TABLE kept AS SELECT * FROM purpose_keys; DELETE FROM purpose_keys");
    let refused = world.setup.launch().err().expect("the start is refused");
    assert!(refused.contains("restore the table `purpose_keys` from a backup"), "{refused}");
    assert_eq!(world.sql("SELECT count(*) FROM purpose_keys"), "0");
    world.sql("INSERT INTO purpose_keys SELECT * FROM kept; DROP TABLE kept");
    world.setup.start().await;
}
