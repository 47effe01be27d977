//! Refreshes tokens ahead of their end. Every instance does this; leases keep two instances from refreshing
//! the same token.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use strongroom_repository::DueRefresh;

use super::Refreshing;
use super::ask::RefreshNeed;

/// How many credentials one page holds.
const PAGE: u32 = 100;
/// The most pages in one round.
const PAGES: usize = 50;
/// How many refreshes of a round run at once.
const AT_ONCE: usize = 8;

impl Refreshing {
    /// Refreshes the credentials that are due, and returns when that is done. A credential that could not be
    /// refreshed is due again later, so that a provider that does not answer does not delay the others.
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
        // During a shutdown no refresh begins, because the stop would have to wait for it.
        if self.readiness.is_draining() {
            return;
        }
        let need = RefreshNeed::of_schedule(due.refresh_at);
        self.refresh(&due.organization, due.credential, need).await;
    }
}
