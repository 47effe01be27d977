//! Why a caller was not authenticated. The caller is told only that it was not; the operator finds the reason
//! in the log and, as a code, in the audit trail.

use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, Actor, ApiKeyId, AuditEvent, OrganizationId, Outcome, ServiceAccountStatus};
use strongroom_environment::{TokenRefusal, TokenRefused};
use strongroom_repository::{KeyHolder, StoreError};

use crate::Failure;

/// Why nobody was authenticated.
pub(super) enum Refused {
    /// Nothing was presented, which is no event.
    NothingPresented,
    /// What was presented is not accepted.
    For(Reason),
    /// It could not be looked up.
    Failed(Failure),
}

/// Why what was presented is not accepted.
pub(super) enum Reason {
    /// The headers of authentication cannot be read; a code of the surface says which way.
    Headers(&'static str),
    /// The token.
    Token(TokenRefusal),
    /// The text is not of the form of API keys.
    KeyForm,
    /// No API key has the id.
    KeyUnknown,
    /// The secret part of an API key is another.
    KeySecret(ApiKeyId),
    /// The API key has expired, or its account is inactive.
    KeyEnded { key: ApiKeyId, organization: OrganizationId, code: &'static str },
    /// A token and an API key of two organisations were presented together.
    TwoOrganizations,
}

impl Refused {
    pub(super) fn ended(holder: &KeyHolder) -> Self {
        let inactive = holder.account.status == ServiceAccountStatus::Inactive;
        let code = if inactive { "service_account_inactive" } else { "api_key_expired" };
        let (key, organization) = (holder.key.id.clone(), holder.key.organization.clone());
        Self::For(Reason::KeyEnded { key, organization, code })
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::For(reason)
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NothingPresented => Self::Unauthenticated { presented: false },
            Refused::For(_) => Self::Unauthenticated { presented: true },
            Refused::Failed(failure) => failure,
        }
    }
}

impl Reason {
    /// The reason as a code.
    fn code(&self) -> &'static str {
        match self {
            Self::Headers(code) => code,
            Self::Token(refusal) => refusal.reason.code(),
            Self::KeyForm => "api_key_malformed",
            Self::KeyUnknown => "api_key_unknown",
            Self::KeySecret(_) => "api_key_secret",
            Self::KeyEnded { code, .. } => code,
            Self::TwoOrganizations => "two_organizations",
        }
    }

    /// The event of the refusal. It belongs to no organisation: what was presented proves none.
    pub(super) fn event(&self, origin: Origin) -> AuditEvent {
        let (system, actor) = (OrganizationId::system(), Actor::system("authentication"));
        let event = AuditEvent::new(system, Action::AuthenticationFailed, Outcome::Denied, actor, origin)
            .detail("reason", self.code());
        match self {
            Self::Token(refusal) => token_details(event, refusal),
            Self::KeySecret(key) => event.targeting(key.as_str()),
            Self::KeyEnded { key, organization, .. } => {
                event.targeting(key.as_str()).detail("organization", organization.as_str())
            }
            Self::Headers(_) | Self::KeyForm | Self::KeyUnknown | Self::TwoOrganizations => event,
        }
    }

    /// Tells the operator, in words.
    pub(super) fn log(&self) {
        let reason = self.code();
        match self {
            Self::Token(refusal) => {
                let issuer = refusal.issuer.as_deref().unwrap_or("none of the settings");
                tracing::warn!(reason, issuer, "a token was refused: {refusal}");
            }
            Self::KeyEnded { key, organization, .. } => {
                let (key, organization) = (key.as_str(), organization.as_str());
                tracing::warn!(reason, key, organization, "an API key was refused");
            }
            Self::KeySecret(key) => {
                tracing::warn!(reason, key = key.as_str(), "an API key was refused: its secret is another");
            }
            Self::KeyForm => tracing::warn!(reason, "what was presented has not the form of an API key"),
            Self::KeyUnknown => {
                tracing::warn!(reason, "an API key was refused: none has its id; it may have been deleted");
            }
            Self::TwoOrganizations => {
                tracing::warn!(reason, "a token and an API key of two organisations were presented together");
            }
            Self::Headers(_) => tracing::warn!(
                reason,
                "`Authorization: Bearer` or `X-API-Key`, each once and as text, is what can be read"
            ),
        }
    }
}

/// Adds the issuer of the settings that the token names, and the claim that is missing or wrong.
fn token_details(event: AuditEvent, refusal: &TokenRefusal) -> AuditEvent {
    let event = match &refusal.issuer {
        Some(issuer) => event.detail("issuer", issuer),
        None => event,
    };
    let is_about_a_claim = matches!(
        refusal.reason,
        TokenRefused::ClaimMissing | TokenRefused::ClaimMisshapen | TokenRefused::IdToken
    );
    match &refusal.about {
        Some(claim) if is_about_a_claim => event.detail("claim", claim),
        _ => event,
    }
}
