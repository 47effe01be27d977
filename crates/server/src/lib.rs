//! The program `strongroom`: settings, then composition, then surfaces, then run; and the commands beside it.

mod arguments;
mod commands;
mod duration;
mod hardening;
mod logging;
mod output;
mod serve;
mod settings;
mod waiting;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
pub use serve::DIALECTS;

/// Runs the program. The exit code is 0 only on success.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    hardening::forbid_core_dumps();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&error.into());
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
