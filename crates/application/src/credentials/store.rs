//! Stores a new credential.

use strongroom_domain::credential::FirstVersion;
use strongroom_domain::{
    Action, AuditEvent, Content, Credential, CredentialId, CredentialName, CredentialType, Evidence, Outcome,
    ProviderId, Rule, SecretPayload, Slot, Submission,
};
use strongroom_repository::{SealedCredential, StoreError, Unique};
use time::OffsetDateTime;

use super::Credentials;
use crate::connection_tests::{Run, Unanswered};
use crate::ground::{Permitted, end_of_life, to};
use crate::{Caller, Conflict, Failure};

/// The credential to store.
#[derive(Debug)]
pub struct StoreCredential {
    /// The provider's id, in any case.
    pub provider: String,
    /// How it authenticates there.
    pub credential_type: CredentialType,
    /// Its fields.
    pub credentials: Submission,
    /// A name; the provider's when absent.
    pub name: Option<CredentialName>,
    /// When it stops working unless a person acts.
    pub expires_at: Option<OffsetDateTime>,
    /// The slot to take.
    pub slot: Option<Slot>,
    /// Whether to test it first.
    pub test: bool,
}

impl Credentials {
    /// Checks, seals and stores a credential, within the quota, together with its event.
    ///
    /// # Errors
    /// `Argument` for an unknown provider, `Forbidden` outside the caller's reach, `Invalid` with every
    /// violation of the content, `Rejected` when the test that was asked for fails, `Limited`, `Conflict` for
    /// a taken slot or a full quota. Then nothing is stored.
    pub async fn store(
        &self,
        caller: &Permitted<to::CreateCredential>,
        new: StoreCredential,
    ) -> Result<Credential, Failure> {
        let provider = self.catalog.find(&new.provider).ok_or_else(|| {
            Failure::Argument(Rule::fixed("must be a provider of the catalog").on("provider"))
        })?;
        if !caller.principal.reach().allows_creating(&provider.id) {
            return Err(self.gate.deny(caller));
        }
        let content = provider.accept(new.credential_type, new.credentials).map_err(Failure::Invalid)?;
        let name = match new.name {
            Some(name) => name,
            None => CredentialName::parse(&provider.display_name).map_err(|_| Failure::Internal)?,
        };
        let (content, run) = match new.test {
            true => {
                self.tests
                    .test_new_content(caller, &provider, new.credential_type, content, Unanswered::Store)
                    .await?
            }
            false => {
                self.key_files.check(caller, &provider, &content).await?;
                (content, None)
            }
        };
        let judged = self.judge_after(caller, run.as_ref()).await;
        let caller = &judged?;
        if !caller.principal.reach().allows_creating(&provider.id) {
            self.tests.record_lost_test(caller, run.as_ref()).await?;
            return Err(self.gate.deny(caller));
        }
        let mut credential =
            self.first_version(caller, provider.id.clone(), name, new.credential_type, &content);
        credential.slot = new.slot;
        credential.expires_at = end_of_life(new.expires_at, new.credential_type, &content);
        credential.refresh_at = self.schedule.first_refresh(&credential, &content);
        if let Some(run) = &run {
            credential.take_test(&run.tested.report);
        }
        let tests = run.iter().flat_map(|run| run.events_about(caller, &credential)).collect();
        let stored = self.insert_new(caller, credential, &content.secret, tests).await;
        if stored.is_err() {
            self.tests.record_lost_test(caller, run.as_ref()).await?;
        }
        stored
    }

    /// Judges a caller again after a test. When that fails, the test is on record all the same.
    pub(crate) async fn judge_after<O>(
        &self,
        caller: &Permitted<O>,
        run: Option<&Run>,
    ) -> Result<Permitted<O>, Failure> {
        let judged = self.gate.judge_again(caller).await;
        if judged.is_err() {
            self.tests.record_lost_test(caller, run).await?;
        }
        judged
    }

    /// Seals and inserts a first version together with its event and further events.
    pub(crate) async fn insert_new(
        &self,
        caller: &Caller,
        credential: Credential,
        secret: &SecretPayload,
        others: Vec<AuditEvent>,
    ) -> Result<Credential, Failure> {
        let sealed = self.sealing.seal(&credential, secret).await?;
        let event = caller
            .event(Action::CredentialCreated, Outcome::Success)
            .about(&credential)
            .sealed_as(self.sealing.digest(&sealed))
            .detail("credential_type", credential.credential_type.as_str());
        let evidence = others.into_iter().fold(event.into(), Evidence::and);
        let row = SealedCredential { credential, sealed };
        let inserted = self.repository.insert(&row, self.per_provider, evidence).await;
        match (inserted, row.credential.slot.clone()) {
            (Ok(()), _) => Ok(row.credential),
            (Err(StoreError::Duplicate(Unique::Slot)), Some(slot)) => {
                Err(Failure::Conflict(Conflict::SlotTaken(slot)))
            }
            (Err(StoreError::QuotaExceeded), _) => {
                let own = self.organizations.limit(&row.credential.organization).await;
                let limit = own.ok().map(|own| own.unwrap_or(self.per_provider));
                Err(Failure::Conflict(Conflict::QuotaExceeded { limit }))
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Makes the metadata of new, untested content.
    pub(crate) fn first_version(
        &self,
        caller: &Caller,
        provider: ProviderId,
        name: CredentialName,
        credential_type: CredentialType,
        content: &Content,
    ) -> Credential {
        let first = Credential::first(FirstVersion {
            organization: caller.organization().clone(),
            id: CredentialId(self.ids.next()),
            provider,
            credential_type,
            name,
            content,
            by: caller.principal.id(),
            issuer: caller.principal.issuer().cloned(),
            at: self.clock.now(),
        });
        Credential { user_id: caller.principal.user().cloned(), ..first }
    }
}
