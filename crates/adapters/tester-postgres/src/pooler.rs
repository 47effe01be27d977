//! What poolers and proxies answer before a login is done. They use few codes for everything: PgBouncer
//! 08P01, Supavisor and Neon's proxy XX000, pgcat 58000. So their words decide. The words are compared and
//! never shown.

use strongroom_domain::TestCode;
use strongroom_provider_tester::Verdict;

/// Words of an outage or of too many connections.
const PASSING: [&str; 16] = [
    "too many",
    "max_client",
    "max client",
    "maxclients",
    "no more connections",
    "connect to server",
    "connect to remote server",
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
    if says(&["startup parameter", "startup packet"]) {
        return Some(
            Verdict::of(TestCode::InvalidConfig)
                .saying("The server, probably a pooler, refuses a startup parameter.")
                .advising(
                    "Leave out options of the connection string, or let the pooler pass them over (PgBouncer: ignore_startup_parameters).",
                ),
        );
    }
    if says(&["ssl", "tls"]) && says(&["required", "requires", "must"]) {
        return Some(
            Verdict::of(TestCode::InvalidConfig)
                .saying("The server takes connections over TLS only.")
                .advising("Use sslmode=verify-full."),
        );
    }
    if says(&PASSING) {
        return None;
    }
    Some(
        Verdict::of(TestCode::InvalidConfig)
            .saying("The server, probably a pooler, refused the connection before the password counted.")
            .advising(
                "Check database and user name: a pooler answers so when it does not know them. Supabase wants the user name with the project (`postgres.PROJECT`), Neon the host name of the endpoint; PgBouncer must list the database.",
            ),
    )
}
