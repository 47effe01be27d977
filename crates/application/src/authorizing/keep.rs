//! Keeps what a provider has granted until somebody completes its flow.

use std::time::Duration;

use strongroom_domain::audit::Origin;
use strongroom_domain::credential::FirstVersion;
use strongroom_domain::oauth::{Account, CallbackProblem, Digest, sha256};
use strongroom_domain::{
    Action, AuthorizationFlow, Content, Credential, CredentialStatus, CredentialType, Evidence, OauthAppId,
    Outcome, Sealed, SecretPayload,
};
use strongroom_repository::{GrantedFlow, SealedCredential, SealedFlow, StoreError, StoreResult};
use strongroom_vault::SealContext;
use time::OffsetDateTime;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Authorizing;
use super::callback::Received;
use super::events::flow_event;
use super::granted_content::GrantedContent;
use super::kept;
use crate::Failure;
use crate::ground::end_of_life;

/// How long a new grant is offered to a store that does not answer.
const WAIT_FOR_STORE: Duration = Duration::from_secs(10);
/// The pause between two offers to a store that does not answer.
pub(super) const RETRY_STORE: Duration = Duration::from_millis(250);

const BROKEN: fn(Failure) -> CallbackProblem = |_| CallbackProblem::Unavailable;

/// A grant that a provider has given, on its way into the store.
pub(crate) struct NewGrant {
    pub(crate) content: Content,
    pub(crate) account: Option<Account>,
    pub(crate) refresh_at: Option<OffsetDateTime>,
    pub(crate) narrowed: bool,
}

impl Authorizing {
    /// Stores the grant: a new credential as pending, a new payload of an old one beside the flow.
    pub(crate) async fn keep_grant(
        &self,
        row: &SealedFlow,
        current: Option<SealedCredential>,
        grant: NewGrant,
        state: Zeroizing<String>,
        brought_by: Digest,
        origin: &Origin,
    ) -> Result<Received, CallbackProblem> {
        let flow = &row.flow;
        let code = self.random_code().map_err(BROKEN)?;
        let mut event = flow_event(flow, origin, Action::AuthorizationGranted, Outcome::Success)
            .detail("account", compared(current.as_ref(), grant.account.as_ref()));
        if grant.narrowed {
            event = event.detail("scope", "narrowed");
        }
        let account = grant.account.clone();
        let (pending, mut beside, evidence) = match current {
            None => {
                let credential = self.pending_credential(flow, &grant);
                let secret = &grant.content.secret;
                let context = SealContext::of_credential(&credential);
                let sealed = self.seal_patiently(&context, secret).await?;
                let created = flow_event(flow, origin, Action::CredentialCreated, Outcome::Success)
                    .about(&credential)
                    .sealed_as(self.sealing.digest(&sealed))
                    .detail("credential_type", credential.credential_type.as_str())
                    .detail("status", credential.status.as_str());
                let row = SealedCredential { credential, sealed };
                (Some(row), SecretPayload::default(), Evidence::from(event).and(created))
            }
            Some(_) => {
                let (content, account) = (grant.content, account.clone());
                (None, GrantedContent { content, account }.into_payload(), event.into())
            }
        };
        kept::put(&mut beside, &code, brought_by);
        let completion_code = sha256(&code);
        let context = SealContext::of_flow(flow, Some(completion_code));
        let sealed = self.seal_patiently(&context, &beside).await?;
        let granted = GrantedFlow {
            organization: flow.organization.clone(),
            id: flow.id,
            completion_code,
            pending,
            sealed,
        };
        self.offer(&granted, evidence, &state).await?;
        Ok(self.answer(flow, account, state, code))
    }

    /// Seals what a provider has granted. The key may have to come from a store that is away for a moment.
    async fn seal_patiently(
        &self,
        context: &SealContext,
        payload: &SecretPayload,
    ) -> Result<Sealed, CallbackProblem> {
        let began = Instant::now();
        loop {
            match self.sealing.seal_in(context, payload).await {
                Err(Failure::Unavailable { .. }) if began.elapsed() < WAIT_FOR_STORE => {
                    tokio::time::sleep(RETRY_STORE).await;
                }
                sealed => return sealed.map_err(BROKEN),
            }
        }
    }

    /// Offers a grant to a store that may be away for a moment. The code is used up: what it brought is worth
    /// waiting for.
    async fn offer(
        &self,
        granted: &GrantedFlow,
        evidence: Evidence,
        state: &str,
    ) -> Result<(), CallbackProblem> {
        let began = Instant::now();
        loop {
            let error = match self.flows.grant(granted, self.per_provider, evidence.clone()).await {
                Ok(true) => return Ok(()),
                // An earlier offer may have been taken, and the answer to it lost.
                Ok(false) => match self.is_kept(granted, state).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => return Err(CallbackProblem::Over),
                    Err(error) => error,
                },
                Err(StoreError::QuotaExceeded) => return Err(CallbackProblem::QuotaExceeded),
                Err(error) => error,
            };
            if !matches!(error, StoreError::Unavailable(_)) || began.elapsed() >= WAIT_FOR_STORE {
                return Err(BROKEN(error.into()));
            }
            tokio::time::sleep(RETRY_STORE).await;
        }
    }

    async fn is_kept(&self, granted: &GrantedFlow, state: &str) -> StoreResult<bool> {
        let found = self.flows.find_granted(&sha256(state)).await?;
        Ok(found.is_some_and(|row| row.completion_code == Some(granted.completion_code)))
    }

    fn pending_credential(&self, flow: &AuthorizationFlow, grant: &NewGrant) -> Credential {
        let google = flow.credential_type == CredentialType::GoogleOauth;
        let email = grant.account.as_ref().and_then(|account| account.name.clone()).filter(|_| google);
        let first = Credential::first(FirstVersion {
            organization: flow.organization.clone(),
            id: flow.credential,
            provider: flow.provider.clone(),
            credential_type: flow.credential_type,
            name: flow.name.clone(),
            content: &grant.content,
            by: &flow.initiator.id,
            issuer: flow.initiator.actor.issuer().cloned(),
            at: self.clock.now(),
        });
        Credential {
            status: CredentialStatus::Pending,
            user_id: flow.initiator.user.clone(),
            google_email: email,
            expires_at: end_of_life(None, flow.credential_type, &grant.content),
            refresh_at: grant.refresh_at,
            oauth_app: Some(flow.app.unwrap_or(OauthAppId::OPERATOR)),
            account: grant.account.clone(),
            ..first
        }
    }
}

/// What the trail says of the account: its name is not for everyone who reads it.
fn compared(current: Option<&SealedCredential>, granted: Option<&Account>) -> &'static str {
    match (current.map(|row| row.credential.account.is_some()), granted) {
        (Some(true), Some(_)) => "the same",
        (Some(_), _) => "not compared",
        (None, Some(_)) => "named",
        (None, None) => "not named",
    }
}
