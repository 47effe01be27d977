//! Tests of the crate as the composition uses it: with a ring, a store and a ledger in memory, and the two
//! ports.

#[cfg(test)]
mod absences;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod startup;
#[cfg(test)]
mod store;
