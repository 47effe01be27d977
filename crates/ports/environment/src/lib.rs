//! The ports to what surrounds the process: clock, ids, randomness, token verification, the provider
//! catalog and the reader of private keys.
//!
//! Time, ids and randomness are ports so that tests can freeze and seed them; `clippy.toml` bans the
//! ambient ones everywhere else. The feature `mocks` adds mockall mocks.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::{Issuer, OrganizationId, Provider, Role, ScopeSet, SecretText, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

/// The time of day.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in UTC. MUST be whole microseconds, which is what stores keep, so that a value that was stored
    /// equals the one that comes back.
    fn now(&self) -> OffsetDateTime;
}

/// Fresh ids.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Ids: Send + Sync {
    /// A UUIDv7 (RFC 9562, section 5.7). Within one process each MUST be greater than the one before, so
    /// that id order is creation order.
    fn next(&self) -> Uuid;
}

/// Unpredictable bytes.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Randomness: Send + Sync {
    /// Fills the buffer from the operating system's generator.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable>;
}

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct RandomnessUnavailable;

/// The content of a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The name of the issuer in the settings.
    pub issuer: String,
    /// The issuer as the token names it (`iss`). With the id of the subject it says who the principal is.
    pub iss: Issuer,
    /// The organisation it was issued for.
    pub organization: OrganizationId,
    /// The user or program that holds it.
    pub subject: TokenSubject,
    /// The roles that it names for a person and that are none here, in printable ASCII of at most 64
    /// characters each; at most 8 of them. They grant nothing: the operator is told of them.
    pub other_roles: Vec<String>,
    /// Until when it is accepted.
    pub ends_at: OffsetDateTime,
}

/// The holder of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSubject {
    /// A person with roles.
    User(UserId, BTreeSet<Role>),
    /// A program with scopes.
    Service(UserId, ScopeSet),
}

/// A token that was refused, as the operator is told. Callers learn only that the token was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefusal {
    /// Why.
    pub reason: TokenRefused,
    /// The name of the issuer in the settings, where the token's `iss` is one of them. The token only names
    /// it unless its signature was verified.
    pub issuer: Option<String>,
    /// What the reason is about, in printable ASCII of at most 128 characters: the name of a claim, or the
    /// `kid`, the algorithm, the audience or the organisation of the token.
    pub about: Option<String>,
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        self.about.iter().try_for_each(|about| write!(f, ": {about}"))
    }
}

impl From<TokenRefused> for TokenRefusal {
    fn from(reason: TokenRefused) -> Self {
        Self { reason, issuer: None, about: None }
    }
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// The token is not two base64url parts of JSON and a signature (RFC 7515), or it is longer than 8 KiB.
    #[error("it is no signed token of at most 8 KiB")]
    Malformed,
    /// No configured issuer has this `iss`.
    #[error("no issuer of the settings has its `iss`")]
    Issuer,
    /// The header's algorithm is not the one of the key.
    #[error("its `alg` is not the algorithm of the key")]
    Algorithm,
    /// The header names another type than a JWT or an access token, or asks for something critical that is
    /// not understood.
    #[error("its header has another `typ` than JWT and at+jwt, or a critical extension")]
    Header,
    /// No key of the issuer has this `kid`.
    #[error("no key of the issuer has its `kid`")]
    Key,
    /// The signature does not verify.
    #[error("the key that it names did not sign it")]
    Signature,
    /// A required claim is missing.
    #[error("it lacks a claim")]
    ClaimMissing,
    /// A claim has a type or a form that it must not have.
    #[error("a claim has another type or form than it must have")]
    ClaimMisshapen,
    /// It is an ID token, which tells a client who signed in and permits no call to this service.
    #[error("it is an ID token and no access token, by its claim")]
    IdToken,
    /// `exp` is over by more than 60 seconds.
    #[error("it has expired")]
    Expired,
    /// `nbf` or `iat` is in the future by more than 60 seconds.
    #[error("it is not valid yet")]
    NotYetValid,
    /// The audience is not the one that the settings require.
    #[error("it is for another audience")]
    Audience,
    /// There is no audience, and the client is none that the settings name.
    #[error("it was made for another client")]
    Client,
    /// The settings do not let the issuer speak for this organisation.
    #[error("the issuer does not speak for its organisation")]
    Organization,
    /// The settings do not let the issuer speak for this kind of principal: people, or programs.
    #[error("the issuer does not speak for this kind of principal")]
    Principal,
    /// `exp` lies further ahead than the settings allow.
    #[error("it is valid for longer than the settings allow")]
    Lifetime,
}

impl TokenRefused {
    /// The reason as a code of the audit trail.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::Issuer => "token_issuer_unknown",
            Self::Algorithm => "token_algorithm",
            Self::Header => "token_header",
            Self::Key => "token_key_unknown",
            Self::Signature => "token_signature",
            Self::ClaimMissing => "token_claim_missing",
            Self::ClaimMisshapen => "token_claim_misshapen",
            Self::IdToken => "token_is_id_token",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::Audience => "token_audience",
            Self::Client => "token_client",
            Self::Organization => "token_organization",
            Self::Principal => "token_principal",
            Self::Lifetime => "token_lifetime",
        }
    }
}

/// Verifies JSON Web Tokens (RFC 7519).
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait TokenVerifier: Send + Sync {
    /// Verifies a compact JWS and reads its claims, at `now` with 60 seconds of leeway.
    ///
    /// MUST choose algorithm and key from the settings, never from header URLs or embedded keys.
    fn verify(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefusal>;
}

/// The providers that are known.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Catalog: Send + Sync {
    /// Finds a provider by its id, in any case.
    fn find(&self, id: &str) -> Option<Arc<Provider>>;

    /// All providers in the order of their ids.
    fn all(&self) -> Vec<Arc<Provider>>;
}

/// Why a private key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileRefused {
    /// What stands between its first and its last line is not a private key of the form that they name.
    #[error(
        "is damaged: what is between its first and its last line is not a private key of the kind that they name; copy the whole file anew"
    )]
    Unreadable,
    /// It is a DSA key.
    #[error("is a DSA key, which SSH servers no longer take; make another one with `ssh-keygen -t ed25519`")]
    Dsa,
    /// It is the handle of a FIDO security key.
    #[error(
        "is for a security key (FIDO) and signs only where the device is plugged in; make a key for this account with `ssh-keygen -t ed25519`"
    )]
    SecurityKey,
    /// It is a key of an algorithm or curve that SSH does not use.
    #[error(
        "is a key of a kind that SSH does not use; give an Ed25519 key, an RSA key, or an ECDSA key on P-256, P-384 or P-521"
    )]
    Kind,
    /// It is encrypted with a cipher or a derivation that cannot be opened here. Its passphrase may be right.
    #[error(
        "is encrypted in an old or rare way that is not opened here; rewrite it with `ssh-keygen -p -f FILE`, or, when that refuses it too, with `openssl pkey -provider legacy -provider default -aes256 -in FILE -out NEW`, with the same passphrase if you like, and give the new file"
    )]
    Encryption,
    /// It is encrypted, and no passphrase came with it.
    #[error("is encrypted and needs its passphrase")]
    PassphraseMissing,
    /// The passphrase does not open it.
    #[error("does not open with this passphrase")]
    PassphraseWrong,
    /// It is an RSA key of another size than 2048 to 16384 bit.
    #[error(
        "is an RSA key of a size that is not taken, which is 2048 to 16384 bit; make another key, best with `ssh-keygen -t ed25519`"
    )]
    RsaBits,
    /// Opening it would cost more than the limits allow, or its numbers are longer than they can be.
    #[error(
        "needs more work to open than the limits allow (bcrypt rounds 256, PBKDF2 iterations 5,000,000, scrypt 64 MiB); rewrite it with `ssh-keygen -p -f FILE`"
    )]
    Limits,
    /// Too many other keys are being opened. This says nothing about the key, so it MUST NOT be reported as a
    /// fault of the key.
    #[error("cannot be opened now because others are being opened; try again")]
    Busy,
    /// It is within the limits, but this machine could not open it in 10 seconds.
    #[error(
        "took longer than 10 seconds to open with its passphrase; try again, or encrypt it with fewer rounds"
    )]
    TooSlow,
}

/// Opens private keys to see whether they can be used.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyFileReader: Send + Sync {
    /// Whether `key` opens with `passphrase`.
    ///
    /// MUST NOT block the caller's thread: deriving a key from a passphrase takes up to 10 seconds. Before
    /// that the call may wait up to 2 seconds for its turn. When it gets none, it fails with
    /// [`KeyFileRefused::Busy`].
    async fn check<'a>(
        &self,
        key: &'a SecretText,
        passphrase: Option<&'a SecretText>,
    ) -> Result<(), KeyFileRefused>;
}
