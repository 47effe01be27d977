//! The desk for credentials: it stores, lists, shows, changes and destroys them, and reads their secrets.

mod delete;
mod get;
mod list;
mod read;
mod store;
mod update;

pub use list::ListCredentials;
pub use read::OpenedCredential;
pub use store::StoreCredential;
pub use update::{NewContent, UpdateCredential};

pub(crate) use update::Checked;

use std::sync::Arc;

use strongroom_environment::{Catalog, Clock, Ids};
use strongroom_repository::{CredentialRepository, OrganizationRepository};

use crate::connection_tests::ConnectionTests;
use crate::ground::{AuditWriter, Gate, Ground, KeyFiles, Rows, Schedule, Sealing, UsageNotes};
use crate::refreshing::Refreshing;
use crate::{Limits, OauthSettings, Ports};

/// The use cases for credentials.
pub struct Credentials {
    gate: Gate,
    rows: Rows,
    sealing: Sealing,
    schedule: Schedule,
    key_files: KeyFiles,
    audit: AuditWriter,
    usage: Arc<UsageNotes>,
    settings: Arc<OauthSettings>,
    refreshing: Arc<Refreshing>,
    tests: Arc<ConnectionTests>,
    repository: Arc<dyn CredentialRepository>,
    organizations: Arc<dyn OrganizationRepository>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    /// How many credentials an organisation may hold per provider, unless it has a limit of its own.
    per_provider: u32,
}

impl Credentials {
    pub(crate) fn new(
        ports: &Ports,
        ground: &Ground,
        limits: &Limits,
        refreshing: Arc<Refreshing>,
        tests: Arc<ConnectionTests>,
    ) -> Self {
        Self {
            gate: ground.gate.clone(),
            rows: ground.rows.clone(),
            sealing: ground.sealing.clone(),
            schedule: ground.schedule.clone(),
            key_files: ground.key_files.clone(),
            audit: ground.audit.clone(),
            usage: ground.usage.clone(),
            settings: ground.settings.clone(),
            refreshing,
            tests,
            repository: ports.credentials.clone(),
            organizations: ports.organizations.clone(),
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
            per_provider: limits.credentials_per_provider,
        }
    }
}
