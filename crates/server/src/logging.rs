//! Configures log lines: their destination, their format, and what must never be in them.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::LogFormat;

/// Starts logging: to standard output for the server, to standard error for commands.
///
/// Libraries are limited to WARN here, and no setting changes that: at TRACE some of them log headers,
/// statements and buffers, and with them secrets.
pub(crate) fn start(format: Option<LogFormat>, to_stdout: bool) {
    let chosen = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(if to_stdout { "info" } else { "warn" }));
    let ours = filter_fn(|metadata| {
        metadata.target().starts_with("strongroom") || *metadata.level() <= LevelFilter::WARN
    });
    let terminal = if to_stdout { std::io::stdout().is_terminal() } else { std::io::stderr().is_terminal() };
    let pretty = match format {
        Some(format) => format == LogFormat::Pretty,
        None => terminal || !to_stdout,
    };
    let writer: fn() -> Box<dyn std::io::Write> = match to_stdout {
        true => || Box::new(std::io::stdout()),
        false => || Box::new(std::io::stderr()),
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = match pretty {
        true => layer.with_ansi(terminal).compact().boxed(),
        false => layer.json().flatten_event(true).boxed(),
    };
    // A second start in one process, as in tests, has no effect.
    tracing_subscriber::registry().with(layer.with_filter(chosen.and(ours))).try_init().ok();
}
