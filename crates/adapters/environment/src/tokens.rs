//! JSON Web Tokens: the keys that verify the tokens of each issuer, and the issuer of the command line.
//!
//! Algorithm and key come from the settings alone. A token's header may name a key by `kid` and must repeat
//! the key's algorithm; everything else that it asks for is refused or ignored.

mod admission;
mod claims;
mod header;
mod jwk;
mod jwks;
mod key_note;
mod local_issuer;
mod members;
mod ring_provider;
mod roles;
mod rules;
mod secrets;
mod settings;
mod verifier;

pub use key_note::{KeyFlaw, KeyNote};
pub use local_issuer::{LocalIssuer, TokenIssueError};
pub use rules::{Audience, ClaimPath, OrganizationRule, Principals, RoleMap, ServiceMark, TokenRules};
pub use settings::{IssuerKeys, IssuerSettings, TokenSettingsError, TokenSettingsProblem};
pub use verifier::{JwtVerifier, check_jwks};
