//! The only crate that opens outgoing sockets (the store's own connection apart): policy, resolve, connect.
//!
//! Every connection is opened by one function, [`Session::connect`]. It makes these checks in this order, and
//! the first one that fails ends it. Before step 8 an address sees no packet:
//!
//! 1. The host is an address or a name, brought to its one normal form (WHATWG URL, IDNA): `0x7f.1` is
//!    127.0.0.1, `EXAMPLE.com.` is `example.com`, `::ffff:10.0.0.1` is 10.0.0.1.
//! 2. The budget of the destination, by host and port as the caller asked for it, has a test left. This is
//!    counted once per session, and for connection tests only. It comes before everything else, so that
//!    refused, unknown and closed destinations count alike and the count does not tell a user which one it
//!    was.
//! 3. The host is not the name of the store. The operator's own PostgreSQL servers are compared by host and
//!    port, and skip step 4.
//! 4. The name does not stand for this host or its surroundings, unless `allow_hosts` lists it. The port is
//!    one of the usual ones for the purpose, in `allow_ports`, or from a catalog file.
//! 5. The name is resolved once per session, with one query for A and one for AAAA. The limits are 2 s, 16
//!    addresses and 8 CNAME records.
//! 6. Every address of the answer is allowed, or none is used. An allowed address is not this service's
//!    listener, not the store and not a metadata service, and it is public or in `allow_cidrs` for the
//!    purpose.
//! 7. The budget of the address has a test left as well, because names are cheap and addresses are not.
//! 8. TCP connects to the addresses that were checked, in the order of the answer, within 3 s in total. Steps
//!    7 and 8 are done for one address after the other. The address of the peer is compared.
//!
//! Then the caller has the stream. It uses [`handshake`] for TLS with the name as it was given, [`exchange`]
//! for HTTP, or a driver that takes a connected stream. Refusals are logged here with their reason and the
//! refused address. The caller decides what a user may learn of them; connection tests use
//! [`ConnectError::verdict`].
//!
//! # To add a purpose
//! 1. A variant of [`Purpose`] with its name and, if it is a connection test, a place in `is_a_test`.
//! 2. Its ports in `port.rs`.
//! 3. If operators may open networks and ports for it: `Opens::NAMED`, and the word in [`EgressSettings`].
//! 4. The lists of all purposes in `tests/settings.rs` and the corpus of `tests/destinations.rs`.

mod address;
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
