//! Stores the one credential that an organisation has for a CRM.

use strongroom_domain::{Action, CredentialName, CrmContent, Operation, Outcome, Slot, permitted};
use strongroom_repository::CredentialFilter;

use super::Crm;
use crate::ground::CrmCredential;
use crate::ground::{Permitted, end_of_life, to};
use crate::{Caller, Conflict, Failure};

/// The credential to store.
#[derive(Debug)]
pub struct StoreCrmCredential {
    /// The provider's id, in any case.
    pub provider: String,
    /// Its content.
    pub content: CrmContent,
}

impl Crm {
    /// Stores a credential in the provider's slot of the CRM dialect, untested. A caller who may read secrets
    /// gets it back in the clear, and that is recorded as a read.
    ///
    /// # Errors
    /// `Invalid` for a provider that is no CRM and for content that breaks its rules, `Forbidden` outside the
    /// caller's reach, `Conflict` when the slot is taken or the quota is full. Then nothing is stored.
    pub async fn store(
        &self,
        caller: &Permitted<to::CreateCredential>,
        new: StoreCrmCredential,
    ) -> Result<CrmCredential, Failure> {
        let (provider, mapping) = self.rows.crm_provider(&new.provider)?;
        if !caller.principal.reach().allows_creating(&provider.id) {
            return Err(self.gate.deny(caller));
        }
        let masks = new.content.masks();
        if !masks.is_empty() {
            return Err(Failure::Invalid(masks));
        }
        let (kind, content) = new.content.into_content(&provider, &mapping).map_err(Failure::Invalid)?;
        let slot = Slot::crm(&provider.id);
        self.refuse_taken(caller, &slot).await?;
        let name = CredentialName::parse(&provider.display_name).map_err(|_| Failure::Internal)?;
        let mut credential =
            self.credentials.first_version(caller, provider.id.clone(), name, kind, &content);
        credential.slot = Some(slot);
        credential.expires_at = end_of_life(None, kind, &content);
        credential.refresh_at = self.schedule.first_refresh(&credential, &content);
        let in_clear = permitted(&caller.principal, Operation::ReadSecrets);
        let read = caller.event(Action::SecretRead, Outcome::Success).about(&credential);
        let others = if in_clear { vec![read] } else { Vec::new() };
        let credential = self.credentials.insert_new(caller, credential, &content.secret, others).await?;
        CrmCredential::put_together(&mapping, credential, content.secret, in_clear)
    }

    /// Finds most duplicates before the insert, which would wait for its turn at the provider's quota. The
    /// store decides about duplicates that arrive at the same moment.
    async fn refuse_taken(&self, caller: &Caller, slot: &Slot) -> Result<(), Failure> {
        let filter = CredentialFilter { slot: Some(slot.clone()), ..CredentialFilter::default() };
        let holders = self.repository.list(caller.organization(), &filter, None, 1).await?;
        if holders.is_empty() { Ok(()) } else { Err(Failure::Conflict(Conflict::SlotTaken(slot.clone()))) }
    }
}
