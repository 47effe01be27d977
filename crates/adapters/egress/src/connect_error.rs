use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, TestError, Verdict};

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The policy refuses the destination. For log and audit: names no address, because the organisation that
    /// asked reads its audit trail. The operator finds the address in the log.
    #[error("refused by policy: {0}")]
    Refused(String),
    /// Resolution or TCP failed. For log and audit.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// The destination's budget of tests.
    #[error(transparent)]
    Budget(#[from] TestError),
}

impl ConnectError {
    /// What a connection test says that ends with this error: one code for whatever keeps it from the
    /// destination, so that nobody learns what the network around this service looks like. The cause is for
    /// log and audit.
    ///
    /// # Errors
    /// [`TestError`] of the budget: the test has not taken place.
    pub fn verdict(self) -> Result<Verdict, TestError> {
        let cause = match self {
            Self::Refused(reason) => Cause::Policy(reason),
            Self::Unreachable(reason) => Cause::Network(reason),
            Self::Budget(error) => return Err(error),
        };
        Ok(Verdict::of(TestCode::NotReachable).because(cause))
    }
}
