//! Tests of the crate as the composition uses it: with a ring, a store and a ledger in memory, and the two
//! ports.

#[cfg(test)]
mod absences;
#[cfg(test)]
#[path = "../golden/contexts.rs"]
mod contexts;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod organization_keys;
#[cfg(test)]
mod startup;
#[cfg(test)]
mod store;
