//! A store in memory, for tests of code above the repository ports. It keeps every promise of the ports, and
//! a test can make it slow, make it fail and make it lose answers.
//!
//! It passes the same contract tests as the two real stores, so a test that uses it also says something about
//! them. It does not have a limit on connections, a deadline of its own, rows that cannot be read back, or
//! counters that drift, because it counts rows. It never returns
//! [`Appended::Skipped`](strongroom_repository::Appended::Skipped).
//!
//! All data is one state behind one lock. A call that changes something works on a copy of the rows; the copy
//! and its evidence are taken over together or not at all. Between calls tasks interleave as they would with
//! a database. A test that needs them to meet at one place holds a call there ([`Faults::hold`]).
//!
//! The store uses the clock that it is given; the default one follows tokio's time. Under
//! `#[tokio::test(start_paused = true)]`, hours of leases and flows pass at once, and in the same way in
//! every run.
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
mod organization_keys;
mod organizations;
mod refresh_leases;
mod rows;
mod store;

pub use calls::Call;
pub use faults::{Faults, unavailable};
pub use store::FakeStore;
