//! Completes an authorization: the person confirms on our page, or the principal that began it brings the
//! code.

use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::{Account, CallbackProblem, Completion, REFRESH_TOKEN, sha256};
use strongroom_domain::{
    Action, Actor, AuditEvent, AuthorizationFlow, Credential, CredentialStatus, CredentialType, Evidence,
    Integration, IntegrationId, OauthAppId, Outcome, Rule, Sealed, SecretText,
};
use strongroom_repository::{CompletedFlow, SealedCredential, SealedFlow, Selector, StoreError, StoreResult};
use tokio::time::Instant;

use super::Authorizing;
use super::callback::CallbackRefused;
use super::events::{flow_event, of_flow};
use super::granted_content::GrantedContent;
use super::keep::RETRY_STORE;
use crate::ground::{PATIENCE, Permitted, to};
use crate::{Caller, Conflict, Failure};

/// What a person answers on the page.
#[derive(Debug)]
pub struct ConfirmAuthorization {
    /// The provider in the path.
    pub provider: String,
    /// Names the flow.
    pub state: SecretText,
    /// The one-time token of the page.
    pub token: SecretText,
    /// Whether it is theirs; else what was granted is thrown away.
    pub connect: bool,
    /// The `Origin` of the request.
    pub page_origin: Option<String>,
    /// The request.
    pub origin: Origin,
}

/// What a principal presents that began a flow.
#[derive(Debug)]
pub struct CompleteAuthorization {
    /// The state that it was given.
    pub state: SecretText,
    /// The code that the browser brought back.
    pub completion_code: SecretText,
    /// The end user for whom a service account asked.
    pub subject: Option<String>,
}

/// A flow that a person has ended.
#[derive(Debug)]
pub struct Confirmed {
    /// The credential that is usable now; `None` when the person said that it was not theirs.
    pub credential: Option<Credential>,
    /// Where the browser goes; our own page when absent.
    pub redirect: Option<String>,
}

impl Authorizing {
    /// Ends a flow by the word of the person who granted.
    ///
    /// # Errors
    /// [`CallbackRefused`]; nothing is usable then.
    pub async fn confirm(&self, asked: ConfirmAuthorization) -> Result<Confirmed, CallbackRefused> {
        let refuse = |problem| CallbackRefused { problem, redirect: None };
        let own = self.settings.origin();
        if own.is_none() || asked.page_origin != own {
            return Err(refuse(CallbackProblem::ForeignPage));
        }
        let state = asked.state.expose();
        let row = self.waiting(state).await.map_err(|_| refuse(CallbackProblem::Unavailable))?;
        let row = row.filter(|row| {
            row.flow.completion == Completion::Confirm
                && asked.provider.eq_ignore_ascii_case(row.flow.provider.as_str())
                && self.is_completed_by(row, asked.token.expose())
        });
        let row = row.ok_or_else(|| refuse(CallbackProblem::UnknownState))?;
        let target = self.target_of(&row.flow);
        if !asked.connect {
            self.disown(&row, &asked.origin).await.map_err(|_| refuse(CallbackProblem::Unavailable))?;
            let redirect = target.map(|target| {
                target.with(&[("status", "failed"), ("error", CallbackProblem::Disowned.as_str())])
            });
            return Ok(Confirmed { credential: None, redirect });
        }
        let event = flow_event(&row.flow, &asked.origin, Action::AuthorizationCompleted, Outcome::Success);
        let credential = self.finish(&row, event, None).await.map_err(|failure| match failure {
            Failure::Unavailable { .. } | Failure::Internal => refuse(CallbackProblem::Unavailable),
            Failure::Conflict(_) => refuse(CallbackProblem::CredentialChanged),
            _ => refuse(CallbackProblem::CredentialGone),
        })?;
        let id = credential.id.to_string();
        let status = credential.status.as_str();
        let redirect = target.map(|target| target.with(&[("credential_id", &id), ("status", status)]));
        Ok(Confirmed { credential: Some(credential), redirect })
    }

    /// Ends a flow by the word of the principal that began it.
    ///
    /// # Errors
    /// `Invalid` on `state` for a flow that is unknown, over or another organisation's, on `completion_code`
    /// for another code, on `subject` for another end user; `Forbidden` for a flow that another principal
    /// began; all of them end nothing. `Conflict(CredentialChanged)` when somebody has edited the credential
    /// that is authorised again.
    pub async fn complete(
        &self,
        caller: &Permitted<to::AuthorizeCredential>,
        asked: CompleteAuthorization,
    ) -> Result<Credential, Failure> {
        let invalid = |field: &str, rule| Failure::invalid(Rule::fixed(rule).on(field));
        let row = self.waiting(asked.state.expose()).await?;
        let bound = |row: &SealedFlow| {
            row.flow.completion == Completion::Bound && row.flow.organization == *caller.organization()
        };
        let row = row.filter(bound).ok_or_else(|| {
            invalid("state", "must be that of an authorisation which waits for its completion")
        })?;
        if !self.has_begun(&row, caller) {
            return Err(self.gate.deny(caller));
        }
        if row.flow.initiator.subject != asked.subject.as_deref().map(sha256) {
            return Err(invalid("subject", "must be the one with which the authorisation was begun"));
        }
        if !self.is_completed_by(&row, asked.completion_code.expose()) {
            return Err(invalid("completion_code", "must be the one that came back with this authorisation"));
        }
        let event = caller.event(Action::AuthorizationCompleted, Outcome::Success);
        self.finish(&row, of_flow(event, &row.flow), Some(caller)).await
    }

    /// Whether the caller is the principal that began a flow. Builds that sealed in an older format did not
    /// keep its issuer.
    fn has_begun(&self, row: &SealedFlow, caller: &Caller) -> bool {
        let begun_by = &row.flow.initiator.actor;
        match self.sealing.is_current(&row.sealed) {
            true => *begun_by == caller.actor,
            false => begun_by.as_str() == caller.actor.as_str(),
        }
    }

    async fn waiting(&self, state: &str) -> Result<Option<SealedFlow>, Failure> {
        Ok(self.flows.find_granted(&sha256(state)).await?)
    }

    fn is_completed_by(&self, row: &SealedFlow, code: &str) -> bool {
        let expected = row.completion_code.as_ref();
        expected.is_some_and(|expected| self.purpose_keys.equal(expected, &sha256(code)))
    }

    /// Makes the credential usable. Tries again when the credential was refreshed meanwhile, and for two
    /// seconds when the store does not answer, because the store may have done the work. A caller is judged
    /// again before each further attempt.
    async fn finish(
        &self,
        row: &SealedFlow,
        event: AuditEvent,
        caller: Option<&Permitted<to::AuthorizeCredential>>,
    ) -> Result<Credential, Failure> {
        let flow = &row.flow;
        let began = Instant::now();
        // What a completion would write whose answer was lost: nothing yet says whether it was carried out.
        let mut unanswered: Option<Credential> = None;
        let mut again = false;
        loop {
            let selector = Selector::Id(flow.credential);
            let current = match self.credentials.find_sealed(&flow.organization, &selector).await {
                Err(StoreError::Unavailable(_)) if unanswered.is_some() && began.elapsed() < PATIENCE => {
                    tokio::time::sleep(RETRY_STORE).await;
                    continue;
                }
                found => found?.ok_or_else(gone)?,
            };
            if is_written(unanswered.as_ref(), &current.credential) {
                return Ok(current.credential);
            }
            match caller {
                Some(caller) if again => drop(self.gate.judge_again(caller).await?),
                _ => again = true,
            }
            let completed = self.completed_credential(row, &current).await?;
            let (changed, sealed) = (completed.credential, completed.sealed);
            let event = match completed.refresh_token {
                Some(fate) => event.clone().detail("refresh_token", fate),
                None => event.clone(),
            };
            let current = current.credential;
            let written = self.write(row, &event, &current, &changed, &sealed).await;
            match written {
                Ok(true) => return Ok(changed),
                Ok(false) => {}
                Err(StoreError::Unavailable(_)) if began.elapsed() < PATIENCE => {
                    unanswered = Some(changed);
                    tokio::time::sleep(RETRY_STORE).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            let moved = self.credentials.find(&flow.organization, flow.credential).await?.ok_or_else(gone)?;
            if is_written(unanswered.as_ref(), &moved) {
                return Ok(moved);
            }
            if (moved.version, moved.revision) == (current.version, current.revision) {
                return Err(gone());
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::unavailable());
            }
        }
    }

    /// Stores `changed` in the place of `current` and ends the flow.
    async fn write(
        &self,
        row: &SealedFlow,
        event: &AuditEvent,
        current: &Credential,
        changed: &Credential,
        sealed: &Sealed,
    ) -> StoreResult<bool> {
        let flow = &row.flow;
        let Some(completion_code) = row.completion_code else { return Ok(false) };
        let (integration, connected) = self.connection_of(flow, changed, event);
        let completed = CompletedFlow {
            organization: flow.organization.clone(),
            id: flow.id,
            completion_code,
            credential: changed.clone(),
            sealed: sealed.clone(),
            expected_version: current.version,
            expected_revision: current.revision,
            integration,
        };
        let evidence = self.evidence_of(flow, event, changed, sealed);
        self.flows.complete(&completed, evidence, connected).await
    }

    /// The credential as the grant makes it, sealed as one that may be handed out. The flow must still be
    /// the one that was begun: what is sealed beside it opens only then.
    async fn completed_credential(
        &self,
        row: &SealedFlow,
        current: &SealedCredential,
    ) -> Result<Completed, Failure> {
        let kept = self.sealing.open_flow(row).await?;
        let (flow, credential) = (&row.flow, &current.credential);
        let fits =
            (&flow.provider, flow.credential_type) == (&credential.provider, credential.credential_type);
        if !fits || !self.sealing.may_end_on(&row.sealed, &current.sealed) {
            return Err(Failure::Conflict(Conflict::CredentialChanged));
        }
        let Some(revision) = row.flow.reauthorizes else { return self.released(current).await };
        // Somebody has edited it since the flow began.
        if revision != current.credential.revision {
            return Err(Failure::Conflict(Conflict::CredentialChanged));
        }
        let granted = GrantedContent::from_payload(&kept).ok_or(Failure::Internal)?;
        self.authorized_again(&row.flow, current, granted).await
    }

    /// A new credential that waited for its completion.
    async fn released(&self, current: &SealedCredential) -> Result<Completed, Failure> {
        if current.credential.status != CredentialStatus::Pending {
            return Err(Failure::Conflict(Conflict::CredentialChanged));
        }
        let job = (Actor::system("authorization"), Origin::default());
        let secret = self.sealing.open_for_job(current, job).await?;
        let mut changed = current.credential.clone();
        changed.status = CredentialStatus::Validated;
        changed.status_reason = None;
        // An edit that was begun while it waited must not make it wait again.
        changed.revision += 1;
        let sealed = self.sealing.seal(&changed, &secret).await?;
        Ok(Completed { credential: changed, sealed, refresh_token: None })
    }

    /// A credential that existed before, with what was granted now.
    async fn authorized_again(
        &self,
        flow: &AuthorizationFlow,
        current: &SealedCredential,
        mut granted: GrantedContent,
    ) -> Result<Completed, Failure> {
        let now = self.clock.now();
        let refresh_token = self.keep_refresh_token(flow, current, &mut granted).await?;
        let mut changed = current.credential.clone();
        changed.take_new_content();
        changed.status = CredentialStatus::Validated;
        changed.status_reason = None;
        changed.name = flow.name.clone();
        changed.config = granted.content.config.clone();
        changed.access_token_expires_at = granted.content.access_token_expires_at;
        changed.grant_expires_at = granted.content.grant_expires_at;
        changed.expires_at = crate::ground::end_of_life(None, flow.credential_type, &granted.content);
        changed.oauth_app = Some(flow.app.unwrap_or(OauthAppId::OPERATOR));
        changed.refreshed_at = Some(now);
        let google = flow.credential_type == CredentialType::GoogleOauth;
        changed.google_email =
            granted.account.as_ref().and_then(|account| account.name.clone()).filter(|_| google);
        changed.account = granted.account;
        changed.revision += 1;
        changed.updated_at = now;
        changed.modified_by.clone_from(&flow.initiator.id);
        let refreshable = granted.content.secret.get(REFRESH_TOKEN).is_some();
        changed.refresh_at = self.schedule.next_refresh(&changed, refreshable);
        let sealed = self.sealing.seal(&changed, &granted.content.secret).await?;
        Ok(Completed { credential: changed, sealed, refresh_token })
    }

    /// Keeps the refresh token that the credential has when the provider has granted without a new one, as
    /// some do when the person has granted before. It is kept only when it is of the same app and the same
    /// account. Returns what became of it, for the audit trail.
    async fn keep_refresh_token(
        &self,
        flow: &AuthorizationFlow,
        current: &SealedCredential,
        granted: &mut GrantedContent,
    ) -> Result<Option<&'static str>, Failure> {
        if granted.content.secret.get(REFRESH_TOKEN).is_some() {
            return Ok(None);
        }
        let job = (Actor::system("authorization"), Origin::default());
        let mut known = self.sealing.open_for_job(current, job).await?;
        let Some(token) = known.remove(REFRESH_TOKEN) else { return Ok(None) };
        let credential = &current.credential;
        let is_same_app = credential.oauth_app == Some(flow.app.unwrap_or(OauthAppId::OPERATOR));
        let id = |account: &Option<Account>| account.as_ref().map(|account| account.id.clone());
        let is_same_account =
            id(&granted.account).is_some() && id(&granted.account) == id(&credential.account);
        if !is_same_app || !is_same_account {
            tracing::warn!(
                credential = %credential.id,
                "a credential was authorised again without a refresh token, and the old one may be of another account"
            );
            return Ok(Some("dropped: not known to be of the same app and account"));
        }
        granted.content.secret.insert(REFRESH_TOKEN, token);
        granted.content.grant_expires_at = credential.grant_expires_at;
        Ok(Some("kept: the provider gave no new one"))
    }

    fn connection_of(
        &self,
        flow: &AuthorizationFlow,
        credential: &Credential,
        event: &AuditEvent,
    ) -> (Option<Integration>, Option<AuditEvent>) {
        let Some(connects) = flow.connects else { return (None, None) };
        let integration = Integration {
            organization: flow.organization.clone(),
            id: IntegrationId(connects.0),
            provider: flow.provider.clone(),
            connected_by: flow.initiator.id.clone(),
            issuer: flow.initiator.actor.issuer().cloned(),
            connected_at: self.clock.now(),
        };
        let connected = AuditEvent::new(
            flow.organization.clone(),
            Action::IntegrationConnected,
            Outcome::Success,
            event.actor.clone(),
            event.origin.clone(),
        );
        let connected = connected.about(credential).targeting(integration.id.to_string());
        (Some(integration), Some(connected))
    }

    /// The event of the completion. A credential that was authorised again has a second one, since its
    /// content is another one.
    fn evidence_of(
        &self,
        flow: &AuthorizationFlow,
        event: &AuditEvent,
        credential: &Credential,
        sealed: &Sealed,
    ) -> Evidence {
        let digest = self.sealing.digest(sealed);
        let mut completed = event.clone();
        completed.version = Some(credential.version);
        if flow.reauthorizes.is_none() {
            return completed.sealed_as(digest).into();
        }
        let updated = AuditEvent::new(
            flow.organization.clone(),
            Action::CredentialUpdated,
            Outcome::Success,
            event.actor.clone(),
            event.origin.clone(),
        );
        let updated = updated.about(credential).sealed_as(digest).detail("changed", "credentials");
        Evidence::from(completed).and(updated)
    }

    /// Throws away what a person did not ask for. Nobody has the tokens then. They are not revoked: at some
    /// providers that ends every grant of the person to the same app, those that are somebody's among them.
    async fn disown(&self, row: &SealedFlow, origin: &Origin) -> Result<(), Failure> {
        let flow = &row.flow;
        let event = flow_event(flow, origin, Action::AuthorizationFailed, Outcome::Denied)
            .detail("reason", CallbackProblem::Disowned.as_str());
        self.flows.abandon(&flow.organization, flow.id, event.into()).await?;
        Ok(())
    }
}

fn gone() -> Failure {
    let rule = Rule::fixed("must be that of an authorisation which waits for its completion");
    Failure::invalid(rule.on("state"))
}

/// A credential as its completion makes it.
struct Completed {
    credential: Credential,
    sealed: Sealed,
    /// What became of the refresh token that it had, when the provider gave no new one.
    refresh_token: Option<&'static str>,
}

/// Whether the credential is the one that a completion was to write. Another writer would have left another
/// app, version, revision or status: one that edits takes the app away, one that refreshes takes a version.
fn is_written(expected: Option<&Credential>, found: &Credential) -> bool {
    let mark = |one: &Credential| (one.version, one.revision, one.status, one.oauth_app);
    expected.is_some_and(|expected| mark(expected) == mark(found))
}
