//! Records refusals without letting a flood of them fill the disk: 10 a minute for each actor or address, and
//! one summary of the rest.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, Actor, AuditEvent, OrganizationId};
use tokio::time::Instant;

use super::audit_writer::AuditWriter;

const WINDOW: Duration = Duration::from_secs(60);
const PER_WINDOW: u32 = 10;
/// How many sources are counted separately; further sources share one count.
const SOURCES: usize = 10_000;
/// How many refusals of callers that are not authenticated an instance records within a window, of all
/// sources together. So nobody fills a disk who has many addresses: this is some 200 MB a day.
const OF_STRANGERS: u32 = 300;

/// Counts refusals by source.
#[derive(Default)]
pub(crate) struct Denials(Mutex<State>);

#[derive(Default)]
struct State {
    windows: HashMap<String, Window>,
    /// When the present window of strangers began, and how many of their refusals were recorded in it.
    strangers: Option<(Instant, u32)>,
}

struct Window {
    began: Instant,
    count: u32,
    /// The last event that was not recorded separately, and the number of such events.
    suppressed: Option<(AuditEvent, u64)>,
}

impl Denials {
    /// Records an event, or only counts it when its source, or all strangers together, have used up their
    /// share. Returns whether it is recorded by itself.
    pub(crate) fn record(&self, event: AuditEvent, writer: &AuditWriter) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = event.origin.authentication.is_some();
        let has_share = is_known || state.strangers_have_share();
        let State { windows, strangers } = &mut *state;
        let crowded = windows.len() >= SOURCES;
        let counted = |source: &String| has_share && (!crowded || windows.contains_key(source));
        let source = source_of(&event).filter(counted).unwrap_or_default();
        let is_shared = source.is_empty();
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
        let is_recorded = has_share && window.count <= PER_WINDOW;
        if is_recorded {
            if let Some((_, recorded)) = strangers.as_mut().filter(|_| !is_known) {
                *recorded += 1;
            }
            writer.record_later(event);
        } else {
            let before = window.suppressed.as_ref().map_or(0, |(_, count)| *count);
            let event = if is_shared { of_everybody(&event) } else { event };
            window.suppressed = Some((event, before + 1));
        }
        is_recorded
    }

    /// Writes the summaries of windows that are over and removes these windows; with `all`, of every window.
    pub(crate) fn flush(&self, writer: &AuditWriter, all: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.windows.retain(|_, window| {
            let over = all || window.began.elapsed() >= WINDOW;
            if over {
                summarize(window, writer);
            }
            !over
        });
    }
}

impl State {
    fn strangers_have_share(&mut self) -> bool {
        let (began, recorded) = self.strangers.get_or_insert_with(|| (Instant::now(), 0));
        if began.elapsed() >= WINDOW {
            (*began, *recorded) = (Instant::now(), 0);
        }
        *recorded < OF_STRANGERS
    }
}

/// The event that stands for refusals of many sources, which are no business of one organisation.
fn of_everybody(event: &AuditEvent) -> AuditEvent {
    let (system, actor) = (OrganizationId::system(), Actor::system("refusals"));
    AuditEvent::new(system, event.action, event.outcome, actor, Origin::default())
}

fn summarize(window: &mut Window, writer: &AuditWriter) {
    if let Some((mut event, count)) = window.suppressed.take() {
        if event.action == Action::AuthenticationFailed {
            // It stands for refusals of whatever reason.
            (event.details, event.target) = (BTreeMap::new(), None);
        }
        tracing::warn!(action = event.action.as_str(), count, "more refusals of one source within a minute");
        writer.record_later(event.detail("summary_of", count.to_string()));
    }
}

/// The source of a refusal: the address of a caller that is not authenticated, or its network for IPv6, of
/// which one client has as many addresses as it likes; else the actor within its organisation.
fn source_of(event: &AuditEvent) -> Option<String> {
    match event.origin.authentication {
        Some(_) => Some(format!("{} {}", event.organization, event.actor.key())),
        None => event.origin.source_ip.map(|ip| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("{:x?}/64", &ip.segments()[..4]),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use strongroom_fixtures::{event, issuer, organization};
    use strongroom_repository::{Appended, MockAuditTrail};

    /// A writer, and what it has written.
    fn recording() -> (AuditWriter, Arc<Mutex<Vec<AuditEvent>>>) {
        let recorded: Arc<Mutex<Vec<AuditEvent>>> = Arc::default();
        let mut trail = MockAuditTrail::new();
        let sink = recorded.clone();
        trail.expect_append().returning(move |events, _| {
            sink.lock().unwrap().extend(events.iter().cloned());
            Ok(vec![Appended::Durable { seq: 1 }; events.len()])
        });
        let writer = AuditWriter::start(Arc::new(trail), Arc::default());
        (writer, recorded)
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_refusals_leaves_ten_events_and_one_summary_a_minute() {
        let (writer, recorded) = recording();
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

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_one_issuer_does_not_hide_the_namesake_of_another() {
        let (writer, recorded) = recording();
        let denials = Denials::default();
        let deny = |issuer, times| {
            let mut refused = event(&organization("acme"), Action::AccessDenied);
            refused.origin.authentication = Some("jwt:local".to_owned());
            refused.actor = Actor::from_stored("user:ann".to_owned(), issuer);
            let recorded = (0..times).filter(|_| denials.record(refused.clone(), &writer)).count();
            assert_eq!(recorded, times.min(10));
        };
        deny(Some(issuer()), 50);
        deny(None, 1);
        writer.drain().await;
        let recorded = recorded.lock().unwrap();
        assert_eq!((recorded.len(), recorded[10].actor.issuer()), (11, None));
    }

    #[tokio::test(start_paused = true)]
    async fn strangers_with_many_addresses_leave_three_hundred_events_and_one_summary_a_minute() {
        let (writer, recorded) = recording();
        let denials = Denials::default();
        let refuse = |ip: String| {
            let mut refused = event(&OrganizationId::system(), Action::AuthenticationFailed);
            refused.origin =
                Origin { source_ip: Some(ip.parse().unwrap()), authentication: None, request_id: None };
            denials.record(refused, &writer);
        };
        // One network of IPv6 is one source.
        (0..20).for_each(|host| refuse(format!("2001:db8::{host:x}")));
        (0..2_000).for_each(|host| refuse(format!("10.0.{}.{}", host / 256, host % 256)));
        writer.drain().await;
        assert_eq!(recorded.lock().unwrap().len(), 300);
        let mut known = event(&organization("acme"), Action::AccessDenied);
        known.origin.authentication = Some("jwt:local".to_owned());
        denials.record(known, &writer);
        writer.drain().await;
        assert_eq!(recorded.lock().unwrap().len(), 301, "callers that are known have shares of their own");
        denials.flush(&writer, true);
        writer.drain().await;
        let recorded = recorded.lock().unwrap();
        let mut summaries: Vec<_> = recorded[301..]
            .iter()
            .map(|event| (event.actor.as_str(), event.details["summary_of"].as_str()))
            .collect();
        summaries.sort_unstable();
        assert_eq!(summaries.len(), 2, "{summaries:?}");
        assert!(summaries.contains(&("system:refusals", "1710")), "{summaries:?}");
    }
}
