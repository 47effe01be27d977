//! Contracts of the leases of refreshes, of their answers, and of the record of earlier attempts.

use std::time::Duration;

use strongroom_domain::config::ConfigValue;
use strongroom_domain::content::Content;
use strongroom_domain::{
    Action, Credential, CredentialName, CredentialStatus, Evidence, OrganizationId, RefreshProblem, Sealed,
    StatusReason,
};
use strongroom_environment::Ids;
use strongroom_fixtures::{
    SeededIds, credential, event_about, full_credential, instant, organization, sealed,
};
use strongroom_repository::{DueRefresh, Ended, Lease, Selector, StoreError};
use uuid::Uuid;

use crate::StoreUnderTest;
use crate::under_test::{created, deleted, disconnected, payload_of, updated};

const LENGTH: Duration = Duration::from_secs(30);
pub(crate) const ME: Uuid = Uuid::from_u128(1);
pub(crate) const OTHER: Uuid = Uuid::from_u128(2);

/// The first attempt for a version.
pub(crate) const FIRST: Lease = Lease::Acquired { failures: 0, interrupted: false, doubted: false };

/// Evidence that a token was refreshed, or could not be.
pub(crate) fn told(credential: &Credential) -> Evidence {
    event_about(credential, Action::CredentialRefreshed).into()
}

/// A credential after a refresh, and its payload.
pub fn refreshed(before: &Credential) -> (Credential, Sealed) {
    let mut content = Content {
        access_token_expires_at: Some(instant(200)),
        grant_expires_at: Some(instant(900)),
        ..Content::default()
    };
    content.config.insert("scope", ConfigValue::Text("openid".to_owned()));
    let mut after = before.clone();
    after.take_refresh(&content, Some(instant(180)), instant(100));
    (after, sealed([4; 8], b"\x02refreshed"))
}

impl StoreUnderTest {
    /// Asks for the lease of a credential in the version that was read.
    pub(crate) async fn acquire(&self, credential: &Credential, owner: Uuid) -> Lease {
        let (organization, version) = (&credential.organization, credential.version);
        self.leases.acquire(organization, credential.id, version, owner, LENGTH).await.unwrap()
    }

    /// Ends an attempt that gave no token.
    async fn fail(&self, credential: &Credential, owner: Uuid, seconds: u64) {
        let retry_after = Duration::from_secs(seconds);
        self.leases
            .fail(&credential.organization, credential.id, owner, retry_after, Ended::Failed)
            .await
            .unwrap();
    }

    /// Stores the answer of a refresh of a credential in the version that was read. Returns whether it was
    /// written.
    async fn refresh(&self, seen: &Credential, owner: Uuid) -> bool {
        let (after, payload) = refreshed(seen);
        self.second.leases.store(&after, &payload, seen.version, owner, told(seen)).await.unwrap()
    }

    /// A stored credential with its payload.
    async fn sealed(&self, credential: &Credential) -> (Credential, Sealed) {
        let selector = Selector::Id(credential.id);
        let found = self.credentials.find_sealed(&credential.organization, &selector).await.unwrap().unwrap();
        (found.credential, found.sealed)
    }

    /// Lets this many seconds pass.
    fn pass(&self, seconds: i64) {
        (self.age)(time::Duration::seconds(seconds));
    }
}

/// While a lease runs, no caller gets one, not even its owner. Afterwards its attempt counts as interrupted.
pub async fn a_lease_is_held_until_it_ends(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, neighbour) = (full_credential(&acme, ids.credential()), credential(&acme, ids.credential()));
    store.store(&stored).await;
    store.store(&neighbour).await;
    assert_eq!(store.acquire(&stored, ME).await, FIRST);
    for owner in [ME, OTHER] {
        assert_eq!(store.acquire(&stored, owner).await, Lease::Held);
    }
    assert_eq!(store.acquire(&neighbour, OTHER).await, FIRST);
    store.pass(25);
    assert_eq!(store.acquire(&stored, OTHER).await, Lease::Held);
    store.pass(6);
    let interrupted = Lease::Acquired { failures: 0, interrupted: true, doubted: false };
    assert_eq!(store.acquire(&stored, OTHER).await, interrupted);
    assert_eq!(store.acquire(&stored, ME).await, Lease::Held);
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated; 2]);
}

/// A failure is counted, and no other attempt may begin before its time. For a caller without the lease
/// nothing is counted.
pub async fn a_failed_attempt_sets_the_time_of_the_next(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    store.fail(&stored, ME, 60).await;
    for failures in 0..3 {
        assert_eq!(
            store.acquire(&stored, ME).await,
            Lease::Acquired { failures, interrupted: false, doubted: false }
        );
        store.fail(&stored, OTHER, 5).await;
        assert_eq!(store.acquire(&stored, OTHER).await, Lease::Held);
        store.fail(&stored, ME, 60).await;
        store.fail(&stored, ME, 600).await;
        for owner in [ME, OTHER] {
            match store.acquire(&stored, owner).await {
                Lease::NotYet(wait) => {
                    assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(60))
                }
                other => panic!("{other:?}"),
            }
        }
        store.pass(61);
    }
    let late = store.acquire(&stored, ME).await;
    assert_eq!(late, Lease::Acquired { failures: 3, interrupted: false, doubted: false });
    // The attempt ended before anything was sent, so it is not a failure.
    store.leases.fail(&acme, stored.id, ME, Duration::ZERO, Ended::NotTried).await.unwrap();
    store.pass(1);
    let again = store.acquire(&stored, ME).await;
    assert_eq!(again, Lease::Acquired { failures: 3, interrupted: false, doubted: false });
    // Its lease has ended, but no other owner has taken one, so the owner can still report the failure.
    store.pass(31);
    store.fail(&stored, ME, 0).await;
    store.pass(1);
    assert_eq!(
        store.acquire(&stored, OTHER).await,
        Lease::Acquired { failures: 4, interrupted: false, doubted: false }
    );
}

/// Once an answer may have been lost, this stays on record until the version changes, whatever the result of
/// later attempts.
pub async fn an_interruption_stays_on_record(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    store.store(&stored).await;
    assert_eq!(store.acquire(&stored, ME).await, FIRST);
    store.pass(31);
    assert_eq!(
        store.acquire(&stored, OTHER).await,
        Lease::Acquired { failures: 0, interrupted: true, doubted: false }
    );
    store.fail(&stored, ME, 600).await;
    store.fail(&stored, OTHER, 10).await;
    store.pass(11);
    assert_eq!(
        store.acquire(&stored, ME).await,
        Lease::Acquired { failures: 1, interrupted: true, doubted: false }
    );

    // This attempt ends by itself and reports that its answer was lost.
    let other = credential(&acme, SeededIds::new(2).credential());
    store.store(&other).await;
    assert_eq!(store.acquire(&other, ME).await, FIRST);
    store.leases.fail(&acme, other.id, ME, Duration::ZERO, Ended::AnswerLost).await.unwrap();
    store.pass(1);
    assert_eq!(
        store.acquire(&other, ME).await,
        Lease::Acquired { failures: 1, interrupted: true, doubted: false }
    );
}

/// A lease is for one version: attempts for another version do not affect it, and an older version gets no
/// lease.
pub async fn attempts_for_an_older_version_are_forgotten(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for fails in [true, false] {
        let stored = credential(&acme, ids.credential());
        store.store(&stored).await;
        assert_eq!(store.acquire(&stored, ME).await, FIRST);
        if fails {
            store.fail(&stored, ME, 600).await;
        }
        let next = Credential { version: 2, revision: 2, ..stored.clone() };
        assert_eq!(store.acquire(&next, OTHER).await, Lease::Moved);
        store.credentials.replace(&next, &payload_of(&next), 1, 1, updated(&next)).await.unwrap();
        assert_eq!(store.acquire(&stored, OTHER).await, Lease::Moved);
        assert_eq!(store.acquire(&next, OTHER).await, FIRST);
        assert_eq!(store.acquire(&next, ME).await, Lease::Held);
    }
    assert_eq!(store.acquire(&credential(&acme, ids.credential()), ME).await, Lease::Moved);
}

/// Config, version, times, payload and status are written; other edits made in the meantime stay.
pub async fn a_refresh_is_stored_with_what_it_brings_and_nothing_else(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (seen, neighbour) =
        (full_credential(&acme, ids.credential()), full_credential(&acme, ids.credential()));
    store.store(&seen).await;
    let neighbour = Credential { slot: None, ..neighbour };
    let untouched = store.store(&neighbour).await;
    assert_eq!(store.acquire(&seen, ME).await, FIRST);
    let renamed = Credential {
        name: CredentialName::parse("another name").unwrap(),
        revision: seen.revision + 1,
        expires_at: Some(instant(9)),
        modified_by: "user-2".to_owned(),
        updated_at: instant(8),
        ..seen.clone()
    };
    store
        .credentials
        .replace(&renamed, &payload_of(&renamed), seen.revision, seen.version, updated(&renamed))
        .await
        .unwrap();
    assert!(store.refresh(&seen, ME).await);
    assert_eq!(store.sealed(&seen).await, refreshed(&renamed));
    assert_eq!(store.sealed(&neighbour).await, (untouched.credential, untouched.sealed));
    let expected = [
        Action::CredentialCreated,
        Action::CredentialCreated,
        Action::CredentialUpdated,
        Action::CredentialRefreshed,
    ];
    assert_eq!(store.actions(&acme).await, expected);
}

/// A refresh shows that the grant is valid. It does not change what a test has found in the meantime.
pub async fn a_refresh_ends_the_need_to_authorise_again(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for status in CredentialStatus::ALL {
        let seen = Credential { status: CredentialStatus::Validated, ..credential(&acme, ids.credential()) };
        store.store(&seen).await;
        let (status_reason, revision) = (Some(StatusReason::Test("since".to_owned())), 2);
        let by_now = Credential { status, status_reason, revision, ..seen.clone() };
        store.credentials.replace(&by_now, &payload_of(&by_now), 1, 1, updated(&by_now)).await.unwrap();
        assert!(store.refresh(&seen, ME).await);
        assert_eq!(store.sealed(&seen).await, refreshed(&by_now));
    }
}

/// An answer is stored without regard to the holder of the lease; only the version counts. The lease ends if
/// the writer holds it.
pub async fn a_late_answer_is_stored_unless_the_version_has_moved(store: StoreUnderTest) {
    let acme = organization("acme");
    let mut seen = credential(&acme, SeededIds::new(1).credential());
    store.store(&seen).await;
    for owner in [ME, OTHER] {
        assert_eq!(store.acquire(&seen, ME).await, FIRST);
        assert!(store.refresh(&seen, owner).await);
        let after = refreshed(&seen);
        assert!(!store.refresh(&seen, ME).await);
        assert_eq!(store.acquire(&seen, OTHER).await, Lease::Moved);
        assert_eq!(store.sealed(&seen).await, after);
        seen = after.0;
    }
    assert_eq!(store.acquire(&seen, OTHER).await, FIRST);
    let refreshes = [Action::CredentialCreated, Action::CredentialRefreshed, Action::CredentialRefreshed];
    assert_eq!(store.actions(&acme).await, refreshes);
}

/// A refresh does not bring a deleted credential back, and the deletion removes its attempts.
pub async fn a_deleted_credential_is_not_refreshed(store: StoreUnderTest) {
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    let delete = async || {
        let (tombstone, disconnection) = (deleted(&stored), disconnected(&stored));
        store.credentials.delete(&acme, stored.id, None, tombstone, disconnection).await.unwrap()
    };
    for fails in [true, false] {
        store.store(&stored).await;
        assert_eq!(store.acquire(&stored, ME).await, FIRST);
        if fails {
            store.fail(&stored, ME, 600).await;
        }
        assert!(delete().await);
        assert_eq!(store.acquire(&stored, OTHER).await, Lease::Moved);
        store.fail(&stored, ME, 0).await;
        assert!(!store.refresh(&stored, ME).await);
        let problem = RefreshProblem::GrantRefused;
        assert!(!store.leases.note_problem(&acme, stored.id, 1, problem, told(&stored)).await.unwrap());
        assert!(store.credentials.find(&acme, stored.id).await.unwrap().is_none());
    }
    assert_eq!(store.actions(&acme).await.len(), 4);
    store.assert_no_drift().await;
}

/// A wait that a failed attempt has set ends when a caller asks for that. A lease that is held does not.
pub async fn a_wait_can_be_ended(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let stored = credential(&acme, ids.credential());
    store.store(&stored).await;
    assert_eq!(store.acquire(&stored, ME).await, FIRST);
    store.second.leases.end_wait(&acme, stored.id).await.unwrap();
    assert_eq!(store.acquire(&stored, OTHER).await, Lease::Held);
    store.fail(&stored, ME, 600).await;
    store.second.leases.end_wait(&globex, stored.id).await.unwrap();
    assert!(matches!(store.acquire(&stored, OTHER).await, Lease::NotYet(_)));
    store.second.leases.end_wait(&acme, stored.id).await.unwrap();
    assert_eq!(
        store.acquire(&stored, OTHER).await,
        Lease::Acquired { failures: 1, interrupted: false, doubted: false }
    );
    store.second.leases.end_wait(&acme, ids.credential()).await.unwrap();
}

/// A reason is written and recorded when it is new, for the version that it is about. The status changes only
/// when the reason requires it. A credential that needs a person is not refreshed ahead of time any more.
pub async fn a_problem_is_noted_once(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    for seen in [CredentialStatus::Validated, CredentialStatus::Unverified] {
        let organization = organization(seen.as_str());
        let full = full_credential(&organization, ids.credential());
        let stored = Credential { status: seen, status_reason: None, ..full };
        let payload = store.store(&stored).await.sealed;
        let note = async |version, problem: RefreshProblem| {
            let leases = &store.second.leases;
            let evidence = told(&stored);
            leases.note_problem(&organization, stored.id, version, problem, evidence).await.unwrap()
        };
        for version in [2, 4] {
            assert!(!note(version, RefreshProblem::GrantRefused).await);
        }
        let steps = [
            (RefreshProblem::AppRefused, seen, stored.refresh_at),
            (RefreshProblem::ProviderUnavailable, seen, stored.refresh_at),
            (RefreshProblem::ClientRefused, CredentialStatus::Rejected, None),
            (RefreshProblem::ProviderUnavailable, CredentialStatus::Rejected, None),
            (RefreshProblem::GrantRefused, CredentialStatus::NeedsReauth, None),
        ];
        for (problem, status, refresh_at) in steps {
            assert!(note(3, problem).await);
            assert!(!note(3, problem).await);
            let status_reason = Some(StatusReason::Refresh(problem));
            let expected = Credential { status, status_reason, refresh_at, ..stored.clone() };
            assert_eq!(store.sealed(&stored).await, (expected, payload.clone()));
        }
        assert!(!note(3, RefreshProblem::ProviderUnavailable).await, "a grant that is gone stays gone");
        assert!(note(3, RefreshProblem::ClientRefused).await, "what a person must mend first is said");
        assert_eq!(store.actions(&organization).await.len(), 2 + steps.len());
    }
}

/// Stores a credential that becomes due in this many seconds; a negative number means that it is already due.
async fn stored_due(
    store: &StoreUnderTest,
    organization: &OrganizationId,
    ids: &SeededIds,
    seconds: i64,
) -> (Credential, DueRefresh) {
    let now = store.deployment.now().await.unwrap();
    let refresh_at = now + time::Duration::seconds(seconds);
    let stored = Credential { refresh_at: Some(refresh_at), ..credential(organization, ids.credential()) };
    store.store(&stored).await;
    let due = DueRefresh { organization: organization.clone(), credential: stored.id, refresh_at };
    (stored, due)
}

/// Organisations take turns: first comes what has been due for the longest of each, then the second of each.
pub async fn what_is_due_comes_in_turns(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let mut of_acme = Vec::new();
    for seconds in [-90, -80, -70] {
        of_acme.push(stored_due(&store, &acme, &ids, seconds).await.1);
    }
    let (_, first) = stored_due(&store, &globex, &ids, -20).await;
    let (_, second) = stored_due(&store, &globex, &ids, -10).await;
    let [one, two, three] = <[_; 3]>::try_from(of_acme).unwrap();
    assert_eq!(store.leases.due(10).await.unwrap(), [one, first, two, second, three]);
}

/// The credential that has been due for the longest comes first, of any organisation, and no more are
/// returned than are asked for. Those that are not due are left out.
pub async fn what_is_due_comes_longest_due_first(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    assert_eq!(store.leases.due(10).await.unwrap(), []);
    let (_, second) = stored_due(&store, &globex, &ids, -20).await;
    let (_, third) = stored_due(&store, &acme, &ids, -10).await;
    let (_, first) = stored_due(&store, &acme, &ids, -30).await;
    stored_due(&store, &acme, &ids, 60).await;
    store.store(&credential(&acme, ids.credential())).await;
    let mut pending = credential(&acme, ids.credential());
    (pending.status, pending.refresh_at) = (CredentialStatus::Pending, Some(first.refresh_at));
    store.store(&pending).await;
    let expected = [first, second, third];
    assert_eq!(store.second.leases.due(10).await.unwrap(), expected);
    assert_eq!(store.leases.due(2).await.unwrap().as_slice(), expected.get(..2).unwrap());
    assert_eq!(store.leases.due(0).await.unwrap(), []);
}

/// A credential that is being refreshed, or that may not be tried yet, is not due; attempts for an older
/// version make no difference.
pub async fn what_is_held_or_not_yet_to_be_tried_is_not_due(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (held, due_again) = stored_due(&store, &acme, &ids, -30).await;
    let (failed, due_later) = stored_due(&store, &acme, &ids, -20).await;
    let (moved, due_now) = stored_due(&store, &acme, &ids, -10).await;
    for one in [&held, &failed, &moved] {
        assert_eq!(store.acquire(one, ME).await, FIRST);
    }
    store.fail(&failed, ME, 60).await;
    assert_eq!(store.leases.due(10).await.unwrap(), []);
    let next = Credential { version: 2, revision: 2, ..moved.clone() };
    store.credentials.replace(&next, &payload_of(&next), 1, 1, updated(&next)).await.unwrap();
    let due = async || store.second.leases.due(10).await.unwrap();
    assert_eq!(due().await.as_slice(), std::slice::from_ref(&due_now));
    store.pass(31);
    assert_eq!(due().await, [due_again.clone(), due_now.clone()]);
    store.pass(30);
    assert_eq!(due().await, [due_again.clone(), due_later.clone(), due_now.clone()]);
    assert_eq!(
        store.acquire(&failed, OTHER).await,
        Lease::Acquired { failures: 1, interrupted: false, doubted: false }
    );
    assert_eq!(due().await, [due_again.clone(), due_now]);
    // A credential that was refreshed, or has to be authorised again, is not due.
    assert!(store.refresh(&next, ME).await);
    let problem = RefreshProblem::GrantRefused;
    assert!(store.leases.note_problem(&acme, held.id, 1, problem, told(&held)).await.unwrap());
    let due_then = due().await;
    let ids: Vec<_> = due_then.iter().map(|due| due.credential).collect();
    assert_eq!(ids, [moved.id]);
}

/// When the event cannot be written, credential and lease do not change.
pub async fn a_refresh_is_not_stored_without_its_event(store: StoreUnderTest) {
    let acme = organization("acme");
    let full = full_credential(&acme, SeededIds::new(1).credential());
    let stored = Credential { status: CredentialStatus::Validated, ..full };
    let before = store.store(&stored).await;
    assert_eq!(store.acquire(&stored, ME).await, FIRST);
    let (after, payload) = refreshed(&stored);
    let problem = RefreshProblem::AppMissing;
    store.keys.set_broken(true);
    assert!(store.leases.store(&after, &payload, 3, ME, told(&stored)).await.is_err());
    assert!(store.leases.note_problem(&acme, stored.id, 3, problem, told(&stored)).await.is_err());
    store.keys.set_broken(false);
    assert_eq!(store.sealed(&stored).await, (before.credential, before.sealed));
    assert_eq!(store.acquire(&stored, OTHER).await, Lease::Held);
    assert_eq!(store.actions(&acme).await, [Action::CredentialCreated]);
}

/// A writer that has read the credential before its refresh gets an error.
pub async fn a_replacement_that_was_read_before_a_refresh_is_stale(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let seen = credential(&acme, ids.credential());
    let new = strongroom_fixtures::with_payload(seen.clone());
    store.credentials.insert(&new, 1, created(&seen)).await.unwrap();
    assert_eq!(store.acquire(&seen, Uuid::from_u128(ids.next().as_u128())).await, FIRST);
    assert!(store.refresh(&seen, ME).await);
    let late = Credential { revision: 2, ..seen.clone() };
    let stale = store.credentials.replace(&late, &payload_of(&late), 1, 1, updated(&late)).await;
    assert!(matches!(stale, Err(StoreError::StaleVersion)), "{stale:?}");
    assert_eq!(store.sealed(&seen).await, refreshed(&seen));
}
