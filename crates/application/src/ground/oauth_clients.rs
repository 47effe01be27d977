//! Finds the OAuth app that an organisation uses: its own, else the operator's.

use std::sync::Arc;

use strongroom_authorization_server::{AuthorizationServer, Client, Subject};
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
    pub(crate) server: Arc<dyn AuthorizationServer>,
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

    /// Refuses the operator's app at an instance that the operator has not named, if the provider's apps
    /// belong to one instance each: its secret is not for other instances.
    pub(crate) fn check_instance(
        &self,
        found: &FoundClient,
        server: &OauthServer,
        subject: &Subject,
    ) -> Result<(), Failure> {
        if found.app.is_some() || self.is_named(server, subject) {
            return Ok(());
        }
        Err(not_for_instance(server))
    }

    /// Finds the app that a grant belongs to; `None` when that app no longer exists. A token is never sent
    /// with the credentials of another app. A token that was stored by hand counts as one of the operator's
    /// app, except at an instance that the operator has not named: its secret is not for that instance.
    pub(crate) async fn client_of(
        &self,
        organization: &OrganizationId,
        app: Option<OauthAppId>,
        server: &OauthServer,
        subject: &Subject,
    ) -> Result<Option<Client>, Failure> {
        let Some(id) = app.and_then(OauthAppId::own) else {
            // A grant that was made with the operator's app was made at an instance that was named then.
            let is_granted = app.is_some();
            let client = self.configured_client(server);
            return Ok(client.filter(|_| is_granted || self.is_named(server, subject)));
        };
        let own = self.apps.find(organization, id).await?;
        let Some(own) = own.filter(|own| own.app.app == server.app) else { return Ok(None) };
        let secret = self.sealing.open_app(&own.app, &own.sealed).await?;
        Ok(Some(Client { id: own.app.client_id, secret }))
    }

    /// Whether the operator's app may be used for this subject: always, unless such an app belongs to one
    /// instance of its provider, and this instance is not among those that the settings name.
    fn is_named(&self, server: &OauthServer, subject: &Subject) -> bool {
        if !server.app_is_of_one_instance {
            return true;
        }
        let Ok(origin) = self.server.token_origin(subject) else { return false };
        let host = origin.split_once("://").and_then(|(_, rest)| rest.rsplit_once(':')).map(|(host, _)| host);
        let app = self.settings.apps.get(&server.app);
        host.zip(app).is_some_and(|(host, app)| app.hosts.contains(host))
    }

    /// Whether the operator has an app that may be used for this subject.
    pub(crate) fn has_operators_app(&self, server: &OauthServer, subject: &Subject) -> bool {
        self.configured_client(server).is_some() && self.is_named(server, subject)
    }

    /// The operator's app, from the settings.
    fn configured_client(&self, server: &OauthServer) -> Option<Client> {
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

fn not_for_instance(server: &OauthServer) -> Failure {
    let app = &server.app;
    Failure::invalid(
        Rule::naming(format!(
            "has an app of the operator for other instances: the operator must name this one in oauth.apps.{app}.hosts \
             (STRONGROOM_OAUTH__APPS__{}__HOSTS), or the organisation set its own app",
            app.to_uppercase()
        ))
        .on("provider"),
    )
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
