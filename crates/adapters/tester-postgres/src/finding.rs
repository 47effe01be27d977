//! Turns failures into what a user reads. Of all that the server has sent, only the class of its error is
//! shown.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;

use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, Verdict};
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::guard::Refusal;
use crate::pooler;

/// The outcome of a step. An `Err` ends the test.
pub(crate) type Found<T> = Result<T, Box<Verdict>>;

/// The verdict of a test that came to its end. `weakness` is what the connection lacks.
pub(crate) fn success(weakness: Option<&'static str>, password_was_asked: bool) -> Verdict {
    let verdict = Verdict::of(TestCode::Ok);
    let verdict = if password_was_asked {
        verdict
    } else {
        verdict.saying("The server let the user in without asking for the password, which stays untested.")
    };
    match weakness {
        Some(hint) => verdict.advising(hint),
        None => verdict,
    }
}

/// How far a test has come when the driver reports an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The user is not logged in.
    Login {
        /// Whether the server has spoken as PostgreSQL does.
        is_postgres: bool,
        /// Whether it has said that the password is right.
        password_taken: bool,
    },
    /// The user is logged in.
    Probe,
}

/// The verdict on an error of the driver.
pub(crate) fn failure(error: &Error, refusal: Option<Refusal>, stage: Stage) -> Box<Verdict> {
    if let Some(refusal) = refusal {
        return refused(refusal);
    }
    let cause = match error.as_db_error() {
        Some(error) => return server_error(error, stage),
        None if error.is_closed() || is_broken(error) => "closed during the login or the query",
        None => "not the protocol, or the server did not prove that it knows the password",
    };
    match stage {
        Stage::Login { is_postgres: false, .. } => not_postgres(cause),
        Stage::Login { is_postgres: true, .. } => Box::new(
            Verdict::of(TestCode::ProviderError)
                .saying("The server did not finish the login as a PostgreSQL server does.")
                .advising("Look at the log of the server, and of the pooler in front of it if there is one.")
                .because(Cause::Protocol(cause.into())),
        ),
        Stage::Probe => no_answer(cause),
    }
}

/// The verdict on a server that let the user in and did not answer a query.
pub(crate) fn no_answer(cause: &'static str) -> Box<Verdict> {
    Box::new(
        Verdict::of(TestCode::ProviderError)
            .saying("The server let the user in, and did not answer SELECT 1 as a PostgreSQL server does.")
            .advising("Look at the log of the server, and of the pooler in front of it if there is one.")
            .because(Cause::Protocol(cause.into())),
    )
}

pub(crate) fn wrong_password() -> Verdict {
    Verdict::of(TestCode::AuthRejected)
        .saying("The server refused the user name or the password.")
        .advising("Check user name and password, and that the password has not expired.")
}

fn is_broken(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset))
}

/// The verdict on a server that is not a PostgreSQL server, or does not behave like one.
pub(crate) fn not_postgres(cause: &'static str) -> Box<Verdict> {
    Box::new(
        Verdict::of(TestCode::ProviderError)
            .saying("The server did not answer as a PostgreSQL server does.")
            .advising("Check host and port; look at the server's log.")
            .because(Cause::Protocol(cause.into())),
    )
}

fn refused(refusal: Refusal) -> Box<Verdict> {
    let verdict = match refusal {
        Refusal::PasswordForm => Verdict::of(TestCode::InvalidConfig)
            .saying("The server asks for the password in a form that is only sent inside verified TLS.")
            .advising(
                "Use sslmode=verify-full, or let the server store and check this password with scram-sha-256.",
            ),
        Refusal::Method => Verdict::of(TestCode::InvalidConfig)
            .saying("The server asks this user for something else than a password.")
            .advising("Allow scram-sha-256 for this user in the server's access rules (pg_hba.conf)."),
        Refusal::Rounds => Verdict::of(TestCode::ProviderError)
            .saying("The server asks for more rounds of SCRAM than the 100,000 that a test computes.")
            .advising("Set the password again with scram_iterations at the server's usual 4096."),
        Refusal::TooMuch | Refusal::Malformed => return not_postgres(refusal.as_cause()),
    };
    Box::new(verdict.because(Cause::Protocol(refusal.as_cause().into())))
}

impl Refusal {
    const fn as_cause(self) -> &'static str {
        match self {
            Self::PasswordForm => "password asked for in the clear or as md5, outside verified tls",
            Self::Method => "asked for something else than a password",
            Self::Rounds => "asked for too many rounds of scram",
            Self::TooMuch => "sent too much",
            Self::Malformed => "sent no message of the protocol",
        }
    }
}

/// The verdict on an error code of the PostgreSQL manual, appendix A.
fn server_error(error: &DbError, stage: Stage) -> Box<Verdict> {
    let code = error.code().code();
    let of_a_pooler = match stage {
        Stage::Login { password_taken: true, .. } if code == "28P01" || pooler::is_refused_itself(error) => {
            Some(pooler::refused_itself())
        }
        Stage::Login { .. } if pooler::is_code(code) => pooler::verdict(error.message()),
        Stage::Login { .. } | Stage::Probe => None,
    };
    let verdict = of_a_pooler.unwrap_or_else(|| by_code(code, stage));
    Box::new(verdict.because(Cause::Protocol(shown(code).into_owned())))
}

fn by_code(code: &str, stage: Stage) -> Verdict {
    match code {
        "28P01" => wrong_password(),
        "28000" => Verdict::of(TestCode::AuthRejected)
            .saying("The server refused the login; an access rule (pg_hba.conf) may be the cause.")
            .advising(
                "Check that the user exists and may log in, and that an access rule admits this user, database and TLS mode from this vault's address.",
            ),
        "3D000" => Verdict::of(TestCode::InvalidConfig)
            .saying("The server has no database of the name in the field database.")
            .advising("Check the field database; its name is case-sensitive."),
        "42501" => Verdict::of(TestCode::Insufficient)
            .saying("The user lacks a permission, such as CONNECT on the database.")
            .advising("Grant CONNECT on the database to the user, then test again."),
        "55000" => Verdict::of(TestCode::InvalidConfig)
            .saying("The database takes no connections.")
            .advising("Check the field database; a template or a database that is being moved takes none."),
        "57014" => Verdict::of(TestCode::Timeout),
        code if is_passing(code) && stage == Stage::Probe => Verdict::of(TestCode::ProviderError)
            .saying("The server let the user in, and could not answer the query at the moment.")
            .advising("Try again in a few minutes; look at the log of the server or of its pooler."),
        code if is_passing(code) => Verdict::of(TestCode::ProviderError)
            .saying("The server takes no connections at the moment.")
            .advising(
                "Try again in a few minutes; check the server's limit of connections and whether it is starting up or shutting down.",
            ),
        _ => Verdict::of(TestCode::ProviderError)
            .saying("The server answered with an error that says nothing about the credential.")
            .advising("Look at the log of the server, and of the pooler in front of it if there is one."),
    }
}

/// Whether a code means a problem that may pass: connection exceptions, insufficient resources, operator
/// intervention, and what poolers call an outage.
fn is_passing(code: &str) -> bool {
    pooler::is_code(code) || ["08", "53", "57P0"].iter().any(|class| code.starts_with(class))
}

/// Returns a code that has the form of the manual. Anything else that a server put in its place is not shown.
fn shown(code: &str) -> Cow<'static, str> {
    let is_code = code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if is_code { format!("SQLSTATE {code}").into() } else { "an error without an SQLSTATE".into() }
}
