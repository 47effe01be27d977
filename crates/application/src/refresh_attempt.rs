//! One refresh: lease, attempt on record, one request, commit, and only then anybody sees the token.
//!
//! Each step leaves the store in a state from which any instance can go on: a lease that runs out, an attempt that is
//! on record, or the new version. A late answer is stored whenever nobody has stored another one meanwhile.

use std::sync::Arc;
use std::time::Duration;

use strongroom_authorization_server::{Client, Grant, Subject, TokenError};
use strongroom_domain::oauth::{Granted, LEASE, REFRESH_TOKEN};
use strongroom_domain::{
    Content, Credential, CredentialId, CredentialStatus, CredentialType, OauthServer, OrganizationId,
    Outcome, Provider, RefreshProblem, SecretText, TokenResponse,
};
use strongroom_repository::{Lease, SealedCredential, Selector, StoreError};
use tokio::time::Instant;
use uuid::Uuid;

use crate::refresh_credential::RefreshNeed;
use crate::refresh_flights::RefreshOutcome;
use crate::{Application, Failure};

/// How long a refresh waits for one that another instance holds the lease of.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(12);
/// How long new tokens are offered to a store that does not answer. They exist nowhere else.
const WAIT_FOR_STORE: Duration = Duration::from_secs(60);
/// How long to wait after an attempt that failed: the last entry for all that follow.
const BACKOFF: [u64; 9] = [1, 2, 4, 8, 15, 30, 60, 120, 300];
/// The most of it while readers have no valid token.
const BACKOFF_IN_NEED: Duration = Duration::from_secs(15);
/// How long an app that is not set up right is left alone.
const APP_PAUSE: Duration = Duration::from_secs(60);
/// How long client credentials that were refused are left alone; new content is tried at once.
const CLIENT_PAUSE: Duration = Duration::from_secs(3_600);

/// An attempt under a lease.
struct Attempt<'a> {
    need: &'a RefreshNeed,
    row: SealedCredential,
    provider: Arc<Provider>,
    owner: Uuid,
    failures: u32,
    interrupted: bool,
}

/// What an attempt sends.
struct Order {
    subject: Subject,
    client: Client,
    grant: Grant,
    content: Content,
}

impl Application {
    /// Refreshes until the credential is fresh enough for `need`, by this instance or another.
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
                Ok(Some(outcome)) => return outcome,
                Ok(None) if began.elapsed() > WAIT_FOR_OTHERS => {
                    return RefreshOutcome::Away(Duration::from_secs(1));
                }
                // Another instance is at it.
                Ok(None) => tokio::time::sleep(pause.mul_f64(0.5 + self.jitter())).await,
                Err(Failure::Unavailable { .. }) => return RefreshOutcome::StoreAway,
                Err(_) => return RefreshOutcome::Broken,
            }
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// `None` when another instance holds the lease, or the row has just moved.
    async fn try_refresh(
        &self,
        organization: &OrganizationId,
        id: CredentialId,
        need: &RefreshNeed,
    ) -> Result<Option<RefreshOutcome>, Failure> {
        let found = self.ports.credentials.find_sealed(organization, &Selector::Id(id)).await?;
        let Some(row) = found else { return Ok(Some(RefreshOutcome::Fresh)) };
        let alive =
            !matches!(row.credential.status, CredentialStatus::Pending | CredentialStatus::NeedsReauth);
        if !alive || !need.is_due(&row.credential, self.ports.clock.now()) {
            return Ok(Some(RefreshOutcome::Fresh));
        }
        let provider = self.provider_of(&row.credential)?;
        let Some(server) = &provider.oauth else {
            return self
                .put_off(&row, need, Duration::from_secs(300))
                .await
                .map(|()| Some(RefreshOutcome::Nothing));
        };
        let place = place_of(&row.credential, server);
        if let Err(wait) = self.provider_pauses.enter(&place) {
            self.put_off(&row, need, wait).await?;
            return Ok(Some(RefreshOutcome::Away(wait)));
        }
        let owner = self.ports.ids.next();
        let version = row.credential.version;
        let lease = self.ports.refresh_leases.acquire(organization, id, version, owner, LEASE).await;
        let (failures, interrupted) = match lease {
            Ok(Lease::Acquired { failures, interrupted }) => (failures, interrupted),
            other => {
                // Nobody is asked, so that whoever comes next may.
                self.provider_pauses.forgo(&place);
                return match other? {
                    Lease::NotYet(wait) => Ok(Some(RefreshOutcome::Away(wait))),
                    Lease::Held | Lease::Moved | Lease::Acquired { .. } => Ok(None),
                };
            }
        };
        let attempt = Attempt { need, row, provider: provider.clone(), owner, failures, interrupted };
        self.attempt(attempt, &place).await.map(Some)
    }

    /// Moves a scheduled refresh that cannot be made now behind the others that are due.
    async fn put_off(
        &self,
        row: &SealedCredential,
        need: &RefreshNeed,
        wait: Duration,
    ) -> Result<(), Failure> {
        if !need.scheduled {
            return Ok(());
        }
        let (credential, owner) = (&row.credential, self.ports.ids.next());
        let (organization, id) = (&credential.organization, credential.id);
        let leases = &self.ports.refresh_leases;
        if let Lease::Acquired { .. } =
            leases.acquire(organization, id, credential.version, owner, LEASE).await?
        {
            leases.fail(organization, id, owner, wait.mul_f64(1.0 + self.jitter() * 4.0)).await?;
        }
        Ok(())
    }

    async fn attempt(&self, attempt: Attempt<'_>, place: &str) -> Result<RefreshOutcome, Failure> {
        let order = match self.order(&attempt).await {
            Ok(Ok(order)) => order,
            Ok(Err(problem)) => {
                self.provider_pauses.forgo(place);
                let now = self.ports.clock.now();
                let lives = attempt.row.credential.validity().is_some_and(|validity| validity.is_valid(now));
                if problem == RefreshProblem::NoRefreshToken && lives {
                    self.give_back(&attempt, Duration::ZERO).await?;
                    return Ok(RefreshOutcome::Nothing);
                }
                return self.stuck(&attempt, problem, APP_PAUSE).await;
            }
            Err(failure) => {
                self.provider_pauses.forgo(place);
                self.give_back(&attempt, Duration::from_secs(1)).await?;
                return Err(failure);
            }
        };
        let Order { subject, client, grant, content } = order;
        match self.ports.authorization_server.token(&subject, &client, grant).await {
            Ok(response) => {
                self.provider_pauses.answered(place);
                self.store_refreshed(&attempt, content, response).await
            }
            Err(TokenError::Transient { retry_after, may_have_been_served, cause }) => {
                self.provider_pauses.failed(place.to_owned());
                tracing::warn!(
                    provider = %attempt.provider.id, credential = %attempt.row.credential.id, %cause,
                    may_have_been_served, "a token was not refreshed"
                );
                self.away(&attempt, retry_after).await
            }
            Err(error) => {
                self.provider_pauses.answered(place);
                self.refused(&attempt, &error).await
            }
        }
    }

    /// What to send, or why there is nothing.
    async fn order(&self, attempt: &Attempt<'_>) -> Result<Result<Order, RefreshProblem>, Failure> {
        let credential = &attempt.row.credential;
        let server = attempt.provider.oauth.as_ref().ok_or(Failure::Internal)?;
        let job = (attempt.need.actor.clone(), attempt.need.origin.clone());
        let payload = self.open_for_job(&attempt.row, job).await?;
        let content =
            Content { config: credential.config.clone(), secret: payload, access_token_expires_at: None };
        let subject = Subject {
            provider: attempt.provider.clone(),
            credential_type: credential.credential_type,
            content: content.duplicate(),
        };
        if credential.credential_type == CredentialType::ClientCredentials {
            let own = server.client_credentials.as_ref().ok_or(Failure::Internal)?;
            let secret = content.secret.get(&own.client_secret_field).map(SecretText::duplicate);
            let id = match credential.config.get(&own.client_id_field) {
                Some(strongroom_domain::ConfigValue::Text(id)) => id.clone(),
                _ => content
                    .secret
                    .get(&own.client_id_field)
                    .map_or_else(String::new, |id| id.expose().to_owned()),
            };
            let client = Client { id, secret };
            return Ok(Ok(Order { subject, client, grant: Grant::ClientCredentials, content }));
        }
        let Some(refresh_token) = content.secret.get(REFRESH_TOKEN).map(SecretText::duplicate) else {
            return Ok(Err(RefreshProblem::NoRefreshToken));
        };
        let found = self.client_of(&credential.organization, credential.oauth_app, server).await?;
        let Some(client) = found else { return Ok(Err(RefreshProblem::AppMissing)) };
        let redirect_uri =
            self.redirect_uri(credential.provider.as_str(), credential.oauth_app).unwrap_or_default();
        Ok(Ok(Order { subject, client, grant: Grant::Refresh { refresh_token, redirect_uri }, content }))
    }

    /// Commits new tokens before anybody sees them, and does not give up while the store is away: the old refresh
    /// token may be worth nothing by now.
    async fn store_refreshed(
        &self,
        attempt: &Attempt<'_>,
        content: Content,
        mut response: TokenResponse,
    ) -> Result<RefreshOutcome, Failure> {
        let current = &attempt.row.credential;
        let kind = current.credential_type;
        let dropped = attempt.provider.drop_unfit(kind, &mut response);
        if !dropped.is_empty() {
            tracing::warn!(credential = %current.id, ?dropped, "what came with a refreshed token does not fit");
        }
        let requested = match current.config.get("scope") {
            Some(strongroom_domain::ConfigValue::Text(scope)) => scope.clone(),
            _ => String::new(),
        };
        let now = self.ports.clock.now();
        let granted = attempt.provider.take_grant(kind, content, response, &requested, (now, self.jitter()));
        let Ok(Granted { content, refresh_at, .. }) = granted else {
            tracing::error!(credential = %current.id, "a refreshed token does not fit its provider file");
            return self.away(attempt, None).await;
        };
        let mut refreshed = current.clone();
        refreshed.take_refresh(&content, refresh_at, now);
        let began = Instant::now();
        loop {
            match self.commit(attempt, &refreshed, &content).await {
                Ok(true) => return Ok(RefreshOutcome::Fresh),
                Ok(false) => {
                    tracing::info!(credential = %current.id, "a late answer gives way to what was stored meanwhile");
                    return Ok(RefreshOutcome::Fresh);
                }
                Err(Failure::Unavailable { .. }) if began.elapsed() < WAIT_FOR_STORE => {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                Err(failure) => {
                    tracing::error!(credential = %current.id, "a refreshed token could not be stored and is lost");
                    return Err(failure);
                }
            }
        }
    }

    async fn commit(
        &self,
        attempt: &Attempt<'_>,
        refreshed: &Credential,
        content: &Content,
    ) -> Result<bool, Failure> {
        let sealed = self.seal(refreshed, &content.secret).await?;
        let event = attempt
            .need
            .event(refreshed, Outcome::Success)
            .sealed_as(self.ports.vault.envelope_digest(&sealed));
        let version = attempt.row.credential.version;
        let leases = &self.ports.refresh_leases;
        Ok(leases.store(refreshed, &sealed, version, attempt.owner, event.into()).await?)
    }

    /// The server refuses. Before the grant is given up the row is read again: whoever was faster has the token.
    async fn refused(&self, attempt: &Attempt<'_>, error: &TokenError) -> Result<RefreshOutcome, Failure> {
        let credential = &attempt.row.credential;
        tracing::warn!(provider = %attempt.provider.id, credential = %credential.id, %error, "a refresh was refused");
        let own = credential.credential_type == CredentialType::ClientCredentials;
        let problem = match error {
            TokenError::Dead { .. } | TokenError::App { .. } if own => RefreshProblem::ClientRefused,
            TokenError::Dead { .. } if attempt.interrupted => RefreshProblem::AnswerLost,
            TokenError::Dead { .. } => RefreshProblem::GrantRefused,
            _ => RefreshProblem::AppRefused,
        };
        if problem.needs_reauthorization() || own {
            let selector = Selector::Id(credential.id);
            let found = self.ports.credentials.find_sealed(&credential.organization, &selector).await?;
            if found.is_none_or(|found| found.credential.version != credential.version) {
                return Ok(RefreshOutcome::Fresh);
            }
        }
        self.stuck(attempt, problem, if own { CLIENT_PAUSE } else { APP_PAUSE }).await
    }

    /// Writes why it does not refresh, and ends the attempt.
    async fn stuck(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        pause: Duration,
    ) -> Result<RefreshOutcome, Failure> {
        self.note(attempt, problem, Outcome::Denied).await?;
        self.give_back(attempt, pause).await?;
        Ok(RefreshOutcome::Stuck(problem))
    }

    /// Nobody has answered: the grant lives, and the next attempt waits.
    async fn away(
        &self,
        attempt: &Attempt<'_>,
        retry_after: Option<Duration>,
    ) -> Result<RefreshOutcome, Failure> {
        let step = usize::try_from(attempt.failures).unwrap_or(usize::MAX).min(BACKOFF.len() - 1);
        let backoff = Duration::from_secs(BACKOFF.get(step).copied().unwrap_or(300));
        let now = self.ports.clock.now();
        let in_need = !attempt.row.credential.validity().is_some_and(|validity| validity.is_valid(now));
        let backoff = if in_need { backoff.min(BACKOFF_IN_NEED) } else { backoff };
        let wait = backoff.mul_f64(0.75 + self.jitter() / 2.0).max(retry_after.unwrap_or_default());
        self.note(attempt, RefreshProblem::ProviderUnavailable, Outcome::Failed).await?;
        self.give_back(attempt, wait).await?;
        Ok(RefreshOutcome::Away(wait))
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
        let told = (changed.status, problem);
        self.ports.refresh_leases.note_problem(organization, id, version, told, event.into()).await?;
        Ok(())
    }

    async fn give_back(&self, attempt: &Attempt<'_>, pause: Duration) -> Result<(), StoreError> {
        let credential = &attempt.row.credential;
        let (organization, id) = (&credential.organization, credential.id);
        self.ports.refresh_leases.fail(organization, id, attempt.owner, pause).await
    }
}

/// Where a credential's tokens come from, as far as its fields decide that.
fn place_of(credential: &Credential, server: &OauthServer) -> String {
    let fields = server.inputs.iter().filter_map(|name| match credential.config.get(name) {
        Some(strongroom_domain::ConfigValue::Text(text)) => Some(text.as_str()),
        _ => None,
    });
    fields.fold(credential.provider.as_str().to_owned(), |place, field| place + "\n" + field)
}
