//! Puts the start of a server on record.

use strongroom_domain::audit::Origin;
use strongroom_domain::canonical::Canonical;
use strongroom_domain::{Action, Actor, AuditEvent, OrganizationId, Outcome};
use strongroom_vault::Purpose;

use super::Audit;
use crate::Failure;

impl Audit {
    /// Puts the start of a server on record, with a digest of its settings, so that a change of the settings
    /// is visible. `settings` must name secrets without their values.
    pub async fn record_start(&self, settings: &str) -> Result<(), Failure> {
        let keys = &self.purpose_keys;
        let message = Canonical::labelled("strongroom/settings/v1").text(settings).finish();
        let digest = keys.digest(Purpose::Audit, keys.current(Purpose::Audit), &message)?;
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let (system, actor) = (OrganizationId::system(), Actor::system("server"));
        let event =
            AuditEvent::new(system, Action::ServerStarted, Outcome::Success, actor, Origin::default());
        self.audit.record(vec![event.detail("settings_digest", hex)]).await
    }
}
