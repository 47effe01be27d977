//! Service accounts, which are the accounts of programs, and the API keys that they present.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::canonical::Canonical;
use crate::form::TextForm;
use crate::ids::hyphenated;
use crate::issuer::Issuer;
use crate::names::{PRINTABLE_NAME, printable_name};
use crate::organization::OrganizationId;
use crate::principal::{Reach, ScopeSet};
use crate::sealed::PurposeKeyId;
use crate::secret::SecretText;
use crate::spelled::spelled;
use crate::violation::Rule;

/// A service account's id, a UUIDv7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceAccountId(pub Uuid);

impl ServiceAccountId {
    /// What `parse` accepts.
    pub const FORM: TextForm = TextForm::format("uuid");

    /// Reads the hyphenated spelling.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        hyphenated(text).map(Self).ok_or(Rule::fixed("must be a service account id"))
    }
}

impl fmt::Display for ServiceAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

spelled! {
    /// Whether a service account's keys work.
    ServiceAccountStatus, "must be one of: active, inactive":
    /// Its keys work.
    Active => "active",
    /// Every one of its keys is refused.
    Inactive => "inactive",
}

/// A name for a service account or an API key: trimmed, 1 to 200 printable characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName(String);

impl AccountName {
    /// What `parse` accepts.
    pub const FORM: TextForm = PRINTABLE_NAME.like("importer");

    /// Trims and checks a name.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        printable_name(text).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A program's account in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// The organisation that owns it.
    pub organization: OrganizationId,
    /// Its id.
    pub id: ServiceAccountId,
    /// A person's name for it.
    pub name: AccountName,
    /// What it is for, up to 1,000 characters.
    pub description: Option<String>,
    /// What it may do.
    pub scopes: ScopeSet,
    /// How far it reaches.
    pub reach: Reach,
    /// Whether its keys work.
    pub status: ServiceAccountStatus,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
    /// Who made it.
    pub created_by: String,
    /// The issuer of its creator's token; absent for API keys, commands and what earlier builds have stored.
    pub issuer: Option<Issuer>,
}

/// The public half of an API key: 16 characters of lower-case base32 (RFC 4648 alphabet). It is not secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyId(String);

impl ApiKeyId {
    /// What `parse` accepts.
    pub const FORM: TextForm = TextForm::pattern("^[a-z2-7]{16}$");

    /// Reads a key id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let allowed = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
        if text.len() != 16 || !text.bytes().all(allowed) {
            return Err(Rule::fixed("must be an API key id of 16 lower-case base32 characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Spells 80 random bits.
    pub fn from_random(bits: [u8; 10]) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let number = bits.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        let letter = |place: u32| {
            let index = usize::try_from((number >> (5 * place)) & 31).unwrap_or(0);
            char::from(ALPHABET.get(index).copied().unwrap_or(b'a'))
        };
        Self((0..16).rev().map(letter).collect())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A presented API key, split: `srk_<key id>_<43 base64url characters = 256 random bits>`.
#[derive(Debug)]
pub struct PresentedApiKey {
    /// Its public half.
    pub id: ApiKeyId,
    /// Its secret half.
    pub secret: SecretText,
}

impl PresentedApiKey {
    /// The prefix that secret scanners look for.
    pub const PREFIX: &'static str = "srk_";

    /// Splits a key at its first two underscores. The secret half may itself hold underscores.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(Self::PREFIX)?.split_once('_')?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if secret.len() != 43 || !secret.bytes().all(allowed) {
            return None;
        }
        Some(Self { id: ApiKeyId::parse(id).ok()?, secret: SecretText::new(secret.to_owned()) })
    }

    /// The bytes that stand for the presented key. They do not name the account that it belongs to.
    pub fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let start = Canonical::labelled("strongroom/api-key-presented/v1").text(self.id.as_str());
        Zeroizing::new(start.text(self.secret.expose()).finish())
    }

    /// The bytes that a stored digest covers. They name organisation and account, so a key that was moved to
    /// another organisation or account in the database is refused.
    pub fn bound_bytes(
        &self,
        organization: &OrganizationId,
        account: ServiceAccountId,
    ) -> Zeroizing<Vec<u8>> {
        let start = Canonical::labelled("strongroom/api-key/v1").text(organization.as_str()).id(account.0);
        Zeroizing::new(start.text(self.id.as_str()).text(self.secret.expose()).finish())
    }
}

/// The form in which the store keeps an API key: a keyed digest, never the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The organisation that owns it.
    pub organization: OrganizationId,
    /// The account that it authenticates.
    pub service_account: ServiceAccountId,
    /// Its public half.
    pub id: ApiKeyId,
    /// A person's name for it.
    pub name: AccountName,
    /// HMAC-SHA-256 of [`PresentedApiKey::bound_bytes`].
    pub digest: [u8; 32],
    /// The purpose key that made the digest.
    pub digest_key: PurposeKeyId,
    /// When it stops working.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was used last; written up to a few seconds later.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Who made it.
    pub created_by: String,
    /// The issuer of its creator's token; absent for API keys, commands and what earlier builds have stored.
    pub issuer: Option<Issuer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presented_key_is_split_at_its_first_two_underscores() {
        let secret = "ab_cdefghijklmnopqrstuvwxyz-0123456789ABCDEF";
        let key = PresentedApiKey::parse(&format!("srk_abcdefghijklmn23_{}", &secret[..43])).unwrap();
        assert_eq!(key.id.as_str(), "abcdefghijklmn23");
        assert_eq!(key.secret.expose(), &secret[..43]);
        for bad in ["", "srk_", "srk_ABCDEFGHIJKLMN23_x", "srk_abcdefghijklmn23_short", "eyJhbGciOi"] {
            assert!(PresentedApiKey::parse(bad).is_none());
        }
    }

    #[test]
    fn random_bits_spell_a_key_id() {
        assert_eq!(ApiKeyId::from_random([0; 10]).as_str(), "aaaaaaaaaaaaaaaa");
        assert_eq!(ApiKeyId::from_random([0xff; 10]).as_str(), "7777777777777777");
        assert!(ApiKeyId::parse(ApiKeyId::from_random([7; 10]).as_str()).is_ok());
    }
}
