//! Separate threads for connection tests, so that a hostile server that keeps a tester computing, or a key
//! that is slow to open, cannot delay requests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, Progress, ProviderTester, TestError, TestSubject, Verdict};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tracing::Instrument;

/// One thread for each test that runs at once. A tester that computes for long (a large RSA signature, a
/// hostile SCRAM) occupies only its own thread, and the scheduler shares the processors among all threads.
const THREADS: usize = 32;
/// How many private keys are opened at the same time.
const BLOCKING_THREADS: usize = 4;
/// The niceness of these threads: the scheduler prefers the threads that serve requests.
const NICE: i32 = 19;

/// The threads. They start with the first test, because commands and many servers never run one. They end
/// when the last tester that uses them is dropped.
#[derive(Clone, Default)]
pub(crate) struct TesterRuntime(Arc<Owned>);

#[derive(Default)]
struct Owned(Mutex<Option<Runtime>>);

fn start() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("connection-test")
        .on_thread_start(|| {
            // On Linux this is the niceness of the calling thread. Without it all threads are equal.
            rustix::process::nice(NICE).ok();
        })
        .enable_all()
        .build()
}

impl TesterRuntime {
    /// A tester that does its work on these threads.
    pub(crate) fn isolate(&self, tester: impl ProviderTester + 'static) -> Arc<dyn ProviderTester> {
        Arc::new(Isolated { tester: Arc::new(tester), runtime: self.clone() })
    }

    /// Starts the threads unless they run already.
    fn handle(&self) -> io::Result<Handle> {
        let mut runtime = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match &*runtime {
            Some(running) => running.handle().clone(),
            None => runtime.insert(start()?).handle().clone(),
        })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Waiting for the threads here would block a thread of the caller's runtime.
        if let Some(runtime) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }
}

struct Isolated<T> {
    tester: Arc<T>,
    runtime: TesterRuntime,
}

/// A task that is aborted when the caller stops waiting for it.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[async_trait]
impl<T: ProviderTester + 'static> ProviderTester for Isolated<T> {
    async fn test(&self, subject: Arc<TestSubject>, progress: Arc<Progress>) -> Result<Verdict, TestError> {
        let handle = self.runtime.handle().map_err(|error| {
            tracing::error!(%error, "the threads of connection tests cannot be started");
            TestError::Unavailable
        })?;
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
