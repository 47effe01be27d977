//! What provider files declare about HTTP, and requests filled with the fields of a credential: where they go
//! and what they contain (security.md, rows 32 and 33). Everything is decided from the arguments alone;
//! adapters send the requests.
//!
//! A template is filled, the address is built by the WHATWG URL library and then compared with what the file
//! allows. Errors name a field and a rule, never a value.

mod declarations;
mod oauth;
mod place;
mod refusal;
pub mod request;
mod revocation;
mod steps;
mod target;
mod template;
mod traces;
mod values;

pub use declarations::{Declarations, Declared};
pub use oauth::{
    AccountLookup, ClientAuthentication, ClientCredentialsRequest, Endpoint, ErrorMeaning, ErrorRule,
    OauthRequests,
};
pub use place::Place;
pub use refusal::Refusal;
pub use revocation::{CLIENT_ID, Revocation, RevocationMethod};
pub use steps::{
    AwsSigV4, HttpBody, HttpMethod, HttpStep, HttpTest, JsonCheck, JsonCondition, OriginTemplate,
    OutcomeRule, is_reserved_header,
};
pub use target::{Target, pairs};
pub use template::{Choice, Template, TemplatePart, VariableForm};
pub use traces::Traces;
pub use values::Values;

#[cfg(test)]
mod tests;
