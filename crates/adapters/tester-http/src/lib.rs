//! Connection tests over HTTP, as provider files declare them. This crate knows no provider.
//!
//! All requests of a test are built first: a template is filled, the address is built by the WHATWG URL
//! library and then compared with what the file allows (security.md, rows 32 and 33). Nothing is sent before
//! all of that has passed. Then each step gets a connection of its own through `adapters/egress`. No redirect
//! is followed, no cookie is kept, no compression is asked for, and nothing is repeated. The first step that
//! does not give `ok` ends the test.

mod answer;
mod doubt;
mod request;
mod sign;
mod tester;

pub use answer::evaluate;
pub use tester::HttpTester;

#[cfg(test)]
mod tests;
