//! A server whose HTTP providers are simulated.

use serde_json::{Value, json};
use strongroom_domain::CredentialType;
use strongroom_provider_simulator::{Marker, Simulator, SimulatorOptions};
use tempfile::TempDir;

use super::World;

/// The simulator, and the folder with the provider files that use it.
pub(crate) struct Rehearsal {
    pub(crate) simulator: Simulator,
    overlay: TempDir,
}

impl Rehearsal {
    pub(crate) async fn start() -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let overlay = tempfile::tempdir().unwrap();
        simulator.write_overlay(overlay.path()).unwrap();
        Self { simulator, overlay }
    }

    /// Sets up a world that uses the simulator, as docs/REHEARSAL.md describes, without limits on the number
    /// of tests.
    pub(crate) fn set(&self, world: World) -> World {
        world
            .with("STRONGROOM_CATALOG__DIR", &self.overlay.path().display().to_string())
            .with("STRONGROOM_EGRESS__PLAIN_HTTP", "true")
            .with("STRONGROOM_EGRESS__ALLOW_CIDRS", "http=127.0.0.0/8,oauth=127.0.0.0/8")
            .with("STRONGROOM_LIMITS__ENABLED", "false")
    }

    /// The `credentials` of a provider with a marker in every secret.
    pub(crate) fn credentials(&self, provider: &str, kind: CredentialType, marker: Marker) -> Value {
        json!(self.simulator.with_marker(provider, kind, marker).unwrap())
    }
}
