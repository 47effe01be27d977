//! One refresh: take the lease and record the attempt, send one request, commit. Only then does a reader see
//! the token.
//!
//! Each step leaves the store in a state from which any instance can continue: a lease that runs out, an
//! attempt that is on record, or the new version. A late answer is stored unless another answer was stored
//! meanwhile.

use std::sync::Arc;
use std::time::Duration;

use strongroom_authorization_server::{Client, Grant, Subject, TokenError, Tries, Trouble};
use strongroom_domain::oauth::{LEASE, OauthAppId, REFRESH_TOKEN};
use strongroom_domain::{
    ConfigValue, Content, Credential, CredentialId, CredentialStatus, CredentialType, OrganizationId,
    Outcome, Provider, RefreshProblem, SecretText, StatusReason, TokenResponse,
};
use strongroom_repository::{Ended, Lease, SealedCredential, Selector, StoreError};
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::Refreshing;
use super::ask::{RefreshNeed, Why};
use super::flights::{RefreshFailed, RefreshOutcome};
use super::pauses::PAUSE;
use crate::Failure;
use crate::ground::{FULL, Trial};

/// How long after the lease was taken the request may still be sent. With this limit its answer comes before
/// the lease ends.
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// How long a refresh waits while another instance holds the lease.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(12);
/// How long to wait after each failed attempt, in seconds; the last entry applies to all further attempts.
const BACKOFF: [u64; 9] = [1, 2, 4, 8, 15, 30, 60, 120, 300];
/// The longest wait while readers have no valid token.
const BACKOFF_IN_NEED: Duration = Duration::from_secs(15);
/// How long no attempt is made with an app that is not set up correctly.
const APP_PAUSE: Duration = Duration::from_secs(60);
/// How long no attempt is made for a row that does not open.
const BROKEN_PAUSE: Duration = Duration::from_secs(600);
/// How long no attempt is made with client credentials that were refused. New content is tried at once.
const CLIENT_PAUSE: Duration = Duration::from_secs(3_600);

/// An attempt under a lease.
pub(crate) struct Attempt<'a> {
    pub(crate) need: &'a RefreshNeed,
    pub(crate) row: SealedCredential,
    pub(crate) provider: Arc<Provider>,
    pub(crate) owner: Uuid,
    /// Nothing is sent after this time: the lease could end before the answer comes.
    send_before: Instant,
    failures: u32,
    interrupted: bool,
    /// Counts the request when the worth of the credential is not known.
    trial: Option<Arc<Trial>>,
}

/// The request of an attempt.
struct Order {
    subject: Subject,
    client: Client,
    grant: Grant,
    content: Content,
}

/// Why an attempt has no request to send.
enum NoOrder {
    /// The credential or its app lacks something; a person has to act.
    Problem(RefreshProblem),
    /// Data that the request needs could not be read.
    Failed(Failure),
}

impl From<Failure> for NoOrder {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The result of trying to refresh.
enum Turn {
    /// The attempt was made, or none is needed or possible now.
    Ended(RefreshOutcome),
    /// Another instance holds the lease, or the row has just changed.
    SomebodyElses,
}

impl Refreshing {
    /// Refreshes a credential to meet `need`. While another instance holds the lease it waits, at most about
    /// 12 seconds; during a shutdown it does not wait.
    pub(crate) async fn refresh_under_lease(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        need: &RefreshNeed,
    ) -> RefreshOutcome {
        let began = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            match self.try_refresh(organization, id, need).await {
                Ok(Turn::Ended(outcome)) => return outcome,
                Ok(Turn::SomebodyElses)
                    if began.elapsed() > WAIT_FOR_OTHERS || self.readiness.is_draining() =>
                {
                    return away_for(Duration::from_secs(1));
                }
                Ok(Turn::SomebodyElses) => {
                    tokio::time::sleep(pause.mul_f64(0.5 + self.schedule.jitter())).await;
                }
                Err(failure) => return RefreshOutcome::Failed(failure.into()),
            }
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// Takes the lease, if it is free, and makes one attempt under it.
    async fn try_refresh(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        need: &RefreshNeed,
    ) -> Result<Turn, Failure> {
        let found = self.credentials.find_sealed(organization, &Selector::Id(id)).await?;
        let Some(row) = found else { return Ok(Turn::Ended(RefreshOutcome::Fresh)) };
        let alive =
            !matches!(row.credential.status, CredentialStatus::Pending | CredentialStatus::NeedsReauth);
        if !alive || !need.is_due(&row.credential, self.clock.now()) {
            return Ok(Turn::Ended(RefreshOutcome::Fresh));
        }
        let provider = self.catalog.find(row.credential.provider.as_str());
        let Some(provider) = provider.as_ref().filter(|found| found.oauth.is_some()) else {
            self.put_off(&row, need, Duration::from_secs(300)).await?;
            return Ok(Turn::Ended(RefreshOutcome::Nothing));
        };
        let Some(_place) = self.places.enter(organization).await else {
            self.put_off(&row, need, PAUSE).await?;
            return Err(FULL);
        };
        let place = self.place_of(&row.credential, provider);
        let is_asked_for = matches!(need.why, Why::Request { .. });
        if let Err(wait) = self.pauses.enter(&place, organization, is_asked_for) {
            self.put_off(&row, need, wait).await?;
            return Ok(Turn::Ended(away_for(wait)));
        }
        let trial = match self.begin_trial(&row.credential, need) {
            Ok(trial) => trial,
            Err(failure) => {
                self.pauses.forgo(&place, organization);
                if let Failure::Limited { retry_after, .. } = &failure {
                    self.put_off(&row, need, *retry_after).await?;
                }
                return Err(failure);
            }
        };
        let owner = self.ids.next();
        let version = row.credential.version;
        let send_before = Instant::now() + SEND_WITHIN;
        let lease = self.leases.acquire(organization, id, version, owner, LEASE).await;
        let (failures, interrupted) = match lease {
            Ok(Lease::Acquired { failures, interrupted }) => (failures, interrupted),
            other => {
                // No request is sent, so the next caller may try whether the provider answers again.
                self.pauses.forgo(&place, organization);
                if let Some(trial) = &trial {
                    self.trials.forgo(trial).await;
                }
                return self.without_lease(other?, &row.credential, is_asked_for).await;
            }
        };
        let provider = provider.clone();
        let attempt = Attempt { need, row, provider, owner, send_before, failures, interrupted, trial };
        self.attempt(attempt, &place).await.map(Turn::Ended)
    }

    /// What follows for a caller that got no lease. One that was asked for gets around a wait once.
    async fn without_lease(
        &self,
        lease: Lease,
        credential: &Credential,
        is_asked_for: bool,
    ) -> Result<Turn, Failure> {
        let (organization, id) = (&credential.organization, credential.id);
        match lease {
            Lease::NotYet(wait) if is_asked_for && self.pauses.may_hurry(organization, id, wait) => {
                self.leases.end_wait(organization, id).await?;
                Ok(Turn::SomebodyElses)
            }
            Lease::NotYet(wait) => Ok(Turn::Ended(not_yet(credential, wait))),
            Lease::Held | Lease::Moved | Lease::Acquired { .. } => Ok(Turn::SomebodyElses),
        }
    }

    /// Takes a trial for content that was typed by a person and has never been refreshed.
    fn begin_trial(
        &self,
        credential: &Credential,
        need: &RefreshNeed,
    ) -> Result<Option<Arc<Trial>>, Failure> {
        if credential.refreshed_at.is_some() || credential.oauth_app.is_some() {
            return Ok(None);
        }
        self.trials.begin(&credential.organization, &need.payer)
    }

    /// Names the place where the token requests of a credential go: the origin and the app. A credential
    /// whose request cannot be built has a place of its own, because nothing is sent for it.
    fn place_of(&self, credential: &Credential, provider: &Arc<Provider>) -> String {
        let content = Content { config: credential.config.clone(), ..Content::default() };
        let credential_type = credential.credential_type;
        let subject = Subject { provider: provider.clone(), credential_type, content };
        let app = match credential.oauth_app.and_then(OauthAppId::own) {
            _ if credential_type == CredentialType::ClientCredentials => "its own client".to_owned(),
            Some(app) => app.to_string(),
            None => "the operator's app".to_owned(),
        };
        let origin = self.server.token_origin(&subject);
        origin.map_or_else(|_| credential.id.to_string(), |origin| format!("{origin}\n{app}"))
    }

    /// Moves a scheduled refresh that cannot be made now behind the others that are due.
    async fn put_off(
        &self,
        row: &SealedCredential,
        need: &RefreshNeed,
        wait: Duration,
    ) -> Result<(), Failure> {
        if !matches!(need.why, Why::Schedule { .. }) {
            return Ok(());
        }
        self.hold_off(&row.credential, row.credential.version, wait).await
    }

    /// Makes no attempt for this version of a credential before the wait is over.
    async fn hold_off(&self, credential: &Credential, version: u64, wait: Duration) -> Result<(), Failure> {
        let (organization, id, owner) = (&credential.organization, credential.id, self.ids.next());
        let lease = self.leases.acquire(organization, id, version, owner, LEASE).await?;
        if let Lease::Acquired { .. } = lease {
            let spread = wait.mul_f64(1.0 + self.schedule.jitter());
            self.leases.fail(organization, id, owner, spread, Ended::NotTried).await?;
        }
        Ok(())
    }

    async fn attempt(&self, attempt: Attempt<'_>, place: &str) -> Result<RefreshOutcome, Failure> {
        let order = match self.order(&attempt).await {
            Ok(order) => order,
            Err(no_order) => {
                self.pauses.forgo(place, &attempt.row.credential.organization);
                if let Some(trial) = &attempt.trial {
                    self.trials.forgo(trial).await;
                }
                return self.without_order(&attempt, no_order).await;
            }
        };
        let Order { subject, client, grant, content } = order;
        // The token's life is counted from before the request, so that a slow answer does not make it seem
        // longer.
        let asked_at = self.clock.now();
        let tries = attempt.trial.clone().map(|trial| trial as Arc<dyn Tries>);
        let answer = self.server.token(&subject, &client, grant, tries).await;
        let error = answer.as_ref().err().cloned();
        self.note_for_pauses(&attempt, place, error.as_ref());
        let outcome = self.conclude(&attempt, content, answer, asked_at).await;
        // A new token is stored by now, so nothing is lost when the store does not answer here.
        if let Some(trial) = &attempt.trial {
            self.trials.end(trial, error.as_ref()).await;
        }
        outcome
    }

    /// Stores what the server has answered.
    async fn conclude(
        &self,
        attempt: &Attempt<'_>,
        content: Content,
        answer: Result<TokenResponse, TokenError>,
        asked_at: OffsetDateTime,
    ) -> Result<RefreshOutcome, Failure> {
        match answer {
            Ok(response) => {
                let outcome = self.store_refreshed(attempt, content, response, asked_at).await?;
                if let RefreshOutcome::Failed(RefreshFailed::Away(_)) = outcome {
                    // The answer had no token of use, and what it had is stored.
                    let credential = &attempt.row.credential;
                    self.hold_off(credential, credential.version + 1, PAUSE).await?;
                }
                Ok(outcome)
            }
            Err(TokenError::Transient { retry_after, may_have_been_served, trouble, cause }) => {
                tracing::warn!(
                    provider = %attempt.provider.id, credential = %attempt.row.credential.id, %cause,
                    may_have_been_served, "a token was not refreshed"
                );
                let ended = if may_have_been_served { Ended::AnswerLost } else { Ended::Failed };
                let at_least =
                    if trouble == Trouble::Server { retry_after.max(Some(PAUSE)) } else { retry_after };
                self.away(attempt, at_least, ended).await
            }
            Err(TokenError::Limited { retry_after }) => {
                self.give_back(attempt, Duration::ZERO, Ended::NotTried).await?;
                Err(self.trials.destination_used_up(retry_after))
            }
            Err(error) => self.refused(attempt, &error).await,
        }
    }

    /// Notes what a call says about the server.
    fn note_for_pauses(&self, attempt: &Attempt<'_>, place: &str, error: Option<&TokenError>) {
        let Credential { organization, id, .. } = &attempt.row.credential;
        match error {
            None | Some(TokenError::Dead { .. } | TokenError::App { .. }) => self.pauses.answered(place),
            Some(TokenError::Transient { trouble: Trouble::Request, .. }) => self.pauses.answered(place),
            Some(TokenError::Transient { trouble: Trouble::Server, .. }) => {
                self.pauses.failed(place, organization, *id);
            }
            Some(TokenError::Transient { trouble: Trouble::None, .. })
            | Some(TokenError::Unbuildable(_) | TokenError::Limited { .. }) => {
                self.pauses.forgo(place, organization);
            }
        }
    }

    /// Ends an attempt that had no request to send.
    async fn without_order(
        &self,
        attempt: &Attempt<'_>,
        no_order: NoOrder,
    ) -> Result<RefreshOutcome, Failure> {
        match no_order {
            NoOrder::Problem(problem) => {
                let lives = !self.life_left(&attempt.row.credential).is_zero();
                if problem == RefreshProblem::NoRefreshToken && lives {
                    self.give_back(attempt, Duration::ZERO, Ended::NotTried).await?;
                    return Ok(RefreshOutcome::Nothing);
                }
                self.stuck(attempt, problem, APP_PAUSE).await
            }
            NoOrder::Failed(failure) => {
                let pause = match failure {
                    Failure::Unavailable { .. } => Duration::from_secs(1),
                    // A row that does not open now will not open in a second.
                    _ => BROKEN_PAUSE,
                };
                self.give_back(attempt, pause, Ended::Failed).await?;
                Err(failure)
            }
        }
    }

    /// Builds the request, or returns why there is none.
    async fn order(&self, attempt: &Attempt<'_>) -> Result<Order, NoOrder> {
        let credential = &attempt.row.credential;
        let server = attempt.provider.oauth.as_ref().ok_or(NoOrder::Failed(Failure::Internal))?;
        let job = (attempt.need.actor.clone(), attempt.need.origin.clone());
        let payload = self.sealing.open_for_job(&attempt.row, job).await?;
        let content = Content { config: credential.config.clone(), secret: payload, ..Content::default() };
        let subject = Subject {
            provider: attempt.provider.clone(),
            credential_type: credential.credential_type,
            content: content.duplicate(),
        };
        if credential.credential_type == CredentialType::ClientCredentials {
            let own = server.client_credentials.as_ref().ok_or(NoOrder::Failed(Failure::Internal))?;
            let secret = content.secret.get(&own.client_secret_field).map(SecretText::duplicate);
            let id = match credential.config.get(&own.client_id_field) {
                Some(ConfigValue::Text(id)) => id.clone(),
                _ => content
                    .secret
                    .get(&own.client_id_field)
                    .map_or_else(String::new, |id| id.expose().to_owned()),
            };
            let client = Client { id, secret };
            return Ok(Order { subject, client, grant: Grant::ClientCredentials, content });
        }
        let Some(refresh_token) = content.secret.get(REFRESH_TOKEN).map(SecretText::duplicate) else {
            return Err(NoOrder::Problem(RefreshProblem::NoRefreshToken));
        };
        let (organization, app) = (&credential.organization, credential.oauth_app);
        let found = self.clients.client_of(organization, app, server, &subject).await?;
        let client = found.ok_or(NoOrder::Problem(RefreshProblem::AppMissing))?;
        let redirect_uri =
            self.clients.redirect_uri(credential.provider.as_str(), credential.oauth_app).unwrap_or_default();
        let grant = Grant::Refresh { refresh_token, redirect_uri, send_before: attempt.send_before };
        Ok(Order { subject, client, grant, content })
    }

    /// Handles a refusal of the server. Before the grant is given up the row is read again, because another
    /// instance may have stored a new token.
    async fn refused(&self, attempt: &Attempt<'_>, error: &TokenError) -> Result<RefreshOutcome, Failure> {
        let credential = &attempt.row.credential;
        tracing::warn!(provider = %attempt.provider.id, credential = %credential.id, %error, "a refresh was refused");
        if matches!(error, TokenError::Dead { is_certain: false, .. }) && attempt.failures == 0 {
            return self.away(attempt, None, Ended::Failed).await;
        }
        let own = credential.credential_type == CredentialType::ClientCredentials;
        let problem = match error {
            TokenError::Dead { .. } | TokenError::App { .. } if own => RefreshProblem::ClientRefused,
            TokenError::Dead { .. } if attempt.interrupted => RefreshProblem::AnswerLost,
            TokenError::Dead { .. } => RefreshProblem::GrantRefused,
            _ => RefreshProblem::AppRefused,
        };
        if problem.needs_reauthorization() || own {
            let selector = Selector::Id(credential.id);
            let found = self.credentials.find_sealed(&credential.organization, &selector).await?;
            if found.is_none_or(|found| found.credential.version != credential.version) {
                return Ok(RefreshOutcome::Fresh);
            }
        }
        let again = attempt.failures > 5;
        let pause = if own {
            CLIENT_PAUSE
        } else if again {
            APP_PAUSE * 5
        } else {
            APP_PAUSE
        };
        self.stuck(attempt, problem, pause).await
    }

    /// Records why the credential does not refresh, and ends the attempt.
    async fn stuck(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        pause: Duration,
    ) -> Result<RefreshOutcome, Failure> {
        self.note(attempt, problem, Outcome::Denied).await?;
        self.give_back(attempt, pause, Ended::Failed).await?;
        Ok(RefreshOutcome::Stuck(problem))
    }

    /// Handles a provider that did not answer. Schedules the next attempt with backoff, at most 15 s from now
    /// when the token has ended and readers need one, unless the wait has to be longer. The grant is kept.
    async fn away(
        &self,
        attempt: &Attempt<'_>,
        at_least: Option<Duration>,
        ended: Ended,
    ) -> Result<RefreshOutcome, Failure> {
        let step = usize::try_from(attempt.failures).unwrap_or(usize::MAX).min(BACKOFF.len() - 1);
        let backoff = Duration::from_secs(BACKOFF.get(step).copied().unwrap_or(300));
        let left = self.life_left(&attempt.row.credential);
        let wait = backoff.mul_f64(0.75 + self.schedule.jitter() / 2.0).min(left.max(BACKOFF_IN_NEED));
        let wait = wait.max(at_least.unwrap_or_default());
        self.note(attempt, RefreshProblem::ProviderUnavailable, Outcome::Failed).await?;
        self.give_back(attempt, wait, ended).await?;
        Ok(away_for(wait))
    }

    /// How long a credential's token is still valid.
    fn life_left(&self, credential: &Credential) -> Duration {
        let now = self.clock.now();
        credential
            .validity()
            .map_or(Duration::ZERO, |validity| Duration::try_from(validity.ends_at - now).unwrap_or_default())
    }

    async fn note(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        outcome: Outcome,
    ) -> Result<(), Failure> {
        let mut changed = attempt.row.credential.clone();
        changed.take_problem(problem);
        let event = attempt
            .need
            .event(&changed, outcome)
            .detail("reason", problem.as_str())
            .detail("next_step", problem.next_step());
        let (organization, id, version) = (&changed.organization, changed.id, changed.version);
        self.leases.note_problem(organization, id, version, problem, event.into()).await?;
        Ok(())
    }

    async fn give_back(
        &self,
        attempt: &Attempt<'_>,
        pause: Duration,
        ended: Ended,
    ) -> Result<(), StoreError> {
        let credential = &attempt.row.credential;
        let (organization, id) = (&credential.organization, credential.id);
        self.leases.fail(organization, id, attempt.owner, pause, ended).await
    }
}

fn away_for(wait: Duration) -> RefreshOutcome {
    RefreshOutcome::Failed(RefreshFailed::Away(wait))
}

/// The outcome when it is too early for an attempt. When the last attempt found that a person has to act,
/// that still applies.
fn not_yet(credential: &Credential, wait: Duration) -> RefreshOutcome {
    match credential.status_reason.as_ref().and_then(StatusReason::problem) {
        None | Some(RefreshProblem::ProviderUnavailable) => away_for(wait),
        Some(problem) => RefreshOutcome::Stuck(problem),
    }
}
