//! Tests that no secret is handed out when its audit event cannot be recorded (security.md, row 24).

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use strongroom_fixtures::postgres_cluster::PostgresCluster;

use crate::support::client::sftp;
use crate::support::{Character, Client, World};

const CANARY: &str = "canary-m4x8vq2tz";

/// Checks that secrets and writes are refused in time, and that the answers contain no part of the secret.
async fn assert_refused(robot: &Client, admin: &Client, secrets: &str) {
    let began = Instant::now();
    let (read, write) = tokio::join!(robot.get(secrets), admin.post("/integrations/credentials", sftp("x")));
    for reply in [read, write] {
        assert_eq!(reply.status, 503, "{}", reply.text);
        assert_eq!(reply.json()["error"]["code"], json!("unavailable"));
        assert!(!reply.header("retry-after").is_empty() && !reply.text.contains(CANARY));
    }
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
}

async fn assert_recovers(robot: &Client, admin: &Client, secrets: &str) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while robot.get(secrets).await.status != 200
        || admin.post("/integrations/credentials", sftp("x")).await.status != 201
    {
        assert!(Instant::now() < deadline, "not back within 5 seconds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the server says that it is ready, or that it is not.
async fn assert_ready(client: &Client, is_ready: bool) {
    let (deadline, expected) = (Instant::now() + Duration::from_secs(3), if is_ready { 200 } else { 503 });
    while client.get("/health/ready").await.status != expected {
        assert!(Instant::now() < deadline, "no {expected} from /health/ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let metrics = client.get("/metrics").await.text;
    assert!(metrics.contains(&format!("\nstrongroom_ready {}\n", u8::from(is_ready))), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_hands_nothing_out() {
    let world = World::postgres();
    let server = world.setup.start().await;
    let (admin, robot) = callers(&server);
    let secrets = format!("/integrations/credentials/{}/secrets", admin.store_sftp(CANARY).await);
    assert_eq!(robot.get(&secrets).await.status, 200);
    let database = world.database.as_ref().unwrap();
    let name = database.name();
    let from_outside = |statement: String| PostgresCluster::shared().run_sql(&statement).unwrap();
    let cut =
        format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'");
    from_outside(format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    from_outside(cut.clone());
    // The first requests may use connections that were cut.
    for _ in 0..3 {
        assert_refused(&robot, &admin, &secrets).await;
    }
    assert_eq!(admin.get("/integrations/credentials").await.status, 200, "metadata can still be read");
    assert_ready(&admin, false).await;
    let doctor = world.setup.run(&["doctor"]);
    assert!(!doctor.status.success());
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("BAD  writes:") && said.contains("read-only"), "{said}");
    from_outside(format!("ALTER DATABASE {name} RESET default_transaction_read_only"));
    // The connections of the read-only time are still there. They are dropped when they are refused a write.
    let began = Instant::now();
    assert_recovers(&robot, &admin, &secrets).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_ready(&admin, true).await;
    assert!(world.setup.must(&["audit", "verify"]).contains("chains"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_audit_chain_makes_its_organisation_wait_and_no_other() {
    let world = World::postgres();
    let server = world.setup.start().await;
    let (admin, robot) = callers(&server);
    let secrets = format!("/integrations/credentials/{}/secrets", admin.store_sftp(CANARY).await);
    let other_admin = server.client(Character::admin_of("globex"));
    let other_robot = server.client(Character::service_of("globex", "secrets:read"));
    let other = format!("/integrations/credentials/{}/secrets", other_admin.store_sftp("x").await);
    let mut holder = Command::new("psql")
        .arg(world.database.as_ref().unwrap().url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = holder.stdin.take().unwrap();
    std::io::Write::write_all(
        &mut stdin,
        b"BEGIN; SELECT 'held', seq FROM audit_heads WHERE org_id = 'acme' FOR UPDATE;\n",
    )
    .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(holder.stdout.take().unwrap()));
    assert!(lines.any(|line| line.unwrap().contains("held")));
    assert_refused(&robot, &admin, &secrets).await;
    let began = Instant::now();
    assert_eq!(other_robot.get(&other).await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(1), "globex waited {:?} for acme", began.elapsed());
    drop(stdin);
    holder.wait().unwrap();
    assert_recovers(&robot, &admin, &secrets).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_hands_nothing_out() {
    let world = World::embedded();
    let disk = world.setup.data_dir();
    std::fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs"])
        .arg(&disk)
        .status()
        .unwrap();
    assert!(mounted.success(), "this test mounts a small disk and has to run as root");
    let _disk = Mounted(disk.clone());
    let server = world.setup.start().await;
    let (admin, robot) = callers(&server);
    let secrets = format!("/integrations/credentials/{}/secrets", admin.store_sftp(CANARY).await);
    assert_eq!(robot.get(&secrets).await.status, 200);
    // This fills the disk, and uses up the space that SQLite has reserved in its log.
    std::fs::write(disk.join("filler"), vec![0; 16 << 20]).expect_err("the disk is full");
    let deadline = Instant::now() + Duration::from_secs(20);
    while robot.get(&secrets).await.status != 503 {
        assert!(Instant::now() < deadline, "reads go on though the disk is full");
    }
    assert_refused(&robot, &admin, &secrets).await;
    assert_ready(&admin, false).await;
    std::fs::remove_file(disk.join("filler")).unwrap();
    assert_recovers(&robot, &admin, &secrets).await;
    assert_ready(&admin, true).await;
    assert!(world.setup.must(&["audit", "verify"]).contains("chains"));
    assert_eq!(world.sql("PRAGMA integrity_check"), "ok");
    server.stop();
}

struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").args(["-l"]).arg(&self.0).status().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_503_in_time_and_comes_back() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let (admin, robot) = callers(&server);
    let secrets = format!("/integrations/credentials/{}/secrets", admin.store_sftp(CANARY).await);
    let mut holder = Command::new("sqlite3")
        .arg(world.setup.data_dir().join("strongroom.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = holder.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b".timeout 5000\nBEGIN IMMEDIATE; SELECT 'held';\n").unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(holder.stdout.take().unwrap()));
    assert!(lines.any(|line| line.unwrap().contains("held")));
    assert_refused(&robot, &admin, &secrets).await;
    drop(stdin);
    holder.wait().unwrap();
    assert_recovers(&robot, &admin, &secrets).await;
}

fn callers(server: &crate::support::Server) -> (Client, Client) {
    let robot = Character::service_of("acme", "secrets:read");
    (server.client(Character::admin_of("acme")), server.client(robot))
}
