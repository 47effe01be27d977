//! Who calls: a user or a service account of one organisation, and nothing else.

use std::collections::BTreeSet;
use std::fmt;

use crate::credential::Credential;
use crate::credential_id::CredentialId;
use crate::form::TextForm;
use crate::issuer::Issuer;
use crate::organization::OrganizationId;
use crate::provider_id::ProviderId;
use crate::spelled::spelled;
use crate::user_id::UserId;
use crate::violation::Rule;

spelled! {
    /// What a person may do in an organisation, in the spelling of a `roles` claim. A role that Strongroom
    /// does not know grants nothing.
    Role, "must be one of: admin, member":
    /// Manages credentials, service accounts and the audit trail; never reads a secret.
    Admin => "admin",
    /// Manages credentials.
    Member => "member",
}

spelled! {
    /// What a service account may do.
    Scope, "must be one of: credentials:read, credentials:write, secrets:read, refresh_tokens:read":
    /// List and show metadata.
    CredentialsRead => "credentials:read",
    /// Create, update and delete.
    CredentialsWrite => "credentials:write",
    /// Read secrets.
    SecretsRead => "secrets:read",
    /// Read refresh tokens too, where secrets are read: for the one program that refreshes elsewhere.
    RefreshTokensRead => "refresh_tokens:read",
}

/// The scopes of a service account.
pub type ScopeSet = BTreeSet<Scope>;

/// How far a service account reaches: everything, or only some providers or some credentials. Whatever lies
/// outside does not exist for the account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Only these providers, when set.
    pub providers: Option<BTreeSet<ProviderId>>,
    /// Only these credentials, when set.
    pub credentials: Option<BTreeSet<CredentialId>>,
}

impl Reach {
    /// Whether a stored credential lies within the reach.
    pub fn covers(&self, credential: &Credential) -> bool {
        self.covers_provider(&credential.provider)
            && self.credentials.as_ref().is_none_or(|ids| ids.contains(&credential.id))
    }

    /// Whether a new credential of a provider may be made. An account that is limited to ids may never make
    /// one.
    pub fn allows_creating(&self, provider: &ProviderId) -> bool {
        self.credentials.is_none() && self.covers_provider(provider)
    }

    fn covers_provider(&self, provider: &ProviderId) -> bool {
        self.providers.as_ref().is_none_or(|providers| providers.contains(provider))
    }
}

/// Who calls. Principals whose issuers differ are never the same, whatever their ids are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person.
    User {
        /// Their organisation.
        organization: OrganizationId,
        /// The issuer of their token; absent when an embedding program has authenticated them without one.
        issuer: Option<Issuer>,
        /// Their id.
        user: UserId,
        /// Their roles there; possibly none, which grants nothing.
        roles: BTreeSet<Role>,
    },
    /// A program.
    ServiceAccount {
        /// Its organisation.
        organization: OrganizationId,
        /// The issuer of its token; absent for the stored account of an API key.
        issuer: Option<Issuer>,
        /// Its id: the UUID of a stored account, or the `sub` of an issuer's service token.
        id: UserId,
        /// What it may do.
        scopes: ScopeSet,
        /// How far it reaches.
        reach: Reach,
    },
}

impl Principal {
    /// The organisation that the principal belongs to, and that all of its operations stay within.
    pub fn organization(&self) -> &OrganizationId {
        match self {
            Self::User { organization, .. } | Self::ServiceAccount { organization, .. } => organization,
        }
    }

    /// The issuer of its token, when it has one.
    pub fn issuer(&self) -> Option<&Issuer> {
        match self {
            Self::User { issuer, .. } | Self::ServiceAccount { issuer, .. } => issuer.as_ref(),
        }
    }

    /// The id that `created_by` and `modified_by` show.
    pub fn id(&self) -> &str {
        match self {
            Self::User { user, .. } => user.as_str(),
            Self::ServiceAccount { id, .. } => id.as_str(),
        }
    }

    /// The user's id, when the principal is a user.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User { user, .. } => Some(user),
            Self::ServiceAccount { .. } => None,
        }
    }

    /// Whether its scopes hold this one. People have roles and no scopes.
    pub fn has_scope(&self, scope: Scope) -> bool {
        match self {
            Self::User { .. } => false,
            Self::ServiceAccount { scopes, .. } => scopes.contains(&scope),
        }
    }

    /// How far the principal reaches; users reach everything of their organisation.
    pub fn reach(&self) -> Reach {
        match self {
            Self::User { .. } => Reach::default(),
            Self::ServiceAccount { reach, .. } => reach.clone(),
        }
    }

    /// Its name in the audit trail.
    pub fn actor(&self) -> Actor {
        let name = match self {
            Self::User { user, .. } => format!("user:{}", user.as_str()),
            Self::ServiceAccount { id, .. } => format!("service:{}", id.as_str()),
        };
        Actor { name, issuer: self.issuer().cloned() }
    }
}

/// Who did something, as the audit trail writes it: `user:<sub>`, `service:<id>` or `system:<job>`, and the
/// issuer of the token. Actors of one name with different issuers are not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    issuer: Option<Issuer>,
}

impl Actor {
    /// What `parse` accepts.
    pub const FORM: TextForm =
        TextForm::pattern("^(user|service|system):[!-~]([ -~]{0,253}[!-~])?$").like("user:alice");

    /// A background job or a command on the host.
    pub fn system(job: &'static str) -> Self {
        Self { name: format!("system:{job}"), issuer: None }
    }

    /// An actor that a caller names, in one of the three forms, without an issuer.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        const RULE: Rule = Rule::fixed("must be user:<id>, service:<id> or system:<job>");
        let (kind, id) = text.split_once(':').ok_or(RULE)?;
        let known = matches!(kind, "user" | "service" | "system");
        if known && UserId::parse(id).is_ok() {
            Ok(Self::from_stored(text.to_owned(), None))
        } else {
            Err(RULE)
        }
    }

    /// Takes an actor from the store, as it was written there, and does not check it. Whether a row was
    /// changed is found by checking the organisation's audit chain, and that needs every row to be readable.
    pub fn from_stored(name: String, issuer: Option<Issuer>) -> Self {
        Self { name, issuer }
    }

    /// The name of the actor, which actors of other issuers may have too.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The issuer of the token; absent for system jobs and for accounts that called with an API key.
    pub fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// A key that no other actor has: the name, and behind a line break, which neither can hold, the issuer.
    pub fn key(&self) -> String {
        match &self.issuer {
            Some(issuer) => format!("{}\n{}", self.name, issuer.as_str()),
            None => self.name.clone(),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
