//! The permission table: role or scope x operation, as data. Everything that it does not allow is refused.

use crate::principal::{Principal, Role, Scope};

/// Everything that a principal can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// List credentials.
    ListCredentials,
    /// Show one credential's metadata.
    GetCredential,
    /// Read the provider catalog.
    BrowseCatalog,
    /// Store a new credential.
    CreateCredential,
    /// Replace a credential's content or name.
    UpdateCredential,
    /// Destroy a credential.
    DeleteCredential,
    /// Test credentials against their provider, stored or not.
    TestCredential,
    /// Begin and complete an authorization.
    AuthorizeCredential,
    /// Refresh a grant.
    RefreshCredential,
    /// Read secrets in the clear.
    ReadSecrets,
    /// List or show credentials of the CRM dialect: in the clear to callers who may read secrets, masked to
    /// others.
    ShowCrmCredentials,
    /// Store credentials for connections, connect and disconnect.
    ManageIntegrations,
    /// Create, show, change and delete service accounts.
    ManageServiceAccounts,
    /// Create, list and revoke API keys.
    ManageApiKeys,
    /// Set, list and remove the organisation's own OAuth apps.
    ManageOauthApps,
    /// Read the audit trail.
    QueryAudit,
    /// Check the audit chain.
    VerifyAudit,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// The operation that a principal asks for.
    pub operation: Operation,
    /// Whether an admin may do it.
    pub admin: bool,
    /// Whether a member may do it.
    pub member: bool,
    /// The scopes of which a service account needs at least one. When there is none, no service account may
    /// do it.
    pub scopes: &'static [Scope],
}

const fn row(operation: Operation, admin: bool, member: bool, scopes: &'static [Scope]) -> Permission {
    Permission { operation, admin, member, scopes }
}

/// The table of api.md, part 0.
pub const PERMISSIONS: [Permission; 17] = [
    row(Operation::ListCredentials, true, true, &[Scope::CredentialsRead]),
    row(Operation::GetCredential, true, true, &[Scope::CredentialsRead]),
    row(Operation::BrowseCatalog, true, true, &[Scope::CredentialsRead]),
    row(Operation::CreateCredential, true, true, &[Scope::CredentialsWrite]),
    row(Operation::UpdateCredential, true, true, &[Scope::CredentialsWrite]),
    row(Operation::DeleteCredential, true, true, &[Scope::CredentialsWrite]),
    row(Operation::TestCredential, true, true, &[Scope::CredentialsWrite]),
    row(Operation::AuthorizeCredential, true, true, &[Scope::CredentialsWrite]),
    row(Operation::RefreshCredential, true, true, &[Scope::CredentialsWrite]),
    row(Operation::ReadSecrets, false, false, &[Scope::SecretsRead]),
    row(Operation::ShowCrmCredentials, true, true, &[Scope::CredentialsRead, Scope::SecretsRead]),
    row(Operation::ManageIntegrations, true, false, &[Scope::CredentialsWrite]),
    row(Operation::ManageServiceAccounts, true, false, &[]),
    row(Operation::ManageApiKeys, true, false, &[]),
    row(Operation::ManageOauthApps, true, false, &[]),
    row(Operation::QueryAudit, true, false, &[]),
    row(Operation::VerifyAudit, true, false, &[]),
];

/// Whether the table allows `principal` to do `operation`.
pub fn permitted(principal: &Principal, operation: Operation) -> bool {
    let Some(row) = PERMISSIONS.iter().find(|row| row.operation == operation) else { return false };
    match principal {
        Principal::User { roles, .. } => {
            (row.admin && roles.contains(&Role::Admin)) || (row.member && roles.contains(&Role::Member))
        }
        Principal::ServiceAccount { scopes, .. } => row.scopes.iter().any(|scope| scopes.contains(scope)),
    }
}
