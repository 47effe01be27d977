//! Refreshes tokens ahead of their end. Every instance does this; leases keep two instances from refreshing
//! the same token.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use strongroom_repository::DueRefresh;

use super::Refreshing;
use super::ask::RefreshNeed;

/// How many credentials one page holds. Their refreshes run at once, as far as their organisations have
/// places.
const PAGE: u32 = 200;
/// The most pages in one round.
const PAGES: usize = 50;
/// How long a round waits for a page. Refreshes that take longer go on beside the next page, so that a slow
/// server does not hold up the others.
const PAGE_LIMIT: Duration = Duration::from_secs(2);

impl Refreshing {
    /// Refreshes the credentials that are due. A credential that could not be refreshed is due again later,
    /// so that a provider that does not answer does not delay the others.
    pub async fn refresh_expiring(self: &Arc<Self>) {
        for _ in 0..PAGES {
            if self.readiness.is_draining() {
                return;
            }
            let due = match self.leases.due(PAGE).await {
                Ok(due) => due,
                Err(error) => return tracing::warn!(%error, "tokens that are due were not looked for"),
            };
            let last = due.len() < PAGE as usize;
            let refreshes = join_all(due.into_iter().map(|due| self.clone().refresh_due(due)));
            tokio::time::timeout(PAGE_LIMIT, refreshes).await.ok();
            if last {
                return;
            }
        }
    }

    async fn refresh_due(self: Arc<Self>, due: DueRefresh) {
        // During a shutdown no refresh begins, because the stop would have to wait for it.
        if self.readiness.is_draining() {
            return;
        }
        let need = RefreshNeed::of_schedule(due.refresh_at);
        self.refresh(&due.organization, due.credential, need).await;
    }
}
