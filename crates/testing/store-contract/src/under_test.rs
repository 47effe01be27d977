use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use strongroom_domain::audit::{AuditRecord, GENESIS, signed_bytes};
use strongroom_domain::{Action, AuditEvent, Credential, Evidence, OrganizationId, Sealed, ServiceAccount};
use strongroom_fixtures::{TestPurposeKeys, event, event_about, with_payload};
use strongroom_repository::{
    AuditTrail, AuthorizationFlowRepository, CredentialRepository, DeploymentRepository,
    DestinationLimitRepository, IntegrationRepository, OauthAppRepository, OrganizationKeyRepository,
    OrganizationRepository, RefreshLeaseRepository, SealedCredential, ServiceAccountRepository, StoreResult,
};
use strongroom_vault::{Purpose, PurposeKeys, WrapLedger};
use tokio::sync::Semaphore;

/// The view that one process has of the store.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct Instance {
    pub credentials: Arc<dyn CredentialRepository>,
    pub integrations: Arc<dyn IntegrationRepository>,
    pub oauth_apps: Arc<dyn OauthAppRepository>,
    pub flows: Arc<dyn AuthorizationFlowRepository>,
    pub leases: Arc<dyn RefreshLeaseRepository>,
    pub accounts: Arc<dyn ServiceAccountRepository>,
    pub audit: Arc<dyn AuditTrail>,
    pub organizations: Arc<dyn OrganizationRepository>,
    pub destinations: Arc<dyn DestinationLimitRepository>,
    pub deployment: Arc<dyn DeploymentRepository>,
    pub organization_keys: Arc<dyn OrganizationKeyRepository>,
    pub ledger: Arc<dyn WrapLedger>,
}

impl Instance {
    /// Makes an instance of an adapter that implements the ports on two types.
    pub fn new<S, D>(store: &Arc<S>, database: &Arc<D>) -> Self
    where
        S: CredentialRepository
            + IntegrationRepository
            + OauthAppRepository
            + AuthorizationFlowRepository
            + RefreshLeaseRepository
            + ServiceAccountRepository
            + AuditTrail
            + OrganizationRepository
            + DestinationLimitRepository
            + 'static,
        D: DeploymentRepository + OrganizationKeyRepository + WrapLedger + 'static,
    {
        Self {
            credentials: store.clone(),
            integrations: store.clone(),
            oauth_apps: store.clone(),
            flows: store.clone(),
            leases: store.clone(),
            accounts: store.clone(),
            audit: store.clone(),
            organizations: store.clone(),
            destinations: store.clone(),
            deployment: database.clone(),
            organization_keys: database.clone(),
            ledger: database.clone(),
        }
    }
}

/// A fresh store with two instances, each with connections of its own. It dereferences to the first.
pub struct StoreUnderTest {
    /// The instance that most contracts use.
    pub first: Instance,
    /// Another instance with the same rows.
    pub second: Instance,
    /// The purpose keys that both instances use.
    pub keys: Arc<TestPurposeKeys>,
    /// Moves the times that the store has set and compares (takes of destinations, ends of flows and leases,
    /// times of next attempts) this far into the past, as if that much time had passed. A negative time moves
    /// them into the future. No port can do this.
    pub age: Box<dyn Fn(time::Duration) + Send + Sync>,
    /// Values that have to live as long as the store, such as a folder, or a database to drop.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl Deref for StoreUnderTest {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.first
    }
}

/// The payload of the fixtures, for a replacement that is about the metadata.
pub(crate) fn payload_of(credential: &Credential) -> Sealed {
    with_payload(credential.clone()).sealed
}

/// The quota of contracts that are about something else.
pub(crate) const PLENTY: u32 = 10_000;

impl StoreUnderTest {
    /// Returns the two instances in turn, to spread parallel work.
    pub(crate) fn instance(&self, number: usize) -> Instance {
        if number.is_multiple_of(2) { self.first.clone() } else { self.second.clone() }
    }

    /// Stores a credential with the payload of the fixtures.
    pub(crate) async fn store(&self, credential: &Credential) -> SealedCredential {
        let new = with_payload(credential.clone());
        self.credentials.insert(&new, PLENTY, created(credential)).await.unwrap();
        new
    }

    /// Stores a service account.
    pub(crate) async fn store_account(&self, account: &ServiceAccount) {
        self.accounts.insert(account, evidence(&account.organization)).await.unwrap();
    }

    /// Returns all records of an organisation, after checking places, links and MACs.
    pub(crate) async fn verified_chain(&self, organization: &OrganizationId) -> Vec<AuditRecord> {
        let records = self.audit.range(organization, 1, 10_000).await.unwrap();
        let mut previous = GENESIS;
        for (place, record) in (1..).zip(&records) {
            assert_eq!(record.seq, place, "the chain has a gap");
            assert_eq!(record.event.organization, *organization);
            assert_eq!(record.at.nanosecond() % 1_000, 0, "times are whole microseconds");
            let message = signed_bytes(&record.event, record.seq, record.at, &previous);
            assert_eq!(self.keys.digest(Purpose::Audit, record.mac_key, &message).unwrap(), record.mac);
            previous = record.mac;
        }
        match self.audit.head(organization).await.unwrap() {
            Some(head) => assert_eq!(
                (head.seq, head.mac, &head.organization),
                (u64::try_from(records.len()).unwrap(), previous, organization)
            ),
            None => assert!(records.is_empty()),
        }
        records
    }

    /// Returns the actions in an organisation, oldest first. It also verifies the chain.
    pub(crate) async fn actions(&self, organization: &OrganizationId) -> Vec<Action> {
        self.verified_chain(organization).await.into_iter().map(|record| record.event.action).collect()
    }

    /// Checks that the counters agree with the rows.
    pub(crate) async fn assert_no_drift(&self) {
        assert_eq!(self.organizations.quota_drift().await.unwrap(), []);
    }
}

/// Evidence of some mutation.
pub(crate) fn evidence(organization: &OrganizationId) -> Evidence {
    event(organization, Action::ServiceAccountUpdated).into()
}

/// Evidence that a credential was stored.
pub(crate) fn created(credential: &Credential) -> Evidence {
    event_about(credential, Action::CredentialCreated).into()
}

/// Evidence that a credential was changed.
pub(crate) fn updated(credential: &Credential) -> Evidence {
    event_about(credential, Action::CredentialUpdated).into()
}

/// Evidence that a credential was tested.
pub(crate) fn tested(credential: &Credential) -> Evidence {
    event_about(credential, Action::CredentialTested).into()
}

/// Evidence that a credential was deleted.
pub(crate) fn deleted(credential: &Credential) -> Evidence {
    event_about(credential, Action::CredentialDeleted).into()
}

/// The event that is recorded when the deletion of a credential ends its connection.
pub(crate) fn disconnected(credential: &Credential) -> AuditEvent {
    event_about(credential, Action::IntegrationDisconnected)
}

/// How many tasks run at the same time: as many as two instances with eight connections each can serve. More
/// tasks would only wait for a connection, and on a busy machine longer than a store allows.
const AT_ONCE: usize = 16;

/// Runs work in parallel, one task each, and returns the answers in order.
pub(crate) async fn in_parallel<T, F>(work: impl IntoIterator<Item = F>) -> Vec<StoreResult<T>>
where
    T: Send + 'static,
    F: Future<Output = StoreResult<T>> + Send + 'static,
{
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let in_turn = |one: F| {
        let turns = turns.clone();
        async move {
            let _turn = turns.acquire_owned().await.unwrap();
            one.await
        }
    };
    let tasks: Vec<_> = work.into_iter().map(in_turn).map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
