//! The reasons for which a request gets an error answer.

use strongroom_application::Failure;

use crate::misshape::Misshape;

/// Why a request gets an error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The use case, or the way to it, failed.
    Failure(Failure),
    /// The request has the wrong shape, in each of these places.
    Misshapen(Vec<Misshape>),
    /// The request could not be taken as HTTP.
    Transport(Transport),
}

/// Why a request could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// The path exists; the method does not (405).
    MethodNotAllowed,
    /// The body is longer than 256 KiB, or a form than 8 KiB (413).
    BodyTooLarge,
    /// The body is not `application/json`, or is encoded (415).
    MediaType,
    /// All headers together are longer than 16 KiB (431).
    HeadersTooLarge,
    /// The body took longer than 15 seconds (408).
    SlowBody,
    /// The body broke off or was not framed as HTTP asks (400).
    BrokenBody,
}

impl Transport {
    /// The status code, which is the same in every dialect.
    pub const fn status(self) -> u16 {
        match self {
            Self::MethodNotAllowed => 405,
            Self::BodyTooLarge => 413,
            Self::MediaType => 415,
            Self::HeadersTooLarge => 431,
            Self::SlowBody => 408,
            Self::BrokenBody => 400,
        }
    }

    /// A sentence that tells a person what is wrong.
    pub const fn message(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "Method not allowed",
            Self::BodyTooLarge => "The request body is larger than 256 KiB",
            Self::MediaType => "The request body must be application/json without content encoding",
            Self::HeadersTooLarge => "The request headers are larger than 16 KiB",
            Self::SlowBody => "The request body did not arrive within 15 seconds",
            Self::BrokenBody => "The request body could not be read",
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Transport> for Refusal {
    fn from(transport: Transport) -> Self {
        Self::Transport(transport)
    }
}

/// Names the fields of a failure as the callers of a route do, by pairs of the caller's name and the name in
/// the use case.
pub fn renamed(failure: Failure, names: &[(&str, &str)]) -> Failure {
    let Failure::Invalid(mut violations) = failure else { return failure };
    for violation in &mut violations {
        if let Some((sent, _)) = names.iter().find(|(_, field)| *field == violation.field) {
            violation.field = (*sent).to_owned();
        }
    }
    Failure::Invalid(violations)
}
