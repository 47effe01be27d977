//! Ends authorizations that nobody completed.

use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Action, Outcome};

use crate::Application;
use crate::receive_callback::flow_event;

/// How many flows a round ends.
const ROUND: u32 = 100;

impl Application {
    /// Removes flows that are over, and credentials that are still pending with them. Any instance does it; a flow
    /// ends once.
    pub async fn expire_authorizations(&self) {
        let over = match self.ports.authorization_flows.expired(ROUND).await {
            Ok(over) => over,
            Err(error) => return tracing::warn!(%error, "authorizations that are over were not looked for"),
        };
        for flow in over {
            let event = flow_event(&flow, &Origin::default(), Action::AuthorizationFailed, Outcome::Failed)
                .detail("reason", CallbackProblem::Over.as_str());
            let ended =
                self.ports.authorization_flows.abandon(&flow.organization, flow.id, event.into()).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "an authorization that is over was not removed");
            }
        }
    }
}
