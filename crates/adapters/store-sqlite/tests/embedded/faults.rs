use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use strongroom_domain::Action;
use strongroom_fixtures::{SeededIds, credential, event, sealed, with_payload};
use strongroom_repository::{
    Appended, AuditTrail, Contention, CredentialFilter, CredentialRepository, SealedCredential, StoreError,
};
use strongroom_store_sqlite::SqliteOptions;

use crate::processes::child;
use crate::{Embedded, acme, evidence, open, path_in};

/// Makes the shell limit the size of files, so that a write beyond it fails and does not end the process.
/// Such a write fails in the same places as on a full disk, and the test needs no file system of its own.
const SMALL_DISK: &str = "trap '' XFSZ; ulimit -S -f 600";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_writes_only_and_only_while_it_is_full() {
    const NAME: &str = "faults::a_full_disk_stops_writes_only_and_only_while_it_is_full";
    if let Some(folder) = child::folder() {
        return on_a_small_disk(&folder).await;
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(child::start(NAME, folder.path(), SMALL_DISK).wait().unwrap().success());
    let (_, store) = open(&path_in(folder.path()), SqliteOptions::default()).await;
    assert!(store.head(&acme()).await.unwrap().is_some(), "the child ran nothing");
}

async fn on_a_small_disk(folder: &std::path::Path) {
    let (database, store) = open(&path_in(folder), SqliteOptions::default()).await;
    let ids = SeededIds::new(1);
    let mut stored = 0;
    let refusal = loop {
        let credential = credential(&acme(), ids.credential());
        let new = SealedCredential { credential, sealed: sealed([1; 8], &[0xee; 20_000]) };
        match store.insert(&new, 1_000, evidence()).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(stored > 0, "{refusal:?}");
    assert!(matches!(refusal, StoreError::Unavailable(_)), "{refusal:?}");
    let batch = vec![event(&acme(), Action::SecretRead); 200];
    let appended = loop {
        match store.append(&batch, Contention::Wait).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(appended, StoreError::Unavailable(_)), "{appended:?}");
    let listed = store.list(&acme(), &CredentialFilter::default(), None, 1_000).await.unwrap();
    assert_eq!(listed.len(), stored, "metadata reads go on");

    let hard = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: hard, maximum: hard }).unwrap();
    let new = with_payload(credential(&acme(), ids.credential()));
    store.insert(&new, 1_000, evidence()).await.unwrap();
    assert!(database.checkpoint_wal().await.unwrap());
    let head = store.head(&acme()).await.unwrap().unwrap();
    let records = store.range(&acme(), 1, u32::MAX).await.unwrap();
    assert!((1..=head.seq).eq(records.iter().map(|record| record.seq)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_a_whole_transaction_and_a_free_writer() {
    let embedded = Embedded::new().await;
    let ids = SeededIds::new(1);
    for _ in 0..50 {
        let new = with_payload(credential(&acme(), ids.credential()));
        let insert = embedded.store.insert(&new, 1_000, evidence());
        // The insert is polled once, which hands the work over, and is dropped at the first wait.
        tokio::select! {
            biased;
            _ = insert => {}
            () = std::future::ready(()) => {}
        }
    }
    let appended =
        embedded.store.append(&[event(&acme(), Action::SecretRead)], Contention::Wait).await.unwrap();
    let stored = embedded.store.list(&acme(), &CredentialFilter::default(), None, 1_000).await.unwrap().len();
    let seq = u64::try_from(stored).unwrap() + 1;
    assert_eq!(appended, [Appended::Durable { seq }]);
}

#[tokio::test]
async fn a_deleted_or_replaced_file_takes_no_more_writes_and_is_not_made_anew() {
    let embedded = Embedded::new().await;
    let batch = [event(&acme(), Action::SecretRead)];
    embedded.store.append(&batch, Contention::Wait).await.unwrap();
    let (path, aside) = (embedded.path(), embedded.folder.path().join("aside.db"));
    std::fs::rename(&path, &aside).unwrap();
    let gone = embedded.store.append(&batch, Contention::Wait).await;
    assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
    assert!(!path.exists());

    std::fs::copy(&aside, &path).unwrap();
    let replaced = embedded.store.append(&batch, Contention::Wait).await;
    assert!(matches!(replaced, Err(StoreError::Unavailable(_))), "{replaced:?}");
    std::fs::rename(&aside, &path).unwrap();
    let appended = embedded.store.append(&batch, Contention::Wait).await.unwrap();
    assert_eq!(appended, [Appended::Durable { seq: 2 }]);
}
