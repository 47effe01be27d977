//! How the credentials of a provider are tested, and which of them can be.

use std::collections::BTreeSet;

use crate::credential_type::CredentialType;

/// How a provider is tested.
#[derive(Debug, Clone)]
pub enum ProviderTest {
    /// An SSH login and an SFTP session.
    Sftp,
    /// A PostgreSQL login and `SELECT 1`.
    Postgresql,
    /// HTTP requests, one after the other, which the adapter knows. The conditions here say which credentials
    /// each of them is for.
    Http(Vec<StepConditions>),
}

/// The credentials that a step of a test applies to.
#[derive(Debug, Clone, Default)]
pub struct StepConditions {
    /// The types of the credentials; empty means all.
    pub types: BTreeSet<CredentialType>,
    /// The fields that the credentials must have.
    pub needs: Vec<String>,
    /// The fields that the credentials must not have.
    pub unless: Vec<String>,
}

impl ProviderTest {
    /// The name of the kind of test in the API's catalog: `protocol` or `http`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sftp | Self::Postgresql => "protocol",
            Self::Http(_) => "http",
        }
    }
}

impl StepConditions {
    /// Whether the step is part of a test of a credential of this type that has these fields.
    pub fn admit(&self, kind: CredentialType, has: impl Fn(&str) -> bool) -> bool {
        self.are_for(kind)
            && self.needs.iter().all(|name| has(name))
            && !self.unless.iter().any(|name| has(name))
    }

    /// Whether the step can be part of a test of a credential of this type.
    pub fn are_for(&self, kind: CredentialType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }
}
