//! Sets how many credentials per provider an organisation may hold.

use strongroom_domain::{Action, Outcome};

use crate::{Application, Caller, Failure};

impl Application {
    /// Sets the limit, or gives the organisation back to the deployment's default. Only the operator's
    /// command line calls this, so there is no operation in the permission table for it.
    pub async fn limit_organization(&self, operator: &Caller, limit: Option<u32>) -> Result<(), Failure> {
        let value = limit.map_or_else(|| "default".to_owned(), |limit| limit.to_string());
        let event = operator.event(Action::OrganizationLimitSet, Outcome::Success).detail("limit", value);
        Ok(self.ports.organizations.set_limit(operator.organization(), limit, event.into()).await?)
    }
}
