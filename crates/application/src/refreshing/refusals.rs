//! Ends an attempt that brought no token: what the server has said decides whether the grant is kept, when it
//! is tried again, and what a person can do.

use std::time::Duration;

use strongroom_authorization_server::{ErrorAnswer, TokenError, Trouble};
use strongroom_domain::oauth::DOUBT;
use strongroom_domain::{CredentialType, Outcome, RefreshProblem};
use strongroom_repository::{Ended, Selector};

use super::Refreshing;
use super::attempt::{Attempt, away_for};
use super::flights::RefreshOutcome;
use super::pauses::PAUSE;
use crate::Failure;
use crate::ground::with_answer;

/// How long to wait after each failed attempt, in seconds; the last entry applies to all further attempts.
const BACKOFF: [u64; 9] = [1, 2, 4, 8, 15, 30, 60, 120, 300];
/// The longest wait while readers have no valid token.
const BACKOFF_IN_NEED: Duration = Duration::from_secs(15);
/// How long no attempt is made with an app that is not set up correctly.
pub(super) const APP_PAUSE: Duration = Duration::from_secs(60);
/// How long no attempt is made with client credentials that were refused. New content is tried at once.
const CLIENT_PAUSE: Duration = Duration::from_secs(3_600);

impl Refreshing {
    /// Handles a refusal of the server. Before the grant is given up the row is read again, because another
    /// instance may have stored a new token.
    pub(super) async fn refused(
        &self,
        attempt: &Attempt<'_>,
        error: &TokenError,
    ) -> Result<RefreshOutcome, Failure> {
        let credential = &attempt.row.credential;
        tracing::warn!(provider = %attempt.provider.id, credential = %credential.id, %error, "a refresh was refused");
        let answer = error.answer();
        if matches!(error, TokenError::Dead { is_certain: false, .. }) && !attempt.doubted {
            return self.away(attempt, RefreshProblem::GrantDoubted, Some(DOUBT), answer).await;
        }
        let own = credential.credential_type == CredentialType::ClientCredentials;
        let problem = match error {
            TokenError::Dead { .. } | TokenError::App { .. } if own => RefreshProblem::ClientRefused,
            TokenError::Dead { .. } if attempt.interrupted => RefreshProblem::AnswerLost,
            TokenError::Dead { .. } => RefreshProblem::GrantRefused,
            TokenError::Unbuildable(_) => RefreshProblem::NotSent,
            _ => RefreshProblem::AppRefused,
        };
        if problem.status().is_some() {
            let selector = Selector::Id(credential.id);
            let found = self.credentials.find_sealed(&credential.organization, &selector).await?;
            if found.is_none_or(|found| found.credential.version != credential.version) {
                return Ok(RefreshOutcome::Fresh);
            }
        }
        let pause = match problem {
            RefreshProblem::ClientRefused => CLIENT_PAUSE,
            _ if attempt.failures > 5 => APP_PAUSE * 5,
            _ => APP_PAUSE,
        };
        self.stuck(attempt, problem, pause, answer).await
    }

    /// Handles a server that gave no answer, or none from which anything follows for the grant.
    pub(super) async fn not_answered(
        &self,
        attempt: &Attempt<'_>,
        error: &TokenError,
    ) -> Result<RefreshOutcome, Failure> {
        let TokenError::Transient { retry_after, may_have_been_served, trouble, answer, .. } = error else {
            return Err(Failure::Internal);
        };
        tracing::warn!(
            provider = %attempt.provider.id, credential = %attempt.row.credential.id, %error,
            may_have_been_served, "a token was not refreshed"
        );
        let problem = match trouble {
            Trouble::Forbidden | Trouble::Unresolved => RefreshProblem::NotSent,
            Trouble::Unknown => RefreshProblem::RequestRefused,
            Trouble::Throttled => RefreshProblem::Throttled,
            Trouble::None | Trouble::Passing | Trouble::Server => RefreshProblem::ProviderUnavailable,
        };
        let at_least = match trouble {
            Trouble::Throttled | Trouble::Server => (*retry_after).max(Some(PAUSE)),
            _ => *retry_after,
        };
        if *may_have_been_served {
            return self.put_off_until(attempt, problem, at_least, Ended::AnswerLost, answer.as_ref()).await;
        }
        match trouble {
            // Our own rules do not pass by waiting.
            Trouble::Forbidden => self.stuck(attempt, problem, APP_PAUSE, None).await,
            _ => self.away(attempt, problem, at_least, answer.as_ref()).await,
        }
    }

    /// Records why the credential does not refresh, and ends the attempt.
    pub(super) async fn stuck(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        pause: Duration,
        answer: Option<&ErrorAnswer>,
    ) -> Result<RefreshOutcome, Failure> {
        let noted = self.note(attempt, problem, Outcome::Denied, answer).await;
        self.give_back(attempt, pause, Ended::Failed).await?;
        noted.map(|()| RefreshOutcome::Stuck(problem))
    }

    /// Keeps the grant, and schedules the next attempt.
    async fn away(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        at_least: Option<Duration>,
        answer: Option<&ErrorAnswer>,
    ) -> Result<RefreshOutcome, Failure> {
        let doubts = problem == RefreshProblem::GrantDoubted;
        let ended = if doubts { Ended::Doubted } else { Ended::Failed };
        self.put_off_until(attempt, problem, at_least, ended, answer).await
    }

    /// Schedules the next attempt with backoff, at most 15 s from now when the token has ended and readers
    /// need one, unless the wait has to be longer.
    async fn put_off_until(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        at_least: Option<Duration>,
        ended: Ended,
        answer: Option<&ErrorAnswer>,
    ) -> Result<RefreshOutcome, Failure> {
        let step = usize::try_from(attempt.failures).unwrap_or(usize::MAX).min(BACKOFF.len() - 1);
        let backoff = Duration::from_secs(BACKOFF.get(step).copied().unwrap_or(300));
        let left = self.life_left(&attempt.row.credential);
        let wait = backoff.mul_f64(0.75 + self.schedule.jitter() / 2.0).min(left.max(BACKOFF_IN_NEED));
        let wait = wait.max(at_least.unwrap_or_default());
        let noted = self.note(attempt, problem, Outcome::Failed, answer).await;
        self.give_back(attempt, wait, ended).await?;
        noted.map(|()| away_for(wait))
    }

    async fn note(
        &self,
        attempt: &Attempt<'_>,
        problem: RefreshProblem,
        outcome: Outcome,
        answer: Option<&ErrorAnswer>,
    ) -> Result<(), Failure> {
        let mut changed = attempt.row.credential.clone();
        changed.take_problem(problem);
        let event = attempt
            .need
            .event(&changed, outcome)
            .detail("reason", problem.as_str())
            .detail("next_step", problem.next_step());
        let event = with_answer(event, answer);
        let (organization, id, version) = (&changed.organization, changed.id, changed.version);
        self.leases.note_problem(organization, id, version, problem, event.into()).await?;
        Ok(())
    }
}
