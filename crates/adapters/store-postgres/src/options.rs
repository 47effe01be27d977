use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

/// How to reach the database.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`, with `sslmode` = `disable`, `require` or
    /// `verify-full` and `sslrootcert` = the path of a PEM file. Without `sslmode` it is `disable` for
    /// loopback addresses and sockets, else `verify-full`.
    pub url: Zeroizing<String>,
    /// The most connections that are open at once; at least 1.
    pub pool_size: u32,
    /// Whether a server that may lose acknowledged writes (`fsync` or `synchronous_commit` off) is accepted.
    /// This is for test clusters only.
    pub allow_unsafe_durability: bool,
    /// Counts the statements of all connections, when given.
    pub statements: Option<Arc<StatementCounter>>,
}

impl PostgresOptions {
    /// The options of production, with 16 connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Zeroizing::new(url.into()),
            pool_size: 16,
            allow_unsafe_durability: false,
            statements: None,
        }
    }
}

/// Leaves out the URL, which holds a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("pool_size", &self.pool_size)
            .field("allow_unsafe_durability", &self.allow_unsafe_durability)
            .finish_non_exhaustive()
    }
}

/// Counts the statements that are sent to the server, so that a test can check how many an operation needs.
#[derive(Debug, Default)]
pub struct StatementCounter {
    sent: AtomicU64,
    prepared: AtomicU64,
}

impl StatementCounter {
    /// The statements sent so far, with `BEGIN` and `COMMIT`, without those that set up a connection.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The statements prepared for reuse so far. In a steady state the number does not change.
    pub fn prepared(&self) -> u64 {
        self.prepared.load(Ordering::Relaxed)
    }

    pub(crate) fn count_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_prepared(&self) {
        self.prepared.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_url() {
        let shown = format!("{:?}", PostgresOptions::new("postgres://app:canary@db.example.test/app"));
        assert!(!shown.contains("canary") && !shown.contains("example"), "{shown}");
    }
}
