//! Sets how many credentials per provider an organisation may hold.

use strongroom_domain::{Action, Outcome};

use super::Access;
use crate::{Failure, Operator};

impl Access {
    /// Sets the limit; `None` applies the deployment's default again. Only the operator's command line calls
    /// this, so the permission table has no operation for it.
    pub async fn limit_organization(&self, operator: &Operator, limit: Option<u32>) -> Result<(), Failure> {
        let value = limit.map_or_else(|| "default".to_owned(), |limit| limit.to_string());
        let caller = operator.caller();
        let event = caller.event(Action::OrganizationLimitSet, Outcome::Success).detail("limit", value);
        Ok(self.organizations.set_limit(caller.organization(), limit, event.into()).await?)
    }
}
