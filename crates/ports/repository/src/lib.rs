//! The ports to the store: one trait per aggregate. Every mutation takes the audit evidence of what it
//! does and commits both in one transaction, or neither.
//!
//! # To add a repository
//! 1. Write its trait here, with whole atomic operations; never hand a transaction to the caller.
//! 2. Take the [`OrganizationId`](strongroom_domain::OrganizationId) in every method: a row of another
//!    organisation does not exist. Absent is `Ok(None)` or `Ok(false)`; broken is `Err`.
//! 3. Write each MUST as a test in `testing/store-contract`; every store runs the same list.
//! 4. Implement it in both store adapters and in `testing/fake-store`. Lock order everywhere: quota, flow,
//!    credential, lease, integration, audit heads last.
//!
//! Counters (versions, revisions, places in a chain) are below 2^63. A larger value is `Corrupt` when it is
//! to be stored, and matches no row when it is compared.
//!
//! A few writes carry no event, because they decide nothing or another event records the same: last-used and
//! last-read times, wrap reservations, counts of connection tests, the key check values and purpose keys that
//! are written while the vault opens, the first key of an organisation, the taking of a flow for its
//! callback, and leases of refreshes.
//!
//! The feature `mocks` adds mockall mocks for the test suites of users of these ports.

mod audit;
mod authorization_flows;
mod credentials;
mod deployment;
mod destinations;
mod integrations;
mod oauth_apps;
mod organization_keys;
mod organizations;
mod refresh_leases;
mod service_accounts;

use std::fmt;

pub use audit::{Appended, AuditFilter, AuditPage, AuditTrail, Contention};
pub use authorization_flows::{
    AuthorizationFlowRepository, CompletedFlow, FlowLimits, GrantedFlow, SealedFlow,
};
pub use credentials::{CredentialFilter, CredentialRepository, SealedCredential, Selector, TestFinding};
pub use deployment::{DeploymentRepository, KekRecord, WrappedPurposeKey};
pub use destinations::DestinationLimitRepository;
pub use integrations::{ConnectedCredential, IntegrationRepository};
pub use oauth_apps::{OauthAppRepository, SealedOauthApp};
pub use organization_keys::{FirstKey, OrganizationKeyRepository, WrappedOrganizationKey};
pub use organizations::{OrganizationRepository, QuotaDrift};
pub use refresh_leases::{DueRefresh, Ended, Lease, RefreshLeaseRepository};
pub use service_accounts::{KeyHolder, ServiceAccountRepository};

#[cfg(feature = "mocks")]
pub use {
    audit::MockAuditTrail, authorization_flows::MockAuthorizationFlowRepository,
    credentials::MockCredentialRepository, deployment::MockDeploymentRepository,
    destinations::MockDestinationLimitRepository, integrations::MockIntegrationRepository,
    oauth_apps::MockOauthAppRepository, organization_keys::MockOrganizationKeyRepository,
    organizations::MockOrganizationRepository, refresh_leases::MockRefreshLeaseRepository,
    service_accounts::MockServiceAccountRepository,
};

/// The error below the port; for the log, never for a caller.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Values of which there is at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// The holder of a slot in an organisation.
    Slot,
    /// The connection of a provider in an organisation.
    Integration,
    /// A row with this id.
    Id,
    /// A KEK with this name.
    KekName,
    /// The app of one name in an organisation.
    OauthApp,
}

impl fmt::Display for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slot => "the slot",
            Self::Integration => "the connection",
            Self::Id => "the id",
            Self::KekName => "the name of the KEK",
            Self::OauthApp => "the OAuth app",
        })
    }
}

/// Why the store did not do what was asked. In no case is anything done in part.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with this unique value exists. When several values are taken, any of them may be named.
    #[error("{0} is taken")]
    Duplicate(Unique),
    /// The organisation holds as many rows as it may.
    #[error("the quota is used up")]
    QuotaExceeded,
    /// The row has changed since it was read.
    #[error("the row has another revision or version by now")]
    StaleVersion,
    /// The store cannot be reached, is busy beyond its limits, read-only or full. A later attempt may
    /// succeed.
    #[error("the store is unavailable")]
    Unavailable(#[source] Source),
    /// A row, or the store itself, is not what was written.
    #[error("the store holds something it should not: {0}")]
    Corrupt(#[source] Source),
}

/// The answer of every repository method.
pub type StoreResult<T> = Result<T, StoreError>;
