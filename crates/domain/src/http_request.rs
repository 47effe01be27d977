//! Requests that provider files describe, filled with the fields of a credential: where they go and what stands in
//! them (security.md, rows 32 and 33). Decided from the arguments alone; adapters send them.
//!
//! A template is filled, the address is built by the WHATWG URL library and then compared with what the file
//! allows. Errors name a field and a rule, never a value.

mod place;
mod refusal;
mod target;
mod values;

pub use place::Place;
pub use refusal::Refusal;
pub use target::{Target, pairs};
pub use values::Values;

#[cfg(test)]
mod tests;
