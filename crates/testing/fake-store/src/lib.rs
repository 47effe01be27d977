//! A store in memory, for tests of what stands on the repository ports: it keeps every promise of the ports, and it can
//! be told to be slow, to fail and to lose answers.
//!
//! It runs the same contract tests as the two real stores, so that a test on it says something about them. What it does
//! not have: a limit of connections, a deadline of its own, rows that cannot be read back, and counters that drift,
//! because it counts rows. Nothing is ever [`Appended::Skipped`](strongroom_repository::Appended::Skipped).
//!
//! Everything is one state behind one lock. A call that changes something works on a copy of the rows, and copy and
//! evidence are taken over together, or neither is. So no task ever sees half of a change; where in its work a task
//! meets another one is up to the test, which can hold a call and let it go ([`Faults::hold`]).
//!
//! The time of the store is that of the clock it is given, by default one that goes with tokio's. Under
//! `#[tokio::test(start_paused = true)]`, hours of leases and flows go by at once, and the same way in every run.
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
pub use faults::{Faults, Held, unavailable};
pub use store::FakeStore;
