//! The output of commands: results go to standard output, errors to standard error.

use std::io::Write;

use serde_json::Value;

/// Prints a result, as JSON or as lines for a person.
pub(crate) fn result(json: bool, value: &Value, lines: &[String]) {
    let mut out = std::io::stdout().lock();
    // A failed write is ignored: the reader has closed the pipe and needs no more.
    if json {
        writeln!(out, "{value}").ok();
    } else {
        lines.iter().try_for_each(|line| writeln!(out, "{line}")).ok();
    }
}

/// Prints an error and its causes.
#[expect(clippy::print_stderr, reason = "printing is the command's purpose")]
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
