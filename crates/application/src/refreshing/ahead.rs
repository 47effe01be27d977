//! Refreshes tokens ahead of their end. Any instance does it; leases keep two from doing the same.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use strongroom_repository::DueRefresh;

use super::Refreshing;
use super::ask::RefreshNeed;

/// How many credentials are looked at together.
const PAGE: u32 = 100;
/// How many such pages a round has at most.
const PAGES: usize = 50;
/// How many refreshes of a round run at once.
const AT_ONCE: usize = 8;

impl Refreshing {
    /// Refreshes what is due, and returns when that is done. What could not be refreshed is due again later,
    /// so that a provider that is away does not hold up the others.
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
            let refreshes = stream::iter(due).map(|due| self.clone().refresh_due(due));
            refreshes.buffer_unordered(AT_ONCE).for_each(|()| std::future::ready(())).await;
            if last {
                return;
            }
        }
    }

    async fn refresh_due(self: Arc<Self>, due: DueRefresh) {
        // Nothing is begun that a stop would have to wait for.
        if self.readiness.is_draining() {
            return;
        }
        let need = RefreshNeed::of_schedule(due.refresh_at);
        self.refresh(&due.organization, due.credential, need).await;
    }
}
