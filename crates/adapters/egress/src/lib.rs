//! The only crate that opens outgoing sockets (the store's own connection apart): policy, resolve, connect.
//!
//! One function opens every one of them, [`Session::connect`]: refuse by form, resolve once, check every
//! answer, connect to a checked address, compare the peer, hand the connected stream to the driver.

mod connect;
mod exchange;
mod settings;
mod tls;

pub use connect::{CheckedStream, ConnectError, Destination, Egress, Purpose, Session};
pub use exchange::{Answer, ExchangeError, exchange};
pub use settings::{EgressSettings, EgressSettingsError};
pub use tls::{TlsError, TlsStream, handshake, verifying};
