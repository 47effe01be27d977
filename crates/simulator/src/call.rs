//! A request to a provider, and the answer that is wanted.

use crate::wire::Received;

/// How a provider answers when it answers at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Accept,
    Reject,
    /// AWS: a known access key with another secret.
    WrongSignature,
    Denied,
}

/// A request that fits its step.
pub(crate) struct Call<'a> {
    pub(crate) provider: &'a str,
    /// The host that it was meant for, or `-` when it came from a field.
    pub(crate) host: &'a str,
    /// Its path at that host, percent-encoded.
    pub(crate) path: &'a str,
    pub(crate) received: &'a Received,
}
