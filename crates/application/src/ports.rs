//! The ports and limits that the composition gives to the use cases.

use std::sync::Arc;

use strongroom_authorization_server::AuthorizationServer;
use strongroom_environment::{Catalog, Clock, Ids, KeyFileReader, Randomness, TokenVerifier};
use strongroom_provider_tester::Testers;
use strongroom_repository::{
    AuditTrail, AuthorizationFlowRepository, CredentialRepository, DeploymentRepository,
    DestinationLimitRepository, IntegrationRepository, OauthAppRepository, OrganizationRepository,
    RefreshLeaseRepository, ServiceAccountRepository,
};
use strongroom_vault::{PurposeKeys, Vault};

use crate::StoredBudget;

/// The ports that the use cases work through.
#[derive(Clone)]
pub struct Ports {
    /// Credentials.
    pub credentials: Arc<dyn CredentialRepository>,
    /// Connections.
    pub integrations: Arc<dyn IntegrationRepository>,
    /// Service accounts and API keys.
    pub service_accounts: Arc<dyn ServiceAccountRepository>,
    /// Organisations' limits.
    pub organizations: Arc<dyn OrganizationRepository>,
    /// Authorizations that are under way.
    pub authorization_flows: Arc<dyn AuthorizationFlowRepository>,
    /// OAuth apps of organisations.
    pub oauth_apps: Arc<dyn OauthAppRepository>,
    /// Leases of refreshes.
    pub refresh_leases: Arc<dyn RefreshLeaseRepository>,
    /// The store as a whole.
    pub deployment: Arc<dyn DeploymentRepository>,
    /// Authorization servers.
    pub authorization_server: Arc<dyn AuthorizationServer>,
    /// The audit chains.
    pub audit: Arc<dyn AuditTrail>,
    /// Seals and opens payloads.
    pub vault: Arc<dyn Vault>,
    /// Keyed digests.
    pub purpose_keys: Arc<dyn PurposeKeys>,
    /// The providers.
    pub catalog: Arc<dyn Catalog>,
    /// Verifies JSON Web Tokens.
    pub tokens: Arc<dyn TokenVerifier>,
    /// Opens private keys.
    pub key_files: Arc<dyn KeyFileReader>,
    /// Connection tests, one tester for each protocol.
    pub testers: Testers,
    /// Counts connection tests by destination.
    pub destinations: Arc<dyn DestinationLimitRepository>,
    /// The budgets of destinations, which the egress policy counts connection tests against; `None` when
    /// nothing is counted.
    pub budget: Option<Arc<StoredBudget>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Random bytes.
    pub randomness: Arc<dyn Randomness>,
}

/// Limits that use cases keep.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many credentials an organisation may hold per provider, unless it has a limit of its own.
    pub credentials_per_provider: u32,
    /// How many secrets may be tried within a minute, by a connection test, by the first refresh of new
    /// content or by the exchange of a code; with `None` they are not counted.
    pub tests: Option<TestRates>,
}

/// How many secrets may be tried within any minute. What turns out to be good in a refresh or an exchange is
/// not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestRates {
    /// By one user or service account, per instance.
    pub per_user: u32,
    /// By one organisation, per instance.
    pub per_organization: u32,
    /// Of one destination (host or address, and port), by all callers and over all instances.
    pub per_destination: u32,
}

impl Default for TestRates {
    fn default() -> Self {
        Self { per_user: 10, per_organization: 30, per_destination: 5 }
    }
}
