//! The types and rules of Strongroom: credentials, providers, principals, permissions and audit
//! events. No IO, no clock, no SQL, no HTTP and no cipher: everything here is decided from its
//! arguments alone.
//!
//! A value that exists is valid: each newtype has one door (`parse`), and nobody checks again inside.

pub mod audit;
pub mod canonical;
pub mod config;
pub mod connection_string;
pub mod connection_test;
pub mod content;
pub mod credential;
pub mod crm;
pub mod form;
pub mod http_request;
pub mod http_test;
pub mod integration;
pub mod json;
pub mod oauth;
pub mod organization;
pub mod permission;
pub mod principal;
pub mod provider;
pub mod sealed;
pub mod secret;
pub mod service_account;
mod spelled;
pub mod timestamp;
pub mod violation;

pub use audit::{Action, AuditEvent, Evidence, Outcome};
pub use config::{ConfigValue, PublicConfig};
pub use connection_test::{Facts, StepOutcome, TestCode, TestMeaning, TestReport, TestStep};
pub use content::{Content, Submission, SubmittedValue};
pub use credential::{Credential, CredentialId, CredentialName, CredentialStatus, Slot};
pub use crm::{CrmContent, CrmMapping, CrmPatch};
pub use form::TextForm;
pub use http_test::{HttpTest, ProviderTest};
pub use integration::{ConnectListing, Integration, IntegrationId, IntegrationStatus};
pub use json::Json;
pub use oauth::{
    Account, AuthorizationFlow, OauthApp, OauthAppId, OauthServer, RefreshProblem, TokenResponse,
};
pub use organization::OrganizationId;
pub use permission::{Operation, permitted};
pub use principal::{Actor, Principal, Reach, Role, Scope, ScopeSet, UserId};
pub use provider::{CredentialType, Field, FieldKind, Provider, ProviderId};
pub use sealed::{KekId, PurposeKeyId, Sealed};
pub use secret::{SecretPayload, SecretText};
pub use service_account::{ApiKeyId, ServiceAccount, ServiceAccountId, ServiceAccountStatus};
pub use violation::{Rule, Violation};
