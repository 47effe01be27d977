//! Strongroom as a whole: the one crate that names the adapters and combines them, and the API with which
//! another Rust service embeds the vault.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use strongroom::Strongroom;
//!
//! let strongroom = Strongroom::builder().data_dir("./vault").start().await?;
//! let application = strongroom.application();
//! # let _ = application;
//! strongroom.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The server, the command line, tests and embedding services all start here, so that the vault is always
//! composed in the same way.

mod background;
mod builder;
mod checkpoint_line;
mod data_dir;
mod diagnosis;
mod error;
pub mod host_files;
mod issuer_keys;
mod key_sources;
mod oauth_options;
mod secret_file;
mod start;
mod store_guard;
mod stores;
mod tester_runtime;
mod token_issuer;

use std::net::SocketAddr;
use std::sync::Arc;

use strongroom_application::{Application, Checkpoint};
use strongroom_egress::Egress;
use strongroom_environment::{Clock, Ids};
use strongroom_environment_system::SystemClock;

pub use builder::{Builder, IssuerFile, KeySource, Migrations, SecretSource};
pub use diagnosis::{Diagnosis, Finding};
pub use error::StartError;
pub use strongroom_application::TestRates;
pub use strongroom_domain::oauth::Completion;
pub use strongroom_egress::EgressSettings;
pub use strongroom_environment_system::SystemIds;
pub use strongroom_environment_system::tokens::{
    Audience, ClaimPath, OrganizationRule, Principals, RoleMap, ServiceMark, TokenRules,
};
pub use strongroom_vault_ring::{KeyRing, KeyStatus};
pub use token_issuer::TokenIssuer;

use background::Background;
use data_dir::ServeLock;
use stores::Stores;

/// A running vault.
pub struct Strongroom {
    application: Application,
    stores: Arc<Stores>,
    issuer: TokenIssuer,
    egress: Egress,
    deployment_id: uuid::Uuid,
    /// Whether this start set up the data directory.
    first_start: bool,
    background: Option<Background>,
    /// Held until the end, so that no second server uses the data directory.
    _lock: Option<ServeLock>,
}

impl Strongroom {
    /// Begins to configure a vault.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The use cases.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// The id that binds every sealed payload to this deployment.
    pub fn deployment_id(&self) -> uuid::Uuid {
        self.deployment_id
    }

    /// Whether this start set up the data directory and its keys.
    pub fn is_first_start(&self) -> bool {
        self.first_start
    }

    /// Names an endpoint, such as the listener of the service around the vault, to which no connection test
    /// may ever connect, whatever the settings allow.
    pub fn protect(&self, endpoint: SocketAddr) {
        self.egress.protect(endpoint);
    }

    /// The present time, from the clock that the use cases use.
    pub fn now(&self) -> time::OffsetDateTime {
        SystemClock.now()
    }

    /// The generator of request ids.
    pub fn ids(&self) -> Arc<dyn Ids> {
        Arc::new(SystemIds)
    }

    /// Issues tokens that this deployment accepts.
    pub fn token_issuer(&self) -> &TokenIssuer {
        &self.issuer
    }

    /// Reads a line of a checkpoint file. `None` when it is not one that this deployment signed.
    pub fn read_checkpoint(&self, line: &str) -> Option<Checkpoint> {
        checkpoint_line::read(&self.application, line)
    }

    /// Reads how many statements this instance has sent to its store; for metrics.
    pub fn statements(&self) -> Box<dyn Fn() -> u64 + Send + Sync> {
        self.stores.statements()
    }

    /// Compares counters with rows, clocks with each other, triggers with the migrations, and a sample of
    /// credentials with the audit trail.
    pub async fn diagnose(&self) -> Diagnosis {
        diagnosis::diagnose(&self.stores, &self.application).await
    }

    /// Stops the background tasks, then writes the data that was gathered in memory and a last checkpoint.
    pub async fn shutdown(mut self) {
        self.application.upkeep.drain();
        match self.background.take() {
            Some(background) => background.stop(&self.application).await,
            None => self.application.upkeep.close().await,
        }
        self.stores.checkpoint_wal().await;
    }
}
