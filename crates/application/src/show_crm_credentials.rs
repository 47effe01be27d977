//! Shows credentials of the CRM dialect: in the clear to whoever may read secrets, masked to everyone else.

use strongroom_domain::credential::Readability;
use strongroom_domain::{CredentialId, Operation, Slot, permitted};
use strongroom_repository::{CredentialFilter, SealedCredential, Selector};

use crate::crm_credential::CrmCredential;
use crate::{Application, Caller, Failure, Missing};

/// More CRMs than any catalog has.
const MOST: u32 = 500;

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
    /// is masked for everybody; one whose provider has left the catalog is left out.
    pub async fn list_crm_credentials(&self, caller: &Caller) -> Result<Vec<CrmCredential>, Failure> {
        self.permit(caller, Operation::ShowCrmCredentials)?;
        let filter =
            CredentialFilter { crm: true, reach: caller.principal.reach(), ..CredentialFilter::default() };
        let listed = self.ports.credentials.list(caller.organization(), &filter, None, MOST).await?;
        let ids: Vec<CredentialId> = listed.iter().map(|credential| credential.id).collect();
        let rows = match ids.is_empty() {
            true => Vec::new(),
            false => self.ports.credentials.find_sealed_many(caller.organization(), &ids).await?,
        };
        let (now, may_read) = (self.ports.clock.now(), permitted(&caller.principal, Operation::ReadSecrets));
        let known = rows.into_iter().filter(|row| self.crm_mapping_of(&row.credential).is_ok());
        let (in_clear, masked): (Vec<_>, Vec<_>) =
            known.partition(|row| may_read && row.credential.readability(now) == Readability::Readable);
        let mut shown = self.show_in_clear(caller, in_clear).await?;
        for row in masked {
            shown.push(self.show_masked(caller, row).await?);
        }
        shown.sort_by_key(|shown| std::cmp::Reverse(shown.credential.id));
        Ok(shown)
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
        self.show_in_clear(caller, vec![row]).await?.pop().ok_or(Failure::Internal)
    }

    async fn show_in_clear(
        &self,
        caller: &Caller,
        rows: Vec<SealedCredential>,
    ) -> Result<Vec<CrmCredential>, Failure> {
        let opened = self.hand_out(caller, rows).await?.into_iter();
        let shown = opened.map(|opened| {
            let content = opened.crm.ok_or(Failure::Internal)?;
            Ok(CrmCredential { credential: opened.credential, content })
        });
        shown.collect()
    }

    async fn show_masked(&self, caller: &Caller, row: SealedCredential) -> Result<CrmCredential, Failure> {
        let (_, mapping) = self.crm_mapping_of(&row.credential)?;
        let payload = self.open(caller, &row).await?;
        CrmCredential::put_together(&mapping, row.credential, payload, false)
    }
}
