//! Operations on authorization flows, from their beginning to one of their ends.

use strongroom_domain::oauth::sha256;
use strongroom_domain::{Action, Credential, CredentialStatus, Integration, IntegrationId};
use strongroom_environment::Ids;
use strongroom_fixtures::{event, provider, sealed};
use strongroom_repository::{FlowLimits, SealedFlow};

use super::Play;
use crate::flows::{completed, flow, granted, told};

/// A flow that was begun, and the number of its three steps that it has taken.
#[derive(Debug, Clone)]
pub(super) struct KnownFlow {
    flow: SealedFlow,
    steps: usize,
}

impl Play {
    /// Does mostly the next step of a flow, sometimes any other step.
    pub(super) async fn work_on_flows(&mut self) {
        let Some(known) = self.random.recent(&self.flows).cloned() else { return self.begin().await };
        let next = if self.random.chance(70) { known.steps } else { self.random.below(4) };
        match (self.random.below(10), next) {
            (0..3, _) => self.begin().await,
            (3, _) => self.abandon(&known.flow).await,
            (_, 0) => self.take(&known.flow).await,
            (_, 1) => self.grant(&known.flow).await,
            (4, _) => self.find_granted(&known.flow).await,
            _ => self.complete(&known.flow).await,
        }
    }

    /// Records that a flow has taken one more step.
    fn step(&mut self, flow: &SealedFlow) {
        let same = |known: &&mut KnownFlow| known.flow.flow.state == flow.flow.state;
        self.flows.iter_mut().filter(same).for_each(|known| known.steps += 1);
    }

    async fn take(&mut self, known: &SealedFlow) {
        let state = known.flow.state;
        let take =
            self.ask_about("take", async |one| one.flows.take(&state).await, |taken| as_text(taken.as_ref()));
        if take.await.flatten().is_some() {
            self.step(known);
        }
    }

    async fn find_granted(&mut self, known: &SealedFlow) {
        let state = known.flow.state;
        let find = self.ask_about(
            "find_granted",
            async |one| one.flows.find_granted(&state).await,
            |found| as_text(found.as_ref()),
        );
        find.await;
    }

    async fn begin(&mut self) {
        let organization = self.organization();
        let mut new = flow(&organization, &self.ids);
        new.flow.provider = provider(self.random.pick(&["sftp", "google_drive"]).unwrap());
        new.flow.created_at = self.time();
        if let (true, Some(known)) = (self.random.chance(25), self.random.recent(&self.credentials)) {
            let version = self.random.near(known.version);
            (new.flow.credential, new.flow.reauthorizes) = (known.id, Some(version));
        }
        if let (true, Some(known)) = (self.random.chance(6), self.random.recent(&self.flows)) {
            // A flow has one provider; a grant for an earlier flow of this id must not bring another.
            new.flow.provider = known.flow.flow.provider.clone();
            match self.random.chance(50) {
                true => new.flow.id = known.flow.flow.id,
                false => new.flow.state = known.flow.flow.state,
            }
        }
        let mut limit = || u32::try_from(self.random.below(30)).unwrap();
        let limits = FlowLimits { per_organization: limit(), per_principal: limit() };
        let begun = self
            .ask("begin", async |one| {
                one.flows.begin(&new, limits, told(&new, Action::AuthorizationBegun)).await
            })
            .await;
        if begun.is_some() {
            self.flows.push(KnownFlow { flow: new, steps: 0 });
        }
    }

    async fn grant(&mut self, known: &SealedFlow) {
        let mut grant = granted(known);
        if known.flow.reauthorizes.is_some() {
            grant.pending = None;
        }
        let limit = u32::try_from(self.random.below(40)).unwrap();
        let kept = self
            .ask("grant", async |one| {
                one.flows.grant(&grant, limit, told(known, Action::AuthorizationGranted)).await
            })
            .await;
        if kept == Some(true) {
            self.step(known);
        }
        if let (Some(true), Some(pending)) = (kept, grant.pending) {
            self.credentials.push(pending.credential);
        }
    }

    async fn complete(&mut self, known: &SealedFlow) {
        let (organization, id) = (known.flow.organization.clone(), known.flow.credential);
        let stored =
            self.ask("find", async |one| one.credentials.find(&organization, id).await).await.flatten();
        let mut end = completed(known);
        if let Some(stored) = stored {
            (end.expected_version, end.expected_revision) = (stored.version, stored.revision);
            end.credential = Credential {
                status: CredentialStatus::Validated,
                version: stored.version + u64::from(known.flow.reauthorizes.is_some()),
                revision: stored.revision + 1,
                ..stored
            };
            if known.flow.reauthorizes.is_some() {
                end.sealed = sealed([4; 8], b"authorised again");
            }
        }
        (end.expected_version, end.expected_revision) =
            (self.random.near(end.expected_version), self.random.near(end.expected_revision));
        if self.random.chance(10) {
            end.completion_code = sha256("another code");
        }
        let integration = Integration {
            organization: organization.clone(),
            id: IntegrationId(self.ids.next()),
            provider: end.credential.provider.clone(),
            connected_by: "user_1".to_owned(),
            issuer: None,
            connected_at: self.time(),
        };
        end.integration = self.random.maybe(integration);
        let connected = end.integration.as_ref().map(|_| event(&organization, Action::IntegrationConnected));
        let done = self
            .ask("complete", async |one| {
                let told = told(known, Action::AuthorizationCompleted);
                one.flows.complete(&end, told, connected.clone()).await
            })
            .await;
        if let (Some(true), Some(integration)) = (done, end.integration) {
            self.integrations.push(integration);
        }
    }

    async fn abandon(&mut self, known: &SealedFlow) {
        let (organization, id) = (known.flow.organization.clone(), known.flow.id);
        self.ask("abandon", async |one| {
            one.flows.abandon(&organization, id, told(known, Action::AuthorizationFailed)).await
        })
        .await;
        self.ask("expired", async |one| {
            let mut over = one.flows.expired(10_000).await?;
            over.sort_by_key(|flow| flow.id);
            Ok(over)
        })
        .await;
    }
}

/// The text of a flow with the bytes that are sealed beside it, which `Debug` does not print.
fn as_text(found: Option<&SealedFlow>) -> String {
    let all = |one: &SealedFlow| format!("{one:?} {:?} {:?}", one.sealed.kek_id.0, one.sealed.envelope);
    found.map(all).unwrap_or_default()
}
