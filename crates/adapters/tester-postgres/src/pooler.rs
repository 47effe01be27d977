//! What poolers and proxies answer before a login is done. They use few codes for everything: PgBouncer
//! 08P01, Supavisor and Neon's proxy XX000, pgcat 58000. So their words decide. The words are compared and
//! never shown.

use strongroom_domain::TestCode;
use strongroom_provider_tester::Verdict;
use tokio_postgres::error::DbError;

/// Words of an outage or of too many connections.
const PASSING: [&str; 18] = [
    "too many",
    "max_client",
    "max client",
    "maxclients",
    "no more connections",
    "connect to server",
    "connect to remote server",
    "connect to compute",
    "control plane",
    "timeout",
    "timed out",
    "paused",
    "circuit",
    "allserversdown",
    "unavailable",
    "try again",
    "shutting down",
    "starting up",
];

/// Words of a user, database or endpoint that is not known.
const UNKNOWN: [&str; 3] = ["not found", "not be found", "no such"];

/// Words of a refused password.
const PASSWORD: [&str; 5] = [
    "password authentication failed",
    "sasl authentication failed",
    "invalid password",
    "incorrect password",
    "wrong password",
];

/// Whether a pooler gives this code to what is no outage: a connection that was rejected, a violation of the
/// protocol, a failure of the system, an internal error.
pub(crate) fn is_code(code: &str) -> bool {
    matches!(code, "08P01" | "08004") || ["58", "XX"].iter().any(|class| code.starts_with(class))
}

/// Whether the server behind a pooler has refused the password that the pooler has for it.
pub(crate) fn is_refused_itself(error: &DbError) -> bool {
    let words = error.message().to_lowercase();
    is_code(error.code().code()) && PASSWORD.iter().any(|part| words.contains(part))
}

/// The verdict on a pooler that took the caller's password and whose own was refused.
pub(crate) fn refused_itself() -> Verdict {
    Verdict::of(TestCode::ProviderError)
        .saying("The pooler took the password, and could not log in to the server behind it.")
        .advising("User name and password are right. Ask the pooler's operator: the user or the password that the pooler has for this database is wrong.")
}

/// The verdict on such a code. `None` means that the words are those of an outage.
pub(crate) fn verdict(words: &str) -> Option<Verdict> {
    let words = words.to_lowercase();
    let says = |list: &[&str]| list.iter().any(|part| words.contains(part));
    // PgBouncer could not log in to the server behind it, and repeats what that server said to it.
    if says(&["server login"]) {
        return None;
    }
    if says(&PASSWORD) {
        return Some(super::finding::wrong_password());
    }
    let (code, message, hint) = match () {
        () if says(&["startup parameter", "startup packet"]) => (
            TestCode::InvalidConfig,
            "The server, probably a pooler, refuses a startup parameter.",
            "Leave out options of the connection string, or let the pooler pass them over (PgBouncer: ignore_startup_parameters).",
        ),
        () if says(&["ssl", "tls"]) && says(&["required", "requires", "must", "insecure"]) => (
            TestCode::InvalidConfig,
            "The server takes connections over TLS only.",
            "Use sslmode=verify-full.",
        ),
        () if says(&[
            "ip address",
            "ip_address",
            "allow list",
            "allowlist",
            "allow_list",
            "address not in",
            "address is not",
        ]) =>
        {
            (
                TestCode::ProviderError,
                "The server does not take connections from this address.",
                "Admit the vault's address in the settings of the database's provider, then test again.",
            )
        }
        () if says(&["quota", "disabled", "suspended"]) => (
            TestCode::ProviderError,
            "The database is switched off, or its quota is used up.",
            "Look at the database in the console of its provider.",
        ),
        () if !says(&UNKNOWN) && says(&PASSING) => return None,
        () => (
            TestCode::InvalidConfig,
            "The server, probably a pooler, refused the connection before the password counted.",
            "Check database and user name: a pooler answers so when it does not know them. Supabase wants the user name with the project (`postgres.PROJECT`), Neon the host name of the endpoint; PgBouncer must list the database.",
        ),
    };
    Some(Verdict::of(code).saying(message).advising(hint))
}
