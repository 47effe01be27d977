//! Shows credentials of the CRM dialect: in the clear to callers who may read secrets, masked to all others.

use futures_util::future;
use strongroom_domain::credential::Readability;
use strongroom_domain::{Credential, CredentialId, CrmContent, Slot};
use strongroom_repository::{SealedCredential, Selector};
use time::OffsetDateTime;

use super::Crm;
use crate::ground::{CrmCredential, Permitted, to};
use crate::{Caller, Failure, Missing};

impl Crm {
    /// Returns one credential by its id.
    ///
    /// # Errors
    /// `NotFound` also for a credential that only the other dialects see; for callers who may read secrets,
    /// also the errors of [`Credentials::read`](crate::Credentials::read).
    pub async fn show(
        &self,
        caller: &Permitted<to::ShowCrmCredentials>,
        id: CredentialId,
    ) -> Result<CrmCredential, Failure> {
        self.show_selected(caller, &Selector::Id(id)).await
    }

    /// Returns the credential of a provider.
    ///
    /// # Errors
    /// `Invalid` for a provider that is no CRM; otherwise the errors of [`Self::show`].
    pub async fn show_of(
        &self,
        caller: &Permitted<to::ShowCrmCredentials>,
        provider: &str,
    ) -> Result<CrmCredential, Failure> {
        let (provider, _) = self.rows.crm_provider(provider)?;
        self.show_selected(caller, &Selector::Slot(Slot::crm(&provider.id))).await
    }

    /// Returns all credentials of the dialect, newest first. One whose secret may not be read now, such as a
    /// grant that has ended, is masked for every caller. One that does not open, because its row was edited
    /// or moved, is hidden completely, so that it can still be found and deleted. One whose provider is no
    /// longer in the catalog is left out.
    ///
    /// # Errors
    /// `Unavailable` when the reads could not be put on record.
    pub async fn list(
        &self,
        caller: &Permitted<to::ShowCrmCredentials>,
    ) -> Result<Vec<CrmCredential>, Failure> {
        let catalog = self.catalog.all();
        let crms = catalog.iter().filter(|provider| provider.crm.is_some());
        let slots: Vec<Slot> = crms.map(|provider| Slot::crm(&provider.id)).collect();
        let rows = self.repository.find_sealed_slots(caller.organization(), &slots).await?;
        let reach = caller.principal.reach();
        let reader = self.gate.admits_also(caller);
        let reached = rows.into_iter().filter(|row| reach.covers(&row.credential));
        let rows = future::join_all(reached.map(|row| self.freshened_for(reader.as_ref(), row))).await;
        let now = self.clock.now();
        let (in_clear, masked): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| reader.is_some() && row.credential.readability(now) == Readability::Readable);
        let mut shown = Vec::with_capacity(in_clear.len() + masked.len());
        if let Some(reader) = &reader {
            let reader = self.credentials.record_reads(reader, &in_clear, now).await?;
            for row in in_clear {
                let credential = row.credential.clone();
                shown.push(or_hidden(credential, self.show_recorded(&reader, row, now).await)?);
            }
        }
        for row in masked {
            let credential = row.credential.clone();
            shown.push(or_hidden(credential, self.show_masked(caller, row).await)?);
        }
        shown.sort_by_key(|shown| std::cmp::Reverse(shown.credential.id));
        Ok(shown)
    }

    /// Refreshes the token of a row in a list. When that fails, the row is returned as it is, so that the
    /// other rows are still shown.
    async fn freshened_for(
        &self,
        reader: Option<&Permitted<to::ReadSecrets>>,
        row: SealedCredential,
    ) -> SealedCredential {
        match reader {
            Some(reader) => self.refreshing.freshened(reader, row.clone(), None).await.unwrap_or(row),
            None => row,
        }
    }

    async fn show_selected(
        &self,
        caller: &Permitted<to::ShowCrmCredentials>,
        selector: &Selector,
    ) -> Result<CrmCredential, Failure> {
        let row = self.crm_row(caller, selector).await?;
        self.show_row(caller, row).await
    }

    /// Finds a row of this dialect within the caller's reach.
    pub(crate) async fn crm_row(
        &self,
        caller: &Caller,
        selector: &Selector,
    ) -> Result<SealedCredential, Failure> {
        let row = self.rows.sealed_reachable(caller, selector).await?;
        if row.credential.is_crm() { Ok(row) } else { Err(Failure::NotFound(Missing::Credential)) }
    }

    pub(crate) async fn show_row<O>(
        &self,
        caller: &Permitted<O>,
        row: SealedCredential,
    ) -> Result<CrmCredential, Failure> {
        let Some(reader) = self.gate.admits_also(caller) else { return self.show_masked(caller, row).await };
        let row = self.refreshing.freshened(&reader, row, None).await?;
        let now = self.clock.now();
        let reader = self.credentials.record_reads(&reader, std::slice::from_ref(&row), now).await?;
        self.show_recorded(&reader, row, now).await
    }

    async fn show_recorded(
        &self,
        reader: &Permitted<to::ReadSecrets>,
        row: SealedCredential,
        now: OffsetDateTime,
    ) -> Result<CrmCredential, Failure> {
        // Clients of this dialect refresh by themselves, so it needs no scope of its own (reference 003).
        let opened = self.credentials.open_recorded(reader, row, now, true).await?;
        let content = opened.crm.ok_or(Failure::Internal)?;
        Ok(CrmCredential { credential: opened.credential, content })
    }

    async fn show_masked(&self, caller: &Caller, row: SealedCredential) -> Result<CrmCredential, Failure> {
        let (_, mapping) = self.rows.crm_mapping_of(&row.credential)?;
        let payload = self.sealing.open(caller, &row).await?;
        CrmCredential::put_together(&mapping, row.credential, payload, false)
    }
}

/// What a list shows of a row that does not open. The event of that is on record by then.
fn or_hidden(
    credential: Credential,
    shown: Result<CrmCredential, Failure>,
) -> Result<CrmCredential, Failure> {
    match shown {
        Err(Failure::Internal) => Ok(CrmCredential { credential, content: CrmContent::hidden() }),
        shown => shown,
    }
}
