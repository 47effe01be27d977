//! Tokens of the local issuer.

use std::time::Duration;

use strongroom_domain::{OrganizationId, Role, UserId};
use strongroom_environment::Clock;
use strongroom_environment_system::{LocalIssuer, SystemClock};

use crate::StartError;

/// Issues tokens that this deployment accepts (HS256).
pub struct TokenIssuer(pub(crate) LocalIssuer);

impl TokenIssuer {
    /// Issues a token for a person, valid from now for 1 second to 24 hours.
    pub fn issue(
        &self,
        organization: &OrganizationId,
        user: &UserId,
        role: Role,
        ttl: Duration,
    ) -> Result<String, StartError> {
        let issued = self.0.issue(organization, user, &[role].into(), SystemClock.now(), ttl);
        issued.map_err(|error| StartError::Token(error.to_string()))
    }
}
