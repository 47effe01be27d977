//! The only crate that opens outgoing sockets (the store's own connection apart): policy, resolve, connect.
//!
//! One function opens every one of them, [`Session::connect`]. Its checks, in their order; the first that
//! fails ends it, and up to step 8 the destination sees no packet:
//!
//! 1. The host is an address or a name, brought to its one normal form (WHATWG URL, IDNA): `0x7f.1` is
//!    127.0.0.1, `EXAMPLE.com.` is `example.com`, `::ffff:10.0.0.1` is 10.0.0.1.
//! 2. The budget of the destination as it was asked for, host and port, has a test left; once a session, and
//!    connection tests only. Before anything else, so that a refused, an unknown and a closed destination
//!    count alike and the count tells nobody which it was.
//! 3. It is not the store by its name. The operator's own PostgreSQL servers are compared by host and port,
//!    and skip step 4.
//! 4. The name does not stand for this host or its surroundings, unless `allow_hosts` lists it; the port is
//!    one of the purpose's usual ones, in `allow_ports`, or from a catalog file.
//! 5. The name is resolved: once a session, one query for A, one for AAAA, 2 s, 16 addresses, 8 CNAME
//!    records.
//! 6. Every address of the answer is allowed, or none is used: not our listener, not the store, not a
//!    metadata service, and public or in `allow_cidrs` for the purpose.
//! 7. The budget of the address has a test left as well: names are cheap, addresses are not.
//! 8. TCP to the addresses that were checked, in the order of the answer, 3 s in all. The peer is compared.
//!
//! Then the caller has the stream: [`handshake`] for TLS with the name as it was given, [`exchange`] for
//! HTTP, or a driver that takes a connected stream. Refusals are logged here with their reason and the
//! refused address; what a user may learn of them is the caller's affair, and connection tests say
//! [`ConnectError::verdict`].
//!
//! # To add a purpose
//! 1. A variant of [`Purpose`] with its name and, if it is a connection test, a place in `is_a_test`.
//! 2. Its ports in `port.rs`.
//! 3. If operators may open networks and ports for it: `Opens::NAMED`, and the word in [`EgressSettings`].
//! 4. The lists of all purposes in `tests/settings.rs` and the corpus of `tests/destinations.rs`.

mod address;
mod certificate;
mod connect;
mod connect_error;
mod exchange;
mod host;
mod metered;
mod policy;
mod port;
mod protected;
mod purpose;
mod resolve;
mod settings;
mod stream;
mod system;
mod tls;

#[cfg(test)]
mod tests;

pub use connect::{Destination, Egress, Session};
pub use connect_error::ConnectError;
pub use exchange::{Answer, ExchangeError, exchange};
pub use metered::Metered;
pub use purpose::Purpose;
pub use settings::{EgressSettings, EgressSettingsError};
pub use stream::CheckedStream;
pub use tls::{TlsError, TlsStream, handshake};
