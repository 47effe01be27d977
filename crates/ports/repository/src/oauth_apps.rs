use async_trait::async_trait;
use strongroom_domain::{Evidence, OauthApp, OauthAppId, OrganizationId, Sealed};

use crate::StoreResult;

/// An app together with its sealed secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedOauthApp {
    /// The app.
    pub app: OauthApp,
    /// Its client secret, which only the vault opens.
    pub sealed: Sealed,
}

/// The OAuth apps that organisations have registered themselves.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OauthAppRepository: Send + Sync {
    /// Stores a new app and records the event.
    ///
    /// MUST return `Duplicate(Unique::OauthApp)` when the organisation has one of the same name, also for all
    /// but one of any number of parallel calls.
    async fn insert(&self, new: &SealedOauthApp, evidence: Evidence) -> StoreResult<()>;

    /// Finds one app by its id.
    async fn find(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
    ) -> StoreResult<Option<SealedOauthApp>>;

    /// Finds the organisation's app by its name in provider files.
    async fn find_named(
        &self,
        organization: &OrganizationId,
        app: &str,
    ) -> StoreResult<Option<SealedOauthApp>>;

    /// All apps of the organisation, by their names.
    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<OauthApp>>;

    /// Replaces client id and secret, and records the event. Returns `Ok(false)`, and records nothing, when
    /// there is no such app.
    async fn replace(&self, changed: &SealedOauthApp, evidence: Evidence) -> StoreResult<bool>;

    /// Removes an app and records the event. Returns `Ok(false)`, and records nothing, when there is no such
    /// app. Credentials that were granted to it stay, and cannot be refreshed.
    async fn delete(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: Evidence,
    ) -> StoreResult<bool>;
}
