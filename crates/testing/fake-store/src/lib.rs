//! A store in memory, for tests of what stands on the repository ports: it keeps every promise of the ports,
//! and it can be told to be slow, to fail and to lose answers.
//!
//! It runs the same contract tests as the two real stores, so that a test on it says something about them.
//! What it does not have: a limit of connections, a deadline of its own, rows that cannot be read back, and
//! counters that drift, because it counts rows. Nothing is ever
//! [`Appended::Skipped`](strongroom_repository::Appended::Skipped).
//!
//! Everything is one state behind one lock. A call that changes something works on a copy of the rows, and
//! copy and evidence are taken over together, or neither is. Between calls tasks meet as they would at a
//! database; a test that wants them to meet at one place holds a call there ([`Faults::hold`]).
//!
//! The time of the store is that of the clock it is given, by default one that goes with tokio's. Under
//! `#[tokio::test(start_paused = true)]`, hours of leases and flows go by at once, and the same way in every
//! run.
//!
//! ```text
//! let store = FakeStore::new(keys);
//! store.faults().fail_next(Call::StoreRefreshed, unavailable());
//! … run a use case over `Arc::new(store.clone())` as each of its ports …
//! assert_eq!(store.actions(&acme), [Action::CredentialCreated]);
//! ```

mod accounts;
mod audit;
mod authorization_flows;
mod calls;
mod credentials;
mod deployment;
mod destinations;
mod faults;
mod inspection;
mod integrations;
mod oauth_apps;
mod organizations;
mod refresh_leases;
mod rows;
mod store;

pub use calls::Call;
pub use faults::{Faults, unavailable};
pub use store::FakeStore;
