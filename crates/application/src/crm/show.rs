//! Shows credentials of the CRM dialect: in the clear to whoever may read secrets, masked to everyone else.

use futures_util::future;
use strongroom_domain::credential::Readability;
use strongroom_domain::{Credential, CredentialId, CrmContent, Operation, Slot, permitted};
use strongroom_repository::{SealedCredential, Selector};
use time::OffsetDateTime;

use crate::ground::crm_content::CrmCredential;
use crate::{Application, Caller, Failure, Missing};

impl Application {
    /// One credential by id.
    ///
    /// # Errors
    /// `NotFound` also for a credential that only the other dialects see; for callers who may read secrets,
    /// those of [`Application::read_secret`].
    pub async fn show_crm_credential(
        &self,
        caller: &Caller,
        id: CredentialId,
    ) -> Result<CrmCredential, Failure> {
        self.permit(caller, Operation::ShowCrmCredentials)?;
        self.show_selected(caller, &Selector::Id(id)).await
    }

    /// The credential of a provider.
    ///
    /// # Errors
    /// `Invalid` for a provider that is no CRM; else as [`Self::show_crm_credential`].
    pub async fn show_crm_credential_of(
        &self,
        caller: &Caller,
        provider: &str,
    ) -> Result<CrmCredential, Failure> {
        self.permit(caller, Operation::ShowCrmCredentials)?;
        let (provider, _) = self.crm_provider(provider)?;
        self.show_selected(caller, &Selector::Slot(Slot::crm(&provider.id))).await
    }

    /// All of them, newest first. One whose secret may not be handed out now, such as a grant that has ended,
    /// is masked for everybody; one that does not open, because its row was edited or moved, is hidden whole, so
    /// that it can be found and deleted; one whose provider has left the catalog is left out.
    ///
    /// # Errors
    /// `Unavailable` when the reads could not be put on record.
    pub async fn list_crm_credentials(&self, caller: &Caller) -> Result<Vec<CrmCredential>, Failure> {
        self.permit(caller, Operation::ShowCrmCredentials)?;
        let catalog = self.ports.catalog.all();
        let crms = catalog.iter().filter(|provider| provider.crm.is_some());
        let slots: Vec<Slot> = crms.map(|provider| Slot::crm(&provider.id)).collect();
        let rows = self.ports.credentials.find_sealed_slots(caller.organization(), &slots).await?;
        let reach = caller.principal.reach();
        let may_read = permitted(&caller.principal, Operation::ReadSecrets);
        let reached = rows.into_iter().filter(|row| reach.covers(&row.credential));
        let rows = future::join_all(reached.map(|row| self.freshened_if(may_read, caller, row))).await;
        let now = self.ports.clock.now();
        let (in_clear, masked): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| may_read && row.credential.readability(now) == Readability::Readable);
        self.record_reads(caller, &in_clear, now).await?;
        let mut shown = Vec::with_capacity(in_clear.len() + masked.len());
        for row in in_clear {
            let credential = row.credential.clone();
            shown.push(or_hidden(credential, self.show_recorded(caller, row, now).await)?);
        }
        for row in masked {
            let credential = row.credential.clone();
            shown.push(or_hidden(credential, self.show_masked(caller, row).await)?);
        }
        shown.sort_by_key(|shown| std::cmp::Reverse(shown.credential.id));
        Ok(shown)
    }

    /// A row of a list: one token that cannot be refreshed now does not keep the others back.
    async fn freshened_if(&self, may_read: bool, caller: &Caller, row: SealedCredential) -> SealedCredential {
        if !may_read {
            return row;
        }
        self.freshened(caller, row.clone(), None).await.unwrap_or(row)
    }

    async fn show_selected(&self, caller: &Caller, selector: &Selector) -> Result<CrmCredential, Failure> {
        let row = self.crm_row(caller, selector).await?;
        self.show_row(caller, row).await
    }

    /// A row of this dialect within the caller's reach.
    pub(crate) async fn crm_row(
        &self,
        caller: &Caller,
        selector: &Selector,
    ) -> Result<SealedCredential, Failure> {
        let row = self.ports.credentials.find_sealed(caller.organization(), selector).await?;
        let seen = |row: &SealedCredential| {
            row.credential.is_crm() && caller.principal.reach().covers(&row.credential)
        };
        row.filter(seen).ok_or(Failure::NotFound(Missing::Credential))
    }

    pub(crate) async fn show_row(
        &self,
        caller: &Caller,
        row: SealedCredential,
    ) -> Result<CrmCredential, Failure> {
        if !permitted(&caller.principal, Operation::ReadSecrets) {
            return self.show_masked(caller, row).await;
        }
        let row = self.freshened(caller, row, None).await?;
        let now = self.ports.clock.now();
        self.record_reads(caller, std::slice::from_ref(&row), now).await?;
        self.show_recorded(caller, row, now).await
    }

    async fn show_recorded(
        &self,
        caller: &Caller,
        row: SealedCredential,
        now: OffsetDateTime,
    ) -> Result<CrmCredential, Failure> {
        let opened = self.open_recorded(caller, row, now).await?;
        let content = opened.crm.ok_or(Failure::Internal)?;
        Ok(CrmCredential { credential: opened.credential, content })
    }

    async fn show_masked(&self, caller: &Caller, row: SealedCredential) -> Result<CrmCredential, Failure> {
        let (_, mapping) = self.crm_mapping_of(&row.credential)?;
        let payload = self.open(caller, &row).await?;
        CrmCredential::put_together(&mapping, row.credential, payload, false)
    }
}

/// What a list shows of a row that does not open; its event is on record by now.
fn or_hidden(
    credential: Credential,
    shown: Result<CrmCredential, Failure>,
) -> Result<CrmCredential, Failure> {
    match shown {
        Err(Failure::Internal) => Ok(CrmCredential { credential, content: CrmContent::hidden() }),
        shown => shown,
    }
}
