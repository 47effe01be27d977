//! Finds the OAuth app that an organisation uses: its own, else the operator's.

use std::sync::Arc;

use strongroom_authorization_server::Client;
use strongroom_domain::{OauthAppId, OauthServer, OrganizationId, Provider, Rule, SecretText};
use strongroom_environment::Catalog;
use strongroom_repository::OauthAppRepository;

use super::sealing::Sealing;
use crate::{Failure, OauthSettings};

/// An app that was found.
pub(crate) struct FoundClient {
    pub(crate) client: Client,
    /// The id of the organisation's own app; `None` for the operator's.
    pub(crate) app: Option<OauthAppId>,
}

/// Finds the app for a grant. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OauthClients {
    pub(crate) apps: Arc<dyn OauthAppRepository>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) sealing: Sealing,
    pub(crate) settings: Arc<OauthSettings>,
}

impl OauthClients {
    /// Finds the app for a new grant.
    ///
    /// # Errors
    /// `Invalid` when there is no app; it names the settings that are missing.
    pub(crate) async fn client_for(
        &self,
        organization: &OrganizationId,
        server: &OauthServer,
    ) -> Result<FoundClient, Failure> {
        if let Some(own) = self.apps.find_named(organization, &server.app).await? {
            let secret = self.sealing.open_app(&own.app, &own.sealed).await?;
            let client = Client { id: own.app.client_id.clone(), secret };
            return Ok(FoundClient { client, app: Some(own.app.id) });
        }
        let client = self.configured_client(server).ok_or_else(|| missing_app(server))?;
        Ok(FoundClient { client, app: None })
    }

    /// Finds the app that a grant belongs to; `None` when that app no longer exists. A token is never sent
    /// with the credentials of another app. A token that was stored by hand counts as one of the operator's
    /// app.
    pub(crate) async fn client_of(
        &self,
        organization: &OrganizationId,
        app: Option<OauthAppId>,
        server: &OauthServer,
    ) -> Result<Option<Client>, Failure> {
        let Some(id) = app.and_then(OauthAppId::own) else { return Ok(self.configured_client(server)) };
        let own = self.apps.find(organization, id).await?;
        let Some(own) = own.filter(|own| own.app.app == server.app) else { return Ok(None) };
        let secret = self.sealing.open_app(&own.app, &own.sealed).await?;
        Ok(Some(Client { id: own.app.client_id, secret }))
    }

    /// The operator's app, from the settings.
    pub(crate) fn configured_client(&self, server: &OauthServer) -> Option<Client> {
        let app = self.settings.apps.get(&server.app)?;
        let secret = app.client_secret.as_ref().map(SecretText::duplicate);
        Some(Client { id: app.client_id.clone(), secret })
    }

    /// The redirect URI of a provider and app.
    pub(crate) fn redirect_uri(&self, provider: &str, app: Option<OauthAppId>) -> Result<String, Failure> {
        let base = self.settings.public_url.as_deref().ok_or_else(|| {
            let rule = Rule::fixed("cannot be authorised: the operator must set server.public_url");
            Failure::invalid(rule.on("provider"))
        })?;
        let own = app.and_then(OauthAppId::own).map(|app| format!("/{app}")).unwrap_or_default();
        Ok(format!("{base}/integrations/{provider}/callback{own}"))
    }

    /// Finds a provider with an authorization server, by its id in any case.
    pub(crate) fn oauth_provider(&self, id: &str) -> Result<Arc<Provider>, Failure> {
        let provider = self.catalog.find(id);
        let provider = provider.ok_or_else(|| {
            Failure::invalid(Rule::fixed("must be a provider of the catalog").on("provider"))
        })?;
        match &provider.oauth {
            // A few providers have only the client credentials grant, which sends no person anywhere.
            Some(server) if server.credential_type.is_oauth() => Ok(provider),
            _ => Err(Failure::invalid(Rule::fixed("is not authorised through OAuth").on("provider"))),
        }
    }
}

fn missing_app(server: &OauthServer) -> Failure {
    let app = &server.app;
    let (name, variable) = (format!("oauth.apps.{app}"), app.to_uppercase());
    Failure::invalid(
        Rule::naming(format!(
            "has no OAuth app: the operator must set {name}.client_id and {name}.client_secret \
             (STRONGROOM_OAUTH__APPS__{variable}__CLIENT_ID, …__CLIENT_SECRET), or the organisation its own app"
        ))
        .on("provider"),
    )
}
