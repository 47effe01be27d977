//! Keeps tokens fresh: before a reader gets one, when a caller asks for a refresh, and ahead of time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use strongroom_authorization_server::Subject;
use strongroom_domain::audit::Origin;
use strongroom_domain::{
    Action, Actor, AuditEvent, Content, Credential, CredentialId, CredentialStatus, CredentialType,
    OrganizationId, Outcome, RefreshProblem, Rule,
};
use strongroom_repository::{SealedCredential, Selector};
use time::OffsetDateTime;

use super::Refreshing;
use super::flights::{RefreshFailed, RefreshOutcome};
use crate::ground::{Permitted, to};
use crate::{Caller, Conflict, Failure, Missing};

/// How long a reader waits for a refresh when there is no valid token to return.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long a reader waits for a refresh when there is a valid token to return.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);

/// How long a reader should wait before the next attempt while the OAuth app is not set up correctly, or the
/// server answers with something that is no token.
pub(crate) const APP_RETRY: Duration = Duration::from_secs(30);

/// The failure of a caller whose refresh did not end in time.
const SOON: Failure = Failure::ProviderAway { retry_after: Duration::from_secs(1) };

/// Why a token is refreshed, and for whom.
#[derive(Debug, Clone)]
pub(crate) struct RefreshNeed {
    pub(crate) why: Why,
    /// The actor that the audit trail names.
    pub(crate) actor: Actor,
    /// The actor whose share pays for it when the worth of the credential is not known.
    pub(crate) payer: Actor,
    /// The request that asks for it.
    pub(crate) origin: Origin,
}

/// Why a token is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// A reader wants a token, one that lives at least `min_validity` when that is given.
    Read { min_validity: Option<Duration> },
    /// A caller asks to replace the token of this version, whatever its age.
    Request { version: u64 },
    /// The time that was set for the refresh has come, by the store's clock.
    Schedule { refresh_at: OffsetDateTime },
}

impl RefreshNeed {
    fn of_reader(caller: &Caller, min_validity: Option<Duration>) -> Self {
        let (why, actor) = (Why::Read { min_validity }, Actor::system("refresh"));
        Self { why, actor, payer: caller.actor.clone(), origin: caller.origin.clone() }
    }

    fn of_request(caller: &Caller, version: u64) -> Self {
        let why = Why::Request { version };
        let actor = caller.actor.clone();
        Self { why, payer: actor.clone(), actor, origin: caller.origin.clone() }
    }

    /// The need of a background refresh.
    pub(crate) fn of_schedule(refresh_at: OffsetDateTime) -> Self {
        let why = Why::Schedule { refresh_at };
        let actor = Actor::system("refresh");
        Self { why, payer: actor.clone(), actor, origin: Origin::default() }
    }

    /// Whether a credential has to be refreshed to meet this need.
    pub(crate) fn is_due(&self, credential: &Credential, now: OffsetDateTime) -> bool {
        match self.why {
            Why::Schedule { refresh_at } => credential.refresh_at == Some(refresh_at),
            Why::Request { version } => credential.version == version,
            Why::Read { min_validity } => match credential.validity() {
                Some(validity) => validity.is_close_to_end(now, min_validity),
                None => credential.is_without_token(now),
            },
        }
    }

    /// Whether a credential of this status is refreshed for this need. One that has to be authorised again is
    /// only when somebody asks for it: the provider may have been wrong.
    pub(crate) fn may_revive(&self, status: CredentialStatus) -> bool {
        match status {
            CredentialStatus::Pending => false,
            CredentialStatus::NeedsReauth => matches!(self.why, Why::Request { .. }),
            CredentialStatus::Unverified | CredentialStatus::Validated | CredentialStatus::Rejected => true,
        }
    }

    pub(crate) fn event(&self, credential: &Credential, outcome: Outcome) -> AuditEvent {
        let organization = credential.organization.clone();
        let action = Action::CredentialRefreshed;
        AuditEvent::new(organization, action, outcome, self.actor.clone(), self.origin.clone())
            .about(credential)
    }
}

impl Refreshing {
    /// Refreshes a grant now, whatever its age.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a credential that cannot be refreshed; `Conflict` while its authorisation is
    /// not complete and when it has to be authorised again; `ProviderAway`; `Limited`.
    pub async fn refresh_now(
        self: &Arc<Self>,
        caller: &Permitted<to::RefreshCredential>,
        id: CredentialId,
    ) -> Result<Credential, Failure> {
        let credential = self.rows.reachable(caller, id).await?;
        if !self.schedule.can_refresh(&credential) {
            return Err(nothing_to_refresh());
        }
        if credential.status == CredentialStatus::Pending {
            return Err(Failure::Conflict(Conflict::AuthorizationPending));
        }
        let need = RefreshNeed::of_request(caller, credential.version);
        let refresh = async {
            // The first result may be that of a refresh that was under way already, for a reader that did not
            // need a new token.
            for _ in 0..2 {
                let outcome = self.refresh(&credential.organization, id, need.clone()).await;
                let found = self.rows.reachable(caller, id).await?;
                if found.status == CredentialStatus::NeedsReauth {
                    return Err(Failure::Conflict(Conflict::ReauthorizationRequired));
                }
                if outcome != RefreshOutcome::Fresh || found.version != credential.version {
                    return Ok((outcome, found));
                }
            }
            Err(SOON)
        };
        let refreshed = tokio::time::timeout(PATIENCE, refresh).await;
        let (outcome, found) = refreshed.unwrap_or(Err(SOON))?;
        let caller = self.gate.judge_again(caller).await?;
        self.gate.check_reach(&caller, &found)?;
        match outcome {
            RefreshOutcome::Fresh => Ok(found),
            RefreshOutcome::Nothing => Err(nothing_to_refresh()),
            RefreshOutcome::Stuck(problem) => {
                let rule = Rule::fixed(problem.next_step());
                Err(Failure::invalid(rule.on("provider")))
            }
            RefreshOutcome::Failed(failed) => Err(failed.into()),
        }
    }

    /// Returns a row whose token lives as long as a reader needs; it is refreshed first if it must be. When
    /// the refresh fails and the token is still valid, the row is returned as it is.
    ///
    /// # Errors
    /// `ProviderAway` or `Unavailable` when there is no valid token and none could be obtained. A credential
    /// that has to be authorised again is no error here; its row has that status.
    pub(crate) async fn freshened(
        self: &Arc<Self>,
        caller: &Caller,
        row: SealedCredential,
        min_validity: Option<Duration>,
    ) -> Result<SealedCredential, Failure> {
        let (credential, now) = (&row.credential, self.clock.now());
        let need = RefreshNeed::of_reader(caller, min_validity);
        if !need.may_revive(credential.status)
            || !self.schedule.can_refresh(credential)
            || !need.is_due(credential, now)
        {
            return Ok(row);
        }
        let is_valid = credential.validity().is_some_and(|validity| validity.is_valid(now));
        let is_whole = self.is_whole_without_token(credential);
        let patience = if is_valid || is_whole { SHORT_PATIENCE } else { PATIENCE };
        let refreshed = tokio::time::timeout(patience, self.refreshed_row(credential, &need)).await;
        match refreshed.unwrap_or(Err(SOON)) {
            Ok(Some(fresh)) => Ok(fresh),
            Ok(None) => Ok(row),
            Err(Failure::NotFound(missing)) => Err(Failure::NotFound(missing)),
            Err(_) if is_valid || is_whole => Ok(row),
            Err(failure) => Err(failure),
        }
    }

    /// The row after its refresh; `None` when there is nothing to refresh it with.
    async fn refreshed_row(
        self: &Arc<Self>,
        credential: &Credential,
        need: &RefreshNeed,
    ) -> Result<Option<SealedCredential>, Failure> {
        // The first result may be that of a refresh that was under way already, for a caller with a smaller
        // need.
        for _ in 0..2 {
            match self.refresh(&credential.organization, credential.id, need.clone()).await {
                RefreshOutcome::Nothing => return Ok(None),
                // A reader did not ask for a refresh and is not told about the limits of refreshes.
                RefreshOutcome::Failed(RefreshFailed::Limited { retry_after, .. }) => {
                    return Err(Failure::ProviderAway { retry_after });
                }
                RefreshOutcome::Failed(failed) => return Err(failed.into()),
                RefreshOutcome::Stuck(RefreshProblem::ClientRefused) => return Ok(None),
                // The app is not set up correctly: the grant is kept, and there is no new token to return.
                RefreshOutcome::Stuck(problem) if !problem.needs_reauthorization() => {
                    return Err(Failure::ProviderAway { retry_after: APP_RETRY });
                }
                RefreshOutcome::Stuck(_) | RefreshOutcome::Fresh => {}
            }
            let selector = Selector::Id(credential.id);
            let found = self.credentials.find_sealed(&credential.organization, &selector).await?;
            let found = found.ok_or(Failure::NotFound(Missing::Credential))?;
            let dead = found.credential.status == CredentialStatus::NeedsReauth;
            if dead || !need.is_due(&found.credential, self.clock.now()) {
                return Ok(Some(found));
            }
        }
        Err(SOON)
    }

    /// Whether a credential is useful to its readers without a valid access token. Client credentials are. So
    /// are tokens that were stored by hand when the operator has set no app, because their owner may refresh
    /// them elsewhere.
    fn is_whole_without_token(&self, credential: &Credential) -> bool {
        let provider = self.catalog.find(credential.provider.as_str());
        let server = provider.as_ref().and_then(|provider| provider.oauth.as_ref());
        let has_app = || {
            let (provider, server) = (provider.clone()?, server?);
            let content = Content { config: credential.config.clone(), ..Content::default() };
            let subject = Subject { provider, credential_type: credential.credential_type, content };
            Some(self.clients.has_operators_app(server, &subject))
        };
        credential.credential_type == CredentialType::ClientCredentials
            || credential.oauth_app.is_none() && !has_app().unwrap_or(false)
    }

    /// Joins the refresh of a credential that is under way in this instance, or begins one.
    pub(crate) fn refresh(
        self: &Arc<Self>,
        organization: &OrganizationId,
        id: CredentialId,
        need: RefreshNeed,
    ) -> BoxFuture<'static, RefreshOutcome> {
        let (desk, owner) = (self.clone(), organization.clone());
        let work = async move { desk.refresh_under_lease(&owner, id, &need).await };
        self.flights.join(organization, id, work)
    }
}

fn nothing_to_refresh() -> Failure {
    Failure::invalid(
        Rule::fixed("must be a credential with a refresh token, or with client credentials")
            .on("credential_id"),
    )
}
