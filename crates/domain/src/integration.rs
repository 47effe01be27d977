//! Connections of the connect dialect: which provider an organisation has switched on, and with which
//! credential.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::credential_status::CredentialStatus;
use crate::ids::to_prefixed;
use crate::organization::OrganizationId;
use crate::provider_id::ProviderId;
use crate::spelled::spelled;

/// How a provider appears in the connect dialect: `[dialects.connect]` of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectListing {
    /// What it is.
    pub category: ConnectCategory,
    /// How one authenticates there.
    pub auth_type: ConnectAuthType,
    /// The fields that credentials must have; only for [`ConnectAuthType::ApiKey`].
    pub required_fields: Vec<String>,
}

spelled! {
    /// What a provider of the connect dialect is.
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
    /// How one authenticates with a provider of the connect dialect.
    ConnectAuthType, "must be one of: oauth2, api_key, webhook_only":
    /// By an OAuth flow.
    Oauth2 => "oauth2",
    /// With stored fields.
    ApiKey => "api_key",
    /// Not at all: the provider calls.
    WebhookOnly => "webhook_only",
}

/// A connection's id, a UUIDv7 that is spelled `int_` and its 26 Crockford base32 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegrationId(pub Uuid);

impl fmt::Display for IntegrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_prefixed("int_", self.0))
    }
}

/// A provider that an organisation has connected, or had. There is one for each provider at most. Which
/// credential it uses, only the store can tell: that ends with the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its id; each connection gets a new one.
    pub id: IntegrationId,
    /// The provider.
    pub provider: ProviderId,
    /// `sub` or service account id of who connected it.
    pub connected_by: String,
    /// When it was connected.
    pub connected_at: OffsetDateTime,
}

spelled! {
    /// How a connection is.
    IntegrationStatus, "must be one of: connected, disconnected, error":
    /// It has a credential that works, as far as is known.
    Connected => "connected",
    /// It was disconnected, or its credential was deleted.
    Disconnected => "disconnected",
    /// Its credential was rejected, or its grant is gone.
    Error => "error",
}

impl IntegrationStatus {
    /// How a connection is whose credential is in this status; `None` when it has none any more.
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
