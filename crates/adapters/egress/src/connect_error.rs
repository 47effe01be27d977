use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, TestError, Verdict};

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The policy refuses the destination. The text is for the log and the audit trail. It names no address,
    /// because the organisation that asked reads its audit trail; the log has the address for the operator.
    #[error("refused by policy: {0}")]
    Refused(String),
    /// The name has no address, or was not resolved. Nothing was learned about a server. The text is for the
    /// log and the audit trail.
    #[error("not resolved: {0}")]
    Unresolved(String),
    /// TCP failed. The text is for the log and the audit trail.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// The budget of tests of the destination does not allow this one.
    #[error(transparent)]
    Budget(#[from] TestError),
}

impl ConnectError {
    /// Returns the verdict of a connection test that ends with this error. It has one code for every cause,
    /// so that a user learns nothing about the network around this service. The cause is for the log and the
    /// audit trail.
    ///
    /// # Errors
    /// The [`TestError`] of the budget: the test has not taken place.
    pub fn verdict(self) -> Result<Verdict, TestError> {
        let cause = match self {
            Self::Refused(reason) => Cause::Policy(reason),
            Self::Unresolved(reason) | Self::Unreachable(reason) => Cause::Network(reason),
            Self::Budget(error) => return Err(error),
        };
        Ok(Verdict::of(TestCode::NotReachable).because(cause))
    }
}
