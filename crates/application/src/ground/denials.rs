//! Records refusals without letting a flood of them fill the disk: 10 a minute for each actor or address, and
//! one summary of the rest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::AuditEvent;
use tokio::time::Instant;

use super::audit_writer::AuditWriter;

const WINDOW: Duration = Duration::from_secs(60);
const PER_WINDOW: u32 = 10;
/// How many sources are counted separately; further sources share one count.
const SOURCES: usize = 10_000;

/// Counts refusals by source.
#[derive(Default)]
pub(crate) struct Denials(Mutex<HashMap<String, Window>>);

struct Window {
    began: Instant,
    count: u32,
    /// The last event that was not recorded separately, and the number of such events.
    suppressed: Option<(AuditEvent, u64)>,
}

impl Denials {
    /// Records an event, or only counts it when its source has used up its share.
    pub(crate) fn record(&self, event: AuditEvent, writer: &AuditWriter) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let crowded = windows.len() >= SOURCES;
        let source =
            source_of(&event).filter(|source| !crowded || windows.contains_key(source)).unwrap_or_default();
        let window = match windows.entry(source) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(Window { began: Instant::now(), count: 0, suppressed: None })
            }
        };
        if window.began.elapsed() >= WINDOW {
            summarize(window, writer);
            window.began = Instant::now();
            window.count = 0;
        }
        window.count += 1;
        if window.count <= PER_WINDOW {
            writer.record_later(event);
        } else {
            let before = window.suppressed.as_ref().map_or(0, |(_, count)| *count);
            window.suppressed = Some((event, before + 1));
        }
    }

    /// Writes the summaries of windows that are over and removes these windows; with `all`, of every window.
    pub(crate) fn flush(&self, writer: &AuditWriter, all: bool) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.retain(|_, window| {
            let over = all || window.began.elapsed() >= WINDOW;
            if over {
                summarize(window, writer);
            }
            !over
        });
    }
}

fn summarize(window: &mut Window, writer: &AuditWriter) {
    if let Some((event, count)) = window.suppressed.take() {
        writer.record_later(event.detail("summary_of", count.to_string()));
    }
}

/// The source of a refusal: the address of a caller that is not authenticated, else the actor within its
/// organisation.
fn source_of(event: &AuditEvent) -> Option<String> {
    match event.origin.authentication {
        Some(_) => Some(format!("{} {}", event.organization, event.actor)),
        None => event.origin.source_ip.map(|ip| ip.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use strongroom_domain::Action;
    use strongroom_fixtures::{event, organization};
    use strongroom_repository::{Appended, MockAuditTrail};

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_refusals_leaves_ten_events_and_one_summary_a_minute() {
        let recorded: Arc<Mutex<Vec<AuditEvent>>> = Arc::default();
        let mut trail = MockAuditTrail::new();
        let sink = recorded.clone();
        trail.expect_append().returning(move |events, _| {
            sink.lock().unwrap().extend(events.iter().cloned());
            Ok(vec![Appended::Durable { seq: 1 }; events.len()])
        });
        let writer = AuditWriter::start(Arc::new(trail), Arc::default());
        let denials = Denials::default();
        for _ in 0..500 {
            denials.record(event(&organization("acme"), Action::AccessDenied), &writer);
        }
        denials.flush(&writer, false);
        writer.drain().await;
        assert_eq!(recorded.lock().unwrap().len(), 10);
        tokio::time::advance(WINDOW).await;
        denials.flush(&writer, false);
        writer.drain().await;
        let recorded = recorded.lock().unwrap();
        assert_eq!(recorded.len(), 11);
        assert_eq!(recorded[10].details.get("summary_of").map(String::as_str), Some("490"));
    }
}
