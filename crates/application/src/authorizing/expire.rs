//! Ends authorizations that nobody completed.

use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Action, AuthorizationFlow, Outcome};

use super::Authorizing;
use super::events::flow_event;

/// How many flows a round ends.
const ROUND: u32 = 100;

impl Authorizing {
    /// Removes flows that are over, and credentials that are still pending with them. Any instance does it; a
    /// flow ends once.
    pub async fn expire_flows(&self) {
        loop {
            let over = match self.flows.expired(ROUND).await {
                Ok(over) => over,
                Err(error) => {
                    return tracing::warn!(%error, "authorizations that are over were not looked for");
                }
            };
            let (found, mut ended) = (over.len(), 0);
            for flow in over {
                ended += usize::from(self.expire(&flow).await);
            }
            // What could not be ended would only be found again.
            if found < ROUND as usize || ended == 0 {
                return;
            }
        }
    }

    async fn expire(&self, flow: &AuthorizationFlow) -> bool {
        let event = flow_event(flow, &Origin::default(), Action::AuthorizationFailed, Outcome::Failed)
            .detail("reason", CallbackProblem::Over.as_str());
        match self.flows.abandon(&flow.organization, flow.id, event.into()).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "an authorization that is over was not removed");
                false
            }
        }
    }
}
