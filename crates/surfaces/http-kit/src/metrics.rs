//! Counters in the Prometheus text format.

use std::fmt::Write as _;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The counters of one server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    watched: Vec<Watched>,
}

/// A number that something else keeps.
pub struct Watched {
    /// The name, without the suffix `_total` of a counter.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Whether it only grows; otherwise it is a state, such as 0 or 1.
    pub is_counter: bool,
    /// Reads it.
    pub read: Box<dyn Fn() -> u64 + Send + Sync>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    /// The path template, never the path.
    route: String,
    status: u16,
}

impl Metrics {
    /// Counts requests, and shows what others count.
    pub fn new(watched: Vec<Watched>) -> Self {
        let mut registry = Registry::with_prefix("strongroom");
        let requests = Family::default();
        // The buckets reach from 0.25 ms to 4 s.
        let seconds = Histogram::new(exponential_buckets(0.000_25, 2.0, 15));
        registry.register("http_requests", "Requests by method, route and status", requests.clone());
        registry.register("http_request_seconds", "Time from head to answer", seconds.clone());
        Self { registry, requests, seconds, watched }
    }

    pub(crate) fn count(&self, method: &str, route: Option<String>, status: u16, took: Duration) {
        let known = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        let labels = RequestLabels { method, route: route.unwrap_or_else(|| "none".into()), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// All counters in the OpenMetrics text format.
    ///
    /// # Errors
    /// When formatting fails, which writing to a string does not.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        let end = "# EOF\n";
        text.truncate(text.len().saturating_sub(end.len()));
        for Watched { name, help, is_counter, read } in &self.watched {
            let (kind, suffix) = if *is_counter { ("counter", "_total") } else { ("gauge", "") };
            writeln!(text, "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name}{suffix} {}", read())?;
        }
        text.push_str(end);
        Ok(text)
    }
}
