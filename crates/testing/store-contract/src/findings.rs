//! Contracts of the finding of a connection test about a stored credential.

use strongroom_domain::{Action, Credential, CredentialStatus, StatusReason, TestCode};
use strongroom_fixtures::{SeededIds, credential, full_credential, instant, organization, sealed};
use strongroom_repository::{Selector, TestFinding};

use crate::StoreUnderTest;
use crate::under_test::{deleted, disconnected, in_parallel, payload_of, tested, updated};

/// The finding of a test with the code `ok`.
pub(crate) fn finding() -> TestFinding {
    TestFinding {
        tested_at: instant(123),
        code: TestCode::Insufficient,
        status: Some(CredentialStatus::Validated),
        status_reason: Some("lacks metrics_read".to_owned()),
    }
}

/// The credential after that test.
fn found(before: &Credential) -> Credential {
    Credential {
        last_tested_at: Some(instant(123)),
        last_test_code: Some(TestCode::Insufficient),
        status: CredentialStatus::Validated,
        status_reason: Some(StatusReason::Test("lacks metrics_read".to_owned())),
        ..before.clone()
    }
}

/// Time, code, status and reason change, also to none. Version, revision, `updated_at`, `modified_by`,
/// payload and other rows do not change, so a writer that has read the row before may still replace it.
pub async fn a_finding_with_a_status_sets_status_and_reason_and_nothing_else(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (full, neighbour) = (full_credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    let stored = Credential { status: CredentialStatus::Unverified, ..full };
    let payload = store.store(&stored).await.sealed;
    store.store(&neighbour).await;

    let record = async |finding: &TestFinding| {
        let evidence = tested(&stored);
        store.credentials.record_test(&acme, stored.id, stored.version, finding, evidence).await.unwrap()
    };
    assert!(record(&finding()).await);
    let expected = found(&stored);
    let row = store.credentials.find_sealed(&acme, &Selector::Id(stored.id)).await.unwrap().unwrap();
    assert_eq!((&row.credential, row.sealed), (&expected, payload));

    let rejected = TestFinding {
        tested_at: instant(124),
        code: TestCode::AuthRejected,
        status: Some(CredentialStatus::Rejected),
        status_reason: None,
    };
    assert!(record(&rejected).await);
    let expected = Credential {
        last_tested_at: Some(instant(124)),
        last_test_code: Some(TestCode::AuthRejected),
        status: CredentialStatus::Rejected,
        status_reason: None,
        ..stored.clone()
    };
    assert_eq!(store.second.credentials.find(&acme, stored.id).await.unwrap(), Some(expected));
    assert_eq!(store.credentials.find(&acme, neighbour.id).await.unwrap(), Some(neighbour));
    let next = Credential { revision: stored.revision + 1, ..stored.clone() };
    store
        .credentials
        .replace(&next, &payload_of(&next), stored.revision, stored.version, updated(&next))
        .await
        .unwrap();
}

/// Without a status only time and code change, whatever reason is given.
pub async fn a_finding_without_a_status_keeps_status_and_reason(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = full_credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    for (code, status_reason) in [(TestCode::Timeout, None), (TestCode::TlsFailed, Some("x".to_owned()))] {
        let finding = TestFinding { code, status: None, status_reason, ..finding() };
        let evidence = tested(&stored);
        assert!(
            store
                .credentials
                .record_test(&acme, stored.id, stored.version, &finding, evidence)
                .await
                .unwrap()
        );
        let expected =
            Credential { last_tested_at: Some(instant(123)), last_test_code: Some(code), ..stored.clone() };
        assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(expected));
    }
    // A test also does not change the status of a credential that needs to be authorised again.
    let gone = Credential {
        status: CredentialStatus::NeedsReauth,
        ..credential(&acme, SeededIds::new(2).credential())
    };
    store.store(&gone).await;
    let noted = store.credentials.record_test(&acme, gone.id, gone.version, &finding(), tested(&gone)).await;
    assert!(noted.unwrap());
    let kept = store.credentials.find(&acme, gone.id).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.status_reason), (gone.status, gone.status_reason));
    assert_eq!(kept.last_test_code, Some(finding().code));
}

/// A finding about an older payload does not apply to the present one, and one about a newer payload is an
/// error.
pub async fn a_finding_about_another_version_is_dropped(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = full_credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    for version in [0, stored.version - 1, stored.version + 1] {
        let evidence = tested(&stored);
        let noted = store.credentials.record_test(&acme, stored.id, version, &finding(), evidence).await;
        assert!(!noted.unwrap(), "{version}");
    }
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(stored));
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated]);
}

/// A finding never brings a deleted row back, and for a row that never existed nothing is recorded.
pub async fn a_finding_about_what_is_gone_is_dropped(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, absent) = (credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    store.store(&stored).await;
    assert!(
        store
            .second
            .credentials
            .delete(&acme, stored.id, None, deleted(&stored), disconnected(&stored))
            .await
            .unwrap()
    );
    for one in [&stored, &absent] {
        let noted = store.credentials.record_test(&acme, one.id, 1, &finding(), tested(one)).await;
        assert!(!noted.unwrap());
        assert!(store.credentials.find(&acme, one.id).await.unwrap().is_none());
    }
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated, Action::CredentialDeleted]);
}

/// An edit that keeps the payload makes a new revision. The finding is about the payload, so it is still
/// stored.
pub async fn a_finding_outlives_edits_of_the_metadata(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    let edited = Credential { revision: 2, modified_by: "somebody-else".to_owned(), ..stored.clone() };
    store.credentials.replace(&edited, &payload_of(&edited), 1, 1, updated(&edited)).await.unwrap();
    assert!(store.credentials.record_test(&acme, stored.id, 1, &finding(), tested(&stored)).await.unwrap());
    assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(found(&edited)));
}

/// Whatever the order, the row with the new payload is as its writer wrote it, and the audit chain shows what
/// happened.
pub async fn a_finding_racing_a_new_payload_never_describes_it(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut expected = Vec::new();
    for _ in 0..25 {
        let stored = credential(&acme, ids.credential());
        store.store(&stored).await;
        let (next, payload) =
            (Credential { revision: 2, version: 2, ..stored.clone() }, sealed([2; 8], b"new"));
        let finding = finding();
        let (noted, replaced) = tokio::join!(
            store.first.credentials.record_test(&acme, stored.id, 1, &finding, tested(&stored)),
            store.second.credentials.replace(&next, &payload, 1, 1, updated(&next)),
        );
        replaced.unwrap();
        assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(next));
        expected.push(Action::CredentialCreated);
        expected.extend(noted.unwrap().then_some(Action::CredentialTested));
        expected.push(Action::CredentialUpdated);
    }
    assert_eq!(store.actions(&acme).await, expected);
}

/// A finding does not make an editor's revision stale, and an edit does not make a finding stale.
pub async fn a_finding_racing_an_edit_stops_neither(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for _ in 0..25 {
        let stored = credential(&acme, ids.credential());
        store.store(&stored).await;
        let next = Credential { revision: 2, ..stored.clone() };
        let finding = finding();
        let (noted, relabelled) = tokio::join!(
            store.first.credentials.record_test(&acme, stored.id, 1, &finding, tested(&stored)),
            store.second.credentials.relabel(&next, 1, 1, updated(&next)),
        );
        relabelled.unwrap();
        assert!(noted.unwrap());
        assert_eq!(store.credentials.find(&acme, stored.id).await.unwrap(), Some(found(&next)));
    }
    assert_eq!(store.verified_chain(&acme).await.len(), 75);
}

/// Findings of several instances about one credential are all in the chain, and one of them is in the row.
pub async fn parallel_findings_are_all_recorded(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    let work =
        (0..20).map(|number| {
            let (instance, stored) = (store.instance(number).credentials, stored.clone());
            let finding = TestFinding { tested_at: instant(i64::try_from(number).unwrap()), ..finding() };
            async move {
                instance.record_test(&stored.organization, stored.id, 1, &finding, tested(&stored)).await
            }
        });
    for answer in in_parallel(work).await {
        assert!(answer.unwrap());
    }
    assert_eq!(store.actions(&acme).await.len(), 21);
    let row = store.credentials.find(&acme, stored.id).await.unwrap().unwrap();
    assert_eq!(Credential { last_tested_at: Some(instant(123)), ..row }, found(&stored));
}
