/// What a connection is for. Networks and ports are opened by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Connection tests over SSH.
    Sftp,
    /// Connection tests of PostgreSQL.
    Postgres,
    /// Connection tests of the operator's own PostgreSQL servers, and of no others.
    InternalPostgres,
    /// Connection tests over HTTP.
    Http,
    /// Token endpoints.
    Oauth,
    /// Key sets of token issuers.
    Jwks,
    /// Webhooks.
    Webhook,
}

/// The purposes for which an entry of a setting opens something, by the word before its `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opens {
    /// The entry has no word: it is for the testers whose destination a user writes, SFTP and PostgreSQL.
    Testers,
    /// The word `*`.
    Everything,
    /// A purpose by its name.
    Only(Purpose),
}

impl Purpose {
    /// Returns the name in settings and in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sftp => "sftp",
            Self::Postgres => "postgres",
            Self::InternalPostgres => "internal_postgresql",
            Self::Http => "http",
            Self::Oauth => "oauth",
            Self::Jwks => "jwks",
            Self::Webhook => "webhook",
        }
    }

    /// Whether connections of this purpose are connection tests, which count against the budget of a
    /// destination.
    pub(crate) fn is_a_test(self) -> bool {
        matches!(self, Self::Sftp | Self::Postgres | Self::InternalPostgres | Self::Http)
    }
}

impl Opens {
    /// The purposes that a setting can name. `internal_postgresql` has a setting of its own.
    const NAMED: [Purpose; 6] =
        [Purpose::Sftp, Purpose::Postgres, Purpose::Http, Purpose::Oauth, Purpose::Jwks, Purpose::Webhook];

    /// Returns every word, as an error lists them: `sftp=, postgres= ... or *=`.
    pub(crate) fn words() -> String {
        let named = Self::NAMED.map(|purpose| format!("{}=", purpose.name()));
        format!("{} or *=", named.join(", "))
    }

    /// Reads the word before the `=`. Returns `None` when the word is not known.
    pub(crate) fn named(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self::Everything);
        }
        Self::NAMED.into_iter().find(|purpose| purpose.name() == word).map(Self::Only)
    }

    /// Whether the entry counts for a purpose.
    pub(crate) fn covers(self, purpose: Purpose) -> bool {
        match self {
            Self::Testers => matches!(purpose, Purpose::Sftp | Purpose::Postgres),
            Self::Everything => purpose != Purpose::InternalPostgres,
            Self::Only(only) => only == purpose,
        }
    }
}
