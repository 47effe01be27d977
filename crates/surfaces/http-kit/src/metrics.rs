//! Counters in the Prometheus text format.

use std::fmt::Write as _;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use strongroom_application::Application;

/// The counters of one server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    /// The path template, never the path.
    route: String,
    status: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("strongroom");
        let requests = Family::default();
        // 0.25 ms to 4 s.
        let seconds = Histogram::new(exponential_buckets(0.000_25, 2.0, 15));
        registry.register("http_requests", "Requests by method, route and status", requests.clone());
        registry.register("http_request_seconds", "Time from head to answer", seconds.clone());
        Self { registry, requests, seconds }
    }
}

impl Metrics {
    pub(crate) fn count(&self, method: &str, route: Option<String>, status: u16, took: Duration) {
        let known = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        let labels = RequestLabels { method, route: route.unwrap_or_else(|| "none".into()), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// All counters as text.
    pub fn render(&self, application: &Application) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            return String::new();
        }
        let (durable, failed) = application.audit_counts();
        let end = "# EOF\n";
        text.truncate(text.len().saturating_sub(end.len()));
        // Two counters that the audit writer keeps itself.
        let written = write!(
            text,
            "# HELP strongroom_audit_events Audit events of reads and refusals by outcome.\n\
             # TYPE strongroom_audit_events counter\n\
             strongroom_audit_events_total{{outcome=\"durable\"}} {durable}\n\
             strongroom_audit_events_total{{outcome=\"failed\"}} {failed}\n{end}"
        );
        if written.is_err() { String::new() } else { text }
    }
}
