//! Plays the providers of the catalog on a loopback address: good key, bad key, missing permission, and a
//! server that misbehaves. docs/REHEARSAL.md tells users how.
//!
//! A word in the secret decides how the simulator behaves ([`Marker`]). Every request is compared with the
//! provider file from which it is made, and a request that differs is answered with 400. The simulator is
//! written independently of the tester, so that each of them checks the other. A request for step 0 of
//! `acme`, meant for `https://api.acme.example.com/v1/me`, comes to `/acme/0/api.acme.example.com/v1/me`; the
//! host of a URL field is written as `-`. The authorization servers of the providers are played under
//! `/oauth/`. Only they keep state: the grants that they have made.

mod call;
mod capture;
mod check;
mod credentials;
mod known;
mod marker;
mod oauth;
mod overlay;
mod sigv4;
mod simulator;
mod stage;
mod synthesis;
mod wire;

#[cfg(test)]
mod tests;

pub use credentials::{Credentials, NoCredentials};
pub use marker::Marker;
pub use oauth::{OauthBehaviour, OauthCounts, OauthFault};
pub use overlay::OverlayError;
pub use simulator::{Simulator, SimulatorError, SimulatorOptions};
pub use stage::ReceivedRequest;
