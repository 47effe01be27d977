use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, TestError, Verdict};

/// The ways in which a test ends before its last step is done.
pub(crate) enum Ending {
    /// It has a finding.
    Verdict(Box<Verdict>),
    /// It has no finding: the destination was not contacted.
    Untested(TestError),
}

/// The parts of a test after the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Identification and key exchange.
    Handshake,
    /// The login.
    Login,
    /// What the login can do.
    Probe,
}

impl Ending {
    /// Says what has passed before a server fell silent or broke off, unless the ending says more already.
    pub(crate) fn in_stage(self, stage: Stage) -> Self {
        let Self::Verdict(verdict) = self else { return self };
        let (message, hint) = match (verdict.code, stage) {
            (TestCode::Timeout, Stage::Handshake) => (
                "An SSH server answered, but did not finish the handshake within 5 seconds.",
                "Host and port are right. The server is slow or overloaded: try again later.",
            ),
            (TestCode::Timeout, Stage::Login) => (
                "The server did not answer the login within 5 seconds.",
                "Host and port are right: an SSH server answers there. It may be slow to look up accounts or addresses, or wait for a new password because this one has expired: try again later, or ask its operator.",
            ),
            (TestCode::Timeout, Stage::Probe) => (
                "The login works, but the server did not answer over SFTP in time.",
                "Host, port, user name and secret are right. The server is slow: try again later, or ask its operator.",
            ),
            (TestCode::ProviderError, Stage::Handshake) => (
                "The server ended the connection before the login.",
                "It may take no more connections at the moment, or none from this address: try again later, or ask its operator. Check the port as well.",
            ),
            (TestCode::ProviderError, Stage::Login) => (
                "The server ended the connection during the login.",
                "Host and port are right: an SSH server answers there. It may limit logins, admit this account no longer or not now, or have trouble of its own: ask its operator, or try again later.",
            ),
            (TestCode::ProviderError, Stage::Probe) => (
                "The login works, but the server does not answer properly over SFTP.",
                "Host, port, user name and secret are right. The server may have trouble of its own: try again later, or ask its operator.",
            ),
            _ => return Self::Verdict(verdict),
        };
        let message = verdict.message.clone().unwrap_or(message.into());
        let hint = verdict.hint.clone().unwrap_or(hint.into());
        verdict.saying(message).advising(hint).into()
    }
}

impl Ending {
    /// Whether nothing is said about what happened but its code.
    pub(crate) fn is_unexplained(&self) -> bool {
        matches!(self, Self::Verdict(verdict) if verdict.message.is_none())
    }

    /// Whether the server was too slow.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::Verdict(verdict) if verdict.code == TestCode::Timeout)
    }

    /// Whether the server hung up without saying why.
    pub(crate) fn is_cut_off(&self) -> bool {
        let cause = Cause::Protocol(HUNG_UP.to_owned());
        matches!(self, Self::Verdict(verdict) if verdict.cause.as_ref() == Some(&cause))
    }
}

/// A server that ended the connection, for the log.
const HUNG_UP: &str = "connection closed by the server";

impl From<Verdict> for Ending {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(Box::new(verdict))
    }
}

/// The settings cannot be right, whatever the server does.
pub(crate) fn misconfigured(message: &'static str, hint: &'static str) -> Ending {
    Verdict::of(TestCode::InvalidConfig).saying(message).advising(hint).into()
}

/// The server's behaviour says nothing about the credential; `cause` is for the log.
pub(crate) fn broken(cause: &'static str) -> Ending {
    Verdict::of(TestCode::ProviderError).because(Cause::Protocol(cause.to_owned())).into()
}

/// The connection ended early, or the SSH session was interrupted.
pub(crate) fn cut_off(error: &russh::Error) -> Ending {
    broken(fault(error))
}

/// Describes the error in fixed words, because the text of the library contains what the server sent.
pub(crate) fn fault(error: &russh::Error) -> &'static str {
    match error {
        russh::Error::Version => "no ssh identification",
        russh::Error::NoCommonAlgo { .. } => "no common algorithm",
        russh::Error::PacketSize(_) => "packet of a forbidden size",
        russh::Error::WrongServerSig => "host key not proven",
        russh::Error::StrictKeyExchangeViolation { .. } => "strict key exchange violated",
        russh::Error::PacketAuth | russh::Error::DecryptionError => "packet not authentic",
        russh::Error::IO(_)
        | russh::Error::Disconnect
        | russh::Error::HUP
        | russh::Error::SendError
        | russh::Error::RecvError => HUNG_UP,
        _ => "not the ssh protocol",
    }
}
