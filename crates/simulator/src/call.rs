//! A request to a provider, and the kind of answer that it should get.

use crate::wire::Received;

/// The judgement of a provider that answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Accept,
    Reject,
    /// For AWS: the access key is known, and the signature was made with another secret.
    WrongSignature,
    Denied,
}

/// A request that fits its step.
pub(crate) struct Call<'a> {
    pub(crate) provider: &'a str,
    /// The host that the request was meant for, or `-` when the host came from a field.
    pub(crate) host: &'a str,
    /// The path at that host, percent-encoded.
    pub(crate) path: &'a str,
    pub(crate) received: &'a Received,
}
