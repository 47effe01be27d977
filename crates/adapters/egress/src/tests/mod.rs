//! What the policy refuses, whom it asks, and where it connects. Loopback only.

mod addresses;
mod connections;
mod destinations;
mod exchanges;
mod handshakes;
mod names;
mod servers;
mod settings;
