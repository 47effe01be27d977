//! The types and rules of Strongroom: credentials, providers, principals, permissions and audit
//! events. No IO, no clock, no SQL, no HTTP and no cipher: everything here is decided from its
//! arguments alone.
//!
//! A value that exists is valid: a newtype with a rule can be made only by its `parse`, and no code behind it
//! checks again. An id that may be any UUID, or any 8 bytes, has no rule to break, so its value is a public
//! field.

mod address;
pub mod audit;
pub mod canonical;
mod certificates;
pub mod config;
pub mod connection_string;
pub mod connection_test;
pub mod content;
pub mod credential;
mod credential_id;
mod credential_status;
mod credential_type;
pub mod crm;
pub mod form;
mod host_key;
mod ids;
pub mod integration;
mod issuer;
pub mod json;
mod names;
pub mod oauth;
pub mod organization;
mod pem;
pub mod permission;
pub mod principal;
pub mod provider;
mod provider_id;
pub mod sealed;
pub mod secret;
pub mod service_account;
mod shape;
mod spelled;
mod status_reason;
pub mod testability;
pub mod timestamp;
mod user_id;
pub mod violation;

pub use address::PastedAddress;
pub use audit::{Action, AuditEvent, Evidence, Outcome};
pub use config::{ConfigValue, PublicConfig};
pub use connection_test::{Facts, StepOutcome, TestCode, TestMeaning, TestReport, TestStep};
pub use content::{Content, Submission};
pub use credential::{Credential, CredentialName, Slot};
pub use credential_id::CredentialId;
pub use credential_status::CredentialStatus;
pub use credential_type::CredentialType;
pub use crm::{CrmContent, CrmMapping, CrmPatch};
pub use form::TextForm;
pub use integration::{ConnectListing, Integration, IntegrationId, IntegrationStatus};
pub use issuer::Issuer;
pub use json::Json;
pub use oauth::{
    Account, AuthorizationFlow, OauthApp, OauthAppId, OauthServer, RefreshProblem, TokenResponse,
};
pub use organization::OrganizationId;
pub use permission::{Operation, permitted};
pub use principal::{Actor, Principal, Reach, Role, Scope, ScopeSet};
pub use provider::{Field, FieldKind, Provider};
pub use provider_id::ProviderId;
pub use sealed::{KekId, PurposeKeyId, Sealed};
pub use secret::{SecretPayload, SecretText};
pub use service_account::{ApiKeyId, ServiceAccount, ServiceAccountId, ServiceAccountStatus};
pub use status_reason::StatusReason;
pub use testability::{ProviderTest, StepConditions};
pub use user_id::UserId;
pub use violation::{Rule, Violation};
