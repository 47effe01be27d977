//! Threads for connection tests alone, so that a hostile server that keeps a tester computing, or a key that
//! is slow to open, cannot stall requests.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, Progress, ProviderTester, TestError, TestSubject, Verdict};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tracing::Instrument;

/// One for each test that runs at once: a tester that computes (a large RSA signature, a hostile SCRAM) holds
/// its own thread only, and the scheduler shares the processors among all of them.
const THREADS: usize = 32;
/// How many private keys are opened at the same time.
const BLOCKING_THREADS: usize = 4;
/// What the scheduler prefers less than requests.
const NICE: i32 = 19;

/// The threads. They end when the last tester on them is gone.
#[derive(Clone)]
pub(crate) struct TesterRuntime(Arc<Owned>);

struct Owned(Option<Runtime>);

impl TesterRuntime {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("connection-test")
            .on_thread_start(|| {
                // On Linux this is the niceness of the calling thread. Without it all threads are equal.
                rustix::process::nice(NICE).ok();
            })
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Owned(Some(runtime)))))
    }

    /// A tester whose work is done on these threads.
    pub(crate) fn isolate(&self, tester: impl ProviderTester + 'static) -> Arc<dyn ProviderTester> {
        Arc::new(Isolated { tester: Arc::new(tester), runtime: self.clone() })
    }

    fn handle(&self) -> Option<&Handle> {
        self.0.0.as_ref().map(Runtime::handle)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // To wait for the threads would block a thread of the caller's runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

struct Isolated<T> {
    tester: Arc<T>,
    runtime: TesterRuntime,
}

/// A task that ends when nobody waits for it any more.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[async_trait]
impl<T: ProviderTester + 'static> ProviderTester for Isolated<T> {
    async fn test(&self, subject: Arc<TestSubject>, progress: Arc<Progress>) -> Result<Verdict, TestError> {
        let Some(handle) = self.runtime.handle() else { return Err(TestError::Unavailable) };
        let tester = self.tester.clone();
        let work = async move { tester.test(subject, progress).await };
        let mut task = AbortOnDrop(handle.spawn(work.in_current_span()));
        match (&mut task.0).await {
            Ok(verdict) => verdict,
            Err(error) if error.is_cancelled() => Err(TestError::Unavailable),
            Err(_) => {
                tracing::error!("a connection tester panicked");
                let cause = Cause::Protocol("the tester panicked".to_owned());
                Ok(Verdict::of(TestCode::ProviderError).because(cause))
            }
        }
    }
}
