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

    /// One app.
    async fn find(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
    ) -> StoreResult<Option<SealedOauthApp>>;

    /// The organisation's app of that name in provider files.
    async fn find_named(
        &self,
        organization: &OrganizationId,
        app: &str,
    ) -> StoreResult<Option<SealedOauthApp>>;

    /// All of them, by their names.
    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<OauthApp>>;

    /// Replaces client id and secret, and records the event. `Ok(false)` when there is none, and nothing
    /// recorded.
    async fn replace(&self, changed: &SealedOauthApp, evidence: Evidence) -> StoreResult<bool>;

    /// Removes an app and records the event. `Ok(false)` when there is none, and nothing recorded.
    /// Credentials that were granted to it stay, and cannot be refreshed.
    async fn delete(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: Evidence,
    ) -> StoreResult<bool>;
}
