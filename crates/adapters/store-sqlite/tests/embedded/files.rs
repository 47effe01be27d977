use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use strongroom_domain::Action;
use strongroom_fixtures::{SeededIds, credential, event, sealed};
use strongroom_repository::{
    AuditTrail, Contention, CredentialRepository, DeploymentRepository, SealedCredential,
};
use strongroom_store_sqlite::{OpenError, SqliteDatabase, SqliteOptions};

use crate::processes::child;
use crate::{Embedded, acme, evidence, open, path_in};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_private_whatever_the_umask() {
    const NAME: &str = "files::every_file_is_private_whatever_the_umask";
    if let Some(folder) = child::folder() {
        let path = path_in(&folder);
        let (_database, store) = open(&path, SqliteOptions::default()).await;
        store.append(&[event(&acme(), Action::SecretRead)], Contention::Wait).await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let file = folder.join(["strongroom.db", suffix].concat());
            assert_eq!(mode(&file), 0o600, "{suffix}");
        }
        return;
    }
    for umask in ["umask 000", "umask 022", "umask 077"] {
        let folder = tempfile::tempdir().unwrap();
        assert!(child::start(NAME, folder.path(), umask).wait().unwrap().success(), "{umask}");
        assert_eq!(mode(&path_in(folder.path())), 0o600);
    }
}

#[tokio::test]
async fn a_file_that_others_could_read_is_made_private() {
    let embedded = Embedded::new().await;
    let path = embedded.folder.path().join("restored.db");
    assert!(embedded.database.checkpoint_wal().await.unwrap());
    std::fs::copy(embedded.path(), &path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
    let (copy, _) = open(&path, SqliteOptions::default()).await;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(copy.deployment_id().await.unwrap(), embedded.database.deployment_id().await.unwrap());
}

#[tokio::test]
async fn a_missing_file_is_refused_when_none_is_to_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(folder.path());
    let options = SqliteOptions { create: false, ..SqliteOptions::default() };
    let refused = SqliteDatabase::open(&path, options).await;
    assert!(matches!(refused, Err(OpenError::Missing(missing)) if missing == path));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(folder.path());
    let notes = "shopping list ".repeat(1_000);
    std::fs::write(&path, &notes).unwrap();
    assert!(matches!(
        SqliteDatabase::open(&path, SqliteOptions::default()).await,
        Err(OpenError::Connect(_))
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
}

#[tokio::test]
async fn odd_characters_in_the_path_are_part_of_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("50% of #1?mode=memory ü.db");
    let (database, _) = open(&path, SqliteOptions::default()).await;
    assert!(path.exists() && database.migrations_current().await.unwrap());
}

/// How often the files of a folder contain `needle`.
fn occurrences(folder: &Path, needle: &[u8]) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(needle.len()).filter(|window| *window == needle).count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_and_replaced_ciphertext_leaves_the_disk_at_the_next_checkpoint() {
    const DELETED: &[u8] = b"canary-of-the-deleted-row";
    const REPLACED: &[u8] = b"canary-of-the-replaced-row";
    let embedded = Embedded::new().await;
    let ids = SeededIds::new(1);
    let (deleted, replaced) = (credential(&acme(), ids.credential()), credential(&acme(), ids.credential()));
    // The payload is long enough for overflow pages, and small enough to share a page with others.
    for (credential, canary) in [(&deleted, DELETED), (&replaced, REPLACED)] {
        let envelope = [canary, &[0xee; 9_000], canary].concat();
        let new = SealedCredential { credential: credential.clone(), sealed: sealed([1; 8], &envelope) };
        embedded.store.insert(&new, 50, evidence()).await.unwrap();
    }
    assert!(embedded.database.checkpoint_wal().await.unwrap());
    for canary in [DELETED, REPLACED] {
        assert_eq!(occurrences(embedded.folder.path(), canary), 2);
    }

    let mut next = replaced.clone();
    (next.version, next.revision) = (2, 2);
    embedded.store.replace(&next, &sealed([1; 8], b"short"), 1, 1, evidence()).await.unwrap();
    assert!(
        embedded
            .store
            .delete(&acme(), deleted.id, None, evidence(), event(&acme(), Action::IntegrationDisconnected))
            .await
            .unwrap()
    );
    assert!(embedded.database.checkpoint_wal().await.unwrap());
    for canary in [DELETED, REPLACED] {
        assert_eq!(occurrences(embedded.folder.path(), canary), 0);
    }
    assert_eq!(std::fs::metadata(embedded.folder.path().join("strongroom.db-wal")).unwrap().len(), 0);
}
