//! Operations on credentials, their connections and their leases.

use std::collections::BTreeSet;
use std::time::Duration;

use strongroom_domain::config::ConfigValue;
use strongroom_domain::{
    Account, Action, Credential, CredentialId, CredentialName, CredentialStatus, Integration, IntegrationId,
    OauthAppId, Reach, RefreshProblem, Slot, StatusReason, TestCode, UserId,
};
use strongroom_environment::Ids;
use strongroom_fixtures::{
    credential, event_about, full_credential, instant, provider, sealed, slot, with_payload,
};
use strongroom_repository::{
    CredentialFilter, Ended, Lease, SealedCredential, Selector, StoreResult, TestFinding,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Play;
use crate::leases::refreshed;
use crate::under_test::{created, deleted, disconnected, tested, updated};

const PROVIDERS: [&str; 3] = ["sftp", "google_drive", "datadog"];

/// What a change may make of a status. Only a new credential is pending.
const CHANGED_STATUSES: [CredentialStatus; 4] = [
    CredentialStatus::Unverified,
    CredentialStatus::Validated,
    CredentialStatus::Rejected,
    CredentialStatus::NeedsReauth,
];

impl Play {
    pub(super) async fn work_on_credentials(&mut self) {
        match self.random.below(12) {
            0..3 => self.insert_credential().await,
            3 | 4 => self.replace_credential().await,
            5 => self.delete_credential().await,
            6 => self.test_credential().await,
            7 => self.list_credentials().await,
            8 => self.find_many().await,
            9 => self.note_reads().await,
            _ => self.find_credential().await,
        }
    }

    /// A credential that was stored before, mostly under its own organisation.
    pub(super) fn some_credential(&mut self) -> Credential {
        let known = self.random.recent(&self.credentials).cloned();
        let organization = self.organization();
        let mut some = known.unwrap_or_else(|| credential(&organization, self.ids.credential()));
        if self.random.chance(5) {
            some.organization = organization;
        }
        some
    }

    /// Returns the credential as it is stored now. All stores must agree about it.
    async fn present(&mut self, some: &Credential) -> Option<Credential> {
        let (organization, id) = (some.organization.clone(), some.id);
        self.ask("find", async |one| one.credentials.find(&organization, id).await).await.flatten()
    }

    /// A random time, in whole microseconds as every time that a clock gives.
    pub(super) fn time(&mut self) -> OffsetDateTime {
        let microseconds = i64::try_from(self.random.below(3)).unwrap();
        let seconds = instant(i64::try_from(self.random.below(100_000)).unwrap());
        seconds + time::Duration::microseconds(microseconds)
    }

    fn change(&mut self, before: Credential) -> Credential {
        let names = ["a", "b", "Büro 7 – marketing"];
        let mut config = before.config.clone();
        config.insert("seats", ConfigValue::Integer(i64::try_from(self.random.below(9)).unwrap()));
        let account = Account { id: "1017".to_owned(), name: self.random.maybe("größe".to_owned()) };
        let (now, later) = (self.time(), self.time());
        Credential {
            name: CredentialName::parse(self.random.pick(&names).unwrap()).unwrap(),
            status: *self.random.pick(&CHANGED_STATUSES).unwrap(),
            status_reason: self.random.maybe(StatusReason::Test("a reason".to_owned())),
            config,
            expires_at: self.random.maybe(now),
            access_token_expires_at: self.random.maybe(later),
            grant_expires_at: self.random.maybe(later),
            refreshed_at: self.random.maybe(now),
            refresh_at: self.random.maybe(later),
            oauth_app: self.random.maybe(OauthAppId(Uuid::from_u128(9))),
            account: self.random.maybe(account),
            google_email: self.random.maybe("person@example.test".to_owned()),
            updated_at: now,
            modified_by: "user-2".to_owned(),
            ..before
        }
    }

    async fn insert_credential(&mut self) {
        let organization = self.organization();
        let id = self.ids.credential();
        let plain = self.random.chance(50);
        let fresh = if plain { credential(&organization, id) } else { full_credential(&organization, id) };
        let slots = ["a", "b", "primary.drive", "c", "d", "e"];
        let slot = slot(self.random.pick(&slots).unwrap());
        let mut new = Credential {
            provider: provider(self.random.pick(&PROVIDERS).unwrap()),
            slot: self.random.maybe(slot),
            user_id: self.random.maybe(UserId::parse("auth0|user").unwrap()),
            ..self.change(fresh)
        };
        if self.random.chance(4) {
            new.version = self.random.near(1);
        }
        if self.random.chance(10) {
            new.status = CredentialStatus::Pending;
        }
        if let (true, Some(known)) = (self.random.chance(8), self.random.recent(&self.credentials)) {
            // When two unique values are already taken, a store may report either. An id belongs to one
            // provider for ever, because the flow of a pending credential gives its place back by the
            // provider.
            (new.id, new.slot, new.provider) = (known.id, None, known.provider.clone());
        }
        let limit = u32::try_from(self.random.below(40)).unwrap();
        let row = with_payload(new.clone());
        let stored = self
            .ask("insert", async |one| one.credentials.insert(&row, limit, created(&row.credential)).await)
            .await;
        if stored.is_some() {
            self.credentials.push(new);
        }
    }

    async fn find_credential(&mut self) {
        let some = self.some_credential();
        let by_id = Selector::Id(some.id);
        let selector = some.slot.map_or(by_id.clone(), Selector::Slot);
        let selector = if self.random.chance(50) { by_id } else { selector };
        self.ask_about(
            "find_sealed",
            async |one| one.credentials.find_sealed(&some.organization, &selector).await,
            |found| format!("{:?}", found.as_ref().map(with_bytes)),
        )
        .await;
    }

    async fn find_many(&mut self) {
        let organization = self.organization();
        let some: Vec<_> = (0..4).map(|_| self.some_credential()).collect();
        let ids: Vec<CredentialId> = some.iter().map(|one| one.id).collect();
        let slots: Vec<Slot> = some.iter().filter_map(|one| one.slot.clone()).collect();
        let by_slot = self.random.chance(50);
        self.ask_about(
            "find_sealed_many or find_sealed_slots",
            async |one| match by_slot {
                true => one.credentials.find_sealed_slots(&organization, &slots).await,
                false => one.credentials.find_sealed_many(&organization, &ids).await,
            },
            |found| {
                let mut found: Vec<_> = found.iter().map(with_bytes).collect();
                found.sort_by_key(|(credential, ..)| credential.id);
                format!("{found:?}")
            },
        )
        .await;
    }

    async fn list_credentials(&mut self) {
        let (some, organization) = (self.some_credential(), self.organization());
        let ids = BTreeSet::from([some.id, self.some_credential().id]);
        let providers = BTreeSet::from([some.provider.clone(), provider("datadog")]);
        let mut sometimes = |percent| self.random.chance(percent);
        let filter = CredentialFilter {
            provider: sometimes(20).then(|| some.provider.clone()),
            status: sometimes(20).then_some(some.status),
            name: sometimes(20).then(|| some.name.clone()),
            slot: some.slot.clone().filter(|_| sometimes(20)),
            reach: Reach {
                providers: sometimes(20).then_some(providers),
                credentials: sometimes(20).then_some(ids),
            },
        };
        let after = sometimes(30).then_some(some.id);
        let limit = u32::try_from(self.random.below(8)).unwrap();
        self.ask("list", async |one| one.credentials.list(&organization, &filter, after, limit).await).await;
    }

    async fn replace_credential(&mut self) {
        let some = self.some_credential();
        let before = self.present(&some).await.unwrap_or(some);
        let mut after = self.change(before.clone());
        after.revision = self.random.near(before.revision + 1);
        let payload = self.random.maybe(sealed([2; 8], b"another payload"));
        if payload.is_some() {
            after.version = before.version + 1;
        }
        let (revision, version) = (self.random.near(before.revision), self.random.near(before.version));
        let (changed, payload) = (&after, payload.as_ref());
        self.ask("replace", async |one| match payload {
            Some(payload) => {
                one.credentials.replace(changed, payload, revision, version, updated(changed)).await
            }
            None => one.credentials.relabel(changed, revision, version, updated(changed)).await,
        })
        .await;
    }

    async fn test_credential(&mut self) {
        let some = self.some_credential();
        let before = self.present(&some).await.unwrap_or(some);
        let version = self.random.near(before.version);
        let finding = TestFinding {
            tested_at: self.time(),
            code: if self.random.chance(50) { TestCode::Ok } else { TestCode::AuthRejected },
            status: self.random.maybe(CredentialStatus::Rejected),
            status_reason: self.random.maybe("refused".to_owned()),
        };
        let (organization, id) = (before.organization.clone(), before.id);
        self.ask("record_test", async |one| {
            one.credentials.record_test(&organization, id, version, &finding, tested(&before)).await
        })
        .await;
    }

    async fn delete_credential(&mut self) {
        let some = self.some_credential();
        let before = self.present(&some).await.unwrap_or(some);
        let near = self.random.near(before.revision);
        let revision = self.random.maybe(near);
        let (organization, id) = (before.organization.clone(), before.id);
        self.ask("delete", async |one| {
            let told = (deleted(&before), disconnected(&before));
            one.credentials.delete(&organization, id, revision, told.0, told.1).await
        })
        .await;
    }

    async fn note_reads(&mut self) {
        let number = self.random.below(4);
        let reads: Vec<_> = (0..number)
            .map(|_| (self.some_credential(), self.time()))
            .map(|(read, at)| (read.organization, read.id, at))
            .collect();
        self.ask("note_reads", async |one| one.credentials.note_reads(&reads).await).await;
    }

    pub(super) async fn work_on_integrations(&mut self) {
        let some = self.some_credential();
        let known = self.random.recent(&self.integrations).cloned();
        match (self.random.below(4), known) {
            (0, Some(known)) => {
                let organization = known.organization.clone();
                let evidence = || event_about(&some, Action::IntegrationDisconnected).into();
                self.ask("disconnect", async |one| {
                    one.integrations.disconnect(&organization, known.id, evidence()).await
                })
                .await;
            }
            (1, _) => {
                let (organization, provider) = (some.organization.clone(), some.provider.clone());
                self.ask("find a connection", async |one| {
                    one.integrations.find(&organization, &provider).await
                })
                .await;
            }
            _ => self.connect(some).await,
        }
    }

    async fn connect(&mut self, some: Credential) {
        let mut seen = self.present(&some).await.unwrap_or(some);
        if seen.status == CredentialStatus::Pending {
            // The application refuses this: an end of the flow could not remove a credential in use.
            return;
        }
        seen.version = self.random.near(seen.version);
        let new = Integration {
            organization: seen.organization.clone(),
            id: IntegrationId(self.ids.next()),
            provider: seen.provider.clone(),
            connected_by: "user_1".to_owned(),
            issuer: None,
            connected_at: self.time(),
        };
        let connected = self
            .ask("connect", async |one| {
                let evidence = event_about(&seen, Action::IntegrationConnected).into();
                one.integrations.connect(&new, &seen, evidence).await
            })
            .await;
        if connected == Some(true) {
            self.integrations.push(new);
        }
    }

    pub(super) async fn work_on_leases(&mut self) {
        let some = self.some_credential();
        let before = self.present(&some).await.unwrap_or(some);
        let version = self.random.near(before.version);
        let owner = Uuid::from_u128(u128::from(self.random.bits() % 3));
        let (organization, id) = (before.organization.clone(), before.id);
        match self.random.below(8) {
            0..4 => {
                let length = Duration::from_secs(if self.random.chance(50) { 20 } else { 2_000 });
                let ask = self.ask_about(
                    "acquire",
                    async |one| one.leases.acquire(&organization, id, version, owner, length).await,
                    |lease| match lease {
                        Lease::NotYet(_) => "not yet".to_owned(),
                        other => format!("{other:?}"),
                    },
                );
                ask.await;
            }
            4 => {
                let (mut after, payload) = refreshed(&before);
                after.refresh_at = self.random.maybe(instant(180));
                self.ask("store a refresh", async |one| {
                    let evidence = event_about(&before, Action::CredentialRefreshed).into();
                    one.leases.store(&after, &payload, version, owner, evidence).await
                })
                .await;
            }
            5 if self.random.chance(20) => {
                self.ask("end a wait", async |one| one.leases.end_wait(&organization, id).await).await;
            }
            5 | 6 => {
                let ended = [Ended::NotTried, Ended::Failed, Ended::AnswerLost, Ended::Doubted];
                let ended = *self.random.pick(&ended).unwrap();
                let wait = Duration::from_secs(if self.random.chance(50) { 0 } else { 2_000 });
                self.ask("fail", async |one| one.leases.fail(&organization, id, owner, wait, ended).await)
                    .await;
            }
            _ => {
                let problem = *self.random.pick(&RefreshProblem::ALL).unwrap();
                self.ask("note_problem", async |one| -> StoreResult<bool> {
                    let evidence = event_about(&before, Action::CredentialRefreshed).into();
                    one.leases.note_problem(&organization, id, version, problem, evidence).await
                })
                .await;
            }
        }
    }
}

/// A credential with the bytes of its payload, which `Debug` does not print.
fn with_bytes(found: &SealedCredential) -> (Credential, [u8; 8], Vec<u8>) {
    (found.credential.clone(), found.sealed.kek_id.0, found.sealed.envelope.clone())
}
