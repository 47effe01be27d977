//! The settings of an operator for an issuer, and what can be wrong with them.

use std::fmt;

use zeroize::Zeroizing;

use super::key_note::KeyNote;
use super::rules::TokenRules;

/// How many keys of a set an error names.
const MOST_NOTES: usize = 8;

/// One issuer whose tokens are accepted.
#[derive(Debug)]
pub struct IssuerSettings {
    /// Its name in the settings, which
    /// [`VerifiedToken::issuer`](strongroom_environment::VerifiedToken::issuer) repeats.
    pub name: String,
    /// The `iss` of its tokens, compared byte for byte: 1 to 255 printable ASCII characters.
    pub issuer: String,
    /// The keys that verify its signatures.
    pub keys: IssuerKeys,
    /// What its tokens may say.
    pub rules: TokenRules,
}

/// The keys of one issuer: a secret or public keys, never both.
pub enum IssuerKeys {
    /// HS256 with a secret of at least 32 bytes.
    Secret(Zeroizing<Vec<u8>>),
    /// RS256, ES256 or EdDSA with the public keys of a JWKS (RFC 7517), as JSON text of at most 64 KiB.
    Jwks(String),
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Jwks(_) => "Jwks",
        })
    }
}

/// The settings are not safe for verifying tokens, so the service does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("token issuer `{issuer}`: {problem}")]
pub struct TokenSettingsError {
    /// The issuer's name in the settings. It is `local` for the local issuer.
    pub issuer: String,
    /// What is wrong.
    pub problem: TokenSettingsProblem,
}

/// What is wrong with an issuer's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenSettingsProblem {
    /// The issuer is not 1 to 255 printable ASCII characters, or has a space at one end.
    #[error("the issuer must be 1 to 255 printable ASCII characters, without a space at either end")]
    Issuer,
    /// The audience or the list of clients is empty, or holds an empty text.
    #[error("audience and client ids must not be empty")]
    Audience,
    /// Another issuer has the same `iss`.
    #[error("another issuer has the same `iss`")]
    DuplicateIssuer,
    /// The secret has fewer than 32 bytes.
    #[error("the secret must have at least 32 bytes; make one with `openssl rand -base64 48`")]
    ShortSecret,
    /// The secret is a sample or follows a pattern.
    #[error("the secret is a known sample or follows a pattern; make one with `openssl rand -base64 48`")]
    WeakSecret,
    /// The key set is not a JWKS, or longer than 64 KiB.
    #[error(
        "the key set is not a JWKS (`{{\"keys\": […]}}`) of at most 64 KiB, in which each name occurs once"
    )]
    MalformedJwks,
    /// No key of the set can verify tokens; the notes say what is wrong with each.
    #[error("the key set holds no key that can be used for RS256, ES256 or EdDSA{}", listed(.0))]
    NoKey(Vec<KeyNote>),
}

/// The first notes, after a colon.
fn listed(notes: &[KeyNote]) -> String {
    let told: Vec<String> = notes.iter().take(MOST_NOTES).map(ToString::to_string).collect();
    match (told.is_empty(), notes.len().saturating_sub(MOST_NOTES)) {
        (true, _) => ": it is empty".to_owned(),
        (false, 0) => format!(": {}", told.join("; ")),
        (false, more) => format!(": {}; and {more} more", told.join("; ")),
    }
}
