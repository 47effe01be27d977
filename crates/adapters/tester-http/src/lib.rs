//! Connection tests over HTTP, as provider files declare them. This crate knows no provider.
//!
//! All requests of a test are built first: a template is filled, the address is built by the WHATWG URL
//! library and then compared with what the file allows (security.md, rows 32 and 33). Nothing is sent before
//! all of that has passed. Then each step gets a connection of its own through `adapters/egress`: no redirect
//! is followed, no cookie kept, no compression asked for, nothing repeated. The first step that does not
//! answer `ok` ends the test.

mod answer;
mod request;
mod sign;
mod tester;
mod traces;

pub use answer::evaluate;
pub use tester::HttpTester;

#[cfg(test)]
mod tests;
