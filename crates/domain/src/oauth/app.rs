use time::OffsetDateTime;
use uuid::Uuid;

use crate::form::TextForm;
use crate::ids::hyphenated;
use crate::issuer::Issuer;
use crate::organization::OrganizationId;
use crate::violation::Rule;

/// The id of an OAuth app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OauthAppId(pub Uuid);

impl OauthAppId {
    /// Stands for the operator's app of a provider, which is in the settings.
    pub const OPERATOR: Self = Self(Uuid::nil());

    /// The id of an organisation's own app; `None` for the operator's app.
    pub fn own(self) -> Option<Self> {
        (self != Self::OPERATOR).then_some(self)
    }

    /// What `parse` accepts.
    pub const FORM: TextForm = TextForm::format("uuid");

    /// Reads an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        hyphenated(text).map(Self).ok_or(Rule::fixed("must be the id of an OAuth app"))
    }
}

impl std::fmt::Display for OauthAppId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An OAuth app that an organisation has registered with a provider itself. It holds no endpoint: those come
/// from the provider file alone. Its secret is sealed beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthApp {
    /// The organisation that owns it. An app is never shared between organisations.
    pub organization: OrganizationId,
    /// Its id.
    pub id: OauthAppId,
    /// The name of the app in provider files. An organisation has at most one app of each name.
    pub app: String,
    /// The client id that the provider gave it.
    pub client_id: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its client id or secret was changed last.
    pub updated_at: OffsetDateTime,
    /// Who made it.
    pub created_by: String,
    /// The issuer of its creator's token; absent for API keys, commands and what earlier builds have stored.
    pub issuer: Option<Issuer>,
}

impl OauthApp {
    /// Checks a client id: 1 to 512 printable ASCII characters (RFC 6749, appendix A.1).
    pub fn client_id(text: &str) -> Result<String, Rule> {
        let good = (1..=512).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        if good {
            Ok(text.to_owned())
        } else {
            Err(Rule::fixed("must be 1 to 512 printable ASCII characters"))
        }
    }
}
