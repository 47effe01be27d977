//! What an error of the driver means for the operator. The driver's own words are "db error" and the like.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::DbError;

/// An error of the driver in words that say what to do. It holds what the server says, and nothing of the
/// URL.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct DriverError {
    text: String,
    is_passing: bool,
}

impl DriverError {
    /// Whether the cause may be gone in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_passing
    }
}

pub(crate) fn read(error: &Error) -> DriverError {
    if let Some(error) = error.as_db_error() {
        return of_the_server(error);
    }
    let text = error.to_string();
    let cause = error.source();
    let network = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    let tls = text.contains("TLS");
    let detail = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    if tls {
        let advice = match detail.contains("CaUsedAsEndEntity") {
            true => {
                "the server has a certificate that is marked as that of an authority: give it one that is not (basicConstraints CA:FALSE)"
            }
            false => "check sslmode and sslrootcert, and the host name in the server's certificate",
        };
        return DriverError {
            text: format!("TLS with the server failed{detail}; {advice}"),
            is_passing: false,
        };
    }
    if network.is_some() || error.is_closed() || cause.is_none() {
        let advice = "check that host and port are those of the server and that it runs";
        return DriverError {
            text: format!("no connection to the server{detail}; {advice}"),
            is_passing: true,
        };
    }
    // The driver finds this before it asks the server.
    let advice = match detail.as_str() {
        ": password missing" => {
            "; put the password into the url, as in postgres://user:password@host/database"
        }
        _ => "",
    };
    DriverError { text: format!("the server refuses the connection{detail}{advice}"), is_passing: false }
}

/// Whether a pooler says that it has no connection for this client.
fn is_full(words: &str) -> bool {
    let words = words.to_lowercase();
    ["no more connections", "max_client_conn", "max client", "too many", "query_wait_timeout"]
        .iter()
        .any(|part| words.contains(part))
}

/// An error that the server, or a pooler in front of it, answered with.
fn of_the_server(error: &DbError) -> DriverError {
    let (code, words) = (error.code().code(), error.message());
    let advice = match code {
        "28P01" => "; check user name and password, and percent-encode their special characters",
        "28000" if words.contains("no encryption") => {
            "; the server may take connections over TLS only: write sslmode=verify-full, or require"
        }
        "28000" => {
            "; check that an access rule (pg_hba.conf) admits this user, database and kind of connection"
        }
        "3D000" => "; create the database, or correct its name",
        "53300" => "; lower store.pool_size, or raise the server's max_connections",
        "08P01" | "XX000" | "58000" if is_full(words) => {
            "; the pooler has no connection free: raise its limits (PgBouncer: max_client_conn, default_pool_size), or lower store.pool_size"
        }
        "08P01" | "XX000" => "; if this is a pooler, check that it knows the database and the user",
        _ => "",
    };
    let text = format!("the server refuses the connection: {words} (SQLSTATE {code}){advice}");
    DriverError { text, is_passing: is_passing(code, words) }
}

/// Whether the server starts, stops or is full, or is away behind a pooler. PgBouncer has one code for all it
/// says.
fn is_passing(code: &str, words: &str) -> bool {
    let behind_a_pooler =
        ["server login", "connect to server", "remote server", "server_login_retry", "shutting down"];
    match code {
        "57P01" | "57P02" | "57P03" | "53300" => true,
        "08P01" | "XX000" | "58000" => {
            is_full(words) || behind_a_pooler.iter().any(|part| words.contains(part))
        }
        code => code.starts_with("08"),
    }
}
