//! The OAuth apps that an organisation has registered itself. An admin sets ids and secrets, never endpoints.

use strongroom_domain::{Action, OauthApp, OauthAppId, Outcome, Rule, SecretText};
use strongroom_repository::{SealedOauthApp, StoreError, Unique};

use super::Authorizing;
use crate::ground::{Permitted, to};
use crate::{Conflict, Failure, Missing};

/// An app to store.
#[derive(Debug)]
pub struct NewOauthApp {
    /// A provider that uses it, in any case.
    pub provider: String,
    /// The client id.
    pub client_id: String,
    /// The client secret; a public client has none.
    pub client_secret: Option<SecretText>,
}

/// An organisation's app, and the redirect URIs to which its codes come back.
#[derive(Debug)]
pub struct ShownOauthApp {
    /// The app.
    pub app: OauthApp,
    /// The providers that use it, with the redirect URI that has to be registered there.
    pub redirect_uris: Vec<(String, String)>,
}

impl Authorizing {
    /// Stores an app for every provider that shares its name.
    ///
    /// # Errors
    /// `Invalid` for a provider without an authorization server, `Conflict(OauthAppExists)`.
    pub async fn create_app(
        &self,
        caller: &Permitted<to::ManageOauthApps>,
        new: NewOauthApp,
    ) -> Result<ShownOauthApp, Failure> {
        let provider = self.clients.oauth_provider(&new.provider)?;
        let name = provider.oauth.as_ref().map(|server| server.app.clone()).ok_or(Failure::Internal)?;
        let now = self.clock.now();
        let app = OauthApp {
            organization: caller.organization().clone(),
            id: OauthAppId(self.ids.next()),
            app: name,
            client_id: checked_id(&new.client_id)?,
            created_at: now,
            updated_at: now,
            created_by: caller.principal.id().to_owned(),
            issuer: caller.principal.issuer().cloned(),
        };
        let sealed = self.sealing.seal_app(&app, checked_secret(new.client_secret)?).await?;
        let event = caller
            .event(Action::OauthAppCreated, Outcome::Success)
            .targeting(app.id.to_string())
            .detail("app", app.app.as_str());
        match self.apps.insert(&SealedOauthApp { app: app.clone(), sealed }, event.into()).await {
            Ok(()) => Ok(self.shown(app)),
            Err(StoreError::Duplicate(Unique::OauthApp)) => Err(Failure::Conflict(Conflict::OauthAppExists)),
            Err(error) => Err(error.into()),
        }
    }

    /// The organisation's apps.
    pub async fn list_apps(
        &self,
        caller: &Permitted<to::ManageOauthApps>,
    ) -> Result<Vec<ShownOauthApp>, Failure> {
        let apps = self.apps.list(caller.organization()).await?;
        Ok(apps.into_iter().map(|app| self.shown(app)).collect())
    }

    /// Returns one app of the organisation.
    pub async fn get_app(
        &self,
        caller: &Permitted<to::ManageOauthApps>,
        id: OauthAppId,
    ) -> Result<ShownOauthApp, Failure> {
        let found = self.apps.find(caller.organization(), id).await?;
        Ok(self.shown(found.ok_or(Failure::NotFound(Missing::OauthApp))?.app))
    }

    /// Replaces the secret of an app, after it was rotated at the provider. Grants that belong to the app use
    /// the new secret from then on.
    pub async fn replace_app_secret(
        &self,
        caller: &Permitted<to::ManageOauthApps>,
        id: OauthAppId,
        secret: SecretText,
    ) -> Result<ShownOauthApp, Failure> {
        let found = self.apps.find(caller.organization(), id).await?;
        let mut app = found.ok_or(Failure::NotFound(Missing::OauthApp))?.app;
        app.updated_at = self.clock.now();
        let secret = checked_secret(Some(secret))?;
        if secret.is_none() {
            return Err(Failure::invalid(Rule::REQUIRED.on("client_secret")));
        }
        let sealed = self.sealing.seal_app(&app, secret).await?;
        let event = caller
            .event(Action::OauthAppUpdated, Outcome::Success)
            .targeting(app.id.to_string())
            .detail("app", app.app.as_str());
        let row = SealedOauthApp { app: app.clone(), sealed };
        match self.apps.replace(&row, event.into()).await? {
            true => Ok(self.shown(app)),
            false => Err(Failure::NotFound(Missing::OauthApp)),
        }
    }

    /// Removes an app. Grants that belong to it stay, and are not refreshed any more.
    pub async fn delete_app(
        &self,
        caller: &Permitted<to::ManageOauthApps>,
        id: OauthAppId,
    ) -> Result<(), Failure> {
        let found = self.apps.find(caller.organization(), id).await?;
        let app = found.ok_or(Failure::NotFound(Missing::OauthApp))?.app;
        let event = caller
            .event(Action::OauthAppDeleted, Outcome::Success)
            .targeting(app.id.to_string())
            .detail("app", app.app);
        match self.apps.delete(caller.organization(), id, event.into()).await? {
            true => Ok(()),
            false => Err(Failure::NotFound(Missing::OauthApp)),
        }
    }

    /// Adds the redirect URIs to an app. Without a public URL no redirect URI is known, and the app has none.
    fn shown(&self, app: OauthApp) -> ShownOauthApp {
        let catalog = self.catalog.all();
        let users = catalog.iter().filter(|provider| {
            provider
                .oauth
                .as_ref()
                .is_some_and(|server| server.app == app.app && server.credential_type.is_oauth())
        });
        let redirect_uris = users.filter_map(|provider| {
            let id = provider.id.as_str();
            Some((id.to_owned(), self.clients.redirect_uri(id, Some(app.id)).ok()?))
        });
        ShownOauthApp { redirect_uris: redirect_uris.collect(), app }
    }
}

fn checked_id(text: &str) -> Result<String, Failure> {
    OauthApp::client_id(text).map_err(|rule| Failure::invalid(rule.on("client_id")))
}

/// A secret of 1 to 4,096 printable ASCII characters (RFC 6749, appendix A.2); an empty one counts as
/// missing.
fn checked_secret(secret: Option<SecretText>) -> Result<Option<SecretText>, Failure> {
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { return Ok(None) };
    let good = secret.len() <= 4_096 && secret.expose().bytes().all(|b| (0x20..0x7f).contains(&b));
    let rule = Rule::fixed("must be at most 4,096 printable ASCII characters");
    if good { Ok(Some(secret)) } else { Err(Failure::invalid(rule.on("client_secret"))) }
}
