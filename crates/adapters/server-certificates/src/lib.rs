//! What can be read from a server's certificate, and how its signatures are verified. There is no IO here.
//!
//! The PostgreSQL store and the crates that connect to providers share it. webpki, which verifies chains,
//! reads certificates of X.509 version 3 only. PostgreSQL's manual shows how to make those of version 1, so
//! the modes that verify nothing must do without webpki, and those that verify must say why they refuse.

mod any_certificate;
mod der;
mod p521;

pub use any_certificate::AnyCertificate;
pub use der::{is_authority, is_version_1, not_after};
pub use p521::provider;
