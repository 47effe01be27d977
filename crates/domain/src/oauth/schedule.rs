//! When a token is refreshed.

use std::time::Duration;

use time::OffsetDateTime;

/// How long one instance may work on a refresh before another may try.
pub const LEASE: Duration = Duration::from_secs(30);

/// How long after a server first said that a grant is gone it must say so again, to be believed (security.md,
/// 5.7). Some servers say it of a request that came while another one was under way.
pub const DOUBT: Duration = Duration::from_secs(5);

/// When less than this is left of a token, it is refreshed before it is handed out. It applies to tokens
/// whose whole life is not known.
const CLOSE: Duration = Duration::from_secs(120);

/// The times between which an access token is valid.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    /// When it ends.
    pub ends_at: OffsetDateTime,
    /// When it was issued; unknown for a token that was stored by hand.
    pub issued_at: Option<OffsetDateTime>,
}

impl Validity {
    /// Whether it can still be handed out.
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.ends_at > now
    }

    /// Whether the token should be refreshed before it is handed out.
    ///
    /// It should when less is left than a fifth of its life or 120 seconds, whichever is more. The threshold
    /// is never more than half of its life, so that short-lived tokens are not refreshed at every read. It
    /// should also when less is left than the reader asks for, as far as a fresh token could have that much.
    pub fn is_close_to_end(&self, now: OffsetDateTime, wanted: Option<Duration>) -> bool {
        let left = Duration::try_from(self.ends_at - now).unwrap_or_default();
        let threshold = match self.lifetime() {
            None => wanted.unwrap_or_default().max(CLOSE),
            Some(life) => {
                let usual = (life / 5).max(CLOSE).min(life / 2);
                let possible = life.saturating_sub(Duration::from_secs(60)).max(life / 2);
                usual.max(wanted.unwrap_or_default().min(possible))
            }
        };
        left < threshold
    }

    fn lifetime(&self) -> Option<Duration> {
        let life = Duration::try_from(self.ends_at - self.issued_at?).ok()?;
        (!life.is_zero()).then_some(life)
    }
}

/// When the background refreshes a token ahead of its end: when a fifth of its life is left, at least 120
/// seconds and at most half of its life. `jitter`, between 0 and 1, makes it up to a tenth of the life
/// earlier, so that tokens that were issued together are not refreshed together.
pub fn refresh_at(validity: Validity, now: OffsetDateTime, jitter: f64) -> OffsetDateTime {
    let life =
        validity.lifetime().unwrap_or_else(|| Duration::try_from(validity.ends_at - now).unwrap_or_default());
    let ahead = (life / 5).max(CLOSE).min(life / 2);
    let earlier = (life / 10).mul_f64(jitter.clamp(0.0, 1.0));
    validity.ends_at - ahead - earlier
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);

    fn issued(life: u64, left: u64) -> Validity {
        let ends_at = NOW + Duration::from_secs(left);
        Validity { ends_at, issued_at: Some(ends_at - Duration::from_secs(life)) }
    }

    #[test]
    fn a_token_is_close_to_its_end_by_its_own_measure() {
        let rows = [
            (issued(3_600, 721), None, false),
            (issued(3_600, 719), None, true),
            (issued(600, 121), None, false),
            (issued(600, 119), None, true),
            (issued(60, 31), None, false),
            (issued(60, 29), None, true),
            (issued(3_600, 1_999), Some(2_000), true),
            (issued(3_600, 2_001), Some(2_000), false),
            (issued(60, 31), Some(300), false),
            (issued(3_600, 3_541), Some(99_999), false),
            (issued(3_600, 3_539), Some(99_999), true),
        ];
        for (validity, wanted, expected) in rows {
            let wanted = wanted.map(Duration::from_secs);
            assert_eq!(validity.is_close_to_end(NOW, wanted), expected, "{validity:?} {wanted:?}");
        }
        let by_hand = Validity { ends_at: NOW + Duration::from_secs(119), issued_at: None };
        assert!(by_hand.is_close_to_end(NOW, None));
        assert!(!Validity { ends_at: NOW + Duration::from_secs(121), ..by_hand }.is_close_to_end(NOW, None));
    }

    #[test]
    fn the_background_is_ahead_of_the_readers_and_spread() {
        let token = issued(3_600, 3_600);
        assert_eq!(refresh_at(token, NOW, 0.0), NOW + Duration::from_secs(2_880));
        assert_eq!(refresh_at(token, NOW, 1.0), NOW + Duration::from_secs(2_520));
        assert_eq!(refresh_at(issued(60, 60), NOW, 0.0), NOW + Duration::from_secs(30));
    }
}
