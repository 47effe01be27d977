//! The gate: who may do what. A desk does nothing for a caller without the proof that only the gate gives
//! out.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use strongroom_domain::{Action, AuditEvent, Operation, Outcome, permitted};

use super::audit_writer::AuditWriter;
use super::denials::Denials;
use crate::{Caller, Failure};

/// Asks the permission table, and puts refusals on record. Cheap to clone; all clones are one gate.
#[derive(Clone)]
pub(crate) struct Gate {
    denials: Arc<Denials>,
    audit: AuditWriter,
}

impl Gate {
    pub(crate) fn new(audit: AuditWriter) -> Self {
        Self { denials: Arc::default(), audit }
    }

    /// Admits a caller to an operation that the permission table allows it.
    ///
    /// # Errors
    /// `Forbidden`, which is on record then.
    pub(crate) fn admit<O: to::Admission>(&self, caller: Caller) -> Result<Permitted<O>, Failure> {
        if permitted(&caller.principal, O::OPERATION) {
            return Ok(Permitted::new(Arc::new(caller), O::OPERATION));
        }
        Err(self.refuse(&caller, O::OPERATION))
    }

    /// Also admits a caller to `P`, when the permission table allows it. A refusal is not on record: the
    /// caller has not asked for it, and gets less instead.
    pub(crate) fn admits_also<O, P: to::Admission>(&self, caller: &Permitted<O>) -> Option<Permitted<P>> {
        permitted(&caller.principal, P::OPERATION)
            .then(|| Permitted::new(caller.caller.clone(), P::OPERATION))
    }

    /// Refuses what the permission table allows and the caller's reach does not, and puts that on record.
    pub(crate) fn deny<O>(&self, caller: &Permitted<O>) -> Failure {
        self.refuse(caller, caller.asked)
    }

    /// Puts a refusal on record, within the share that its source has of the trail.
    pub(crate) fn put_on_record(&self, refusal: AuditEvent) {
        self.denials.record(refusal, &self.audit);
    }

    /// Writes summaries of the refusals that were only counted: those of minutes that are over, or of all.
    pub(crate) fn flush(&self, all: bool) {
        self.denials.flush(&self.audit, all);
    }

    fn refuse(&self, caller: &Caller, operation: Operation) -> Failure {
        let event = caller.event(Action::AccessDenied, Outcome::Denied);
        self.put_on_record(event.detail("operation", format!("{operation:?}")));
        Failure::Forbidden { service_accounts_only: operation == Operation::ReadSecrets }
    }
}

/// Proof that the gate admitted this caller to the operation `O`. It can be made by the gate alone, so that a
/// use case without its check does not compile.
pub struct Permitted<O> {
    caller: Arc<Caller>,
    /// What the caller asked for, which may include `O`.
    asked: Operation,
    operation: PhantomData<fn() -> O>,
}

impl<O> Permitted<O> {
    fn new(caller: Arc<Caller>, asked: Operation) -> Self {
        Self { caller, asked, operation: PhantomData }
    }

    /// Proof for an operation that is part of this one.
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

/// What a caller can be admitted to: one type for each [`Operation`] of the permission table.
pub mod to {
    use strongroom_domain::Operation;

    /// A type that stands for an operation of the permission table.
    pub trait Admission: 'static {
        /// The operation.
        const OPERATION: Operation;
    }

    /// An operation that includes `P`: whoever is admitted to it may do `P` on the way.
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

    // A connection is made with a credential that is stored, tested or authorised on the way.
    impl Includes<CreateCredential> for ManageIntegrations {}
    impl Includes<TestCredential> for ManageIntegrations {}
    impl Includes<AuthorizeCredential> for ManageIntegrations {}
}
