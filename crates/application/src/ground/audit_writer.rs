//! Group commit of audit events: a caller that reads a secret waits here until its event is durable, and
//! events that wait at the same time share one transaction.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::{AuditEvent, OrganizationId};
use strongroom_repository::{Appended, AuditTrail, Contention, StoreError};
use tokio::sync::{Notify, mpsc, oneshot};

use super::Readiness;
use crate::Failure;

/// How long a caller waits for durability. After that its call fails. The event may still be recorded, which
/// is harmless.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a stop waits for events that were handed over.
const STOP: Duration = Duration::from_secs(10);

/// The most calls that share a transaction.
const BATCH: usize = 64;

/// The most calls that wait. Beyond that the instance is overloaded, and further calls fail at once.
const QUEUE: usize = 4_096;

/// Hands events to the writer task.
#[derive(Clone)]
pub(crate) struct AuditWriter {
    queue: mpsc::Sender<Waiting>,
    busy: Arc<BusyChains>,
    counts: Arc<Counts>,
}

struct Counts {
    durable: AtomicU64,
    failed: AtomicU64,
    /// Is told when events could not be written.
    readiness: Arc<Readiness>,
}

struct Waiting {
    events: Vec<AuditEvent>,
    /// Sends the result to the caller that waits; `None` for refusals, because no caller waits for them.
    done: Option<oneshot::Sender<Result<(), Failure>>>,
}

impl Waiting {
    /// Whether the caller has stopped waiting. Then its operation did not happen, and its events are not put
    /// on record.
    fn is_abandoned(&self) -> bool {
        self.done.as_ref().is_some_and(oneshot::Sender::is_closed)
    }

    fn answer(self, result: Result<(), Failure>) {
        if let Some(done) = self.done {
            // A caller that has stopped waiting needs no answer.
            done.send(result).ok();
        }
    }
}

impl AuditWriter {
    /// Starts the one writer task of this instance. The task ends when the last handle is dropped.
    pub(crate) fn start(trail: Arc<dyn AuditTrail>, readiness: Arc<Readiness>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counts = Counts { durable: AtomicU64::new(0), failed: AtomicU64::new(0), readiness };
        let (busy, counts) = (Arc::new(BusyChains::default()), Arc::new(counts));
        tokio::spawn(write_batches(trail, waiting, busy.clone(), counts.clone()));
        Self { queue, busy, counts }
    }

    /// Returns when all events are durable.
    ///
    /// # Errors
    /// `Unavailable` when the events could not be made durable within 2 seconds, or too many calls wait. Then
    /// the operations that the events describe must not happen.
    pub(crate) async fn record(&self, events: Vec<AuditEvent>) -> Result<(), Failure> {
        let (done, answer) = oneshot::channel();
        self.queue.try_send(Waiting { events, done: Some(done) }).map_err(|_| Failure::unavailable())?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(Failure::unavailable()),
        }
    }

    /// Hands an event over without waiting. It is for refusals, which happen whether or not they are on
    /// record.
    pub(crate) fn record_later(&self, event: AuditEvent) {
        if self.queue.try_send(Waiting { events: vec![event], done: None }).is_err() {
            self.counts.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns when all events of an organisation that were handed over before have been written, or could
    /// not be; after about 2 seconds at the latest.
    pub(crate) async fn catch_up(&self, organization: &OrganizationId) {
        tokio::time::timeout(PATIENCE, self.written(Some(organization))).await.ok();
    }

    /// Returns when all events that were handed over have been written, or could not be; after 10 seconds at
    /// the latest.
    pub(crate) async fn drain(&self) {
        if tokio::time::timeout(STOP, self.written(None)).await.is_err() {
            tracing::error!("the store did not take all audit events before the stop");
        }
    }

    async fn written(&self, organization: Option<&OrganizationId>) {
        // A call without events waits its turn behind the others, also for a place in the queue. Its own
        // result does not matter.
        let (done, answer) = oneshot::channel();
        if self.queue.send(Waiting { events: Vec::new(), done: Some(done) }).await.is_ok() {
            answer.await.ok();
        }
        self.busy.written(organization).await;
    }

    /// The numbers of durable and failed events since the start.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.counts.durable.load(Ordering::Relaxed), self.counts.failed.load(Ordering::Relaxed))
    }
}

async fn write_batches(
    trail: Arc<dyn AuditTrail>,
    mut waiting: mpsc::Receiver<Waiting>,
    busy: Arc<BusyChains>,
    counts: Arc<Counts>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        batch.retain(|call| !call.is_abandoned());
        let events: Vec<AuditEvent> = batch.iter().flat_map(|call| call.events.iter().cloned()).collect();
        let result = match events.is_empty() {
            true => Ok(Vec::new()),
            false => trail.append(&events, Contention::Skip).await,
        };
        settle(&trail, &mut batch, result, (&counts, &busy));
    }
}

/// Answers every call of a batch. A call with skipped events waits for its chain separately, so that the
/// other calls do not wait for it.
fn settle(
    trail: &Arc<dyn AuditTrail>,
    batch: &mut Vec<Waiting>,
    result: Result<Vec<Appended>, StoreError>,
    (counts, busy): (&Arc<Counts>, &Arc<BusyChains>),
) {
    let appended = match result {
        Ok(appended) => appended,
        Err(error) => {
            refuse(batch, error, counts);
            return;
        }
    };
    if !appended.is_empty() {
        counts.readiness.note_write(true);
    }
    let mut outcomes = appended.into_iter();
    for mut call in batch.drain(..) {
        let count = call.events.len();
        let skipped: Vec<AuditEvent> = std::mem::take(&mut call.events)
            .into_iter()
            .zip(outcomes.by_ref().take(count))
            .filter_map(|(event, outcome)| (outcome == Appended::Skipped).then_some(event))
            .collect();
        counts.durable.fetch_add((count - skipped.len()) as u64, Ordering::Relaxed);
        match skipped.first().map(|event| event.organization.clone()) {
            None => call.answer(Ok(())),
            Some(organization) => {
                call.events = skipped;
                if busy.join(&organization, call) {
                    let (trail, busy, counts) = (trail.clone(), busy.clone(), counts.clone());
                    tokio::spawn(async move { busy.drain(trail, organization, counts).await });
                }
            }
        }
    }
}

fn refuse(batch: &mut Vec<Waiting>, error: StoreError, counts: &Counts) {
    let failure = Failure::from(error);
    counts.readiness.note_write(false);
    for call in batch.drain(..) {
        counts.failed.fetch_add(call.events.len() as u64, Ordering::Relaxed);
        call.answer(Err(failure.clone()));
    }
}

/// Calls whose chain another instance, or a mutation, was writing to. For each such chain one transaction
/// waits, however many calls there are, and writes the events of all calls that have gathered. More
/// transactions would only hold more connections.
#[derive(Default)]
struct BusyChains {
    chains: Mutex<HashMap<OrganizationId, Vec<Waiting>>>,
    /// Notified whenever no transaction waits for some chain any more.
    free: Notify,
}

impl BusyChains {
    /// Adds a call. Returns `true` when no transaction waits for its chain yet, so that the caller has to
    /// start one.
    fn join(&self, organization: &OrganizationId, call: Waiting) -> bool {
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        let first = !chains.contains_key(organization);
        chains.entry(organization.clone()).or_default().push(call);
        first
    }

    /// Takes the calls that have gathered for a chain, at most a batch. When there are none, it returns
    /// `None` and the chain is no longer waited for.
    fn take(&self, organization: &OrganizationId) -> Option<Vec<Waiting>> {
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        let gathered = chains.get_mut(organization)?;
        if gathered.is_empty() {
            chains.remove(organization);
            self.free.notify_waiters();
            return None;
        }
        Some(gathered.drain(..gathered.len().min(BATCH)).collect())
    }

    /// Returns when no transaction waits for this chain, or for any chain when `organization` is `None`.
    async fn written(&self, organization: Option<&OrganizationId>) {
        loop {
            let free = self.free.notified();
            if !self.is_waited_for(organization) {
                return;
            }
            free.await;
        }
    }

    fn is_waited_for(&self, organization: Option<&OrganizationId>) -> bool {
        let chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        organization.map_or(!chains.is_empty(), |organization| chains.contains_key(organization))
    }

    async fn drain(&self, trail: Arc<dyn AuditTrail>, organization: OrganizationId, counts: Arc<Counts>) {
        while let Some(mut batch) = self.take(&organization) {
            batch.retain(|call| !call.is_abandoned());
            let events: Vec<AuditEvent> = batch.iter().flat_map(|call| call.events.iter().cloned()).collect();
            if events.is_empty() {
                continue;
            }
            match trail.append(&events, Contention::Wait).await {
                Ok(_) => {
                    counts.durable.fetch_add(events.len() as u64, Ordering::Relaxed);
                    batch.drain(..).for_each(|call| call.answer(Ok(())));
                }
                Err(error) => refuse(&mut batch, error, &counts),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_domain::Action;
    use strongroom_fixtures::{event, organization};
    use strongroom_repository::MockAuditTrail;

    fn of(org: &str) -> AuditEvent {
        event(&organization(org), Action::SecretRead)
    }

    #[tokio::test]
    async fn a_busy_chain_is_waited_for_apart_from_the_others() {
        let mut trail = MockAuditTrail::new();
        trail.expect_append().withf(|_, contention| *contention == Contention::Skip).returning(
            |events, _| {
                let outcome = |event: &AuditEvent| match event.organization.as_str() {
                    "busy" => Appended::Skipped,
                    _ => Appended::Durable { seq: 1 },
                };
                Ok(events.iter().map(outcome).collect())
            },
        );
        let alone = |events: &[AuditEvent], contention: &Contention| {
            *contention == Contention::Wait && events.len() == 1 && events[0].organization.as_str() == "busy"
        };
        trail.expect_append().withf(alone).times(1).returning(|_, _| Ok(vec![Appended::Durable { seq: 7 }]));
        let writer = AuditWriter::start(Arc::new(trail), Arc::default());
        let mixed = vec![of("quiet"), of("busy"), of("quiet")];
        assert_eq!(writer.record(mixed).await, Ok(()));
        assert_eq!(writer.record(vec![of("quiet")]).await, Ok(()));
        assert_eq!(writer.counts(), (4, 0));
    }

    #[tokio::test]
    async fn one_transaction_at_a_time_waits_for_a_busy_chain_and_takes_the_others_along() {
        let waits = Arc::new(AtomicU64::new(0));
        let counted = waits.clone();
        let mut trail = MockAuditTrail::new();
        trail.expect_append().returning(move |events, contention| match contention {
            Contention::Skip => Ok(vec![Appended::Skipped; events.len()]),
            Contention::Wait => {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(vec![Appended::Durable { seq: 1 }; events.len()])
            }
        });
        let writer = AuditWriter::start(Arc::new(trail), Arc::default());
        let calls = (0..300).map(|_| writer.record(vec![of("busy")]));
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(writer.counts(), (300, 0));
        let waits = waits.load(Ordering::SeqCst);
        assert!(waits <= 10, "{waits} transactions for 300 calls");
    }

    #[tokio::test]
    async fn nobody_is_told_durable_when_the_store_is_away() {
        let mut trail = MockAuditTrail::new();
        trail.expect_append().returning(|_, _| Err(StoreError::Unavailable("away".into())));
        let writer = AuditWriter::start(Arc::new(trail), Arc::default());
        let calls = (0..20).map(|_| writer.record(vec![of("acme")]));
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == Err(Failure::unavailable())));
        assert_eq!(writer.counts(), (0, 20));
    }
}
