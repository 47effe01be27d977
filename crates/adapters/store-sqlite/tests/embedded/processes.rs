use std::time::Duration;

use diesel::connection::SimpleConnection;
use strongroom_domain::Action;
use strongroom_fixtures::{SeededIds, credential, event, with_payload};
use strongroom_repository::{
    Appended, AuditTrail, Contention, CredentialRepository, DeploymentRepository, DestinationLimitRepository,
    IntegrationRepository, RefreshLeaseRepository,
};
use strongroom_store_sqlite::{OpenError, SqliteDatabase, SqliteOptions};

use crate::{Embedded, acme, evidence, open, path_in};

/// Runs a test of this binary again, in a process of its own and in a given folder.
pub(crate) mod child {
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command};

    const FOLDER: &str = "STRONGROOM_TEST_CHILD_FOLDER";

    /// The folder, when this process is such a child.
    pub(crate) fn folder() -> Option<PathBuf> {
        std::env::var_os(FOLDER).map(PathBuf::from)
    }

    /// Starts a child, after the shell has run `before` in its process.
    pub(crate) fn start(test: &str, folder: &Path, before: &str) -> Child {
        let script = [before, "; exec \"$0\" --exact \"$1\""].concat();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(std::env::current_exe().unwrap()).arg(test);
        shell.env(FOLDER, folder).spawn().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_start_at_once_one_migrates_and_all_go_on() {
    const NAME: &str = "processes::of_processes_that_start_at_once_one_migrates_and_all_go_on";
    if let Some(folder) = child::folder() {
        let (database, store) = open(&path_in(&folder), SqliteOptions::default()).await;
        assert!(database.migrations_current().await.unwrap());
        store.append(&[event(&acme(), Action::ServerStarted)], Contention::Wait).await.unwrap();
        return;
    }
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let children: Vec<_> = (0..6).map(|_| child::start(NAME, folder.path(), "true")).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let (_, store) = open(&path_in(folder.path()), SqliteOptions::default()).await;
        assert_eq!(store.head(&acme()).await.unwrap().unwrap().seq, 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_writes_beside_this_one() {
    const NAME: &str = "processes::another_process_writes_beside_this_one";
    const EACH: u64 = 60;
    let event = event(&acme(), Action::SecretRead);
    if let Some(folder) = child::folder() {
        let (_, store) = open(&path_in(&folder), SqliteOptions::default()).await;
        for _ in 0..EACH {
            store.append(std::slice::from_ref(&event), Contention::Wait).await.unwrap();
        }
        return;
    }
    let embedded = Embedded::new().await;
    let mut child = child::start(NAME, embedded.folder.path(), "true");
    let mut places = Vec::new();
    for _ in 0..EACH {
        places.extend(embedded.store.append(std::slice::from_ref(&event), Contention::Wait).await.unwrap());
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(embedded.store.head(&acme()).await.unwrap().unwrap().seq, 2 * EACH);
    let records = embedded.store.range(&acme(), 1, 1_000).await.unwrap();
    assert!((1..=2 * EACH).eq(records.iter().map(|record| record.seq)));
    for appended in places {
        assert!(matches!(appended, Appended::Durable { seq } if seq <= 2 * EACH));
    }
}

#[tokio::test]
async fn a_database_of_a_newer_build_is_refused() {
    let embedded = Embedded::new().await;
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
    embedded.intruder().batch_execute(newer).unwrap();
    assert!(!embedded.database.migrations_current().await.unwrap());
    let reopened = SqliteDatabase::open(&embedded.path(), SqliteOptions::default()).await.unwrap();
    let refused = reopened.migrate().await;
    assert!(
        matches!(&refused, Err(OpenError::NewerSchema { version }) if version == "29990101000000"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_database_without_its_migrations_is_not_current_and_asking_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(folder.path());
    let database = SqliteDatabase::open(&path, SqliteOptions::default()).await.unwrap();
    let before = std::fs::metadata(&path).unwrap().len();
    assert!(!database.migrations_current().await.unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), before);
    for _ in 0..2 {
        database.migrate().await.unwrap();
    }
    assert!(database.migrations_current().await.unwrap());
}

#[tokio::test]
async fn a_database_of_an_older_build_gets_what_is_missing_and_keeps_what_it_has() {
    let embedded = Embedded::new().await;
    let id = embedded.database.deployment_id().await.unwrap();
    let stored = credential(&acme(), SeededIds::new(1).credential());
    let new = with_payload(stored.clone());
    CredentialRepository::insert(&embedded.store, &new, 1, evidence()).await.unwrap();
    let ends = include_str!("../../../../../migrations/sqlite/20261204000000_ends_and_doubts/down.sql");
    let issuers = include_str!("../../../../../migrations/sqlite/20261203000000_issuers/down.sql");
    let keys = include_str!("../../../../../migrations/sqlite/20261202000000_organization_keys/down.sql");
    let scope = include_str!("../../../../../migrations/sqlite/20261201000000_refresh_token_scope/down.sql");
    let oauth = include_str!("../../../../../migrations/sqlite/20261124000000_oauth/down.sql");
    let later = include_str!("../../../../../migrations/sqlite/20261123000000_integrations/down.sql");
    let down = include_str!("../../../../../migrations/sqlite/20261122000000_destination_limits/down.sql");
    let forget = "DELETE FROM __diesel_schema_migrations WHERE version >= '20261122000000'";
    embedded
        .intruder()
        .batch_execute(&[ends, issuers, keys, scope, oauth, later, down, forget].concat())
        .unwrap();
    assert!(!embedded.database.migrations_current().await.unwrap());
    let (database, store) = open(&embedded.path(), SqliteOptions::default()).await;
    assert!(database.migrations_current().await.unwrap());
    assert_eq!(database.deployment_id().await.unwrap(), id);
    assert_eq!(store.take([7; 32], 1, Duration::from_secs(60)).await.unwrap(), None);
    assert_eq!(IntegrationRepository::list(&store, &acme()).await.unwrap(), []);
    assert_eq!(store.due(10).await.unwrap(), []);
    assert_eq!(CredentialRepository::find(&store, &acme(), stored.id).await.unwrap(), Some(stored));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_never_ends_makes_the_store_unavailable_within_two_seconds() {
    let embedded = Embedded::new().await;
    let mut intruder = embedded.intruder();
    intruder.batch_execute("BEGIN IMMEDIATE").unwrap();

    let start = std::time::Instant::now();
    let batch = [event(&acme(), Action::SecretRead)];
    let (first, second) = tokio::join!(
        embedded.store.append(&batch, Contention::Wait),
        embedded.store.append(&batch, Contention::Wait)
    );
    let waited = start.elapsed();
    for refused in [first, second] {
        assert!(matches!(refused, Err(strongroom_repository::StoreError::Unavailable(_))), "{refused:?}");
    }
    assert!((Duration::from_millis(1_900)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    assert!(embedded.store.head(&acme()).await.unwrap().is_none(), "readers go on");

    intruder.batch_execute("ROLLBACK").unwrap();
    let appended = embedded.store.append(&batch, Contention::Wait).await.unwrap();
    assert_eq!(appended, [Appended::Durable { seq: 1 }]);
}
