use strongroom_repository::Source;

/// Why the database cannot be used. No variant holds the URL.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be used.
    #[error("the database url {0}")]
    Url(&'static str),
    /// The file named by `sslrootcert` cannot be used.
    #[error("the file named by sslrootcert {0}")]
    RootCertificates(&'static str),
    /// TLS cannot be set up.
    #[error("tls to the database cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The server cannot be reached, or refuses the connection.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Source),
    /// The server acknowledges writes that it may lose.
    #[error("the database has {setting} off, so it may lose writes that were answered; switch it on")]
    UnsafeDurability {
        /// `fsync` or `synchronous_commit`.
        setting: &'static str,
    },
    /// The schema is newer than this build.
    #[error("the database has migration {version}, which this build does not know; start a newer build")]
    NewerSchema {
        /// The newest migration that this build does not know.
        version: String,
    },
    /// The schema is older than this build.
    #[error("the database lacks migration {version}; run the migrate command first")]
    OlderSchema {
        /// The oldest migration that is missing.
        version: &'static str,
    },
    /// Migrating failed; nothing was changed.
    #[error("migrating the database failed and changed nothing")]
    Migration(#[source] Source),
}
