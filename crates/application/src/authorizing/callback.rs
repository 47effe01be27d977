//! Takes the code that a browser brings back from a provider, exchanges it, and stores the grant as pending.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_authorization_server::{Client, ErrorAnswer, Grant, Subject, TokenError, Tries, Trouble};
use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::{
    ACCESS_TOKEN, Account, AccountSource, CallbackProblem, Completion, Granted, REFRESH_TOKEN,
    RedirectTarget, is_error_code, sha256,
};
use strongroom_domain::{
    Action, Actor, AuthorizationFlow, Content, Credential, CredentialStatus, CredentialType, OauthServer,
    Outcome, Provider, SecretText, TokenResponse,
};
use strongroom_repository::{SealedCredential, SealedFlow, Selector};
use zeroize::Zeroizing;

use super::Authorizing;
use super::begin::VERIFIER;
use super::events::flow_event;
use super::granted_content::GrantedContent;
use super::keep::NewGrant;
use super::kept;
use crate::Failure;
use crate::ground::with_answer;

/// The longest code that is accepted, in bytes.
const MAX_CODE: usize = 4_096;

/// The content of a callback that a browser sends.
#[derive(Debug)]
pub struct ReceiveCallback {
    /// The provider that the path names.
    pub provider: String,
    /// The app that the path names.
    pub app: Option<String>,
    /// The query's parameters. Some of them are secret.
    pub parameters: BTreeMap<String, SecretText>,
    /// Whether a parameter was repeated.
    pub repeated: bool,
    /// The request that brought it.
    pub origin: Origin,
}

/// The answer for the browser.
#[derive(Debug)]
pub enum Received {
    /// A page on which the person confirms.
    Confirm(Confirmation),
    /// A redirect to this URL, which holds a code that completes the flow.
    Redirect(SecretText),
    /// A page that shows the code, because the flow has no place to go back to.
    Code {
        /// The pending credential, or the one that is authorised again.
        credential_id: String,
        /// The code that completes the flow.
        completion_code: SecretText,
    },
}

/// The content of the page on which a person confirms a grant.
#[derive(Debug)]
pub struct Confirmation {
    /// The organisation that will hold the grant.
    pub organization: String,
    /// The principal that asked for it.
    pub asked_by: String,
    /// The issuer of that principal's token; absent for API keys.
    pub issuer: Option<String>,
    /// The provider's display name.
    pub provider: String,
    /// The account that was granted, when the provider names it.
    pub account: Option<String>,
    /// The URL to which the person's answer is sent.
    pub action: String,
    /// The state, which identifies the flow.
    pub state: SecretText,
    /// The one-time token of the page.
    pub token: SecretText,
    /// The origin to which the person is sent afterwards; absent when the flow has no place to go back to.
    pub then: Option<String>,
}

/// Why a callback failed.
#[derive(Debug)]
pub struct CallbackRefused {
    /// What went wrong.
    pub problem: CallbackProblem,
    /// The URL to which the browser is sent with the problem. When absent, this service shows a page of its
    /// own.
    pub redirect: Option<String>,
}

impl CallbackRefused {
    fn page(problem: CallbackProblem) -> Self {
        Self { problem, redirect: None }
    }
}

impl Authorizing {
    /// Handles a callback. The state is used up by it, whatever the result is. A callback that repeats a
    /// parameter, or whose state does not have 43 characters, is refused before the state is looked up. While
    /// a grant waits for its completion, the callback that brought it gets the same answer again: browsers
    /// reload pages, and mail scanners visit links.
    ///
    /// The work goes on even when the browser closes the connection, and it waits for a store that cannot be
    /// reached.
    ///
    /// # Errors
    /// [`CallbackRefused`]; no credential is stored or changed then.
    pub async fn receive_callback(
        self: &Arc<Self>,
        received: ReceiveCallback,
    ) -> Result<Received, CallbackRefused> {
        let state = received.parameters.get("state").map(SecretText::expose).unwrap_or_default();
        if received.repeated || state.len() != 43 {
            self.note_unknown(&received, CallbackProblem::UnknownState);
            return Err(CallbackRefused::page(CallbackProblem::UnknownState));
        }
        let state = Zeroizing::new(state.to_owned());
        // A browser that hangs up while the state is being taken must not leave it taken for nothing.
        let desk = self.clone();
        let task = tokio::spawn(async move { desk.receive_in_turn(received, state).await });
        task.await.unwrap_or(Err(CallbackRefused::page(CallbackProblem::Unavailable)))
    }

    async fn receive_in_turn(
        &self,
        received: ReceiveCallback,
        state: Zeroizing<String>,
    ) -> Result<Received, CallbackRefused> {
        let digest = sha256(&state);
        let _turn = self.turns.take(digest).await;
        let row = self.flows.take(&digest).await.map_err(|error| {
            let _: Failure = error.into();
            CallbackRefused::page(CallbackProblem::Unavailable)
        })?;
        match row {
            Some(row) => self.receive_taken(row, received, state).await,
            None => self.answer_again(&received, state).await.map_err(|problem| {
                self.note_unknown(&received, problem);
                CallbackRefused::page(problem)
            }),
        }
    }

    /// Tells the log of a callback that belongs to no flow, so that its provider's error reaches somebody.
    fn note_unknown(&self, received: &ReceiveCallback, problem: CallbackProblem) {
        let error = received.parameters.get("error").map(SecretText::expose);
        let (provider, code) = (&received.provider, error.filter(|error| is_error_code(error)));
        if self.catalog.find(provider).is_some() {
            tracing::info!(provider, reason = problem.as_str(), code, "a callback was not taken");
        }
    }

    /// The answer to a callback whose state is used up. It is the first one again while the grant waits for
    /// its completion and the code is the one that brought it.
    async fn answer_again(
        &self,
        received: &ReceiveCallback,
        state: Zeroizing<String>,
    ) -> Result<Received, CallbackProblem> {
        let unavailable = |_| CallbackProblem::Unavailable;
        let found =
            self.flows.find_granted(&sha256(&state)).await.map_err(|error| unavailable(error.into()))?;
        let row = found.filter(|row| is_same_place(&row.flow, received));
        let row = row.ok_or(CallbackProblem::UnknownState)?;
        let code = received.parameters.get("code").ok_or(CallbackProblem::UnknownState)?;
        let kept = self.sealing.open_flow(&row).await.map_err(unavailable)?;
        let completion_code = kept::completion_code(&kept, code, &*self.purpose_keys);
        let completion_code = completion_code.ok_or(CallbackProblem::UnknownState)?;
        let account = match GrantedContent::from_payload(&kept) {
            Some(granted) => granted.account,
            None => {
                let (organization, id) = (&row.flow.organization, row.flow.credential);
                let pending = self.credentials.find(organization, id).await;
                pending.map_err(|error| unavailable(error.into()))?.and_then(|pending| pending.account)
            }
        };
        Ok(self.answer(&row.flow, account, state, completion_code))
    }

    async fn receive_taken(
        &self,
        row: SealedFlow,
        received: ReceiveCallback,
        state: Zeroizing<String>,
    ) -> Result<Received, CallbackRefused> {
        let flow = row.flow.clone();
        let origin = received.origin.clone();
        match self.try_receive(row, received, state).await {
            Ok(done) => Ok(done),
            Err(Failed { problem, answer, code }) => {
                let event = flow_event(&flow, &origin, Action::AuthorizationFailed, Outcome::Denied)
                    .detail("reason", problem.as_str());
                let event = with_answer(event, answer.as_ref());
                let event = match code {
                    Some(code) => event.detail("provider_code", code),
                    None => event,
                };
                let (organization, id) = (&flow.organization, flow.id);
                if let Err(error) = self.flows.abandon(organization, id, event.into()).await {
                    tracing::warn!(%error, "a flow that came to nothing was not removed; it ends by itself");
                }
                // The redirect target is withheld when an attacker may be answering in a provider's name.
                let target = self.target_of(&flow).filter(|_| !problem.is_forged());
                let redirect =
                    target.map(|target| target.with(&[("status", "failed"), ("error", problem.as_str())]));
                Err(CallbackRefused { problem, redirect })
            }
        }
    }

    async fn try_receive(
        &self,
        row: SealedFlow,
        received: ReceiveCallback,
        state: Zeroizing<String>,
    ) -> Result<Received, Failed> {
        let flow = &row.flow;
        if !is_same_place(flow, &received) {
            return Err(CallbackProblem::OtherProvider.into());
        }
        let provider = self.catalog.find(flow.provider.as_str()).ok_or(CallbackProblem::Misconfigured)?;
        let server = provider.oauth.as_ref().ok_or(CallbackProblem::Misconfigured)?;
        let current = self.current_of(flow).await?;
        let base = self.base_content(flow, current.as_ref(), &received.origin).await?;
        let mut subject =
            Subject { provider: provider.clone(), credential_type: flow.credential_type, content: base };
        self.check_issuer(&subject, &received)?;
        if let Some(error) = received.parameters.get("error").filter(|error| !error.is_empty()) {
            let (error, problem) = (error.expose(), CallbackProblem::of_error(error.expose()));
            let code = is_error_code(error).then(|| error.to_owned());
            tracing::info!(
                provider = %flow.provider, problem = problem.as_str(), code, "a provider did not grant"
            );
            return Err(Failed { problem, answer: None, code });
        }
        let code = received.parameters.get("code").map(SecretText::duplicate);
        let code = code.filter(|code| (1..=MAX_CODE).contains(&code.len())).ok_or(CallbackProblem::NoCode)?;
        take_callback_fields(&provider, server, flow.credential_type, &received, &mut subject.content)?;
        let grant = self.exchange(&row, server, subject, code.duplicate()).await?;
        check_account(server, current.as_ref().map(|row| &row.credential), &grant)?;
        let code_digest = kept::digest_of(&code);
        Ok(self.keep_grant(&row, current, grant, state, code_digest, &received.origin).await?)
    }

    /// Finds the row of the credential that is authorised again.
    async fn current_of(
        &self,
        flow: &AuthorizationFlow,
    ) -> Result<Option<SealedCredential>, CallbackProblem> {
        if flow.reauthorizes.is_none() {
            return Ok(None);
        }
        let found = self.credentials.find_sealed(&flow.organization, &Selector::Id(flow.credential)).await;
        let found =
            found.map_err(|_| CallbackProblem::Unavailable)?.ok_or(CallbackProblem::CredentialGone)?;
        match flow.reauthorizes == Some(found.credential.revision) {
            true => Ok(Some(found)),
            // The credential was edited while the person was at the provider.
            false => Err(CallbackProblem::CredentialChanged),
        }
    }

    /// The content over which the grant is put: the inputs of the flow, or the present content without its
    /// tokens.
    async fn base_content(
        &self,
        flow: &AuthorizationFlow,
        current: Option<&SealedCredential>,
        origin: &Origin,
    ) -> Result<Content, CallbackProblem> {
        let Some(row) = current else {
            return Ok(Content { config: flow.inputs.clone(), ..Content::default() });
        };
        let job = (Actor::system("authorization"), origin.clone());
        let mut secret =
            self.sealing.open_for_job(row, job).await.map_err(|_| CallbackProblem::Unavailable)?;
        secret.remove(ACCESS_TOKEN);
        secret.remove(REFRESH_TOKEN);
        Ok(Content { config: row.credential.config.clone(), secret, ..Content::default() })
    }

    /// Checks the `iss` of the callback (RFC 9207), so that a code that another server issued is not used
    /// here.
    fn check_issuer(&self, subject: &Subject, received: &ReceiveCallback) -> Result<(), CallbackProblem> {
        let announced = self.server.issuer(subject);
        let announced = announced.map_err(|_| CallbackProblem::Misconfigured)?;
        let Some(announced) = announced else { return Ok(()) };
        let given = received.parameters.get("iss").map(SecretText::expose);
        if given == Some(announced.as_str()) { Ok(()) } else { Err(CallbackProblem::OtherIssuer) }
    }

    async fn exchange(
        &self,
        row: &SealedFlow,
        server: &OauthServer,
        mut subject: Subject,
        code: SecretText,
    ) -> Result<NewGrant, Failed> {
        let flow = &row.flow;
        let kept = self.sealing.open_flow(row).await;
        let mut kept = kept.map_err(|_| CallbackProblem::Unavailable)?;
        let verifier = kept.remove(VERIFIER).ok_or(CallbackProblem::Unavailable)?;
        let client = self.clients.client_of(&flow.organization, flow.app, server, &subject).await;
        let client =
            client.map_err(|_| CallbackProblem::Unavailable)?.ok_or(CallbackProblem::Misconfigured)?;
        let grant = Grant::Code { code, verifier, redirect_uri: flow.redirect_uri.clone() };
        // A place is taken for the exchange and for the look at the account.
        let place = self.places.enter(&flow.organization).await;
        let _place = place.ok_or(CallbackProblem::Unavailable)?;
        let mut response = self.token(flow, &subject, &client, grant).await?;
        let port = &self.server;
        let mut account = response.account.take();
        if account.is_none() && server.account == Some(AccountSource::Request) {
            account = match port.account(&subject, &response.access_token).await {
                Ok(account) => account,
                Err(error) => {
                    tracing::warn!(provider = %flow.provider, %error, "the account of a grant is not known");
                    None
                }
            };
        }
        let now = (self.clock.now(), self.schedule.jitter());
        let base = std::mem::take(&mut subject.content);
        let granted = subject.provider.take_grant(flow.credential_type, base, response, &flow.scope, now);
        let Granted { content, refresh_at, narrowed, .. } = granted.map_err(|violations| {
            let names: Vec<_> = violations.iter().map(ToString::to_string).collect();
            tracing::warn!(provider = %flow.provider, ?names, "what came with a token does not fit");
            CallbackProblem::BadAnswer
        })?;
        Ok(NewGrant { content, account, refresh_at, narrowed })
    }

    /// Exchanges the code. It counts as a trial, unless it is good.
    async fn token(
        &self,
        flow: &AuthorizationFlow,
        subject: &Subject,
        client: &Client,
        grant: Grant,
    ) -> Result<TokenResponse, Failed> {
        let trial = self.trials.begin(&flow.organization, &flow.initiator.actor);
        let trial = trial.map_err(|_| {
            tracing::warn!(provider = %flow.provider, "a code was not exchanged: too many trials failed lately");
            CallbackProblem::Unavailable
        })?;
        let tries = trial.clone().map(|trial| trial as Arc<dyn Tries>);
        let answer = self.server.token(subject, client, grant, tries).await;
        if let Some(trial) = trial {
            self.trials.end(&trial, answer.as_ref().err()).await;
        }
        answer.map_err(|error| told(flow, &error))
    }

    /// Where the person goes afterwards. The allow-list is asked once more: the row, or the settings, may
    /// have changed since the flow began. A place that is not on it is not gone to.
    pub(crate) fn target_of(&self, flow: &AuthorizationFlow) -> Option<RedirectTarget> {
        let target = self.settings.redirects.admit(flow.redirect_to.as_deref()?);
        target
            .inspect_err(|_| tracing::warn!(flow = %flow.id.0, "a flow leads to a place that is not allowed"))
            .ok()
    }

    pub(crate) fn answer(
        &self,
        flow: &AuthorizationFlow,
        account: Option<Account>,
        state: Zeroizing<String>,
        code: Zeroizing<String>,
    ) -> Received {
        let secret = |text: Zeroizing<String>| SecretText::new(String::clone(&text));
        let target = self.target_of(flow);
        let credential_id = flow.credential.to_string();
        match (flow.completion, target) {
            (Completion::Confirm, target) => Received::Confirm(Confirmation {
                organization: flow.organization.as_str().to_owned(),
                asked_by: flow.initiator.id.clone(),
                issuer: flow.initiator.actor.issuer().map(String::from),
                provider: self
                    .catalog
                    .find(flow.provider.as_str())
                    .map_or_else(|| flow.provider.to_string(), |provider| provider.display_name.clone()),
                account: account.map(|account| account.name.unwrap_or(account.id)),
                action: flow.redirect_uri.clone(),
                state: secret(state),
                token: secret(code),
                then: target.map(|target| target.origin()),
            }),
            (Completion::Bound, Some(target)) => Received::Redirect(SecretText::new(target.with(&[
                ("credential_id", &credential_id),
                ("status", CredentialStatus::Pending.as_str()),
                ("completion_code", &code),
            ]))),
            (Completion::Bound, None) => Received::Code { credential_id, completion_code: secret(code) },
        }
    }
}

fn take_callback_fields(
    provider: &Arc<Provider>,
    server: &OauthServer,
    kind: CredentialType,
    received: &ReceiveCallback,
    content: &mut Content,
) -> Result<(), CallbackProblem> {
    for (field, parameter) in &server.callback_fields {
        let Some(value) = received.parameters.get(parameter).filter(|value| !value.is_empty()) else {
            continue;
        };
        provider.put_text(content, kind, field, value.duplicate()).map_err(|rule| {
            tracing::warn!(provider = %provider.id, field, %rule, "what came with a code does not fit");
            CallbackProblem::BadAnswer
        })?;
    }
    Ok(())
}

/// Checks that a credential that is authorised again keeps its account, and its tenant, which some providers
/// name beside the code.
fn check_account(
    server: &OauthServer,
    current: Option<&Credential>,
    granted: &NewGrant,
) -> Result<(), CallbackProblem> {
    let Some(current) = current else { return Ok(()) };
    let same = |name: &String| match current.config.get(name) {
        Some(known) => granted.content.config.get(name) == Some(known),
        None => true,
    };
    if !server.callback_fields.keys().all(same) {
        return Err(CallbackProblem::OtherAccount);
    }
    match (current.account.as_ref().filter(|_| server.account.is_some()), &granted.account) {
        (None, _) => Ok(()),
        (Some(known), Some(granted)) if known.id == granted.id => Ok(()),
        (Some(_), Some(_)) => Err(CallbackProblem::OtherAccount),
        (Some(_), None) => Err(CallbackProblem::AccountUnknown),
    }
}

/// Whether a callback came to the place to which the provider was told to send it.
fn is_same_place(flow: &AuthorizationFlow, received: &ReceiveCallback) -> bool {
    let own_app = flow.app.map(|app| app.to_string());
    received.provider.eq_ignore_ascii_case(flow.provider.as_str()) && received.app == own_app
}

/// Why a callback failed.
struct Failed {
    problem: CallbackProblem,
    /// What the provider has answered when it was asked.
    answer: Option<ErrorAnswer>,
    /// The error code that the browser has brought.
    code: Option<String>,
}

impl From<CallbackProblem> for Failed {
    fn from(problem: CallbackProblem) -> Self {
        Self { problem, answer: None, code: None }
    }
}

fn told(flow: &AuthorizationFlow, error: &TokenError) -> Failed {
    tracing::warn!(provider = %flow.provider, %error, "a code was not exchanged");
    let answer = error.answer().cloned();
    let code = answer.as_ref().and_then(|said| said.code.as_deref());
    let is_success = answer.as_ref().is_some_and(|said| (200..300).contains(&said.status));
    let problem = match error {
        // A status of success without a token.
        TokenError::Transient { trouble: Trouble::Unknown | Trouble::Server, .. } if is_success => match code
        {
            Some(_) => CallbackProblem::ProviderRefused,
            None => CallbackProblem::BadAnswer,
        },
        // What passes for a grant does not pass for a code, which is used once.
        TokenError::Transient { trouble: Trouble::Passing, .. } if code == Some("invalid_grant") => {
            CallbackProblem::CodeRefused
        }
        TokenError::Dead { .. } => CallbackProblem::CodeRefused,
        TokenError::App { .. } | TokenError::Unbuildable(_) => CallbackProblem::Misconfigured,
        TokenError::Limited { .. } => CallbackProblem::Unavailable,
        TokenError::Transient { trouble: Trouble::Forbidden, .. } => CallbackProblem::Misconfigured,
        TokenError::Transient { trouble: Trouble::Unknown, .. } => CallbackProblem::ProviderRefused,
        TokenError::Transient { .. } => CallbackProblem::ProviderUnavailable,
    };
    Failed { problem, answer, code: None }
}
