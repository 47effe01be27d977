//! Begins an authorization: makes the URL to which a person is sent, and stores the flow.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_authorization_server::{AuthorizationRequest, Subject};
use strongroom_domain::oauth::{
    Completion, Connects, FlowId, Initiator, RedirectTarget, pkce_challenge, sha256,
};
use strongroom_domain::{
    Action, AuthorizationFlow, ConfigValue, Content, Credential, CredentialId, CredentialName, Json,
    OauthServer, Outcome, Principal, Provider, PublicConfig, Rule, SecretPayload, SecretText, Submission,
};
use strongroom_repository::{FlowLimits, SealedFlow, StoreError};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Authorizing;
use super::events::of_flow;
use crate::ground::{Permitted, to};
use crate::{Caller, Conflict, Failure};

/// The most flows of one organisation that may be under way.
const FLOWS_PER_ORGANIZATION: u32 = 1_000;
/// The most flows of one person that may be under way, so that nobody uses up those of the organisation.
const FLOWS_PER_USER: u32 = 250;
/// The most flows of one service account, which may begin them for the organisation's own customers.
const FLOWS_PER_SERVICE: u32 = 750;

/// The field of a flow's payload that holds the PKCE verifier.
pub(crate) const VERIFIER: &str = "verifier";

/// The authorization to begin.
#[derive(Debug, Default)]
pub struct BeginAuthorization {
    /// The provider's id, in any case.
    pub provider: String,
    /// Where the person is sent afterwards.
    pub redirect_to: Option<String>,
    /// A name for the credential; the provider's when absent.
    pub name: Option<CredentialName>,
    /// Scopes to ask for instead of the provider file's, separated by spaces.
    pub scope: Option<String>,
    /// The credential to authorise again.
    pub credential_id: Option<CredentialId>,
    /// The end user for whom a service account asks: 1 to 256 characters that only the service account
    /// interprets.
    pub subject: Option<String>,
    /// Public fields that the provider file asks for, such as a tenant.
    pub inputs: Submission,
}

/// An authorization that has begun.
#[derive(Debug)]
pub struct BegunAuthorization {
    /// The URL to which the person is sent. It contains the state.
    pub authorization_url: SecretText,
    /// 256 random bits that come back with the code.
    pub state: SecretText,
    /// When the flow ends.
    pub expires_at: OffsetDateTime,
}

impl Authorizing {
    /// Begins an authorization.
    ///
    /// # Errors
    /// `Invalid` for a provider without an authorization server or an app, for a place to which people may
    /// not be sent, and for fields that are missing or wrong; `NotFound` for a credential that the caller
    /// does not reach; `Limited` when 1,000 flows of the organisation are under way, 250 of the person or 750
    /// of the service account.
    pub async fn begin(
        &self,
        caller: &Permitted<to::AuthorizeCredential>,
        asked: BeginAuthorization,
    ) -> Result<BegunAuthorization, Failure> {
        self.begin_flow(caller, asked, None).await
    }

    /// Begins an authorization, like [`Self::begin`]. When `connects` is set, the completed flow also makes a
    /// connection.
    pub(crate) async fn begin_flow(
        &self,
        caller: &Permitted<to::AuthorizeCredential>,
        asked: BeginAuthorization,
        connects: Option<Connects>,
    ) -> Result<BegunAuthorization, Failure> {
        let provider = self.clients.oauth_provider(&asked.provider)?;
        let server = provider.oauth.as_ref().ok_or(Failure::Internal)?;
        let again = self.credential_to_authorize(caller, &provider, server, asked.credential_id).await?;
        let found = self.clients.client_for(caller.organization(), server).await?;
        let completion = self.settings.completion;
        let initiator = initiator(caller, asked.subject.as_deref(), completion)?;
        let redirect_to = asked.redirect_to.as_deref().map(|text| self.admit_redirect(text)).transpose()?;
        let config = match &again {
            Some(credential) => kept_config(credential, &asked.inputs)?,
            None => provider.accept_inputs(server, asked.inputs).map_err(Failure::Invalid)?,
        };
        let content = Content { config: config.clone(), ..Content::default() };
        let subject =
            Subject { provider: provider.clone(), credential_type: server.credential_type, content };
        self.clients.check_instance(&found, server, &subject)?;
        let redirect_uri = self.clients.redirect_uri(provider.id.as_str(), found.app)?;
        let (state, verifier) = (self.random_code()?, self.random_code()?);
        let request = AuthorizationRequest {
            client_id: &found.client.id,
            redirect_uri: &redirect_uri,
            scope: asked.scope.as_deref(),
            state: &state,
            code_challenge: &pkce_challenge(&verifier),
        };
        let place = self.server.authorization_url(&subject, &request);
        let place = place.map_err(Failure::invalid)?;
        let now = self.clock.now();
        let flow = AuthorizationFlow {
            organization: caller.organization().clone(),
            id: FlowId(self.ids.next()),
            state: sha256(&state),
            provider: provider.id.clone(),
            credential_type: server.credential_type,
            app: found.app,
            initiator,
            redirect_uri,
            redirect_to: redirect_to.map(|target| target.as_str().to_owned()),
            name: name_of(asked.name, again.as_ref(), &provider)?,
            scope: place.scope,
            inputs: config,
            completion,
            credential: again.as_ref().map_or_else(|| CredentialId(self.ids.next()), |known| known.id),
            reauthorizes: again.as_ref().map(|known| known.revision),
            connects,
            created_at: now,
        };
        self.remember(caller, flow, &verifier).await?;
        let expires_at = now + AuthorizationFlow::LIFETIME;
        Ok(BegunAuthorization {
            authorization_url: SecretText::new(place.url),
            state: SecretText::new(String::clone(&state)),
            expires_at,
        })
    }

    async fn remember(
        &self,
        caller: &Caller,
        flow: AuthorizationFlow,
        verifier: &str,
    ) -> Result<(), Failure> {
        let mut payload = SecretPayload::default();
        payload.insert(VERIFIER, SecretText::new(verifier.to_owned()));
        let sealed = self.sealing.seal_flow(&flow, &payload).await?;
        let event = of_flow(caller.event(Action::AuthorizationBegun, Outcome::Success), &flow)
            .detail("completion", flow.completion.as_str());
        let row = SealedFlow { flow, sealed, completion_code: None };
        let per_principal =
            if row.flow.initiator.user.is_some() { FLOWS_PER_USER } else { FLOWS_PER_SERVICE };
        let limits = FlowLimits { per_organization: FLOWS_PER_ORGANIZATION, per_principal };
        let begun = self.flows.begin(&row, limits, event.into()).await;
        begun.map_err(|error| match error {
            StoreError::QuotaExceeded => {
                Failure::Limited { retry_after: std::time::Duration::from_secs(60), allowance: None }
            }
            error => error.into(),
        })
    }

    /// Finds the credential to authorise again. The caller must reach it, and it must be of this provider's
    /// OAuth type.
    async fn credential_to_authorize(
        &self,
        caller: &Permitted<to::AuthorizeCredential>,
        provider: &Provider,
        server: &OauthServer,
        id: Option<CredentialId>,
    ) -> Result<Option<Credential>, Failure> {
        let Some(id) = id else {
            return match caller.principal.reach().allows_creating(&provider.id) {
                true => Ok(None),
                false => Err(self.gate.deny(caller)),
            };
        };
        let credential = self.rows.reachable(caller, id).await?;
        let fits = credential.provider == provider.id && credential.credential_type == server.credential_type;
        if !fits {
            let rule = Rule::naming(format!(
                "must be a credential of {} with the type {}",
                provider.id,
                server.credential_type.as_str()
            ));
            return Err(Failure::invalid(rule.on("credential_id")));
        }
        match credential.status {
            strongroom_domain::CredentialStatus::Pending => {
                Err(Failure::Conflict(Conflict::AuthorizationPending))
            }
            _ => Ok(Some(credential)),
        }
    }

    pub(crate) fn admit_redirect(&self, text: &str) -> Result<RedirectTarget, Failure> {
        self.settings.redirects.admit(text).map_err(|rule| Failure::invalid(rule.on("redirect_to")))
    }

    /// Makes 256 random bits as 43 characters of base64url. This is also the form of a verifier of RFC 7636,
    /// section 4.1.
    pub(crate) fn random_code(&self) -> Result<Zeroizing<String>, Failure> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.randomness.fill(&mut *bytes).map_err(|error| {
            tracing::error!(%error, "no random code could be made");
            Failure::unavailable()
        })?;
        Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }
}

/// The public fields of a credential that is authorised again, which keeps them.
///
/// # Errors
/// Fields that were given and differ: passing them over would authorise another place than the caller means.
fn kept_config(credential: &Credential, given: &Submission) -> Result<PublicConfig, Failure> {
    let is_kept = |name: &str, given: &Json| match (credential.config.get(name), given) {
        (Some(ConfigValue::Text(kept)), Json::Text(given)) => kept == given.expose(),
        (Some(ConfigValue::Integer(kept)), Json::Text(given)) => kept.to_string() == given.expose(),
        (Some(ConfigValue::Boolean(kept)), Json::Text(given)) => kept.to_string() == given.expose(),
        (Some(ConfigValue::List(_)), _) => false,
        (None, Json::Text(given)) => given.expose().is_empty(),
        _ => false,
    };
    let differing = given.iter().filter(|(name, value)| !is_kept(name, value));
    let rule = Rule::fixed("is another than the credential's, which keeps its own; leave it out");
    let violations: Vec<_> = differing.map(|(name, _)| rule.clone().on(name.as_str())).collect();
    if violations.is_empty() { Ok(credential.config.clone()) } else { Err(Failure::Invalid(violations)) }
}

fn initiator(caller: &Caller, subject: Option<&str>, completion: Completion) -> Result<Initiator, Failure> {
    let invalid = |rule: Rule| Err(Failure::invalid(rule.on("subject")));
    match (&caller.principal, subject) {
        (Principal::ServiceAccount { .. }, None) if completion == Completion::Bound => {
            return invalid(Rule::missing("is required of a service account: the end user for whom it asks"));
        }
        (_, Some(text))
            if text.is_empty() || text.chars().count() > 256 || text.contains(char::is_control) =>
        {
            return invalid(Rule::fixed("must be 1 to 256 characters without control characters"));
        }
        _ => {}
    }
    Ok(Initiator {
        actor: caller.actor.clone(),
        id: caller.principal.id().to_owned(),
        user: caller.principal.user().cloned(),
        subject: subject.map(sha256),
    })
}

fn name_of(
    given: Option<CredentialName>,
    again: Option<&Credential>,
    provider: &Provider,
) -> Result<CredentialName, Failure> {
    match (given, again) {
        (Some(name), _) => Ok(name),
        (None, Some(credential)) => Ok(credential.name.clone()),
        (None, None) => CredentialName::parse(&provider.display_name).map_err(|_| Failure::Internal),
    }
}
