use crate::violation::Rule;

/// Where a credential is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialStatus {
    /// An OAuth flow has begun and nobody has confirmed it.
    Pending,
    /// Stored, and not tested since.
    Unverified,
    /// The provider accepted it at its last test.
    Validated,
    /// The provider refused it at its last test.
    Rejected,
    /// Its grant is gone; a person has to authorise again.
    NeedsReauth,
}

impl CredentialStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Unverified, Self::Validated, Self::Rejected, Self::NeedsReauth];

    /// The spelling of the wire and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unverified => "unverified",
            Self::Validated => "validated",
            Self::Rejected => "rejected",
            Self::NeedsReauth => "needs_reauth",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Rule::fixed("must be one of: pending, unverified, validated, rejected, needs_reauth"))
    }
}
