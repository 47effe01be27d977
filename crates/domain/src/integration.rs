//! Connections of the connect dialect: which provider an organisation has switched on, and with which
//! credential.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::credential_status::CredentialStatus;
use crate::ids::to_prefixed;
use crate::issuer::Issuer;
use crate::organization::OrganizationId;
use crate::provider_id::ProviderId;
use crate::spelled::spelled;

/// How a provider appears in the connect dialect: `[dialects.connect]` of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectListing {
    /// The kind of service that the provider is.
    pub category: ConnectCategory,
    /// How a client authenticates with the provider.
    pub auth_type: ConnectAuthType,
    /// The fields that credentials must have; only for [`ConnectAuthType::ApiKey`].
    pub required_fields: Vec<String>,
}

spelled! {
    /// The kinds of service in the connect dialect.
    ConnectCategory, "must be one of: monitoring, code, ticketing, communication, cloud":
    /// Metrics, logs, alerts.
    Monitoring => "monitoring",
    /// Repositories.
    Code => "code",
    /// Issues and requests.
    Ticketing => "ticketing",
    /// Messages.
    Communication => "communication",
    /// Infrastructure.
    Cloud => "cloud",
}

spelled! {
    /// How a client authenticates with a provider of the connect dialect.
    ConnectAuthType, "must be one of: oauth2, api_key, webhook_only":
    /// By an OAuth flow.
    Oauth2 => "oauth2",
    /// With stored fields.
    ApiKey => "api_key",
    /// There is no authentication: the provider only calls webhooks.
    WebhookOnly => "webhook_only",
}

/// The id of a connection: a UUIDv7, spelled as `int_` and 26 Crockford base32 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegrationId(pub Uuid);

impl fmt::Display for IntegrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_prefixed("int_", self.0))
    }
}

/// A provider that an organisation has connected, now or in the past. There is at most one for each provider.
/// Only the store knows which credential the connection uses, because that link ends with the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// The organisation that owns it.
    pub organization: OrganizationId,
    /// Its id; each connection gets a new one.
    pub id: IntegrationId,
    /// The provider.
    pub provider: ProviderId,
    /// `sub` of the user, or id of the service account, that connected it.
    pub connected_by: String,
    /// The issuer of that principal's token; absent for API keys and what earlier builds have stored.
    pub issuer: Option<Issuer>,
    /// When it was connected.
    pub connected_at: OffsetDateTime,
}

spelled! {
    /// The status of a connection.
    IntegrationStatus, "must be one of: connected, disconnected, error":
    /// It has a credential that is not known to have failed.
    Connected => "connected",
    /// It was disconnected, or its credential was deleted.
    Disconnected => "disconnected",
    /// Its credential was rejected, or its grant is gone.
    Error => "error",
}

impl IntegrationStatus {
    /// The status of a connection whose credential has this status; `None` means that it has no credential
    /// any more.
    pub const fn of(credential: Option<CredentialStatus>) -> Self {
        match credential {
            None => Self::Disconnected,
            Some(CredentialStatus::Rejected | CredentialStatus::NeedsReauth) => Self::Error,
            Some(CredentialStatus::Pending | CredentialStatus::Unverified | CredentialStatus::Validated) => {
                Self::Connected
            }
        }
    }
}
