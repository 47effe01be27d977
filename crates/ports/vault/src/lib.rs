//! The port to the cipher: it seals payloads, opens them, and makes keyed digests under purpose keys.
//!
//! # To add a vault
//! 1. Implement [`Vault`] and [`PurposeKeys`] in an adapter crate; keep every raw key inside it.
//! 2. Bind every field of [`SealContext`] as additional authenticated data. `open` with any other
//!    context MUST fail.
//! 3. Reserve wraps through [`WrapLedger`] before wrapping, never after.
//! 4. Name the adapter in `crates/strongroom`, the only place that does.
//!
//! The feature `mocks` adds mockall mocks for the test suites of users of this port.

use async_trait::async_trait;
use strongroom_domain::oauth::Digest;
use strongroom_domain::{
    AuthorizationFlow, Credential, CredentialId, CredentialStatus, CredentialType, KekId, OauthApp,
    OauthAppId, OrganizationId, ProviderId, PublicConfig, PurposeKeyId, Sealed, SecretPayload, Slot,
};

/// The context that a sealed payload is bound to. Ciphertext that was moved to another row, organisation,
/// version, provider, type or destination does not open, and neither does ciphertext beside which a fact was
/// changed that decides whether, and to whom, a secret is handed out. A payload that was sealed for one kind
/// of subject does not open for another kind.
///
/// The deployment id is part of the context too; the vault itself knows that id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealContext {
    /// The organisation that owns it.
    pub organization: OrganizationId,
    /// The thing that the payload belongs to.
    pub subject: SealSubject,
}

/// The kinds of things that a payload is sealed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealSubject {
    /// The payload of a credential.
    Credential(Box<CredentialFacts>),
    /// The client secret of an organisation's own OAuth app, which is never sent with another client id.
    OauthApp {
        /// Which app.
        id: OauthAppId,
        /// The name that provider files know it by.
        app: String,
        /// Its client id.
        client_id: String,
    },
    /// The payload that is kept beside an authorization that is under way.
    AuthorizationFlow {
        /// The flow; all of it is bound.
        flow: Box<AuthorizationFlow>,
        /// Digest of the code that completes it; `None` until the provider has granted.
        completion_code: Option<Digest>,
    },
}

/// What the payload of a credential is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFacts {
    /// Which credential.
    pub id: CredentialId,
    /// The version of its payload.
    pub version: u64,
    /// The provider it is for.
    pub provider: ProviderId,
    /// How it authenticates there.
    pub credential_type: CredentialType,
    /// Its public fields, destination included.
    pub config: PublicConfig,
    /// The slot that it holds.
    pub slot: Option<Slot>,
    /// Whether its authorization waits for its completion, so that it may not be handed out.
    pub pending: bool,
    /// The OAuth app that its grant belongs to, whose secret is sent for it.
    pub oauth_app: Option<OauthAppId>,
    /// The id of the account that was granted, which an authorisation again has to match.
    pub account: Option<String>,
}

impl SealContext {
    /// The context of a credential's payload. `credential` must be as its row will be stored.
    pub fn of_credential(credential: &Credential) -> Self {
        Self {
            organization: credential.organization.clone(),
            subject: SealSubject::Credential(Box::new(CredentialFacts {
                id: credential.id,
                version: credential.version,
                provider: credential.provider.clone(),
                credential_type: credential.credential_type,
                config: credential.config.clone(),
                slot: credential.slot.clone(),
                pending: credential.status == CredentialStatus::Pending,
                oauth_app: credential.oauth_app,
                account: credential.account.as_ref().map(|account| account.id.clone()),
            })),
        }
    }

    /// The context of an app's client secret.
    pub fn of_app(app: &OauthApp) -> Self {
        Self {
            organization: app.organization.clone(),
            subject: SealSubject::OauthApp {
                id: app.id,
                app: app.app.clone(),
                client_id: app.client_id.clone(),
            },
        }
    }

    /// The context of the payload that is kept beside a flow. The completion code is there once the provider
    /// has granted.
    pub fn of_flow(flow: &AuthorizationFlow, completion_code: Option<Digest>) -> Self {
        Self {
            organization: flow.organization.clone(),
            subject: SealSubject::AuthorizationFlow { flow: Box::new(flow.clone()), completion_code },
        }
    }
}

/// Why the vault did not do its work. No variant carries key or payload bytes.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The bytes do not open in this context: they, or the row around them, were changed.
    #[error("the sealed bytes do not open in this context")]
    Integrity,
    /// The envelope names a key that is neither in this instance's key ring nor among the keys of the
    /// organisation.
    #[error("key {0} is neither in this instance's key ring nor among the keys of the organisation")]
    UnknownKey(KekId),
    /// A purpose key that this instance does not hold.
    #[error("purpose key {0:?} is not known to this instance")]
    UnknownPurposeKey(PurposeKeyId),
    /// The key has wrapped as often as it may, so it must be rotated. It still opens what it has wrapped.
    #[error("key {0} has reached its limit of wraps")]
    Exhausted(KekId),
    /// The organisation has sealed payloads and no key: its rows were lost. A new key would hide that.
    #[error("the keys of the organisation are gone: restore the table `organization_keys` from a backup")]
    KeysLost,
    /// The store could not be asked for a key, or could not count a wrap. Nothing was sealed or opened.
    #[error("the store could not be asked for a key")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system's generator, or the cipher itself, failed.
    #[error("the cipher failed")]
    Cipher,
}

/// Seals and opens payloads.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Vault: Send + Sync {
    /// Encrypts a payload under a fresh data key, bound to `context`.
    ///
    /// MUST use a data key once only, and MUST have a wrap reserved before it wraps with a key of the ring.
    async fn seal(&self, context: &SealContext, payload: &SecretPayload) -> Result<Sealed, VaultError>;

    /// Decrypts a payload.
    ///
    /// MUST return [`VaultError::Integrity`] when any byte of `sealed` or any field of `context` differs
    /// from what was sealed, and [`VaultError::UnknownKey`] when the key is absent, as the key of one
    /// organisation is for another. An envelope of an older
    /// format is bound to fewer fields of `context`, and MUST return [`VaultError::Integrity`] for those.
    async fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<SecretPayload, VaultError>;

    /// Whether an envelope has the format that [`Self::seal`] writes. An older one is bound to fewer fields.
    fn is_current(&self, sealed: &Sealed) -> bool;

    /// A SHA-256 digest that identifies what is sealed, and which the audit trail records. It MUST stay the
    /// same when only the keys around the data key change.
    fn envelope_digest(&self, sealed: &Sealed) -> [u8; 32];
}

/// The use of a purpose key. Each purpose has its own keys; a KEK is never used for any of them directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Digests of API keys.
    ApiKey,
    /// MACs of audit records and checkpoints.
    Audit,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::ApiKey, Self::Audit];

    /// The spelling of the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Audit => "audit",
        }
    }
}

/// Keyed digests (HMAC-SHA-256) under the purpose keys of the deployment.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait PurposeKeys: Send + Sync {
    /// The key with which new digests of a purpose are made.
    fn current(&self, purpose: Purpose) -> PurposeKeyId;

    /// The digest of `message` under a key, current or older.
    ///
    /// MUST return [`VaultError::UnknownPurposeKey`] for a key of another purpose.
    fn digest(&self, purpose: Purpose, key: PurposeKeyId, message: &[u8]) -> Result<[u8; 32], VaultError>;

    /// Whether two digests are equal, in constant time.
    fn equal(&self, one: &[u8; 32], other: &[u8; 32]) -> bool;
}

/// Counts how often each KEK has wrapped, over all processes and restarts (NIST SP 800-38D, section 8.3:
/// at most 2^32 invocations with random 96-bit nonces).
#[async_trait]
pub trait WrapLedger: Send + Sync {
    /// Reserves `count` wraps under `kek` and returns how many are reserved in total.
    ///
    /// MUST be atomic over all processes. MUST NOT reserve, and return `None`, when the total would pass
    /// `limit`.
    async fn reserve_wraps(
        &self,
        kek: KekId,
        count: u64,
        limit: u64,
    ) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>>;
}
