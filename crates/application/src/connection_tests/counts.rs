//! Counts connection tests by what they found, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use strongroom_domain::TestCode;

/// One counter for each code, since the start of this instance.
#[derive(Default)]
pub(crate) struct TestCounts([AtomicU64; TestCode::ALL.len()]);

impl TestCounts {
    pub(crate) fn count(&self, code: TestCode) {
        if let Some(counter) = self.of(code) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self, code: TestCode) -> u64 {
        self.of(code).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    fn of(&self, code: TestCode) -> Option<&AtomicU64> {
        let position = TestCode::ALL.into_iter().position(|known| known == code)?;
        self.0.get(position)
    }
}
