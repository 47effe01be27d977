//! The gate: it decides which caller may do what. A use case requires a proof of permission, which only the
//! gate makes.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use strongroom_domain::{Action, AuditEvent, Credential, Operation, Outcome, permitted};

use super::audit_writer::AuditWriter;
use super::denials::Denials;
use super::standing::Standings;
use crate::{Caller, Failure, Missing};

/// Checks the permission table, and puts refusals on record. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub(crate) struct Gate {
    denials: Arc<Denials>,
    audit: AuditWriter,
    standings: Standings,
}

impl Gate {
    pub(crate) fn new(audit: AuditWriter, standings: Standings) -> Self {
        Self { denials: Arc::default(), audit, standings }
    }

    /// Judges a caller again after a wait, before anything is recorded or opened for it.
    ///
    /// # Errors
    /// `Unauthenticated` when its token has ended or its key was revoked; `Forbidden` when its account may do
    /// this no longer, and then the refusal is on record; `Unavailable` when that cannot be found out.
    pub(crate) async fn judge_again<O>(&self, caller: &Permitted<O>) -> Result<Permitted<O>, Failure> {
        let renewed = self.standings.renew(caller).await?;
        if permitted(&renewed.principal, caller.asked) {
            return Ok(Permitted::new(Arc::new(renewed), caller.asked));
        }
        Err(self.refuse(&renewed, caller.asked))
    }

    /// Admits a caller to an operation, when the permission table allows it.
    ///
    /// # Errors
    /// `Forbidden`; the refusal is on record then.
    pub(crate) fn admit<O: to::Admission>(&self, caller: Caller) -> Result<Permitted<O>, Failure> {
        if permitted(&caller.principal, O::OPERATION) {
            return Ok(Permitted::new(Arc::new(caller), O::OPERATION));
        }
        Err(self.refuse(&caller, O::OPERATION))
    }

    /// Also admits a caller to `P`, when the permission table allows it. A refusal is not recorded: the
    /// caller has not asked for `P`, and only gets a smaller answer.
    pub(crate) fn admits_also<O, P: to::Admission>(&self, caller: &Permitted<O>) -> Option<Permitted<P>> {
        permitted(&caller.principal, P::OPERATION)
            .then(|| Permitted::new(caller.caller.clone(), P::OPERATION))
    }

    /// Refuses an operation that the permission table allows but the caller's reach does not, and records the
    /// refusal.
    pub(crate) fn deny<O>(&self, caller: &Permitted<O>) -> Failure {
        self.refuse(caller, caller.asked)
    }

    /// Refuses a credential beyond the caller's reach as one that does not exist, and records the refusal: a
    /// leaked key that is tried on everything is seen.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) fn check_reach(&self, caller: &Caller, credential: &Credential) -> Result<(), Failure> {
        if caller.principal.reach().covers(credential) {
            return Ok(());
        }
        let event = caller.event(Action::AccessDenied, Outcome::Denied).about(credential);
        if self.put_on_record(event.detail("reason", "beyond_reach")) {
            let (organization, credential) = (caller.organization().as_str(), credential.id);
            tracing::warn!(organization, %credential, "a caller asked for a credential beyond its reach");
        }
        Err(Failure::NotFound(Missing::Credential))
    }

    /// Records a refusal, unless its source has used up its share of the audit trail. Returns whether it has
    /// not: the log follows the trail, so that nobody floods it either.
    pub(crate) fn put_on_record(&self, refusal: AuditEvent) -> bool {
        self.denials.record(refusal, &self.audit)
    }

    /// Writes summaries of the refusals that were only counted: those of minutes that are over, or all of
    /// them when `all` is set.
    pub(crate) fn flush(&self, all: bool) {
        self.denials.flush(&self.audit, all);
    }

    fn refuse(&self, caller: &Caller, operation: Operation) -> Failure {
        let event = caller.denied(operation);
        let said = |key: &str| event.details.get(key).cloned();
        let (roles, scopes, other_roles) = (said("roles"), said("scopes"), said("other_roles"));
        if self.put_on_record(event) {
            let organization = caller.organization().as_str();
            tracing::warn!(
                organization,
                ?operation,
                roles,
                scopes,
                other_roles,
                "a caller asked for what its roles or scopes do not allow"
            );
        }
        Failure::Forbidden { service_accounts_only: operation == Operation::ReadSecrets }
    }
}

/// Proof that the gate admitted this caller to the operation `O`. Only the gate can make it, so a use case
/// cannot be called without the check.
pub struct Permitted<O> {
    caller: Arc<Caller>,
    /// The operation that the caller asked for; it may be one that includes `O`.
    asked: Operation,
    operation: PhantomData<fn() -> O>,
}

impl<O> Permitted<O> {
    fn new(caller: Arc<Caller>, asked: Operation) -> Self {
        Self { caller, asked, operation: PhantomData }
    }

    /// Proof for an operation that is included in this one.
    pub(crate) fn including<P>(&self) -> Permitted<P>
    where
        O: to::Includes<P>,
    {
        Permitted::new(self.caller.clone(), self.asked)
    }
}

impl<O> Clone for Permitted<O> {
    fn clone(&self) -> Self {
        Self::new(self.caller.clone(), self.asked)
    }
}

impl<O> fmt::Debug for Permitted<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permitted").field("caller", &self.caller).field("asked", &self.asked).finish()
    }
}

impl<O> Deref for Permitted<O> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// The operations to which a caller can be admitted: one type for each [`Operation`] of the permission table.
pub mod to {
    use strongroom_domain::Operation;

    /// A type that stands for an operation of the permission table.
    pub trait Admission: 'static {
        /// The operation.
        const OPERATION: Operation;
    }

    /// An operation that includes `P`: a caller that is admitted to it may also do `P` as part of it.
    pub trait Includes<P> {}

    macro_rules! admissions {
        ($($name:ident),* $(,)?) => {$(
            #[doc = concat!("Stands for [`Operation::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}

            impl Admission for $name {
                const OPERATION: Operation = Operation::$name;
            }
        )*};
    }

    admissions! {
        ListCredentials, GetCredential, BrowseCatalog, CreateCredential, UpdateCredential, DeleteCredential,
        TestCredential, AuthorizeCredential, RefreshCredential, ReadSecrets, ShowCrmCredentials, ManageIntegrations,
        ManageServiceAccounts, ManageApiKeys, ManageOauthApps, QueryAudit, VerifyAudit,
    }

    // To make a connection, a credential is stored, tested or authorised.
    impl Includes<CreateCredential> for ManageIntegrations {}
    impl Includes<TestCredential> for ManageIntegrations {}
    impl Includes<AuthorizeCredential> for ManageIntegrations {}
}
