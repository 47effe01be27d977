//! `provider-simulator`: plays the providers of the catalog for rehearsals. See docs/REHEARSAL.md.
#![expect(clippy::print_stdout, reason = "the address and the settings are what a person starts it for")]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use strongroom_provider_simulator::{OauthBehaviour, Simulator, SimulatorOptions};
use tokio::signal;

/// Plays the providers of the catalog on 127.0.0.1: good key, bad key, missing permission, 429, 503, and
/// servers that misbehave.
#[derive(Parser)]
#[command(name = "provider-simulator", version)]
struct Arguments {
    /// The TCP port on 127.0.0.1; a free one unless given.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Write provider files that lead to the simulator into this folder.
    #[arg(long, value_name = "DIR")]
    overlay: Option<PathBuf>,
    /// Play the provider files of this folder too.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    /// Replace refresh tokens at every refresh; one that comes again ends the grant.
    #[arg(long)]
    rotate: bool,
    /// Take a refresh token that was replaced once more, for so many seconds.
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u64>,
    /// How long access tokens live.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    token_lifetime: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // The signal handler is set before the address is printed, so that a script that waits for the address
    // can stop the program from then on.
    let stop = stop_signal()?;
    let options = SimulatorOptions { catalog: arguments.catalog, port: arguments.port, time: None };
    let simulator = Simulator::start(options).await?;
    simulator.oauth(OauthBehaviour {
        rotate: arguments.rotate,
        grace: arguments.grace.map(Duration::from_secs),
        lifetime_s: Some(arguments.token_lifetime),
        ..OauthBehaviour::default()
    });
    if let Some(folder) = &arguments.overlay {
        simulator.write_overlay(folder)?;
    }
    println!("listening on http://{}", simulator.address());
    if let Some(folder) = arguments.overlay {
        let folder = folder.canonicalize().context("the overlay folder cannot be found again")?;
        println!("overlay in {}; start the server with", folder.display());
        println!("STRONGROOM_CATALOG__DIR={}", folder.display());
        println!("STRONGROOM_EGRESS__PLAIN_HTTP=true");
        println!("STRONGROOM_EGRESS__ALLOW_CIDRS=http=127.0.0.0/8,oauth=127.0.0.0/8");
        // Every provider has the same address here, so all tests share one budget.
        println!("STRONGROOM_LIMITS__TESTS_PER_DESTINATION=1000");
    }
    stop.await;
    Ok(())
}

/// Ends at the first SIGINT or SIGTERM.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = signal::ctrl_c().await;
    })
}
