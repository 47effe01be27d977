//! Remembers for a while how people have ended flows on our page, so that a form that is sent twice, by a double
//! click or a reload, gets one answer twice. Another instance does not know, and says that the flow is over.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use strongroom_domain::AuthorizationFlow;
use strongroom_domain::oauth::{Digest, sha256};
use tokio::time::Instant;

use super::complete::{ConfirmAuthorization, Confirmed};

/// How many ends are remembered.
const MOST: usize = 1_000;

/// The ends of this instance, the oldest first.
#[derive(Default)]
pub(crate) struct FlowEnds(Mutex<VecDeque<End>>);

struct End {
    answer: Answer,
    confirmed: Confirmed,
    at: Instant,
}

/// What a person has sent: the same form is the same answer.
#[derive(PartialEq, Eq)]
struct Answer {
    state: Digest,
    token: Digest,
    provider: String,
    connect: bool,
}

impl Answer {
    fn of(asked: &ConfirmAuthorization) -> Self {
        Self {
            state: sha256(asked.state.expose()),
            token: sha256(asked.token.expose()),
            provider: asked.provider.to_ascii_lowercase(),
            connect: asked.connect,
        }
    }
}

impl FlowEnds {
    /// Remembers how a flow has ended.
    pub(crate) fn remember(&self, asked: &ConfirmAuthorization, confirmed: &Confirmed) {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.retain(|end| end.at.elapsed() < AuthorizationFlow::LIFETIME);
        if ends.len() >= MOST {
            ends.pop_front();
        }
        let (answer, confirmed) = (Answer::of(asked), confirmed.clone());
        ends.push_back(End { answer, confirmed, at: Instant::now() });
    }

    /// The end that this answer has had already.
    pub(crate) fn of(&self, asked: &ConfirmAuthorization) -> Option<Confirmed> {
        let answer = Answer::of(asked);
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut recent = ends.iter().filter(|end| end.at.elapsed() < AuthorizationFlow::LIFETIME);
        recent.find(|end| end.answer == answer).map(|end| end.confirmed.clone())
    }
}
