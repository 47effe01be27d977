//! Providers as the catalog describes them: fields, credential types and what each dialect shows.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::address::PastedAddress;
use crate::credential_type::CredentialType;
use crate::crm::CrmMapping;
use crate::integration::ConnectListing;
use crate::oauth::OauthServer;
use crate::provider_id::ProviderId;
use crate::spelled::spelled;
use crate::testability::ProviderTest;

spelled! {
    /// The kinds of values that a field can hold.
    FieldKind, "must be one of: text, integer, boolean, list, port, host, url, timestamp, private_key, certificate_pem, postgres_connection_string":
    /// Text.
    Text => "text",
    /// A whole number, also accepted as its decimal text.
    Integer => "integer",
    /// A truth value.
    Boolean => "boolean",
    /// A list of texts.
    List => "list",
    /// A TCP port, 1 to 65535, also accepted as its decimal text.
    Port => "port",
    /// A host name or an IP address, without scheme, port or path.
    Host => "host",
    /// An absolute `http` or `https` URL without userinfo and fragment.
    Url => "url",
    /// An RFC 3339 time.
    Timestamp => "timestamp",
    /// A private key in PEM or OpenSSH form; the field `passphrase` beside it opens it.
    PrivateKey => "private_key",
    /// One or more certificates in PEM form.
    CertificatePem => "certificate_pem",
    /// A `postgres://` URL or key=value string, which fills host, port, database, username, password and
    /// sslmode.
    PostgresConnectionString => "postgres_connection_string",
}

impl FieldKind {
    /// Whether values are texts in PEM form, which have several lines.
    pub const fn is_pem(self) -> bool {
        matches!(self, Self::PrivateKey | Self::CertificatePem)
    }
}

/// One field of a provider's credentials.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire: `[a-z0-9_]+`.
    pub name: String,
    /// The name that a form shows.
    pub label: String,
    /// The kind of value that it holds.
    pub kind: FieldKind,
    /// Whether it is secret: it is sealed, and shown in the clear to service accounts only.
    pub secret: bool,
    /// Whether it decides where the secret is sent.
    pub destination: bool,
    /// Addresses from which its value follows, the most particular first.
    pub addresses: Vec<PastedAddress>,
    /// The pattern that the whole value must match.
    pub pattern: Option<Regex>,
    /// The values it may have, when it is a choice.
    pub choices: Vec<String>,
    /// An example, never a real value.
    pub example: Option<String>,
    /// The value that a test uses when the field is absent.
    pub default: Option<String>,
    /// The credential types it belongs to; empty means all of the provider's.
    pub types: BTreeSet<CredentialType>,
}

impl Field {
    /// Whether credentials of a type may have this field.
    pub fn belongs_to(&self, kind: CredentialType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }
}

/// Which fields a credential type needs.
#[derive(Debug, Clone, Default)]
pub struct TypeRules {
    /// Fields that must be there.
    pub required: Vec<String>,
    /// Alternatives: all fields of at least one group must be there. Empty means no alternatives.
    pub any_of: Vec<Vec<String>>,
}

/// A provider, as its catalog file describes it.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// The name that people use for it.
    pub display_name: String,
    /// A sentence about it.
    pub description: String,
    /// The kind of provider: `files`, `database`, `crm`, …
    pub category: String,
    /// The address of its own documentation for credentials.
    pub docs_url: Option<String>,
    /// All fields of all its types.
    pub fields: Vec<Field>,
    /// The credential types it takes, and what each needs.
    pub types: BTreeMap<CredentialType, TypeRules>,
    /// How its credentials are tested, when that is known.
    pub test: Option<ProviderTest>,
    /// Its authorization server, when it has one.
    pub oauth: Option<OauthServer>,
    /// How the connect dialect shows it, when that dialect lists it.
    pub connect: Option<ConnectListing>,
    /// How the CRM dialect maps its fields, when it is a CRM.
    pub crm: Option<CrmMapping>,
}

impl Provider {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields that credentials of a type may have.
    pub fn fields_of(&self, kind: CredentialType) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.belongs_to(kind))
    }

    /// Whether a credential of this type and with these fields can be tested.
    pub fn can_test(&self, kind: CredentialType, has: impl Fn(&str) -> bool) -> bool {
        match &self.test {
            None => false,
            Some(ProviderTest::Sftp | ProviderTest::Postgresql) => true,
            Some(ProviderTest::Http(steps)) => steps.iter().any(|conditions| conditions.admit(kind, &has)),
        }
    }
}
