//! Connections of the connect dialect: which provider an organisation has switched on, and with which
//! credential.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::credential::{Credential, CredentialId, CredentialStatus, from_prefixed, to_prefixed};
use crate::organization::OrganizationId;
use crate::provider::ProviderId;
use crate::violation::Rule;

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

/// What a provider of the connect dialect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectCategory {
    /// Metrics, logs, alerts.
    Monitoring,
    /// Repositories.
    Code,
    /// Issues and requests.
    Ticketing,
    /// Messages.
    Communication,
    /// Infrastructure.
    Cloud,
}

impl ConnectCategory {
    /// Every category, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Monitoring, Self::Code, Self::Ticketing, Self::Communication, Self::Cloud];

    /// The spelling of the wire and the provider files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monitoring => "monitoring",
            Self::Code => "code",
            Self::Ticketing => "ticketing",
            Self::Communication => "communication",
            Self::Cloud => "cloud",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or(Rule::fixed("must be one of: monitoring, code, ticketing, communication, cloud"))
    }
}

/// How one authenticates with a provider of the connect dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectAuthType {
    /// By an OAuth flow.
    Oauth2,
    /// With stored fields.
    ApiKey,
    /// Not at all: the provider calls.
    WebhookOnly,
}

impl ConnectAuthType {
    /// The spelling of the wire and the provider files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth2 => "oauth2",
            Self::ApiKey => "api_key",
            Self::WebhookOnly => "webhook_only",
        }
    }
}

/// A connection's id, a UUIDv7 that is spelled `int_` and its 26 Crockford base32 characters, or hyphenated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegrationId(pub Uuid);

impl IntegrationId {
    /// Reads either spelling; anything else is not an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        from_prefixed("int_", text).map(Self).ok_or(Rule::fixed("must be an integration id"))
    }
}

impl fmt::Display for IntegrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_prefixed("int_", self.0))
    }
}

/// A provider that an organisation has connected, or had. There is one for each provider at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its id; each connection gets a new one.
    pub id: IntegrationId,
    /// The provider.
    pub provider: ProviderId,
    /// The credential it uses; `None` when it is disconnected.
    pub credential: Option<CredentialId>,
    /// `sub` or service account id of who connected it.
    pub connected_by: String,
    /// When it was connected.
    pub connected_at: OffsetDateTime,
}

impl Integration {
    /// How it is, with the credential that it uses, if that is still there.
    pub fn status(&self, credential: Option<&Credential>) -> IntegrationStatus {
        match credential.map(|credential| credential.status) {
            None => IntegrationStatus::Disconnected,
            Some(CredentialStatus::Rejected | CredentialStatus::NeedsReauth) => IntegrationStatus::Error,
            Some(CredentialStatus::Pending | CredentialStatus::Unverified | CredentialStatus::Validated) => {
                IntegrationStatus::Connected
            }
        }
    }
}

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntegrationStatus {
    /// It has a credential that works, as far as is known.
    Connected,
    /// It was disconnected, or its credential was deleted.
    Disconnected,
    /// Its credential was rejected, or its grant is gone.
    Error,
}

impl IntegrationStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Connected, Self::Disconnected, Self::Error];

    /// The spelling of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Error => "error",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Rule::fixed("must be one of: connected, disconnected, error"))
    }
}
