//! Operations on the audit trail, on limits of organisations and destinations, and on the whole deployment.

use std::time::Duration;

use strongroom_domain::{Action, Actor, KekId, PurposeKeyId};
use strongroom_environment::Ids;
use strongroom_fixtures::{event, full_event};
use strongroom_repository::{Appended, AuditFilter, AuditPage, Contention, WrappedPurposeKey};

use super::{Play, records_as_text};
use crate::under_test::evidence;

impl Play {
    pub(super) async fn work_on_the_trail(&mut self) {
        let organization = self.organization();
        match self.random.below(5) {
            0 | 1 => self.append().await,
            2 => self.query().await,
            3 => {
                let (from, limit) = (self.random.bits() % 40, u32::try_from(self.random.below(9)).unwrap());
                let from = self.random.near(from);
                self.ask_about(
                    "range",
                    async |one| one.audit.range(&organization, from, limit).await,
                    |records| records_as_text(records),
                )
                .await;
            }
            _ => {
                let after = self.random.maybe(organization.clone());
                let limit = u32::try_from(self.random.below(4)).unwrap();
                self.ask_about(
                    "heads",
                    async |one| {
                        let mut heads = one.audit.heads(None, after.clone(), limit).await?;
                        heads.extend(one.audit.head(&organization).await?);
                        Ok((heads, one.audit.headless().await?))
                    },
                    |(heads, headless)| {
                        let heads: Vec<_> = heads.iter().map(|head| (&head.organization, head.seq)).collect();
                        format!("{heads:?} {headless:?}")
                    },
                )
                .await;
            }
        }
    }

    async fn append(&mut self) {
        let number = self.random.below(6);
        let events: Vec<_> = (0..number)
            .map(|_| {
                let (organization, credential) = (self.organization(), self.some_credential().id);
                let plain = self.random.chance(50);
                let mut event = match plain {
                    true => event(&organization, Action::SecretRead),
                    false => full_event(&organization, credential),
                };
                event.version = self.random.maybe(7);
                event
            })
            .collect();
        let contention = if self.random.chance(50) { Contention::Skip } else { Contention::Wait };
        let appended = self.ask("append", async |one| one.audit.append(&events, contention).await).await;
        assert!(!appended.unwrap().contains(&Appended::Skipped), "nobody else writes");
    }

    async fn query(&mut self) {
        let (organization, credential) = (self.organization(), self.some_credential().id);
        let filter = AuditFilter {
            credential: self.random.maybe(credential),
            actor: self.random.chance(20).then(|| Actor::system("test")),
            action: self.random.chance(20).then_some(Action::SecretRead),
            ..AuditFilter::default()
        };
        let before = self.random.bits() % 60;
        let before = self.random.near(before);
        let page = AuditPage {
            before: self.random.maybe(before),
            limit: u32::try_from(self.random.below(9)).unwrap(),
        };
        self.ask_about(
            "query",
            async |one| one.audit.query(&organization, &filter, page).await,
            |records| records_as_text(records),
        )
        .await;
    }

    pub(super) async fn work_on_the_deployment(&mut self) {
        let organization = self.organization();
        match self.random.below(6) {
            0 => {
                let limit = u32::try_from(self.random.below(6)).unwrap();
                let limit = if self.random.chance(20) { Some(limit) } else { None };
                self.ask("set_limit", async |one| {
                    one.organizations.set_limit(&organization, limit, evidence(&organization)).await
                })
                .await;
                self.ask("limit", async |one| one.organizations.limit(&organization).await).await;
            }
            1 | 2 => self.take_destination().await,
            3 => {
                let id = KekId([u8::try_from(self.random.below(5)).unwrap(); 8]);
                let name = *self.random.pick(&["main", "old", "spare", "next"]).unwrap();
                self.ask("register_kek", async |one| one.deployment.register_kek(id, name, [7; 32]).await)
                    .await;
            }
            4 => self.reserve_wraps().await,
            _ => {
                let key = WrappedPurposeKey {
                    id: PurposeKeyId(self.ids.next()),
                    purpose: (*self.random.pick(&["audit", "api-keys", "other"]).unwrap()).to_owned(),
                    kek_id: KekId([1; 8]),
                    wrapped: b"wrapped".to_vec(),
                    created_at: self.time(),
                };
                self.ask("insert_first_purpose_key", async |one| {
                    one.deployment.insert_first_purpose_key(&key).await
                })
                .await;
                self.ask("purpose_keys", async |one| one.deployment.purpose_keys().await).await;
            }
        }
    }

    async fn take_destination(&mut self) {
        let destination = [u8::try_from(self.random.below(3)).unwrap(); 32];
        let limit = u32::try_from(self.random.below(5)).unwrap();
        let window = Duration::from_secs(if self.random.chance(50) { 20 } else { 2_000 });
        if self.random.chance(15) {
            self.ask("give back", async |one| one.destinations.give_back(destination).await).await;
            return;
        }
        if self.random.chance(15) {
            self.ask("forget", async |one| one.destinations.forget(window).await).await;
            return;
        }
        self.ask_about(
            "take a destination",
            async |one| one.destinations.take(destination, limit, window).await,
            |wait| format!("{}", wait.is_some()),
        )
        .await;
    }

    async fn reserve_wraps(&mut self) {
        let kek = KekId([u8::try_from(self.random.below(3)).unwrap(); 8]);
        let count = self.random.bits() % 50;
        let (count, limit) = (self.random.near(count), self.random.near(1_000));
        self.ask("reserve_wraps", async |one| {
            let reserved = one.ledger.reserve_wraps(kek, count, limit).await;
            Ok(reserved.map_err(|_| "the KEK is not known"))
        })
        .await;
    }
}
