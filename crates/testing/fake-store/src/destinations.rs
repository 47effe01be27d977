//! A take is recent while it is within one window of now, before or after. A time that lies further ahead was
//! written by a clock that has been set back since; it would otherwise block its destination until then.

use std::time::Duration;

use async_trait::async_trait;
use strongroom_repository::{DestinationLimitRepository, StoreResult};
use time::OffsetDateTime;

use crate::rows::{at_most, later};
use crate::{Call, FakeStore};

/// The shortest wait that a refused caller is given: tokio's timers count in milliseconds.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

fn is_recent(at: OffsetDateTime, now: OffsetDateTime, window: Duration) -> bool {
    (now - at).unsigned_abs() <= window
}

/// Takes a place. When there is none, it returns how long until one is free.
fn take(
    taken: &mut Vec<OffsetDateTime>,
    limit: u32,
    window: Duration,
    now: OffsetDateTime,
) -> Option<Duration> {
    taken.retain(|at| is_recent(*at, now, window));
    taken.sort_unstable_by(|one, other| other.cmp(one));
    // A place is free again when the oldest of the `limit` newest takes leaves the window.
    if let Some(at) = taken.get(at_most(limit).saturating_sub(1)) {
        let wait = Duration::try_from(later(*at, window) - now).unwrap_or_default();
        return Some(wait.max(SHORTEST_WAIT));
    }
    taken.push(now);
    None
}

#[async_trait]
impl DestinationLimitRepository for FakeStore {
    async fn take(
        &self,
        destination: [u8; 32],
        limit: u32,
        window: Duration,
    ) -> StoreResult<Option<Duration>> {
        self.note(Call::TakeDestination, |rows, now| {
            if limit == 0 {
                return Ok(Some(window));
            }
            Ok(take(rows.destinations.entry(destination).or_default(), limit, window, now))
        })
        .await
    }

    async fn give_back(&self, destination: [u8; 32]) -> StoreResult<()> {
        self.note(Call::GiveBackDestination, |rows, _| {
            if let Some(taken) = rows.destinations.get_mut(&destination) {
                taken.sort_unstable();
                taken.pop();
            }
            Ok(())
        })
        .await
    }

    async fn forget(&self, window: Duration) -> StoreResult<u64> {
        self.note(Call::ForgetDestinations, |rows, now| {
            let before = rows.destinations.len();
            rows.destinations.retain(|_, taken| taken.iter().any(|at| is_recent(*at, now, window)));
            let forgotten = before - rows.destinations.len();
            Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
        })
        .await
    }
}
