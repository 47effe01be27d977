use strongroom_domain::TestCode;
use strongroom_provider_tester::Verdict;

use crate::finding::Found;

/// The modes of `sslmode` (PostgreSQL manual, section 34.19.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// `disable`: without TLS.
    Never,
    /// `allow` and `prefer`: TLS without verification when the server offers it. libpq tries the two ways in
    /// different orders, which may take a second connection; a test makes only one attempt.
    WhenOffered,
    /// `require`: always TLS, without verification.
    Always,
    /// `verify-ca`, or `require` with a certificate authority: always TLS, with a certificate of a trusted
    /// authority.
    VerifyCa,
    /// `verify-full`: always TLS, with a certificate of a trusted authority for this host.
    VerifyFull,
}

/// What protects the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// There is no protection.
    None,
    /// TLS with a server that has not proved who it is.
    Unverified,
    /// TLS with any server of an authority that the caller named.
    Chain,
    /// TLS with a server that has proved who it is.
    Verified,
}

impl TlsMode {
    /// Reads the setting. When it is absent the mode is `verify-full`, unlike in libpq.
    pub(crate) fn parse(sslmode: Option<&str>, has_authority: bool) -> Option<Self> {
        Some(match sslmode {
            None | Some("verify-full") => Self::VerifyFull,
            Some("verify-ca") => Self::VerifyCa,
            Some("require") if has_authority => Self::VerifyCa,
            Some("require") => Self::Always,
            Some("prefer" | "allow") => Self::WhenOffered,
            Some("disable") => Self::Never,
            Some(_) => return None,
        })
    }

    /// Refuses modes that may end without encryption, except in a network that the operator listed.
    pub(crate) fn check_permission(self, listed: bool) -> Found<()> {
        if listed || !matches!(self, Self::Never | Self::WhenOffered) {
            return Ok(());
        }
        Err(Box::new(
            Verdict::of(TestCode::InvalidConfig)
                .saying("The field sslmode must be verify-full, verify-ca or require for this host.")
                .advising(
                    "Use sslmode=verify-full. Connections without TLS are only for networks that the operator of this vault has listed.",
                ),
        ))
    }

    /// Whether the server's certificate is checked.
    pub(crate) fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }

    /// Whether the connection may go on without TLS when the server has none.
    pub(crate) fn may_do_without(self) -> bool {
        matches!(self, Self::Never | Self::WhenOffered)
    }
}

impl Protection {
    /// Returns the advice that a successful test still gives.
    pub(crate) const fn weakness(self) -> Option<&'static str> {
        match self {
            Self::None => Some(
                "The connection is not encrypted: anybody on the way can read and change it. Use sslmode=verify-full.",
            ),
            Self::Unverified => Some(
                "This sslmode is weak: it encrypts but does not check who the server is. Use sslmode=verify-full.",
            ),
            Self::Chain => Some(
                "This sslmode is weak: any server of the same authority could answer. Use sslmode=verify-full.",
            ),
            Self::Verified => None,
        }
    }

    /// The value of the fact `tls`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unverified => "unverified",
            Self::Chain => "chain",
            Self::Verified => "verified",
        }
    }
}
