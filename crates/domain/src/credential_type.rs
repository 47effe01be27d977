use crate::spelled::spelled;

spelled! {
    /// How a credential authenticates.
    CredentialType, "must be one of: api_key, google_oauth, sharepoint_oauth, oauth2, user_password, key_file, client_credentials":
    /// A key or token that the provider issued.
    ApiKey => "api_key",
    /// A Google OAuth grant.
    GoogleOauth => "google_oauth",
    /// A Microsoft OAuth grant for SharePoint.
    SharepointOauth => "sharepoint_oauth",
    /// Any other OAuth 2.0 grant.
    Oauth2 => "oauth2",
    /// A user name and a password.
    UserPassword => "user_password",
    /// A user name and a private key.
    KeyFile => "key_file",
    /// An OAuth 2.0 client id and secret (RFC 6749, section 4.4).
    ClientCredentials => "client_credentials",
}

impl CredentialType {
    /// Whether it is a grant of an authorization server, with an access token that ends.
    pub const fn is_oauth(self) -> bool {
        matches!(self, Self::GoogleOauth | Self::SharepointOauth | Self::Oauth2)
    }
}
