use strongroom_application::{Application, Caller, Conflict, Failure, StoreCrmCredential};
use strongroom_domain::crm::MASK;
use strongroom_domain::{Action, CredentialStatus, CredentialType, Reach, Slot};
use strongroom_fake_store::Call;
use strongroom_fixtures::{instant, provider};

use super::{DSN, SEES, metadata, new, secret, texts};
use crate::house::{House, acme, admin, admitted, detail, engine, engine_for, member, service, violations};

type Shown = strongroom_application::CrmCredential;

async fn store(app: &Application, caller: &Caller, new: StoreCrmCredential) -> Result<Shown, Failure> {
    app.crm.store(&admitted(app, caller), new).await
}

#[tokio::test(start_paused = true)]
async fn a_crm_credential_holds_its_providers_slot_and_is_masked_for_a_person() {
    let house = House::new();
    let app = house.open();
    let stored = store(&app, &member(), new(&[("api_version", "v1"), ("note", "private")])).await.unwrap();
    let credential = &stored.credential;
    assert_eq!(credential.slot, Some(Slot::crm(&provider("crm"))));
    assert_eq!(credential.credential_type, CredentialType::ApiKey);
    assert_eq!((credential.status, credential.name.as_str()), (CredentialStatus::Unverified, "CRM"));
    let (dsn, token, metadata) = texts(&stored.content);
    assert_eq!((dsn.as_str(), token.as_str()), (DSN, MASK));
    assert_eq!((metadata["api_version"], metadata["note"]), ("v1", MASK));
    assert_eq!(house.secrets_of(credential.id)["api_key"], "k-1");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated]);
    assert!(house.tester.tested().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_reads_secrets_gets_it_back_in_clear_and_the_read_is_in_the_transaction() {
    let house = House::new();
    let app = house.open();
    let stored = store(&app, &engine(), new(&[("note", "private")])).await.unwrap();
    let (_, token, metadata) = texts(&stored.content);
    assert_eq!((token.as_str(), metadata["note"]), ("k-1", "private"));
    let events = house.store.events(&acme());
    let found: Vec<_> = events.iter().map(|event| (event.action, event.credential)).collect();
    let id = Some(stored.credential.id);
    assert_eq!(found, [(Action::CredentialCreated, id), (Action::SecretRead, id)]);
    assert_eq!(house.store.calls(Call::AppendEvents), 0);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_only_writes_gets_it_back_masked() {
    let house = House::new();
    let app = house.open();
    let stored = store(&app, &service(&SEES, Reach::default()), new(&[])).await.unwrap();
    assert_eq!(stored.content.access_token.expose(), MASK);
    assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated]);
}

#[tokio::test(start_paused = true)]
async fn with_a_refresh_token_it_is_a_grant_that_is_refreshed() {
    let house = House::new();
    let app = house.open();
    let sent = [("refresh_token", "r-1"), ("expires_at", "2026-01-01T01:00:00Z")];
    let stored = store(&app, &engine(), new(&sent)).await.unwrap().credential;
    assert_eq!(stored.credential_type, CredentialType::Oauth2);
    let end = stored.access_token_expires_at.unwrap();
    assert_eq!(end, time::macros::datetime!(2026-01-01 01:00 UTC));
    assert!(stored.refresh_at.is_some_and(|at| at > instant(0) && at < end));
    assert_eq!(stored.expires_at, None, "whoever refreshes it keeps it alive");
    assert_eq!(house.secrets_of(stored.id)["access_token"], "k-1");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_masked_is_not_stored() {
    let house = House::new();
    let app = house.open();
    let mut masked = new(&[("note", MASK), ("api_version", "v1")]);
    masked.content.access_token = secret(MASK);
    masked.content.dsn = secret("https://********@crm.example.test");
    let told = violations(store(&app, &member(), masked).await.unwrap_err());
    let rule = "must not contain the mask that stands for a secret";
    let expected = ["dsn", "access_token", "metadata.note"].map(|place| format!("{place} {rule}"));
    assert_eq!(told, expected);
    assert!(house.store.history().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_violation_of_the_content_is_told_at_once() {
    let house = House::new();
    let app = house.open();
    let mut empty = new(&[]);
    (empty.content.dsn, empty.content.access_token) = (secret(""), secret(""));
    let mut told = violations(store(&app, &member(), empty).await.unwrap_err());
    told.dedup();
    assert!(told.contains(&"dsn is required".to_owned()), "{told:?}");
    assert!(told.contains(&"access_token is required".to_owned()), "{told:?}");
    assert!(house.store.history().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_no_crm_is_refused_with_those_that_are() {
    let house = super::house_of_two();
    let app = house.open();
    for other in ["metrics", "gadgets"] {
        let new = StoreCrmCredential { provider: other.into(), ..new(&[]) };
        let refused = store(&app, &member(), new).await.unwrap_err();
        assert_eq!(violations(refused), ["provider must be one of: crm, sales"]);
    }
    assert!(house.store.history().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_second_credential_of_a_crm_is_refused_without_its_turn_at_the_quota() {
    let house = House::new();
    let app = house.open();
    store(&app, &member(), new(&[])).await.unwrap();
    let taken = || Failure::Conflict(Conflict::SlotTaken(Slot::crm(&provider("crm"))));
    assert_eq!(store(&app, &admin(), new(&[])).await.unwrap_err(), taken());
    assert_eq!(house.store.calls(Call::InsertCredential), 1);
    assert_eq!(house.vault.seals(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_that_come_at_the_same_moment_the_store_takes_one() {
    let house = House::new();
    let app = house.open();
    let held = house.store.faults().hold(Call::InsertCredential);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { store(&app, &engine(), new(&[])).await.map(|_| ()) }
    });
    held.reached().await;
    store(&app, &member(), new(&[])).await.unwrap();
    held.release();
    let taken = Failure::Conflict(Conflict::SlotTaken(Slot::crm(&provider("crm"))));
    assert_eq!(slow.await.unwrap(), Err(taken));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated], "nobody was shown a secret");
}

#[tokio::test(start_paused = true)]
async fn beyond_its_reach_an_account_stores_no_crm_credential() {
    let house = House::new();
    let app = house.open();
    let refused = store(&app, &engine_for(&["metrics"]), new(&[])).await.unwrap_err();
    assert_eq!(refused, Failure::Forbidden { service_accounts_only: false });
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    assert_eq!(events[0].action, Action::AccessDenied);
    assert_eq!(detail(&events[0], "operation"), "CreateCredential");
    assert_eq!(house.store.calls(Call::InsertCredential), 0);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_may_hide_a_secret_is_sealed() {
    let house = House::new();
    let app = house.open();
    let mut hidden = new(&[]);
    hidden.content.dsn = secret("https://app:hunter2@crm.example.test/v1");
    hidden.content.metadata = metadata(&[("base_url", "https://app:hunter2@crm.example.test")]);
    let stored = store(&app, &member(), hidden).await.unwrap();
    assert_eq!(stored.content.dsn.expose(), "https://********@crm.example.test/v1");
    let config = stored.credential.config.to_canonical_json();
    assert!(!config.contains("hunter2"), "{config}");
    assert!(house.secrets_of(stored.credential.id)["dsn"].contains("hunter2"));
}
