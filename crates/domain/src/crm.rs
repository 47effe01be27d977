//! The shape in which CRM clients know a credential: a destination, a token and free metadata.
//!
//! What CRM clients send is stored in fields of the provider wherever there is a field for it, so that the
//! other dialects, tests and refreshes find it there. Everything for which there is no field, or that does
//! not keep the field's rules, is kept beside them in a sealed remainder. Both parts are put together again
//! when a client reads the credential.

mod masking;
mod plain;
mod showing;
mod storing;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use self::plain::{is_plain, is_plain_dsn};
use crate::credential_type::CredentialType;
use crate::json::{self, Json};
use crate::secret::SecretText;
use crate::violation::{Rule, Violation};

/// The text that is shown in place of a secret. No value may contain it, so that a value that was read masked
/// is never written back.
pub const MASK: &str = "********";

/// The limit for the metadata: the length of all names and texts together, in bytes.
pub const MAX_METADATA_BYTES: usize = 256 * 1024;

/// The field of a payload that holds a dsn which is no plain URL. No provider may have a field of this name.
pub const DSN: &str = "dsn";
/// The field of a payload that holds, as JSON, the metadata that fill no field. No provider may have a field
/// of this name.
pub const METADATA: &str = "metadata";

const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";

/// How a provider's fields appear to CRM clients: `[dialects.crm]` of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmMapping {
    /// The public URL field that `dsn` fills.
    pub dsn: String,
    /// The secret field that `access_token` fills when the credential is an `api_key`.
    pub token: String,
    /// Metadata that are not secret; everything else is.
    pub public_metadata: BTreeSet<String>,
    /// Metadata that decide where the secret is sent.
    pub destination_metadata: BTreeSet<String>,
}

impl CrmMapping {
    /// Whether a metadata value may be shown to every caller who may see the credential.
    fn is_public(&self, name: &str, value: &Json) -> bool {
        self.public_metadata.contains(name) && is_plain(value)
    }

    fn token_field(&self, kind: CredentialType) -> &str {
        if kind.is_oauth() { ACCESS_TOKEN } else { &self.token }
    }
}

/// Free metadata by name.
pub type Metadata = BTreeMap<String, Json>;

/// A credential as CRM clients know it.
#[derive(Debug)]
pub struct CrmContent {
    /// The destination: the address of the CRM.
    pub dsn: SecretText,
    /// The secret that authenticates there.
    pub access_token: SecretText,
    /// Everything else.
    pub metadata: Metadata,
}

/// The fields that an update sends; absent ones stay.
#[derive(Debug, Default)]
pub struct CrmPatch {
    /// A new destination.
    pub dsn: Option<SecretText>,
    /// A new token.
    pub access_token: Option<SecretText>,
    /// A JSON Merge Patch (RFC 7396) of the metadata.
    pub metadata: Option<Metadata>,
}

impl CrmPatch {
    /// Whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.dsn.is_none()
            && self.access_token.is_none()
            && self.metadata.as_ref().is_none_or(BTreeMap::is_empty)
    }
}

impl CrmContent {
    /// Applies an update.
    ///
    /// The destination is the whole `dsn` and the metadata that the provider file marks as such. When the
    /// destination changes, the stored secrets are dropped unless the caller sends them again. So no caller
    /// can have a secret that they do not know sent to a place of their choice.
    ///
    /// # Errors
    /// A destination that changes without a token.
    pub fn merge(self, patch: &CrmPatch, mapping: &CrmMapping) -> Result<Self, Violation> {
        let moved = self.is_moved_by(patch, mapping);
        if moved && patch.access_token.is_none() {
            let rule = Rule::missing("is required when dsn or another destination changes");
            return Err(rule.on(ACCESS_TOKEN));
        }
        let mut metadata = self.metadata;
        metadata.retain(|name, value| !moved || mapping.is_public(name, value));
        if let Some(patch) = &patch.metadata {
            let fields = patch.iter().map(|(name, value)| (name.as_str(), value));
            metadata = json::merge_fields(metadata.into_iter().collect(), fields).into_iter().collect();
        }
        let or = |new: &Option<SecretText>, old: SecretText| new.as_ref().map_or(old, SecretText::duplicate);
        Ok(Self {
            dsn: or(&patch.dsn, self.dsn),
            access_token: or(&patch.access_token, self.access_token),
            metadata,
        })
    }

    /// Lends the metadata for writing. Every call site is a place to review.
    pub const fn expose_metadata(&self) -> ExposedMetadata<'_> {
        ExposedMetadata(&self.metadata)
    }

    fn is_moved_by(&self, patch: &CrmPatch, mapping: &CrmMapping) -> bool {
        // A destination that may hold a secret always counts as changed. Otherwise the answer would tell the
        // caller whether a guess of that secret is right.
        let same = |old: &SecretText, new: &SecretText| {
            old.expose() == new.expose() && (old.is_empty() || is_plain_dsn(old.expose()))
        };
        let other_dsn = patch.dsn.as_ref().is_some_and(|dsn| !same(&self.dsn, dsn));
        let sent = patch.metadata.iter().flatten();
        let mut destinations = sent.filter(|(name, _)| mapping.destination_metadata.contains(*name));
        other_dsn
            || destinations.any(|(name, new)| match (self.metadata.get(name), new) {
                (None, Json::Null) => false,
                (None, Json::Text(new)) if *name == mapping.dsn => !same(&self.dsn, new),
                (None, _) => true,
                (Some(old), new) => !(is_plain(old) && old.says_the_same_as(new)),
            })
    }
}

/// Metadata on their way to a writer.
pub struct ExposedMetadata<'a>(&'a Metadata);

impl Serialize for ExposedMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value.expose())))
    }
}

#[cfg(test)]
mod tests;
