//! Contracts of storing, finding, replacing and deleting one credential.

use strongroom_domain::config::{ConfigValue, PublicConfig};
use strongroom_domain::{
    Account, Action, Credential, CredentialName, CredentialStatus, CredentialType, KekId, OauthAppId, Sealed,
    StatusReason, TestCode,
};
use strongroom_fixtures::{
    SeededIds, credential, full_credential, instant, organization, provider, sealed, slot, with_payload,
};
use strongroom_repository::{Lease, Selector, StoreError, Unique};
use uuid::Uuid;

use crate::StoreUnderTest;
use crate::leases::ME;
use crate::under_test::{PLENTY, created, deleted, disconnected, payload_of, updated};

/// Every column is written and read back, set or not, and so are the sealed bytes.
pub async fn every_column_comes_back_as_it_was_stored(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let acme = organization("Acme:eu.1_a-b");
    for stored in [credential(&acme, ids.credential()), full_credential(&acme, ids.credential())] {
        let new = store.store(&stored).await;
        assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap().as_ref(), Some(&stored));
        let found =
            store.second.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap().unwrap();
        assert_eq!((found.credential, found.sealed), (stored, new.sealed));
    }
    assert!(store.credentials.find(&acme, ids.credential()).await.unwrap().is_none());
    let absent = [Selector::Id(ids.credential()), Selector::Slot(slot("none"))];
    for selector in absent {
        assert!(store.credentials.find_sealed(&acme, &selector).await.unwrap().is_none());
    }
}

/// Slots and ids are unique in an organisation.
pub async fn a_held_slot_and_a_used_id_are_duplicates(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let acme = organization("acme");
    let mut holder = credential(&acme, ids.credential());
    holder.slot = Some(slot("main"));
    store.store(&holder).await;

    let second = Credential { id: ids.credential(), provider: provider("datadog"), ..holder.clone() };
    let taken = store.credentials.insert(&with_payload(second.clone()), PLENTY, created(&second)).await;
    assert!(matches!(taken, Err(StoreError::Duplicate(Unique::Slot))), "{taken:?}");
    let again = Credential { slot: None, ..holder.clone() };
    let taken = store.credentials.insert(&with_payload(again.clone()), PLENTY, created(&again)).await;
    assert!(matches!(taken, Err(StoreError::Duplicate(Unique::Id))), "{taken:?}");

    assert!(store.credentials.find(&acme, second.id).await.unwrap().is_none());
    assert_eq!(store.credentials.find(&acme, holder.id).await.unwrap(), Some(holder));
    for _ in 0..2 {
        store.store(&credential(&acme, ids.credential())).await;
    }
}

/// Deleting frees the slot for the next credential.
pub async fn a_deleted_credential_frees_its_slot(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let acme = organization("acme");
    let first = Credential { slot: Some(slot("main")), ..credential(&acme, ids.credential()) };
    store.store(&first).await;
    assert!(
        store.credentials.delete(&acme, first.id, None, deleted(&first), disconnected(&first)).await.unwrap()
    );
    let next = Credential { id: ids.credential(), ..first };
    store.store(&next).await;
    let found = store.credentials.find_sealed(&acme, &Selector::Slot(slot("main"))).await.unwrap().unwrap();
    assert_eq!(found.credential.id, next.id);
}

/// The next state of a credential. Every column that may change has another value.
fn changed(before: &Credential) -> Credential {
    let mut config = PublicConfig::default();
    config.insert("host", ConfigValue::Text("other.example.test".to_owned()));
    Credential {
        credential_type: CredentialType::KeyFile,
        name: CredentialName::parse("another name").unwrap(),
        status: CredentialStatus::Rejected,
        status_reason: Some(StatusReason::Test("refused".to_owned())),
        config,
        version: before.version + 1,
        revision: before.revision + 1,
        google_email: Some("x@example.test".to_owned()),
        expires_at: Some(instant(11)),
        access_token_expires_at: Some(instant(12)),
        grant_expires_at: Some(instant(13)),
        last_tested_at: Some(instant(13)),
        last_test_code: Some(TestCode::Ok),
        refreshed_at: Some(instant(14)),
        refresh_at: Some(instant(16)),
        oauth_app: Some(OauthAppId(Uuid::from_u128(17))),
        account: Some(Account { id: "another".to_owned(), name: None }),
        updated_at: instant(15),
        modified_by: "user-2".to_owned(),
        ..before.clone()
    }
}

/// Metadata is replaced, also with absent values; identity, creation and reads do not change.
pub async fn replacing_changes_what_may_change_and_nothing_else(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let acme = organization("acme");
    let stored = full_credential(&acme, ids.credential());
    store.store(&stored).await;

    let forged = Credential {
        provider: provider("sftp"),
        slot: Some(slot("stolen")),
        created_at: instant(1),
        created_by: "forged".to_owned(),
        issuer: None,
        last_read_at: None,
        ..changed(&stored)
    };
    store
        .credentials
        .replace(&forged, &payload_of(&forged), stored.revision, stored.version, updated(&stored))
        .await
        .unwrap();
    let found = store.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap().unwrap();
    let expected = changed(&stored);
    assert_eq!((&found.credential, found.sealed), (&expected, payload_of(&forged)));

    let emptied = Credential {
        revision: expected.revision + 1,
        status_reason: None,
        google_email: None,
        expires_at: None,
        access_token_expires_at: None,
        grant_expires_at: None,
        last_tested_at: None,
        last_test_code: None,
        refreshed_at: None,
        refresh_at: None,
        oauth_app: None,
        account: None,
        ..expected.clone()
    };
    let (revision, version) = (expected.revision, expected.version);
    store
        .credentials
        .replace(&emptied, &payload_of(&emptied), revision, version, updated(&emptied))
        .await
        .unwrap();
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(emptied));
}

/// A new name and end of life leave alone what tests, refreshes and completions write meanwhile.
pub async fn relabelling_changes_the_labels_and_nothing_else(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = full_credential(&acme, SeededIds::new(1).credential());
    let before = store.store(&stored).await;
    let forged = changed(&stored);
    for (revision, version) in [(stored.revision + 1, stored.version), (stored.revision, stored.version + 1)]
    {
        let stale = store.credentials.relabel(&forged, revision, version, updated(&forged)).await;
        assert!(matches!(stale, Err(StoreError::StaleVersion)), "{stale:?}");
    }
    let (revision, version) = (stored.revision, stored.version);
    store.credentials.relabel(&forged, revision, version, updated(&forged)).await.unwrap();
    let found = store.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap().unwrap();
    let expected = Credential {
        name: forged.name,
        revision: forged.revision,
        expires_at: forged.expires_at,
        updated_at: forged.updated_at,
        modified_by: forged.modified_by,
        ..stored.clone()
    };
    assert_eq!((&found.credential, found.sealed), (&expected, before.sealed));
    let endless = Credential { expires_at: None, revision: expected.revision + 1, ..expected.clone() };
    let (revision, version) = (expected.revision, expected.version);
    store.credentials.relabel(&endless, revision, version, updated(&endless)).await.unwrap();
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(endless));
}

/// Envelope and KEK are replaced in the same step; other rows do not change.
pub async fn replacing_with_a_payload_changes_that_too(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let acme = organization("acme");
    let (stored, neighbour) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    store.store(&stored).await;
    let untouched = store.store(&neighbour).await;

    let (next, payload) = (changed(&stored), sealed([2; 8], b"\xff\x00new"));
    store.credentials.replace(&next, &payload, 1, 1, updated(&next)).await.unwrap();
    let found = store.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap().unwrap();
    assert_eq!((found.credential, found.sealed), (next, payload));
    let found = store.credentials.find_sealed(&acme, &Selector::Id(neighbour.id)).await.unwrap().unwrap();
    assert_eq!((found.credential, found.sealed), (untouched.credential, untouched.sealed));
}

/// A writer that has read an older state gets an error and changes nothing.
pub async fn replacing_needs_the_expected_revision_and_version(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = full_credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    let next = changed(&stored);
    let payload = Sealed { kek_id: KekId([3; 8]), envelope: vec![3] };
    for (revision, version) in [(4, 3), (6, 3), (5, 2), (5, 4), (0, 0)] {
        let stale = store.credentials.replace(&next, &payload, revision, version, updated(&next)).await;
        assert!(matches!(stale, Err(StoreError::StaleVersion)), "{revision} {version} {stale:?}");
    }
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(stored));
}

/// Replacing a deleted credential is refused, and the row stays gone.
pub async fn a_deleted_credential_is_never_revived_by_a_late_writer(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    let payload = store.store(&stored).await.sealed;
    assert!(
        store
            .second
            .credentials
            .delete(&acme, stored.id, Some(1), deleted(&stored), disconnected(&stored))
            .await
            .unwrap()
    );
    let next = changed(&stored);
    let late = store.credentials.replace(&next, &payload, 1, 1, updated(&next)).await;
    assert!(matches!(late, Err(StoreError::StaleVersion)), "{late:?}");
    store.credentials.note_reads(&[(acme.clone(), stored.id, instant(1))]).await.unwrap();
    assert!(store.credentials.find(&acme, stored.id).await.unwrap().is_none());
    store.assert_no_drift().await;
}

/// Deleting compares the revision when one is given, and reports when there was nothing to delete.
pub async fn deleting_needs_the_expected_revision(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = full_credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    for revision in [4, 6] {
        let stale = store
            .credentials
            .delete(&acme, stored.id, Some(revision), deleted(&stored), disconnected(&stored))
            .await;
        assert!(matches!(stale, Err(StoreError::StaleVersion)), "{stale:?}");
    }
    assert!(store.credentials.find(&acme, stored.id).await.unwrap().is_some());
    assert!(
        store
            .credentials
            .delete(&acme, stored.id, Some(5), deleted(&stored), disconnected(&stored))
            .await
            .unwrap()
    );
    for expected in [None, Some(5)] {
        assert!(
            !store
                .credentials
                .delete(&acme, stored.id, expected, deleted(&stored), disconnected(&stored))
                .await
                .unwrap()
        );
    }
}

/// The time of the last read only moves forward. It does not count as an edit, and deleted credentials are
/// skipped.
pub async fn reads_are_noted_and_never_go_back(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let acme = organization("acme");
    let stored = credential(&acme, ids.credential());
    store.store(&stored).await;
    let read_at = |seconds| (acme.clone(), stored.id, instant(seconds));
    let gone = (acme.clone(), ids.credential(), instant(50));

    store.credentials.note_reads(&[]).await.unwrap();
    store.credentials.note_reads(&[gone, read_at(20)]).await.unwrap();
    store.second.credentials.note_reads(&[read_at(10)]).await.unwrap();
    let expected = Credential { last_read_at: Some(instant(20)), ..stored.clone() };
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(expected));
    store.credentials.note_reads(&[read_at(40), read_at(30)]).await.unwrap();
    let expected = Credential { last_read_at: Some(instant(40)), ..stored.clone() };
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(expected));
}

/// The smallest number that a signed integer of 64 bits cannot hold.
const BEYOND: u64 = 1 << 63;

/// A counter beyond what stores can hold is refused when it would be stored, and matches no row when it is
/// the expected one.
pub async fn a_counter_beyond_63_bits_is_never_stored_and_never_found(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let largest = u64::try_from(i64::MAX).unwrap();
    let stored = Credential { version: largest, revision: largest, ..credential(&acme, ids.credential()) };
    store.store(&stored).await;
    for beyond in [BEYOND, u64::MAX] {
        let new = Credential { version: beyond, ..credential(&acme, ids.credential()) };
        let refused = store.credentials.insert(&with_payload(new.clone()), PLENTY, created(&new)).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
        let changed = Credential { revision: beyond, ..stored.clone() };
        let replace = async |changed: &Credential, revision, version| {
            store
                .credentials
                .replace(changed, &payload_of(changed), revision, version, updated(changed))
                .await
        };
        let refused = replace(&changed, largest, largest).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
        for (revision, version) in [(beyond, largest), (largest, beyond)] {
            let refused = replace(&stored, revision, version).await;
            assert!(matches!(refused, Err(StoreError::StaleVersion)), "{refused:?}");
        }
        let told = (deleted(&stored), disconnected(&stored));
        let refused = store.credentials.delete(&acme, stored.id, Some(beyond), told.0, told.1).await;
        assert!(matches!(refused, Err(StoreError::StaleVersion)), "{refused:?}");
        let seen = Credential { version: beyond, ..stored.clone() };
        assert_eq!(store.acquire(&seen, ME).await, Lease::Moved);
    }
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(stored.clone()));
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated]);
    store.assert_no_drift().await;
}
