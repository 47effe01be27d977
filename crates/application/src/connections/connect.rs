//! Connects a provider with a stored credential.

use strongroom_domain::integration::ConnectAuthType;
use strongroom_domain::oauth::Connects;
use strongroom_domain::{
    Action, Credential, CredentialId, CredentialStatus, Integration, IntegrationId, Outcome, Provider, Rule,
    TestMeaning,
};
use strongroom_repository::StoreError;
use tokio::time::Instant;

use super::Connections;
use crate::ground::{PATIENCE, Permitted, to};
use crate::{BeginAuthorization, BegunAuthorization, Conflict, Failure, Missing};

/// The answer to a request for a connection.
#[derive(Debug)]
pub enum Connecting {
    /// The connection was made.
    Connected(Integration),
    /// An authorization has begun; the connection is made when a person has granted.
    Begun(BegunAuthorization),
}

/// The provider to connect, and the means to connect it with.
#[derive(Debug, Default)]
pub struct ConnectIntegration {
    /// The provider's id, in any case.
    pub provider: String,
    /// The credential to use, for a provider that is connected with an API key.
    pub credential_id: Option<CredentialId>,
    /// Where to send the person afterwards, for a provider that is connected by an OAuth flow.
    pub redirect_url: Option<String>,
}

impl Connections {
    /// Connects a provider. A credential that was never tested is tested first, when there is a test for it.
    ///
    /// # Errors
    /// `NotFound` for a provider that the connect dialect does not list and for an unknown credential;
    /// `Invalid` for what is missing or belongs to another provider; `Rejected` or `Unusable` when the
    /// credential does not work; `Upstream` when the provider did not answer; `Conflict` when the provider is
    /// connected already or the credential's authorisation is not complete; `Limited` from the limits of
    /// tests; `Unavailable` when the credential's content or status kept changing. In all of these cases
    /// nothing is connected.
    pub async fn connect(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        asked: ConnectIntegration,
    ) -> Result<Connecting, Failure> {
        let (provider, listing) = self.catalog.listed_for_connecting(&asked.provider)?;
        match listing.auth_type {
            ConnectAuthType::ApiKey => {
                let id = asked.credential_id;
                let id = id.ok_or_else(|| Failure::invalid(Rule::REQUIRED.on("credential_id")))?;
                self.connect_with(caller, &provider, id).await.map(Connecting::Connected)
            }
            ConnectAuthType::Oauth2 => {
                let place = asked.redirect_url;
                let place = place.ok_or_else(|| Failure::invalid(Rule::REQUIRED.on("redirect_url")))?;
                self.begin_connecting(caller, &provider, place).await.map(Connecting::Begun)
            }
            ConnectAuthType::WebhookOnly => Err(Failure::invalid(
                Rule::fixed("needs no connection: it only calls webhooks").on("provider"),
            )),
        }
    }

    /// Begins an authorization for a connection. The connection is made when the flow completes.
    async fn begin_connecting(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        provider: &Provider,
        redirect_to: String,
    ) -> Result<BegunAuthorization, Failure> {
        let present = self.integrations.find(caller.organization(), &provider.id).await?;
        if present.is_some_and(|present| present.credential.is_some()) {
            return Err(Failure::Conflict(Conflict::AlreadyConnected));
        }
        let asked = BeginAuthorization {
            provider: provider.id.as_str().to_owned(),
            redirect_to: Some(redirect_to),
            ..BeginAuthorization::default()
        };
        let connects = Connects(self.ids.next());
        let begun = self.authorizing.begin_flow(&caller.including(), asked, Some(connects)).await;
        begun.map_err(in_terms_of_connecting)
    }

    /// Connects a provider with a credential. It starts over when the credential changed between its test and
    /// the connection.
    async fn connect_with(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        provider: &Provider,
        id: CredentialId,
    ) -> Result<Integration, Failure> {
        let began = Instant::now();
        loop {
            if let Some(integration) = self.try_connect(caller, provider, id).await? {
                return Ok(integration);
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::unavailable());
            }
        }
    }

    /// Makes one attempt to connect; `None` when the credential changed meanwhile.
    async fn try_connect(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        provider: &Provider,
        id: CredentialId,
    ) -> Result<Option<Integration>, Failure> {
        let mut credential = self.rows.reachable(caller, id).await?;
        if credential.provider != provider.id {
            let rule = Rule::naming(format!("must be a credential of {}", provider.id));
            return Err(Failure::invalid(rule.on("credential_id")));
        }
        let organization = caller.organization();
        let present = self.integrations.find(organization, &provider.id).await?;
        if present.is_some_and(|present| present.credential.is_some()) {
            return Err(Failure::Conflict(Conflict::AlreadyConnected));
        }
        let Some(status) = self.working_status(caller, &credential).await? else { return Ok(None) };
        credential.status = status;
        let integration = Integration {
            organization: organization.clone(),
            id: IntegrationId(self.ids.next()),
            provider: provider.id.clone(),
            connected_by: caller.principal.id().to_owned(),
            issuer: caller.principal.issuer().cloned(),
            connected_at: self.clock.now(),
        };
        let event = caller
            .event(Action::IntegrationConnected, Outcome::Success)
            .about(&credential)
            .targeting(integration.id.to_string());
        match self.integrations.connect(&integration, &credential, event.into()).await {
            Ok(true) => Ok(Some(integration)),
            Ok(false) => Err(Failure::NotFound(Missing::Credential)),
            Err(StoreError::StaleVersion) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The status with which a credential may be connected: `validated` when it is known to work or passes
    /// its test now, `unverified` when there is no test for it. `None` when its content changed meanwhile:
    /// then the test says nothing about it.
    async fn working_status(
        &self,
        caller: &Permitted<to::ManageIntegrations>,
        credential: &Credential,
    ) -> Result<Option<CredentialStatus>, Failure> {
        match credential.status {
            CredentialStatus::Validated => return Ok(Some(CredentialStatus::Validated)),
            CredentialStatus::Unverified => {}
            CredentialStatus::Pending => return Err(Failure::Conflict(Conflict::AuthorizationPending)),
            CredentialStatus::Rejected | CredentialStatus::NeedsReauth => {
                return Err(Failure::Unusable(credential.status));
            }
        }
        let Some(test) = self.tests.try_stored(&caller.including(), credential.id, None).await? else {
            return Ok(Some(CredentialStatus::Unverified));
        };
        if !test.kept || test.version != credential.version {
            return Ok(None);
        }
        let report = Box::new(test.tested.report);
        match report.code.meaning() {
            TestMeaning::Works => Ok(Some(CredentialStatus::Validated)),
            TestMeaning::Rejected | TestMeaning::Misconfigured => Err(Failure::Rejected(report)),
            TestMeaning::Unanswered => Err(Failure::Upstream(report)),
        }
    }
}

/// Gives the fields of a violation the names that the callers of this use case know.
fn in_terms_of_connecting(failure: Failure) -> Failure {
    let Failure::Invalid(mut violations) = failure else { return failure };
    for violation in &mut violations {
        match violation.field.as_str() {
            "redirect_to" => violation.field = "redirect_url".into(),
            // A service account that names no end user could be tricked into completing the flow of another
            // person.
            "subject" => {
                *violation = Rule::fixed(
                    "needs a user's token here: a service account names its end user when it begins at \
                     /integrations/{provider}/authorize",
                )
                .on("redirect_url");
            }
            _ => {}
        }
    }
    Failure::Invalid(violations)
}
