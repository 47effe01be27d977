use std::borrow::Cow;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom_domain::{StepOutcome, TestStep};
use tokio::time::Instant;

/// The name of a step: one of the constants, or a name from a provider file.
pub type StepName = Cow<'static, str>;

/// How far a test has come. It is shared between the tester and the caller that waits for it, so that the
/// report of a test that never ends still says where the test hangs.
#[derive(Debug, Default)]
pub struct Progress {
    steps: Mutex<Vec<State>>,
    speaks: AtomicBool,
}

#[derive(Debug, Clone)]
struct State {
    name: StepName,
    began: Option<Instant>,
    ended: Option<(StepOutcome, Instant)>,
}

impl Progress {
    /// Checks and interprets the settings; nothing is sent.
    pub const PARSE: StepName = Cow::Borrowed("parse");
    /// Policy, name resolution and TCP together.
    pub const REACH: StepName = Cow::Borrowed("reach");
    /// TLS, or the SSH key exchange.
    pub const HANDSHAKE: StepName = Cow::Borrowed("handshake");
    /// The login, in which the provider checks the secret.
    pub const LOGIN: StepName = Cow::Borrowed("login");
    /// Requests that only work after a successful login.
    pub const PROBE: StepName = Cow::Borrowed("probe");

    /// Announces the steps of a test in their order. Steps that are not begun are reported as skipped.
    pub fn announce(&self, names: impl IntoIterator<Item = StepName>) {
        self.with(|states| {
            states.extend(names.into_iter().map(|name| State { name, began: None, ended: None }));
        });
    }

    /// Does the work of a step and notes how it ended. A step that was not announced is added at the end. A
    /// step that has already ended well keeps its first times, unless it fails now.
    pub async fn step<T, E>(&self, name: StepName, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        self.with(|states| match states.iter_mut().find(|state| state.name == name) {
            Some(state) => drop(state.began.get_or_insert_with(Instant::now)),
            None => states.push(State { name: name.clone(), began: Some(Instant::now()), ended: None }),
        });
        let result = work.await;
        let outcome = if result.is_ok() { StepOutcome::Ok } else { StepOutcome::Failed };
        self.with(|states| {
            if let Some(state) = states.iter_mut().find(|state| state.name == name)
                && (state.ended.is_none() || outcome == StepOutcome::Failed)
            {
                state.ended = Some((outcome, Instant::now()));
            }
        });
        result
    }

    /// Notes that the server has begun to speak its protocol. From then on it is known to be there, and when
    /// it falls silent, that is a timeout also before the login.
    pub fn server_speaks(&self) {
        self.speaks.store(true, Ordering::Relaxed);
    }

    /// Whether the test has begun to connect to the server, which has not spoken its protocol yet, and has
    /// not begun to send a secret.
    pub fn is_before_login(&self) -> bool {
        let before = [Self::PARSE, Self::REACH, Self::HANDSHAKE];
        let silent = !self.speaks.load(Ordering::Relaxed);
        silent
            && self.with(|states| {
                let mut begun = states.iter().filter(|state| state.began.is_some());
                begun.clone().any(|state| state.name == Self::REACH)
                    && begun.all(|state| before.contains(&state.name))
            })
    }

    /// Whether a step has ended well.
    pub fn is_done(&self, name: &str) -> bool {
        self.with(|states| {
            states.iter().any(|state| state.name == name && matches!(state.ended, Some((StepOutcome::Ok, _))))
        })
    }

    /// The steps so far; one that is under way counts as failed.
    pub fn steps(&self) -> Vec<TestStep> {
        let now = Instant::now();
        self.with(|states| {
            states
                .iter()
                .map(|state| {
                    let ended = state.ended.unwrap_or((StepOutcome::Failed, now));
                    match state.began {
                        Some(began) => TestStep {
                            name: state.name.clone(),
                            outcome: ended.0,
                            duration: Some(ended.1.saturating_duration_since(began)),
                        },
                        None => TestStep {
                            name: state.name.clone(),
                            outcome: StepOutcome::Skipped,
                            duration: None,
                        },
                    }
                })
                .collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<State>) -> T) -> T {
        work(&mut self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
