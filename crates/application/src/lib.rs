//! The use cases of Strongroom, a file each, over the ports alone: no HTTP, no SQL, no cipher.
//!
//! Surfaces build a [`Caller`] with [`Application::authenticate`], call one use case and map its answer or
//! its [`Failure`]. Every use case decides permission itself; nothing before it is trusted to have done so.

mod access;
mod audit;
mod authorizing;
mod connection_tests;
mod connections;
mod credentials;
mod crm;
mod failure;
mod ground;
mod refreshing;

use std::sync::Arc;

use strongroom_authorization_server::AuthorizationServer;
use strongroom_domain::TestCode;
use strongroom_environment::{Catalog, Clock, Ids, KeyFileReader, Randomness, TokenVerifier};
pub use strongroom_provider_tester::MAX_PROBE_PATH_BYTES;
use strongroom_provider_tester::Testers;
use strongroom_repository::{
    AuditTrail, AuthorizationFlowRepository, CredentialRepository, DestinationLimitRepository,
    IntegrationRepository, OauthAppRepository, OrganizationRepository, RefreshLeaseRepository,
    ServiceAccountRepository,
};
pub use strongroom_repository::{ConnectedCredential, Selector};
use strongroom_vault::{PurposeKeys, Vault};

pub use access::accounts::{ChangeServiceAccount, NewServiceAccount};
pub use access::authenticate::Presented;
pub use access::keys::{IssuedApiKey, NewApiKey};
pub use audit::chain::{Break, Verification};
pub use audit::checkpoint::Checkpoint;
pub use audit::query::QueryAudit;
pub use audit::verify::VerifyAudit;
pub use authorizing::apps::{NewOauthApp, ShownOauthApp};
pub use authorizing::begin::{BeginAuthorization, BegunAuthorization};
pub use authorizing::callback::{CallbackRefused, Confirmation, ReceiveCallback, Received};
pub use authorizing::complete::{CompleteAuthorization, ConfirmAuthorization, Confirmed};
pub use connection_tests::budget::StoredBudget;
pub use connection_tests::limits::{Allowance, TestRates};
pub use connection_tests::run::Tested;
pub use connection_tests::unstored::TestConnection;
pub use connections::connect::{ConnectIntegration, Connecting};
pub use connections::list::ListIntegrations;
pub use connections::store::StoreIntegrationCredential;
pub use credentials::list::ListCredentials;
pub use credentials::read::OpenedCredential;
pub use credentials::store::StoreCredential;
pub use credentials::update::{NewContent, UpdateCredential};
pub use crm::store::StoreCrmCredential;
pub use crm::update::UpdateCrmCredential;
pub use failure::{Conflict, Failure, Misshape, MisshapeKind, Missing};
pub use ground::caller::Caller;
pub use ground::crm_content::CrmCredential;
pub use ground::oauth_settings::{ConfiguredApp, OauthSettings};

use crate::access::verified_keys::VerifiedKeys;
use crate::connection_tests::counts::TestCounts;
use crate::connection_tests::limits::{KeyTurns, TestPlaces, TestRateLimits};
use crate::ground::audit_writer::AuditWriter;
use crate::ground::denials::Denials;
use crate::ground::readiness::Readiness;
use crate::ground::usage_notes::UsageNotes;
use crate::refreshing::flights::RefreshFlights;
use crate::refreshing::pauses::ProviderPauses;

/// How long a refresh that is under way may take once the instance stops: a whole call and its commit.
const SETTLE: std::time::Duration = std::time::Duration::from_secs(24);

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
    /// JSON Web Tokens.
    pub tokens: Arc<dyn TokenVerifier>,
    /// Private keys.
    pub key_files: Arc<dyn KeyFileReader>,
    /// Connection tests, by protocol.
    pub testers: Testers,
    /// Counts connection tests by destination.
    pub destinations: Arc<dyn DestinationLimitRepository>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Random bytes.
    pub randomness: Arc<dyn Randomness>,
}

/// Settings that use cases obey.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many credentials an organisation may hold per provider, unless it has a limit of its own.
    pub credentials_per_provider: u32,
    /// How many connection tests may begin within a minute; without it nothing is counted.
    pub tests: Option<TestRates>,
}

/// The use cases. Cheap to clone; all clones are one instance.
#[derive(Clone)]
pub struct Application {
    ports: Ports,
    limits: Limits,
    oauth: Arc<OauthSettings>,
    refresh_flights: Arc<RefreshFlights>,
    provider_pauses: Arc<ProviderPauses>,
    audit_writer: AuditWriter,
    verified_keys: Arc<VerifiedKeys>,
    usage: Arc<UsageNotes>,
    denials: Arc<Denials>,
    readiness: Arc<Readiness>,
    test_rates: Arc<TestRateLimits>,
    test_places: Arc<TestPlaces>,
    key_turns: Arc<KeyTurns>,
    test_counts: Arc<TestCounts>,
}

impl Application {
    /// Starts the audit writer and readies the use cases. Must be called within a tokio runtime.
    pub fn start(ports: Ports, limits: Limits, oauth: OauthSettings) -> Self {
        let audit_writer = AuditWriter::start(ports.audit.clone());
        let test_rates = Arc::new(TestRateLimits::new(limits.tests));
        Self {
            ports,
            limits,
            oauth: Arc::new(oauth),
            refresh_flights: Arc::default(),
            provider_pauses: Arc::default(),
            audit_writer,
            verified_keys: Arc::default(),
            usage: Arc::default(),
            denials: Arc::default(),
            readiness: Arc::default(),
            test_rates,
            test_places: Arc::default(),
            key_turns: Arc::default(),
            test_counts: Arc::default(),
        }
    }

    /// How many audit events this instance has made durable, and how many it has failed to, since its start.
    /// Events that mutations carry are counted by their requests, not here.
    pub fn audit_counts(&self) -> (u64, u64) {
        self.audit_writer.counts()
    }

    /// How many connection tests have found this since the start of this instance.
    pub fn tests_found(&self, code: TestCode) -> u64 {
        self.test_counts.get(code)
    }

    /// Writes what has been gathered in memory: last-read and last-used times, and summaries of sampled
    /// refusals. Called every few seconds; nothing of it decides anything.
    pub async fn flush(&self) {
        self.usage.flush(&self.ports).await;
        self.denials.flush(&self.audit_writer, false);
        self.test_rates.forget_idle();
    }

    /// Removes counts of destinations that nobody has tested within the last minute.
    pub async fn forget_destinations(&self) {
        if let Err(error) = self.ports.destinations.forget(connection_tests::budget::WINDOW).await {
            tracing::warn!(%error, "old counts of connection tests were not removed");
        }
    }

    /// The same at the end, for everything that is left, refreshes that are under way included; returns when the audit events that were handed over
    /// are written.
    pub async fn close(&self) {
        self.refresh_flights.settle(SETTLE).await;
        self.usage.flush(&self.ports).await;
        self.denials.flush(&self.audit_writer, true);
        self.audit_writer.catch_up().await;
    }
}
