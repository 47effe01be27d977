//! Providers as the catalog describes them: fields, credential types and what each dialect shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use regex::Regex;

use crate::crm::CrmMapping;
use crate::form::TextForm;
use crate::http_test::ProviderTest;
use crate::integration::ConnectListing;
use crate::oauth::OauthServer;
use crate::violation::Rule;

/// A provider's id: 1 to 64 characters of `[a-z0-9_]`, case-insensitive on input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(String);

impl ProviderId {
    /// Names that are path segments of the API, or aliases, and so cannot be providers.
    pub const RESERVED: [&'static str; 8] =
        ["credentials", "catalog", "audit", "oauth", "events", "plugins", "slots", "postgres"];

    /// What `parse` accepts.
    pub const FORM: TextForm = TextForm::pattern("^[A-Za-z0-9_]{1,64}$").like("sftp");

    /// The one spelling that answers use.
    pub const SPELLING: TextForm = TextForm::pattern("^[a-z0-9_]{1,64}$");

    /// Lower-cases and checks an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let id = text.to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if id.is_empty() || id.len() > 64 || !id.bytes().all(allowed) {
            return Err(Rule::fixed("must be 1 to 64 characters of `a-z0-9_`"));
        }
        Ok(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a credential authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CredentialType {
    /// A key or token that the provider issued.
    ApiKey,
    /// A Google OAuth grant.
    GoogleOauth,
    /// A Microsoft OAuth grant for SharePoint.
    SharepointOauth,
    /// Any other OAuth 2.0 grant.
    Oauth2,
    /// A user name and a password.
    UserPassword,
    /// A user name and a private key.
    KeyFile,
    /// An OAuth 2.0 client id and secret (RFC 6749, section 4.4).
    ClientCredentials,
}

impl CredentialType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::ApiKey,
        Self::GoogleOauth,
        Self::SharepointOauth,
        Self::Oauth2,
        Self::UserPassword,
        Self::KeyFile,
        Self::ClientCredentials,
    ];

    /// The spelling of the wire, the store and the provider files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::GoogleOauth => "google_oauth",
            Self::SharepointOauth => "sharepoint_oauth",
            Self::Oauth2 => "oauth2",
            Self::UserPassword => "user_password",
            Self::KeyFile => "key_file",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(Rule::fixed(
            "must be one of: api_key, google_oauth, sharepoint_oauth, oauth2, user_password, key_file, client_credentials",
        ))
    }

    /// Whether it is a grant of an authorization server, with an access token that ends.
    pub const fn is_oauth(self) -> bool {
        matches!(self, Self::GoogleOauth | Self::SharepointOauth | Self::Oauth2)
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A whole number, also accepted as its decimal text.
    Integer,
    /// A truth value.
    Boolean,
    /// A list of texts.
    List,
    /// A TCP port, 1 to 65535, also accepted as its decimal text.
    Port,
    /// A host name or an IP address, without scheme, port or path.
    Host,
    /// An absolute `http` or `https` URL without userinfo and fragment.
    Url,
    /// An RFC 3339 time.
    Timestamp,
    /// A private key in PEM or OpenSSH form; the field `passphrase` beside it opens it.
    PrivateKey,
    /// One or more certificates in PEM form.
    CertificatePem,
    /// A `postgres://` URL or key=value string, which fills host, port, database, username, password and
    /// sslmode.
    PostgresConnectionString,
}

/// One field of a provider's credentials.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire: `[a-z0-9_]+`.
    pub name: String,
    /// What a form shows.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is secret: sealed, and shown to nobody but service accounts.
    pub secret: bool,
    /// Whether it decides where the secret is sent.
    pub destination: bool,
    /// The pattern that the whole value must match.
    pub pattern: Option<Regex>,
    /// The values it may have, when it is a choice.
    pub choices: Vec<String>,
    /// An example, never a real value.
    pub example: Option<String>,
    /// What a test takes for it when it is absent.
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
    /// What a person calls it.
    pub display_name: String,
    /// A sentence about it.
    pub description: String,
    /// What it is: `files`, `database`, `crm`, …
    pub category: String,
    /// Where its own documentation for credentials is.
    pub docs_url: Option<String>,
    /// All fields of all its types.
    pub fields: Vec<Field>,
    /// The credential types it takes, and what each needs.
    pub types: BTreeMap<CredentialType, TypeRules>,
    /// How its credentials are tested, when that is known.
    pub test: Option<ProviderTest>,
    /// How its authorization server is reached, when it has one.
    pub oauth: Option<OauthServer>,
    /// How the connect dialect shows it, when it does.
    pub connect: Option<ConnectListing>,
    /// How the CRM dialect takes it, when it does.
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
}
