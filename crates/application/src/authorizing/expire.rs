//! Ends authorizations that were not completed in time.

use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Action, AuthorizationFlow, Outcome};

use super::Authorizing;
use super::events::flow_event;

/// The most flows that are looked up at once.
const ROUND: u32 = 100;

impl Authorizing {
    /// Removes flows that have ended, together with their pending credentials. Every instance does this; each
    /// flow is ended once.
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
            // When none could be ended, the next look-up would only find the same flows again.
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
