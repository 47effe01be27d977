//! The ground that every desk uses: permission, sealing, rows, schedules, and the data that an instance
//! gathers in memory.
//!
//! No module of the ground uses a desk.

mod audit_writer;
mod budget;
mod caller;
mod crm_content;
mod denials;
mod gate;
mod key_files;
mod oauth_clients;
mod oauth_settings;
mod places;
mod provider_answer;
mod readiness;
mod rows;
mod schedule;
mod sealing;
mod shares;
mod standing;
mod trial_rates;
mod trials;
mod usage_notes;
mod verified_keys;

pub use budget::StoredBudget;
pub use caller::{Caller, Operator};
pub use crm_content::CrmCredential;
pub use gate::{Permitted, to};
pub use oauth_settings::{ConfiguredApp, OauthSettings};
pub use places::{Place, PlaceLimits, Places};

pub(crate) use audit_writer::AuditWriter;
pub(crate) use budget::WINDOW;
pub(crate) use crm_content::read_content;
pub(crate) use gate::Gate;
pub(crate) use key_files::KeyFiles;
pub(crate) use oauth_clients::OauthClients;
pub(crate) use places::FULL;
pub(crate) use provider_answer::with_answer;
pub(crate) use readiness::Readiness;
pub(crate) use rows::{PATIENCE, Rows, check_revision};
pub(crate) use schedule::{Schedule, end_of_life};
pub(crate) use sealing::Sealing;
pub(crate) use shares::PerOrganization;
pub(crate) use standing::{Standing, Standings, is_valid, principal_of};
pub(crate) use trials::{Trial, Trials};
pub(crate) use usage_notes::UsageNotes;
pub(crate) use verified_keys::VerifiedKeys;

use std::sync::Arc;

use crate::{Limits, Ports};

/// The parts of the ground. They are made once, for all desks.
pub(crate) struct Ground {
    pub(crate) gate: Gate,
    pub(crate) audit: AuditWriter,
    pub(crate) sealing: Sealing,
    pub(crate) rows: Rows,
    pub(crate) schedule: Schedule,
    pub(crate) clients: OauthClients,
    pub(crate) key_files: KeyFiles,
    pub(crate) usage: Arc<UsageNotes>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) settings: Arc<OauthSettings>,
    pub(crate) verified_keys: Arc<VerifiedKeys>,
    pub(crate) standings: Standings,
    pub(crate) trials: Arc<Trials>,
    /// The places of calls to authorization servers.
    pub(crate) oauth_places: Arc<Places>,
}

impl Ground {
    /// Starts the audit writer and makes the other parts. Must be called within a tokio runtime.
    pub(crate) fn lay(ports: &Ports, limits: &Limits, settings: OauthSettings) -> Self {
        let readiness = Arc::<Readiness>::default();
        let audit = AuditWriter::start(ports.audit.clone(), readiness.clone());
        let settings = Arc::new(settings);
        let verified_keys = Arc::<VerifiedKeys>::default();
        let standings = Standings {
            service_accounts: ports.service_accounts.clone(),
            verified_keys: verified_keys.clone(),
            clock: ports.clock.clone(),
        };
        let sealing = Sealing { vault: ports.vault.clone(), audit: audit.clone() };
        let gate = Gate::new(audit.clone(), standings.clone());
        Self {
            gate: gate.clone(),
            rows: Rows {
                gate,
                credentials: ports.credentials.clone(),
                catalog: ports.catalog.clone(),
                clock: ports.clock.clone(),
                sealing: sealing.clone(),
            },
            schedule: Schedule {
                catalog: ports.catalog.clone(),
                clock: ports.clock.clone(),
                randomness: ports.randomness.clone(),
            },
            clients: OauthClients {
                apps: ports.oauth_apps.clone(),
                catalog: ports.catalog.clone(),
                sealing: sealing.clone(),
                settings: settings.clone(),
                server: ports.authorization_server.clone(),
            },
            key_files: KeyFiles::new(ports.key_files.clone()),
            usage: Arc::new(UsageNotes::new(ports.credentials.clone(), ports.service_accounts.clone())),
            readiness,
            verified_keys,
            standings,
            trials: Arc::new(Trials::new(ports, limits.tests)),
            oauth_places: Arc::new(Places::new(&PlaceLimits::OAUTH)),
            audit,
            sealing,
            settings,
        }
    }
}
