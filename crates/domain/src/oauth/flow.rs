use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest as _;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::PublicConfig;
use crate::credential::CredentialName;
use crate::credential_id::CredentialId;
use crate::credential_type::CredentialType;
use crate::oauth::app::OauthAppId;
use crate::organization::OrganizationId;
use crate::principal::Actor;
use crate::provider_id::ProviderId;
use crate::spelled::spelled;
use crate::user_id::UserId;

/// SHA-256 of something that cannot be guessed: a state, a code, a token of a page.
pub type Digest = [u8; 32];

/// The digest under which a state or a completion code is stored and found.
pub fn sha256(text: &str) -> Digest {
    sha2::Sha256::digest(text.as_bytes()).into()
}

/// The challenge that belongs to a verifier: S256 of RFC 7636, section 4.2.
pub fn pkce_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier))
}

/// The id of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub Uuid);

spelled! {
    /// Who completes a flow.
    Completion, "must be one of: confirm, bound":
    /// The person who granted, on a page of this service.
    Confirm => "confirm",
    /// The principal that began it, with a code that the browser brings back to it.
    Bound => "bound",
}

/// Who began a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiator {
    /// Its name in the audit trail, `user:<sub>` or `service:<id>`, and its issuer. Only this pair completes
    /// a flow of [`Completion::Bound`].
    pub actor: Actor,
    /// The id that `created_by` shows.
    pub id: String,
    /// The user, when a user began it.
    pub user: Option<UserId>,
    /// Digest of the end user for whom a service account began it.
    pub subject: Option<Digest>,
}

/// The connection of the connect dialect that a flow makes when it completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connects(pub Uuid);

/// An authorization that is under way: from the URL to which a person is sent until the credential is usable.
/// It ends 10 minutes after it began, by the store's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationFlow {
    /// The organisation that owns it.
    pub organization: OrganizationId,
    /// Its id.
    pub id: FlowId,
    /// Digest of the `state`, which itself is stored nowhere.
    pub state: Digest,
    /// The provider.
    pub provider: ProviderId,
    /// The type of the credential that it makes.
    pub credential_type: CredentialType,
    /// The organisation's own app; when absent, the operator's app is used.
    pub app: Option<OauthAppId>,
    /// Who began it.
    pub initiator: Initiator,
    /// The redirect URI that the code is bound to (RFC 6749, section 4.1.3).
    pub redirect_uri: String,
    /// Where the person goes afterwards: checked against the allow-list when the flow began.
    pub redirect_to: Option<String>,
    /// The name of the credential.
    pub name: CredentialName,
    /// The scope that was requested, as it was sent.
    pub scope: String,
    /// The public fields that the caller gave.
    pub inputs: PublicConfig,
    /// Who completes the flow.
    pub completion: Completion,
    /// The credential that it makes, or authorises again.
    pub credential: CredentialId,
    /// The revision of the credential that is authorised again, as it was when the flow began; `None` for a
    /// new one.
    pub reauthorizes: Option<u64>,
    /// The connection that it makes.
    pub connects: Option<Connects>,
    /// When it began, by the clock of the instance; the store decides when it is over.
    pub created_at: OffsetDateTime,
}

impl AuthorizationFlow {
    /// How long a flow may take, and how long a pending credential lives.
    pub const LIFETIME: std::time::Duration = std::time::Duration::from_secs(600);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let challenge = pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
