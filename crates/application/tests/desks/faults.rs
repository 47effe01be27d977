//! A store that fails before it does something, and one whose answer is lost: in both cases nothing is done
//! in part.

use std::future::Future;
use std::pin::Pin;

use strongroom_application::{
    Application, ChangeServiceAccount, ConnectIntegration, Failure, NewApiKey, NewContent, NewServiceAccount,
    Operator, QueryAudit, Selector, StoreCrmCredential, UpdateCredential, UpdateCrmCredential, VerifyAudit,
};
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{
    Action, ApiKeyId, CredentialId, CredentialStatus, CredentialType, CrmContent, CrmPatch, Scope,
    SecretText, ServiceAccountId, Slot,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{credential, provider};

use crate::house::{House, acme, admin, admitted, engine, fields, member, metrics_key};

/// The state before a mutation.
#[derive(Clone)]
struct Before {
    app: Application,
    key: CredentialId,
    crm: CredentialId,
    connected: CredentialId,
    account: ServiceAccountId,
    api_key: ApiKeyId,
}

type Answer = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
type Mutation = (Call, fn(Before) -> Answer, &'static [Action]);

fn name() -> AccountName {
    AccountName::parse("engine").unwrap()
}

fn new_account() -> NewServiceAccount {
    NewServiceAccount { name: name(), description: None, scopes: None, reach: Default::default() }
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

/// A house in which everything can be changed. `metrics` is connected.
async fn before(house: &House) -> Before {
    let app = house.open();
    let key = house.stored().id;
    let mut connected = house.stored();
    connected.status = CredentialStatus::Validated;
    house.put(&connected, &[("api_key", "k-1")]);
    let mut crm = credential(&acme(), house.ids.credential());
    crm.provider = provider("crm");
    crm.credential_type = CredentialType::ApiKey;
    crm.slot = Some(Slot::crm(&crm.provider));
    house.put(&crm, &[("api_key", "k-1"), ("dsn", "crm.example.test")]);
    connect(app.clone(), connected.id).await.unwrap();
    let account = app.access.create_account(&admitted(&app, &admin()), new_account()).await.unwrap();
    let new = NewApiKey { name: name(), expires_at: None };
    let issued = app.access.create_key(&admitted(&app, &admin()), account.id, new).await.unwrap();
    let (connected, account, api_key) = (connected.id, account.id, issued.key.id);
    Before { app, key, crm: crm.id, connected, account, api_key }
}

async fn connect(app: Application, id: CredentialId) -> Result<(), Failure> {
    let asked = ConnectIntegration {
        provider: "metrics".into(),
        credential_id: Some(id),
        ..ConnectIntegration::default()
    };
    app.connections.connect(&admitted(&app, &admin()), asked).await.map(|_| ())
}

async fn store(there: Before) -> Result<(), Failure> {
    there.app.credentials.store(&admitted(&there.app, &member()), metrics_key("k")).await.map(|_| ())
}

async fn update(there: Before) -> Result<(), Failure> {
    let content =
        NewContent { credential_type: CredentialType::ApiKey, credentials: fields(&[("api_key", "k-2")]) };
    let change = UpdateCredential { content: Some(content), ..UpdateCredential::default() };
    there.app.credentials.update(&admitted(&there.app, &member()), there.key, change).await.map(|_| ())
}

async fn update_crm(there: Before) -> Result<(), Failure> {
    let patch = CrmPatch { access_token: Some(secret("k-2")), ..CrmPatch::default() };
    let change = UpdateCrmCredential { patch, ..UpdateCrmCredential::default() };
    there.app.crm.update(&admitted(&there.app, &engine()), there.crm, change).await.map(|_| ())
}

async fn delete(there: Before) -> Result<(), Failure> {
    there.app.credentials.delete(&admitted(&there.app, &member()), there.connected, None, false).await
}

async fn disconnect(there: Before) -> Result<(), Failure> {
    there.app.connections.disconnect(&admitted(&there.app, &admin()), "metrics").await
}

async fn create_account(there: Before) -> Result<(), Failure> {
    there.app.access.create_account(&admitted(&there.app, &admin()), new_account()).await.map(|_| ())
}

async fn change_account(there: Before) -> Result<(), Failure> {
    let change = ChangeServiceAccount { scopes: Some(Scope::ALL.into()), ..ChangeServiceAccount::default() };
    let caller = admitted(&there.app, &admin());
    there.app.access.change_account(&caller, there.account, change).await.map(|_| ())
}

async fn delete_account(there: Before) -> Result<(), Failure> {
    there.app.access.delete_account(&admitted(&there.app, &admin()), there.account).await
}

async fn create_key(there: Before) -> Result<(), Failure> {
    let new = NewApiKey { name: name(), expires_at: None };
    let caller = admitted(&there.app, &admin());
    there.app.access.create_key(&caller, there.account, new).await.map(|_| ())
}

async fn revoke_key(there: Before) -> Result<(), Failure> {
    let caller = admitted(&there.app, &admin());
    there.app.access.revoke_key(&caller, there.account, &there.api_key).await
}

async fn set_limit(there: Before) -> Result<(), Failure> {
    there.app.access.limit_organization(&Operator::of(acme()).unwrap(), Some(0)).await
}

/// Every mutation, the call of the store that makes it, and its evidence.
const MUTATIONS: [Mutation; 11] = [
    (Call::InsertCredential, |there| Box::pin(store(there)), &[Action::CredentialCreated]),
    (Call::ReplaceCredential, |there| Box::pin(update(there)), &[Action::CredentialUpdated]),
    (
        Call::ReplaceCredential,
        |there| Box::pin(update_crm(there)),
        &[Action::CredentialUpdated, Action::SecretRead],
    ),
    (
        Call::DeleteCredential,
        |there| Box::pin(delete(there)),
        &[Action::CredentialDeleted, Action::IntegrationDisconnected],
    ),
    (Call::Disconnect, |there| Box::pin(disconnect(there)), &[Action::IntegrationDisconnected]),
    (
        Call::InsertAccount,
        |there| Box::pin(create_account(there)),
        &[Action::ServiceAccountCreated, Action::ScopesGranted],
    ),
    (
        Call::ReplaceAccount,
        |there| Box::pin(change_account(there)),
        &[Action::ServiceAccountUpdated, Action::ScopesGranted],
    ),
    (Call::DeleteAccount, |there| Box::pin(delete_account(there)), &[Action::ServiceAccountDeleted]),
    (Call::InsertKey, |there| Box::pin(create_key(there)), &[Action::ApiKeyCreated]),
    (Call::DeleteKey, |there| Box::pin(revoke_key(there)), &[Action::ApiKeyRevoked]),
    (Call::SetLimit, |there| Box::pin(set_limit(there)), &[Action::OrganizationLimitSet]),
];

/// Everything that a mutation could have changed, seen by another instance.
async fn picture(house: &House, there: &Before) -> String {
    let app = house.open_another();
    let caller = || admitted(&app, &admin());
    let query = strongroom_application::ListCredentials { limit: 500, ..Default::default() };
    let credentials = app.credentials.list(&admitted(&app, &admin()), query).await.unwrap();
    let sealed = credentials.0.iter().map(|one| house.store.sealed(one.id)).collect::<Vec<_>>();
    let connections = app.connections.list(&admitted(&app, &admin()), Default::default()).await.unwrap();
    let accounts = app.access.list_accounts(&caller(), 0, 500).await.unwrap();
    let keys = app.access.list_keys(&admitted(&app, &admin()), there.account).await;
    let limit = app.credentials.store(&admitted(&app, &member()), metrics_key("probe")).await;
    if let Ok(probe) = &limit {
        app.credentials.delete(&admitted(&app, &member()), probe.id, None, false).await.unwrap();
    }
    format!("{credentials:?} {sealed:?} {connections:?} {accounts:?} {keys:?} {}", limit.is_ok())
}

#[tokio::test(start_paused = true)]
async fn what_the_store_refuses_has_not_happened() {
    for (call, mutation, _) in MUTATIONS {
        let house = House::new();
        let there = before(&house).await;
        let (as_it_was, events) = (picture(&house, &there).await, house.store.events(&acme()).len());
        house.store.faults().fail_next(call, unavailable());
        assert_eq!(mutation(there.clone()).await, Err(Failure::unavailable()), "{call:?}");
        assert_eq!(house.store.events(&acme()).len(), events, "{call:?} left an event behind");
        assert_eq!(picture(&house, &there).await, as_it_was, "{call:?} left something behind");
        assert_eq!(mutation(there).await, Ok(()), "{call:?} is done when it is asked for again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_done_and_not_heard_of_is_there_with_its_evidence() {
    for (call, mutation, actions) in MUTATIONS {
        let house = House::new();
        let there = before(&house).await;
        let (as_it_was, events) = (picture(&house, &there).await, house.store.events(&acme()).len());
        house.store.faults().lose_answer(call);
        assert_eq!(mutation(there.clone()).await, Err(Failure::unavailable()), "{call:?}");
        let new = house.store.events(&acme()).split_off(events);
        let found: Vec<_> = new.iter().map(|event| event.action).collect();
        assert_eq!(found, actions, "{call:?}");
        assert!(picture(&house, &there).await != as_it_was, "{call:?} has done nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_credential_of_a_crm_or_a_new_connection_is_there_whole_or_not_at_all() {
    for lost in [false, true] {
        let house = House::new();
        let app = house.open();
        let mut stored = house.stored();
        stored.status = CredentialStatus::Validated;
        house.put(&stored, &[("api_key", "k-1")]);
        for call in [Call::Connect, Call::InsertCredential] {
            match lost {
                true => house.store.faults().lose_answer(call),
                false => house.store.faults().fail_next(call, unavailable()),
            }
        }
        assert_eq!(connect(app.clone(), stored.id).await, Err(Failure::unavailable()));
        let (dsn, access_token) = (secret("https://crm.example.test"), secret("k-1"));
        let content = CrmContent { dsn, access_token, metadata: Default::default() };
        let new = StoreCrmCredential { provider: "crm".into(), content };
        let refused = app.crm.store(&admitted(&app, &engine()), new).await.map(|_| ());
        assert_eq!(refused, Err(Failure::unavailable()));
        let all = [Action::IntegrationConnected, Action::CredentialCreated, Action::SecretRead];
        let (events, shown) = if lost { (&all[..], 1) } else { (&[][..], 0) };
        assert_eq!(house.store.actions(&acme()), events);
        let connections = app.connections.list(&admitted(&app, &admin()), Default::default()).await.unwrap();
        let crm = app.crm.list(&admitted(&app, &member())).await.unwrap();
        assert_eq!((connections.len(), crm.len()), (shown, shown));
    }
}

/// Checks that a store which cannot be reached is not mistaken for an empty one.
#[track_caller]
fn is_away<T>(answer: Result<T, Failure>) {
    assert_eq!(answer.err(), Some(Failure::unavailable()));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_not_taken_for_an_empty_one() {
    let house = House::new();
    let there = before(&house).await;
    let app = &there.app;
    house.store.faults().fail_all();
    let (ann, robot) = (admin(), engine());
    is_away(app.credentials.list(&admitted(app, &ann), Default::default()).await);
    is_away(app.credentials.get(&admitted(app, &ann), there.key).await);
    is_away(app.credentials.read(&admitted(app, &robot), Selector::Id(there.key), None).await);
    is_away(app.credentials.read_many(&admitted(app, &robot), &[there.key], None).await);
    is_away(app.crm.show(&admitted(app, &robot), there.crm).await);
    is_away(app.crm.list(&admitted(app, &robot)).await);
    is_away(app.connections.list(&admitted(app, &ann), Default::default()).await);
    is_away(app.access.get_account(&admitted(app, &ann), there.account).await);
    is_away(app.access.list_accounts(&admitted(app, &ann), 0, 10).await);
    is_away(app.access.list_keys(&admitted(app, &ann), there.account).await);
    is_away(app.audit.query(&admitted(app, &ann), QueryAudit::default()).await);
    is_away(app.audit.verify(&admitted(app, &ann), VerifyAudit::default()).await);
    is_away(app.audit.verify_chain(&acme()).await);
    is_away(app.audit.checkpoint(None).await);
    is_away(app.audit.heads(None, 10).await);
    is_away(app.audit.headless_chains().await);
    is_away(app.audit.record_start("").await);
    for (call, mutation, _) in MUTATIONS {
        assert_eq!(mutation(there.clone()).await, Err(Failure::unavailable()), "{call:?}");
    }
    assert_eq!(house.vault.opens(), 0);
}
