use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::InstrumentationEvent;

/// Counts the statements that a database runs, so that a test can check how many a use case needs.
#[derive(Debug, Clone, Default)]
pub struct StatementCounter(Arc<AtomicU64>);

impl StatementCounter {
    /// A counter at zero; give a clone of it to [`crate::SqliteOptions`].
    pub fn new() -> Self {
        Self::default()
    }

    /// The statements so far, on all connections. Those that open connections, and those that begin and end
    /// transactions, do not count.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn observe(&self, event: &InstrumentationEvent<'_>) {
        const BORDERS: [&str; 4] = ["BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"];
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            if !BORDERS.iter().any(|border| text.starts_with(border)) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}
