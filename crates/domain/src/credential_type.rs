use crate::violation::Rule;

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
