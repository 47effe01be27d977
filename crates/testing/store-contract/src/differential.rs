//! Plays random operations on several stores at once; all stores must give the same answers.
//!
//! The contracts cover the expected cases; this finds unexpected ones. Answers are compared as text, without
//! what may differ: the store's own times, and the MACs of audit records, which include them. The source of
//! an error is for the log only, so of an error only the kind is compared.

mod accounts;
mod credentials;
mod deployment;
mod flows;
mod random;

use std::fmt::Debug;

use strongroom_domain::audit::AuditRecord;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{Credential, Integration, OauthApp, OrganizationId, ServiceAccount};
use strongroom_fixtures::{SeededIds, organization};
use strongroom_repository::{AuditFilter, AuditPage, CredentialFilter, StoreError, StoreResult};

use crate::{Instance, StoreUnderTest};
use flows::KnownFlow;
pub use random::{Random, fresh_seed};

/// The number of operations after which everything that is stored is compared.
const ROUND: usize = 50;

/// Plays this many operations on all of the stores, which are empty at first. Panics at the first difference.
pub async fn stores_answer_alike(stores: Vec<(&'static str, StoreUnderTest)>, seed: u64, operations: usize) {
    let mut play = Play::new(stores, seed);
    for number in 0..operations {
        play.number = number;
        match play.random.below(100) {
            0..32 => play.work_on_credentials().await,
            32..44 => play.work_on_leases().await,
            44..58 => play.work_on_flows().await,
            58..68 => play.work_on_integrations().await,
            68..80 => play.work_on_accounts().await,
            80..86 => play.work_on_apps().await,
            86..93 => play.work_on_the_trail().await,
            93..99 => play.work_on_the_deployment().await,
            _ => play.let_time_pass(),
        }
        if number % ROUND == 0 {
            play.compare_everything().await;
        }
    }
    play.compare_everything().await;
    for (_, store) in &play.stores {
        for organization in &play.organizations {
            store.verified_chain(organization).await;
        }
    }
}

/// The state of the play: everything that was ever stored, whether or not it still exists.
struct Play {
    stores: Vec<(&'static str, StoreUnderTest)>,
    seed: u64,
    number: usize,
    random: Random,
    ids: SeededIds,
    organizations: Vec<OrganizationId>,
    credentials: Vec<Credential>,
    integrations: Vec<Integration>,
    accounts: Vec<ServiceAccount>,
    keys: Vec<ApiKey>,
    apps: Vec<OauthApp>,
    flows: Vec<KnownFlow>,
}

impl Play {
    fn new(stores: Vec<(&'static str, StoreUnderTest)>, seed: u64) -> Self {
        Self {
            stores,
            seed,
            number: 0,
            random: Random::new(seed),
            ids: SeededIds::new(seed),
            organizations: ["acme", "globex", "initech"].map(organization).to_vec(),
            credentials: Vec::new(),
            integrations: Vec::new(),
            accounts: Vec::new(),
            keys: Vec::new(),
            apps: Vec::new(),
            flows: Vec::new(),
        }
    }

    fn organization(&mut self) -> OrganizationId {
        self.random.pick(&self.organizations).unwrap().clone()
    }

    /// Asks every store, through one of its two instances, and returns the answer that all of them gave.
    async fn ask<T: Debug>(
        &mut self,
        what: &str,
        ask: impl AsyncFn(&Instance) -> StoreResult<T>,
    ) -> Option<T> {
        self.ask_about(what, ask, |answer| format!("{answer:?}")).await
    }

    /// Like [`Self::ask`], with a function that selects what is compared of an answer.
    async fn ask_about<T>(
        &mut self,
        what: &str,
        ask: impl AsyncFn(&Instance) -> StoreResult<T>,
        compared: impl Fn(&T) -> String,
    ) -> Option<T> {
        let instance = self.random.below(2);
        let mut first: Option<(StoreResult<T>, String)> = None;
        for (name, store) in &self.stores {
            let answer = ask(&store.instance(instance)).await;
            let text = match &answer {
                Ok(answer) => compared(answer),
                Err(error) => kind(error),
            };
            match &first {
                None => first = Some((answer, text)),
                Some((expected, expected_text)) => assert_eq!(
                    *expected_text,
                    text,
                    "{} and {name} differ in {what} (seed {}, operation {}; errors {:?} and {:?})",
                    self.stores.first().unwrap().0,
                    self.seed,
                    self.number,
                    expected.as_ref().err(),
                    answer.err()
                ),
            }
        }
        first.and_then(|(answer, _)| answer.ok())
    }

    /// Moves the times that the stores have set themselves, sometimes beyond the end of every flow and lease.
    fn let_time_pass(&mut self) {
        let by = time::Duration::seconds(if self.random.chance(50) { 40 } else { 4_000 });
        for (_, store) in &self.stores {
            (store.age)(by);
        }
    }

    /// Compares everything that is stored, as the ports return it.
    async fn compare_everything(&mut self) {
        for organization in self.organizations.clone() {
            let all = CredentialFilter::default();
            self.ask("all credentials", async |one| {
                one.credentials.list(&organization, &all, None, 10_000).await
            })
            .await;
            self.ask("all connections", async |one| one.integrations.list(&organization).await).await;
            self.ask("all apps", async |one| one.oauth_apps.list(&organization).await).await;
            self.ask("all accounts", async |one| one.accounts.list(&organization, 0, 10_000).await).await;
            let page = AuditPage { before: None, limit: 10_000 };
            let filter = AuditFilter::default();
            self.ask_about(
                "all audit records",
                async |one| one.audit.query(&organization, &filter, page).await,
                |records| records_as_text(records),
            )
            .await;
        }
        self.ask("drift", async |one| one.organizations.quota_drift().await).await;
        self.ask("all keys of the deployment", async |one| {
            let mut keks = one.deployment.keks().await?;
            keks.sort_by_key(|kek| kek.id);
            Ok(keks)
        })
        .await;
        self.ask("what is due", async |one| {
            let mut due = one.leases.due(10_000).await?;
            due.sort_by_key(|due| (due.refresh_at, due.organization.as_str().to_owned(), due.credential));
            Ok(due)
        })
        .await;
    }
}

/// The text of a record without its time and its MAC, which includes the time.
fn records_as_text(records: &[AuditRecord]) -> String {
    let record = |record: &AuditRecord| format!("{} {:?} {:?}", record.seq, record.event, record.mac_key);
    records.iter().map(record).collect::<Vec<_>>().join("\n")
}

fn kind(error: &StoreError) -> String {
    match error {
        StoreError::Duplicate(what) => format!("refused: {what:?} is taken"),
        StoreError::QuotaExceeded => "refused: the quota is used up".to_owned(),
        StoreError::StaleVersion => "refused: stale".to_owned(),
        StoreError::Unavailable(_) => format!("unavailable: {error:?}"),
        StoreError::Corrupt(_) => "corrupt".to_owned(),
    }
}
