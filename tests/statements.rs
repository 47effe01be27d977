//! Tests what a secret read costs the store: two statements and a share of one commit.

use crate::support::{Character, Client, World, on_both_stores};

on_both_stores!(an_uncached_secret_read_is_two_statements_and_a_share_of_one_commit);

async fn statements(anonymous: &Client) -> u64 {
    let text = anonymous.get("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix("strongroom_store_statements_total "));
    line.unwrap().parse().unwrap()
}

async fn an_uncached_secret_read_is_two_statements_and_a_share_of_one_commit(world: World) {
    let server = world.setup.start().await;
    let (admin, anonymous) =
        (server.client(Character::admin_of("acme")), server.client(Character::Anonymous));
    let path = format!("/integrations/credentials/{}/secrets", admin.store_sftp("a-password").await);
    // The transaction that appends has four statements. In SQLite they are head, time, record, head; in
    // PostgreSQL they are BEGIN, head and time, record and head, COMMIT.
    let appending = 4;
    let mut fewest = u64::MAX;
    for _ in 0..8 {
        // This key has not been verified before.
        let robot = server.client(admin.hire(&["secrets:read"]).await);
        let before = statements(&anonymous).await;
        assert_eq!(robot.get(&path).await.status, 200);
        // Background work may add its own statements, so the smallest of several counts is the cost of the
        // read alone.
        fewest = fewest.min(statements(&anonymous).await - before);
    }
    assert_eq!(fewest, 2 + appending);

    // Thirty-two parallel reads share commits, so there are fewer commits than reads.
    let robot = server.client(admin.hire(&["secrets:read"]).await);
    assert_eq!(robot.get(&path).await.status, 200);
    let before = statements(&anonymous).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (robot, path) = (robot.clone(), path.clone());
        tasks.spawn(async move { robot.get(&path).await.status });
    }
    assert!(tasks.join_all().await.into_iter().all(|status| status == 200));
    let spent = statements(&anonymous).await - before;
    assert!(spent < 32 + 32 * appending, "{spent} statements for 32 reads");
}
