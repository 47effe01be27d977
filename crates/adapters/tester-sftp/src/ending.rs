use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, TestError, Verdict};

/// The ways in which a test ends before its last step is done.
pub(crate) enum Ending {
    /// It has a finding.
    Verdict(Box<Verdict>),
    /// It has no finding: the destination was not contacted.
    Untested(TestError),
}

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
        | russh::Error::RecvError => "connection closed by the server",
        _ => "not the ssh protocol",
    }
}
