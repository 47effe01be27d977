//! How many connections are open, so that idle ones are kept only while there are few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// With more open connections than this, each is closed after its answer. An idle one holds 10 to 40 KiB.
pub const MOST_KEPT: usize = 2_000;

/// The number of open connections of a server. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct OpenConnections(Arc<AtomicUsize>);

/// One open connection, which is counted until it is dropped.
#[derive(Debug)]
pub struct OpenConnection(OpenConnections);

impl OpenConnections {
    /// Counts one more.
    #[must_use]
    pub fn one_more(&self) -> OpenConnection {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenConnection(self.clone())
    }
}

impl OpenConnection {
    /// Whether there are so many connections that this one is closed after its answer.
    pub(crate) fn is_one_of_too_many(&self) -> bool {
        self.0.0.load(Ordering::Relaxed) > MOST_KEPT
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
