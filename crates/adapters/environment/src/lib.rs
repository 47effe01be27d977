//! What the process gets from its surroundings: the system clock, UUIDv7 ids, the operating system's
//! randomness, JSON Web Tokens and private keys.
//!
//! - [`system`]: clock, ids and randomness. It is the only place where the ambient ones are allowed.
//! - [`tokens`]: verifies the tokens of every configured issuer and issues the local issuer's.
//! - [`key_files`]: opens SSH private keys within limits of time and memory.

pub mod key_files;
pub mod system;
pub mod tokens;

pub use key_files::RusshKeyFiles;
pub use system::{SystemClock, SystemIds, SystemRandomness};
pub use tokens::{IssuerKeys, IssuerSettings, JwtVerifier, LocalIssuer, TokenRules, TokenSettingsError};
