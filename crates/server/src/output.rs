//! What commands print: results to standard output, errors to standard error.

use serde_json::Value;

/// Prints a result, as JSON or as lines for a person.
#[expect(clippy::print_stdout, reason = "printing is the command's purpose")]
pub(crate) fn result(json: bool, value: &Value, lines: &[String]) {
    if json {
        println!("{value}");
    } else {
        lines.iter().for_each(|line| println!("{line}"));
    }
}

/// Prints an error and its causes.
#[expect(clippy::print_stderr, reason = "printing is the command's purpose")]
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
