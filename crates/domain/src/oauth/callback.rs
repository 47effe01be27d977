use crate::spelled::spelled;

spelled! {
    /// Why a callback, or a completion, failed. The browser gets the spelling of the reason. Text that a
    /// provider or a stranger wrote is never shown.
    CallbackProblem, "must be a reason of a failed authorization":
    /// The state is unknown, was used, or has ended, or the callback repeats a parameter.
    UnknownState => "unknown_state",
    /// The callback came to the URI of another provider or app.
    OtherProvider => "other_provider",
    /// The issuer that the callback names is not the one that the provider announces, or is missing.
    OtherIssuer => "other_issuer",
    /// The person did not grant access.
    AccessDenied => "access_denied",
    /// The provider refuses the request.
    ProviderRefused => "provider_refused",
    /// There is neither a code nor an error.
    NoCode => "no_code",
    /// The provider does not accept the code.
    CodeRefused => "code_refused",
    /// The provider's answer does not fit its provider file.
    BadAnswer => "bad_answer",
    /// The provider does not answer.
    ProviderUnavailable => "provider_unavailable",
    /// The OAuth app is missing or refused.
    Misconfigured => "misconfigured",
    /// The credential that is authorised again is gone.
    CredentialGone => "credential_gone",
    /// The credential that is authorised again was edited meanwhile.
    CredentialChanged => "credential_changed",
    /// Another account was granted than before.
    OtherAccount => "other_account",
    /// The provider did not say which account was granted, so that it cannot be compared.
    AccountUnknown => "account_unknown",
    /// The organisation holds as many credentials of the provider as it may.
    QuotaExceeded => "quota_exceeded",
    /// The flow took longer than 10 minutes.
    Over => "over",
    /// The person says that they did not ask for this authorization.
    Disowned => "disowned",
    /// The request did not come from the page that this service showed.
    ForeignPage => "foreign_page",
    /// This service cannot work right now.
    Unavailable => "unavailable",
}

/// The longest error code that is repeated in a log or in the audit trail, in characters.
const LONGEST_CODE: usize = 40;

/// Whether a text is a short word, as error codes of providers are: at most 40 characters of `A-Za-z0-9_.-`.
pub fn is_error_code(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(allowed)
}

impl CallbackProblem {
    /// Classifies an error that a provider sends with the browser (RFC 6749, section 4.1.2.1).
    pub fn of_error(error: &str) -> Self {
        match error {
            "access_denied" | "consent_required" | "login_required" | "interaction_required" => {
                Self::AccessDenied
            }
            // LinkedIn's words (learn.microsoft.com, "Authorization Code Flow").
            "user_cancelled_login" | "user_cancelled_authorize" => Self::AccessDenied,
            "temporarily_unavailable" | "server_error" => Self::ProviderUnavailable,
            "unauthorized_client" | "invalid_client" => Self::Misconfigured,
            _ => Self::ProviderRefused,
        }
    }

    /// Whether an attacker may be answering in a provider's name.
    pub const fn is_forged(self) -> bool {
        matches!(self, Self::UnknownState | Self::OtherProvider | Self::OtherIssuer | Self::ForeignPage)
    }

    /// The text that a person reads.
    pub const fn message(self) -> &'static str {
        match self {
            Self::UnknownState => {
                "This authorisation is not known, has been used, or is over. What was connected with it stays so; else begin again."
            }
            Self::OtherProvider | Self::OtherIssuer => {
                "This answer does not belong to the provider that was asked."
            }
            Self::AccessDenied => "The provider was told not to grant access.",
            Self::ProviderRefused => {
                "The provider refused what was asked for. What it answered is in the audit trail."
            }
            Self::NoCode => "The provider sent no code.",
            Self::CodeRefused => "The provider did not take its code back. Begin again.",
            Self::BadAnswer => "The provider's answer does not fit what is known of it.",
            Self::ProviderUnavailable => "The provider does not answer right now. Begin again later.",
            Self::Misconfigured => {
                "The OAuth app, or the way to the provider, is not set up right. The operator has to mend that."
            }
            Self::CredentialGone => "The credential that was to be authorised again does not exist any more.",
            Self::CredentialChanged => "The credential was edited meanwhile. Begin again.",
            Self::OtherAccount => "Another account was granted than the credential belongs to.",
            Self::AccountUnknown => "The provider did not say which account was granted.",
            Self::QuotaExceeded => "The organisation holds as many credentials of this provider as it may.",
            Self::Over => "This took longer than 10 minutes. Begin again.",
            Self::Disowned => "Nothing was connected, and what had been granted is thrown away.",
            Self::ForeignPage => "This did not come from the page that was shown here.",
            Self::Unavailable => "This service cannot do that right now. Begin again in a minute.",
        }
    }
}
