//! Contracts of authorization flows, from the URL that a user is sent to until a credential is usable.

use strongroom_domain::config::{ConfigValue, PublicConfig};
use strongroom_domain::oauth::{Completion, Connects, Digest, FlowId, Initiator, sha256};
use strongroom_domain::{
    Action, Actor, AuthorizationFlow, Credential, CredentialName, CredentialStatus, CredentialType, Evidence,
    Issuer, OauthAppId, OrganizationId, UserId,
};
use strongroom_environment::Ids;
use strongroom_fixtures::{
    SeededIds, credential, event, instant, issuer, organization, provider, sealed, slot, with_payload,
};
use strongroom_repository::{CompletedFlow, FlowLimits, GrantedFlow, SealedFlow, StoreError, Unique};
use time::Duration;

use crate::StoreUnderTest;
use crate::under_test::PLENTY;

/// The limit on flows of an organisation in contracts that are about something else.
pub const MANY: FlowLimits = FlowLimits { per_organization: 1_000, per_principal: 1_000 };

/// A flow without optional values: a service account asks for a new credential.
pub fn flow(organization: &OrganizationId, ids: &SeededIds) -> SealedFlow {
    let id = ids.next();
    let flow = AuthorizationFlow {
        organization: organization.clone(),
        id: FlowId(id),
        state: sha256(&format!("state of {id}")),
        provider: provider("sftp"),
        credential_type: CredentialType::UserPassword,
        app: None,
        initiator: Initiator {
            actor: Actor::from_stored("service:engine".to_owned(), None),
            id: "engine".to_owned(),
            user: None,
            subject: None,
        },
        redirect_uri: "https://vault.example.test/integrations/sftp/callback".to_owned(),
        redirect_to: None,
        name: CredentialName::parse("nightly export").unwrap(),
        scope: String::new(),
        inputs: PublicConfig::default(),
        completion: Completion::Bound,
        credential: ids.credential(),
        reauthorizes: None,
        connects: None,
        created_at: instant(0),
    };
    let sealed = sealed([1; 8], &[b"\x00verifier of ".as_slice(), id.as_bytes()].concat());
    SealedFlow { flow, sealed, completion_code: None }
}

/// A flow with every optional field set.
fn full_flow(organization: &OrganizationId, ids: &SeededIds) -> SealedFlow {
    let plain = flow(organization, ids);
    let mut inputs = PublicConfig::default();
    inputs.insert("tenant", ConfigValue::Text("größe \"x\" \u{1}".to_owned()));
    inputs.insert("seats", ConfigValue::Integer(-7));
    let flow = AuthorizationFlow {
        provider: provider("google_drive"),
        credential_type: CredentialType::GoogleOauth,
        app: Some(OauthAppId(ids.next())),
        initiator: Initiator {
            actor: Actor::from_stored("user:auth0|user@example.test".to_owned(), Some(issuer())),
            id: "auth0|user@example.test".to_owned(),
            user: Some(UserId::parse("auth0|user@example.test").unwrap()),
            subject: Some([0xee; 32]),
        },
        redirect_to: Some("https://app.example.test/done?a=1".to_owned()),
        scope: "openid email".to_owned(),
        inputs,
        completion: Completion::Confirm,
        reauthorizes: Some(7),
        connects: Some(Connects(ids.next())),
        created_at: instant(77),
        ..plain.flow
    };
    SealedFlow { flow, ..plain }
}

/// The code that completes a flow.
pub fn code(flow: &SealedFlow) -> Digest {
    sha256(&format!("code of {}", flow.flow.id.0))
}

/// The credential that a flow makes, before it is confirmed.
pub fn pending(flow: &SealedFlow) -> Credential {
    let made = credential(&flow.flow.organization, flow.flow.credential);
    Credential { status: CredentialStatus::Pending, provider: flow.flow.provider.clone(), ..made }
}

/// Evidence of what happened to a flow.
pub fn told(flow: &SealedFlow, action: Action) -> Evidence {
    event(&flow.flow.organization, action).targeting(flow.flow.id.0.to_string()).into()
}

/// The grant of a provider for a flow that asks for a new credential.
pub fn granted(flow: &SealedFlow) -> GrantedFlow {
    GrantedFlow {
        organization: flow.flow.organization.clone(),
        id: flow.flow.id,
        completion_code: code(flow),
        pending: Some(with_payload(pending(flow))),
        sealed: sealed([2; 8], b"\xffgranted"),
    }
}

/// The completion of such a flow, after which the credential may be used.
pub fn completed(flow: &SealedFlow) -> CompletedFlow {
    let credential = Credential { status: CredentialStatus::Validated, revision: 2, ..pending(flow) };
    CompletedFlow {
        organization: flow.flow.organization.clone(),
        id: flow.flow.id,
        completion_code: code(flow),
        credential,
        sealed: sealed([3; 8], b"\xfereleased"),
        expected_version: 1,
        expected_revision: 1,
        integration: None,
    }
}

fn same(one: &SealedFlow, other: &SealedFlow) -> bool {
    (&one.flow, &one.sealed, one.completion_code) == (&other.flow, &other.sealed, other.completion_code)
}

impl StoreUnderTest {
    /// Begins a flow.
    pub(crate) async fn begin(&self, flow: &SealedFlow) {
        self.flows.begin(flow, MANY, told(flow, Action::AuthorizationBegun)).await.unwrap();
    }

    /// Begins a flow and takes it for its callback.
    pub(crate) async fn begin_and_take(&self, flow: &SealedFlow) {
        self.begin(flow).await;
        assert!(same(&self.second.flows.take(&flow.flow.state).await.unwrap().unwrap(), flow));
    }

    /// Keeps a grant. Returns whether the flow could be granted.
    pub(crate) async fn grant(&self, flow: &SealedFlow, grant: &GrantedFlow) -> bool {
        self.flows.grant(grant, PLENTY, told(flow, Action::AuthorizationGranted)).await.unwrap()
    }

    /// Makes a flow for a new credential that waits for its completion.
    pub(crate) async fn granted_flow(&self, organization: &OrganizationId, ids: &SeededIds) -> SealedFlow {
        let new = flow(organization, ids);
        self.begin_and_take(&new).await;
        assert!(self.grant(&new, &granted(&new)).await);
        new
    }

    /// Completes a flow. Returns whether the flow could be completed.
    pub(crate) async fn complete(&self, flow: &SealedFlow, completed: &CompletedFlow) -> bool {
        let connected = completed
            .integration
            .as_ref()
            .map(|one| event(&one.organization, Action::IntegrationConnected).targeting(one.id.to_string()));
        let evidence = told(flow, Action::AuthorizationCompleted);
        self.flows.complete(completed, evidence, connected).await.unwrap()
    }

    /// Ends a flow without a credential. Returns whether there was one.
    pub(crate) async fn abandon(&self, flow: &SealedFlow) -> bool {
        let evidence = told(flow, Action::AuthorizationFailed);
        self.flows.abandon(&flow.flow.organization, flow.flow.id, evidence).await.unwrap()
    }
}

/// A flow comes back as it was begun, and later with what the grant has sealed and its completion code.
pub async fn every_column_of_a_flow_comes_back(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for new in [flow(&acme, &ids), full_flow(&acme, &ids)] {
        store.begin(&new).await;
        assert!(store.flows.find_granted(&new.flow.state).await.unwrap().is_none());
        let taken = store.second.flows.take(&new.flow.state).await.unwrap().unwrap();
        assert!(same(&taken, &new), "{taken:?}");
        assert!(store.flows.find_granted(&new.flow.state).await.unwrap().is_none());
        let grant = GrantedFlow { pending: None, ..granted(&new) };
        assert!(store.grant(&new, &grant).await);
        let waiting = SealedFlow { sealed: grant.sealed, completion_code: Some(code(&new)), ..new.clone() };
        let found = store.second.flows.find_granted(&new.flow.state).await.unwrap().unwrap();
        assert!(same(&found, &waiting), "{found:?}");
    }
    assert!(store.flows.take(&sha256("unknown")).await.unwrap().is_none());
    assert!(store.flows.find_granted(&sha256("unknown")).await.unwrap().is_none());
}

/// A state can be used for one callback, whatever its result.
pub async fn a_state_is_used_once(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let new = flow(&acme, &ids);
    store.begin_and_take(&new).await;
    assert!(store.flows.take(&new.flow.state).await.unwrap().is_none());
    assert!(store.grant(&new, &granted(&new)).await);
    assert!(store.flows.take(&new.flow.state).await.unwrap().is_none());
    assert!(store.complete(&new, &completed(&new)).await);
    assert!(store.flows.take(&new.flow.state).await.unwrap().is_none());
    let mut again = flow(&acme, &ids);
    store.begin(&again).await;
    again.flow.id = FlowId(ids.next());
    let refused = store.flows.begin(&again, MANY, told(&again, Action::AuthorizationBegun)).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Unique::Id))), "{refused:?}");
}

/// A flow that has ended, has expired, or belongs to another organisation takes no place.
pub async fn an_organization_has_so_many_flows_under_way(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let limits = FlowLimits { per_organization: 2, per_principal: 2 };
    let begin =
        async |new: &SealedFlow| store.flows.begin(new, limits, told(new, Action::AuthorizationBegun)).await;
    let full = async || {
        let refused = begin(&flow(&acme, &ids)).await;
        assert!(matches!(refused, Err(StoreError::QuotaExceeded)), "{refused:?}");
    };
    let (first, second, third) = (flow(&acme, &ids), flow(&acme, &ids), flow(&acme, &ids));
    begin(&first).await.unwrap();
    store.begin_and_take(&second).await;
    assert!(store.grant(&second, &granted(&second)).await);
    full().await;
    begin(&flow(&globex, &ids)).await.unwrap();
    assert!(store.abandon(&first).await);
    begin(&third).await.unwrap();
    full().await;
    assert!(store.complete(&second, &completed(&second)).await);
    begin(&flow(&acme, &ids)).await.unwrap();
    full().await;
    (store.age)(Duration::seconds(601));
    begin(&flow(&acme, &ids)).await.unwrap();
    begin(&flow(&acme, &ids)).await.unwrap();
    full().await;
    let begun = store.actions(&acme).await.into_iter().filter(|one| *one == Action::AuthorizationBegun);
    assert_eq!(begun.count(), 6);
}

/// One principal does not use up the flows of its organisation, or those of a principal of this name
/// elsewhere.
pub async fn a_principal_has_so_many_flows_under_way(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let limits = FlowLimits { per_organization: 3, per_principal: 2 };
    let begin_by = async |organization: &OrganizationId, user: &str, issuer: Option<Issuer>| {
        let mut new = flow(organization, &ids);
        new.flow.initiator.actor = Actor::from_stored(user.to_owned(), issuer);
        store.flows.begin(&new, limits, told(&new, Action::AuthorizationBegun)).await
    };
    let begin = async |organization: &OrganizationId, user: &str| begin_by(organization, user, None).await;
    for _ in 0..2 {
        begin(&acme, "user:ann").await.unwrap();
    }
    assert!(matches!(begin(&acme, "user:ann").await, Err(StoreError::QuotaExceeded)));
    begin(&acme, "user:anna").await.unwrap();
    assert!(matches!(begin(&acme, "user:anna").await, Err(StoreError::QuotaExceeded)));
    begin(&globex, "user:ann").await.unwrap();
    (store.age)(Duration::seconds(601));
    // The same name of another issuer, and of none, has a share of its own.
    for _ in 0..2 {
        begin_by(&globex, "user:ann", Some(issuer())).await.unwrap();
    }
    let more = begin_by(&globex, "user:ann", Some(issuer())).await;
    assert!(matches!(more, Err(StoreError::QuotaExceeded)));
    begin_by(&globex, "user:ann", None).await.unwrap();
    (store.age)(Duration::seconds(601));
    begin(&acme, "user:ann").await.unwrap();
}

/// Only a flow whose callback is being processed can be granted, and only once.
pub async fn a_grant_needs_a_flow_that_was_taken(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let new = flow(&acme, &ids);
    assert!(!store.grant(&new, &granted(&new)).await);
    store.begin(&new).await;
    assert!(!store.grant(&new, &granted(&new)).await);
    assert!(store.flows.take(&new.flow.state).await.unwrap().is_some());
    assert!(store.grant(&new, &granted(&new)).await);
    assert!(!store.grant(&new, &granted(&new)).await);
    // The flow has already been granted, so it makes no difference that the quota has no place.
    let late = store.flows.grant(&granted(&new), 0, told(&new, Action::AuthorizationGranted)).await;
    assert!(!late.unwrap());
    assert_eq!(store.actions(&acme).await, [Action::AuthorizationBegun, Action::AuthorizationGranted]);
    store.assert_no_drift().await;
}

/// A new credential is stored as pending and takes its place in the quota. When there is no place, or its
/// slot is held, the flow does not change.
pub async fn a_granted_credential_is_pending_and_counted(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (first, second) = (flow(&acme, &ids), flow(&acme, &ids));
    store.begin_and_take(&first).await;
    store.begin_and_take(&second).await;
    let grant = async |flow: &SealedFlow, grant: &GrantedFlow, limit| {
        store.flows.grant(grant, limit, told(flow, Action::AuthorizationGranted)).await
    };
    let mut with_slot = granted(&first);
    let pending = &mut with_slot.pending.as_mut().unwrap().credential;
    pending.slot = Some(slot("main"));
    let expected = pending.clone();
    assert!(grant(&first, &with_slot, 1).await.unwrap());
    assert_eq!(store.second.credentials.find(&acme, expected.id).await.unwrap(), Some(expected));

    let refused = grant(&second, &granted(&second), 1).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded)), "{refused:?}");
    let mut same_slot = granted(&second);
    same_slot.pending.as_mut().unwrap().credential.slot = Some(slot("main"));
    let refused = grant(&second, &same_slot, 2).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Unique::Slot))), "{refused:?}");
    store.assert_no_drift().await;
    assert!(grant(&second, &granted(&second), 2).await.unwrap());
    store.assert_no_drift().await;
}

/// Ten minutes after its beginning a flow at any stage can only be ended; just before that it can still be
/// used.
pub async fn a_flow_is_over_after_ten_minutes(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for (seconds, there) in [(590, true), (601, false)] {
        let (begun, taken) = (flow(&acme, &ids), flow(&acme, &ids));
        store.begin(&begun).await;
        store.begin_and_take(&taken).await;
        let waiting = store.granted_flow(&acme, &ids).await;
        (store.age)(Duration::seconds(seconds));
        let before = store.actions(&acme).await;
        assert_eq!(store.flows.expired(10).await.unwrap().len(), if there { 0 } else { 3 });
        assert_eq!(store.flows.take(&begun.flow.state).await.unwrap().is_some(), there);
        assert_eq!(store.grant(&taken, &granted(&taken)).await, there);
        assert_eq!(store.flows.find_granted(&waiting.flow.state).await.unwrap().is_some(), there);
        assert_eq!(store.complete(&waiting, &completed(&waiting)).await, there);
        assert_eq!(store.actions(&acme).await == before, !there);
        for one in [&begun, &taken, &waiting] {
            assert_eq!(store.abandon(one).await, !there || one.flow.id != waiting.flow.id);
        }
        assert_eq!(store.flows.expired(10).await.unwrap(), []);
    }
    store.assert_no_drift().await;
}

/// Maintenance finds expired flows of all organisations, oldest first, and no more than it asks for.
pub async fn flows_that_are_over_come_oldest_first(store: StoreUnderTest) {
    let ids = SeededIds::new(1);
    let mut begun = Vec::new();
    for name in ["globex", "acme", "globex", "initech"] {
        let new = full_flow(&organization(name), &ids);
        store.begin(&new).await;
        begun.push(new.flow);
        (store.age)(Duration::seconds(100));
    }
    // The flows began 400, 300, 200 and 100 seconds ago.
    assert_eq!(store.flows.expired(10).await.unwrap(), []);
    (store.age)(Duration::seconds(350));
    assert_eq!(store.second.flows.expired(10).await.unwrap().as_slice(), begun.get(..2).unwrap());
    assert_eq!(store.flows.expired(1).await.unwrap().as_slice(), begun.get(..1).unwrap());
    assert_eq!(store.flows.expired(0).await.unwrap(), []);
    (store.age)(Duration::seconds(350));
    assert_eq!(store.flows.expired(10).await.unwrap(), begun);
}

/// When the event cannot be written, flow, credential and quota do not change.
pub async fn a_flow_is_not_touched_without_its_event(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (late, taken) = (flow(&acme, &ids), flow(&acme, &ids));
    store.begin_and_take(&taken).await;
    let waiting = store.granted_flow(&acme, &ids).await;
    let before = store.actions(&acme).await;
    let of = |action| told(&waiting, action);
    store.keys.set_broken(true);
    assert!(store.flows.begin(&late, MANY, of(Action::AuthorizationBegun)).await.is_err());
    let (grant, end) = (granted(&taken), completed(&waiting));
    assert!(store.flows.grant(&grant, PLENTY, of(Action::AuthorizationGranted)).await.is_err());
    assert!(store.flows.complete(&end, of(Action::AuthorizationCompleted), None).await.is_err());
    assert!(store.flows.abandon(&acme, waiting.flow.id, of(Action::AuthorizationFailed)).await.is_err());
    store.keys.set_broken(false);

    assert!(store.flows.take(&late.flow.state).await.unwrap().is_none());
    assert_eq!(store.actions(&acme).await, before);
    assert_eq!(
        store.credentials.find(&acme, waiting.flow.credential).await.unwrap(),
        Some(pending(&waiting))
    );
    store.assert_no_drift().await;
    assert!(store.grant(&taken, &granted(&taken)).await);
    assert!(store.complete(&waiting, &completed(&waiting)).await);
}
