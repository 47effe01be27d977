//! Hands secrets out, to service accounts only, each hand-out on record before it happens.

use strongroom_domain::credential::Readability;
use strongroom_domain::{
    Action, Credential, CredentialId, CrmContent, Operation, Outcome, SecretPayload, Slot,
};
use strongroom_repository::{SealedCredential, Selector};
use time::OffsetDateTime;

use crate::crm_credential::read_content;
use crate::{Application, Caller, Conflict, Failure, Missing};

/// The most secrets that one call reads.
pub(crate) const MAX_BATCH: usize = 50;

/// A credential with its secret fields in the clear.
#[derive(Debug)]
pub struct OpenedCredential {
    /// Its metadata; the public fields are in its config.
    pub credential: Credential,
    /// Its secret fields.
    pub secret: SecretPayload,
    /// The same as CRM clients know it, when it holds a slot of theirs.
    pub crm: Option<CrmContent>,
}

impl Application {
    /// Reads the secret of one credential by id.
    ///
    /// # Errors
    /// `Unavailable` when the read could not be put on record; then nothing was opened.
    pub async fn read_secret(&self, caller: &Caller, id: CredentialId) -> Result<OpenedCredential, Failure> {
        self.read_one(caller, Selector::Id(id)).await
    }

    /// Reads the secret of the credential that holds a slot.
    pub async fn read_secret_by_slot(
        &self,
        caller: &Caller,
        slot: Slot,
    ) -> Result<OpenedCredential, Failure> {
        self.read_one(caller, Selector::Slot(slot)).await
    }

    async fn read_one(&self, caller: &Caller, selector: Selector) -> Result<OpenedCredential, Failure> {
        self.permit(caller, Operation::ReadSecrets)?;
        let row = self.ports.credentials.find_sealed(caller.organization(), &selector).await?;
        let opened = self.hand_out(caller, row.into_iter().collect(), self.ports.clock.now()).await?;
        opened.into_iter().next().ok_or(Failure::NotFound(Missing::Credential))
    }

    /// Reads up to 50 secrets in one recorded commit, in the order asked; repeated ids count once.
    ///
    /// # Errors
    /// `NotFound` when any is unknown, `Conflict` when any may not be read now; then none is handed out.
    pub async fn read_secrets(
        &self,
        caller: &Caller,
        ids: &[CredentialId],
    ) -> Result<Vec<OpenedCredential>, Failure> {
        self.permit(caller, Operation::ReadSecrets)?;
        let mut rows = self.ports.credentials.find_sealed_many(caller.organization(), ids).await?;
        let mut ordered = Vec::with_capacity(ids.len());
        for (position, id) in ids.iter().enumerate() {
            if ids.iter().take(position).any(|earlier| earlier == id) {
                continue;
            }
            let at = rows.iter().position(|row| row.credential.id == *id);
            ordered.push(rows.swap_remove(at.ok_or(Failure::NotFound(Missing::Credential))?));
        }
        self.hand_out(caller, ordered, self.ports.clock.now()).await
    }

    /// Puts the reads on record, and only then opens the payloads. Whether they may be read is decided at `now`.
    pub(crate) async fn hand_out(
        &self,
        caller: &Caller,
        rows: Vec<SealedCredential>,
        now: OffsetDateTime,
    ) -> Result<Vec<OpenedCredential>, Failure> {
        self.record_reads(caller, &rows, now).await?;
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            opened.push(self.open_recorded(caller, row, now).await?);
        }
        Ok(opened)
    }

    /// Puts reads on record in one commit, when every one of them is permitted.
    pub(crate) async fn record_reads(
        &self,
        caller: &Caller,
        rows: &[SealedCredential],
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        let reach = caller.principal.reach();
        let mut events = Vec::with_capacity(rows.len());
        for SealedCredential { credential, .. } in rows {
            if !reach.covers(credential) {
                return Err(Failure::NotFound(Missing::Credential));
            }
            match credential.readability(now) {
                Readability::Readable => {}
                Readability::AuthorizationPending => {
                    return Err(Failure::Conflict(Conflict::AuthorizationPending));
                }
                Readability::ReauthorizationRequired => {
                    return Err(Failure::Conflict(Conflict::ReauthorizationRequired));
                }
            }
            events.push(caller.event(Action::SecretRead, Outcome::Success).about(credential));
        }
        if events.is_empty() { Ok(()) } else { self.audit_writer.record(events).await }
    }

    /// Opens a row whose read is on record.
    pub(crate) async fn open_recorded(
        &self,
        caller: &Caller,
        row: SealedCredential,
        now: OffsetDateTime,
    ) -> Result<OpenedCredential, Failure> {
        let mut secret = self.open(caller, &row).await?;
        let credential = row.credential;
        let mapping = credential.is_crm().then(|| self.crm_mapping_of(&credential).ok()).flatten();
        let crm = mapping.map(|(_, mapping)| read_content(&mapping, &credential, &mut secret)).transpose()?;
        self.usage.secret_read(&credential.organization, credential.id, now);
        Ok(OpenedCredential { credential, secret, crm })
    }

    /// The most ids that [`Self::read_secrets`] takes.
    pub const MAX_BATCH: usize = MAX_BATCH;
}
