//! Tests of what the policy refuses, which name servers are asked, and where connections go. They use
//! loopback only.

mod addresses;
mod connections;
mod destinations;
mod exchanges;
mod handshakes;
mod names;
mod servers;
mod settings;
