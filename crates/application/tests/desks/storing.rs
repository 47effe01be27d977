//! What is stored, and what is refused. After a refusal nothing is stored and nothing is left over.

use std::time::Duration;

use strongroom_application::{Application, Caller, Conflict, Failure, Operator, StoreCredential};
use strongroom_domain::{
    Action, Actor, ConfigValue, Credential, CredentialName, CredentialStatus, CredentialType, Field,
    FieldKind, KekId, Outcome, Reach, Role, Rule, Scope, Slot, TestCode,
};
use strongroom_environment::KeyFileRefused;
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{FakeCatalog, TestAnswer, instant, slot};
use strongroom_repository::{StoreError, Unique};
use strongroom_vault::{Vault, VaultError};

use crate::house::{
    House, acme, admin, admitted, detail, engine, engine_for, member, metrics_key, service, to_store, user,
    violations,
};

async fn store(app: &Application, caller: &Caller, new: StoreCredential) -> Result<Credential, Failure> {
    app.credentials.store(&admitted(app, caller), new).await
}

fn in_slot(name: &str) -> StoreCredential {
    StoreCredential { slot: Some(slot(name)), ..metrics_key("k") }
}

fn key_file() -> StoreCredential {
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let sent = [("host", "files.example.test"), ("username", "etl"), ("private_key", pem)];
    to_store("sftp", CredentialType::KeyFile, &sent)
}

#[tokio::test(start_paused = true)]
async fn a_new_credential_says_who_stored_it_and_its_event_names_the_envelope() {
    let house = House::new();
    let app = house.open();
    let stored = store(&app, &member(), metrics_key("k-1")).await.unwrap();
    assert_eq!((stored.version, stored.revision), (1, 1));
    assert_eq!(stored.status, CredentialStatus::Unverified);
    assert_eq!((stored.created_at, stored.updated_at), (instant(0), instant(0)));
    assert_eq!((stored.created_by.as_str(), stored.modified_by.as_str()), ("ben", "ben"));
    assert_eq!(stored.user_id.as_ref().map(|user| user.as_str()), Some("ben"));
    assert_eq!(house.store.credential(stored.id).as_ref(), Some(&stored));
    assert_eq!(house.secrets_of(stored.id).get("api_key").map(String::as_str), Some("k-1"));
    let events = house.store.events(&acme());
    let [created] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((created.action, created.outcome), (Action::CredentialCreated, Outcome::Success));
    assert_eq!((created.credential, created.version), (Some(stored.id), Some(1)));
    let sealed = house.store.sealed(stored.id).unwrap();
    assert_eq!(created.envelope_digest, Some(house.vault.envelope_digest(&sealed)));
    assert_eq!(detail(created, "credential_type"), "api_key");
    let by_program = store(&app, &engine(), metrics_key("k-2")).await.unwrap();
    assert_eq!((by_program.user_id, by_program.created_by.as_str()), (None, "engine"));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_the_catalog_does_not_know_is_a_wrong_request() {
    let house = House::new();
    let app = house.open();
    let new = to_store("gadgets", CredentialType::ApiKey, &[("api_key", "k")]);
    let refused = store(&app, &member(), new).await.unwrap_err();
    assert_eq!(refused, Failure::Argument(Rule::fixed("must be a provider of the catalog").on("provider")));
    assert!(house.store.history().is_empty());
}

#[tokio::test(start_paused = true)]
async fn beyond_its_reach_an_account_stores_nothing_and_its_attempt_is_on_record() {
    let house = House::new();
    let app = house.open();
    let one = Reach { credentials: Some([house.ids.credential()].into()), providers: None };
    for caller in [engine_for(&["sftp"]), service(&Scope::ALL, one)] {
        let refused = store(&app, &caller, metrics_key("k")).await.unwrap_err();
        assert_eq!(refused, Failure::Forbidden { service_accounts_only: false });
    }
    store(&app, &engine_for(&["metrics"]), metrics_key("k")).await.unwrap();
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    let denied: Vec<_> = events.iter().filter(|event| event.outcome == Outcome::Denied).collect();
    assert_eq!(denied.len(), 2, "{events:?}");
    assert!(denied.iter().all(|event| detail(event, "operation") == "CreateCredential"));
}

#[tokio::test(start_paused = true)]
async fn every_violation_of_the_content_is_told_at_once() {
    let house = House::new();
    let app = house.open();
    let sent = [("host", "files.example.test"), ("port", "0"), ("colour", "red")];
    let refused = store(&app, &member(), to_store("sftp", CredentialType::UserPassword, &sent)).await;
    let mut told = violations(refused.unwrap_err());
    told.sort();
    let expected = [
        "colour is not a field of this provider and type",
        "password is required",
        "port must be a port, 1 to 65535",
        "username is required",
    ];
    assert_eq!(told, expected);
    let refused = store(&app, &member(), to_store("metrics", CredentialType::KeyFile, &[])).await;
    let expected = ["credential_type must be one of: api_key for this provider"];
    assert_eq!(violations(refused.unwrap_err()), expected);
    assert!(house.store.history().is_empty() && house.vault.seals() == 0);
}

#[tokio::test(start_paused = true)]
async fn the_quota_is_full_at_the_limit_and_a_deletion_frees_a_place() {
    let mut house = House::new();
    house.settings.per_provider = 3;
    let app = house.open();
    let mut stored = Vec::new();
    for key in ["k-1", "k-2", "k-3"] {
        stored.push(store(&app, &member(), metrics_key(key)).await.unwrap());
    }
    let refused = store(&app, &member(), metrics_key("k-4")).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::QuotaExceeded { limit: Some(3) }));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialCreated; 3]);
    store(&app, &user("globex", "eve", Role::Member), metrics_key("k")).await.unwrap();
    let machine = to_store(
        "machines",
        CredentialType::ClientCredentials,
        &[("client_id", "c"), ("client_secret", "s")],
    );
    store(&app, &member(), machine).await.unwrap();
    app.credentials.delete(&admitted(&app, &member()), stored[0].id, None, false).await.unwrap();
    store(&app, &member(), metrics_key("k-4")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_operator_sets_another_limit_for_one_organisation() {
    let mut house = House::new();
    house.settings.per_provider = 2;
    let app = house.open();
    let operator = Operator::of(acme()).unwrap();
    app.access.limit_organization(&operator, Some(1)).await.unwrap();
    store(&app, &member(), metrics_key("k-1")).await.unwrap();
    let refused = store(&app, &member(), metrics_key("k-2")).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::QuotaExceeded { limit: Some(1) }));
    for key in ["k-1", "k-2"] {
        store(&app, &user("globex", "eve", Role::Member), metrics_key(key)).await.unwrap();
    }
    app.access.limit_organization(&operator, None).await.unwrap();
    store(&app, &member(), metrics_key("k-2")).await.unwrap();
    let events = house.store.events(&acme());
    let set = events.iter().filter(|event| event.action == Action::OrganizationLimitSet);
    let limits: Vec<_> = set.map(|event| (detail(event, "limit"), event.actor.clone())).collect();
    assert_eq!(limits, [("1", Actor::system("cli")), ("default", Actor::system("cli"))]);
}

#[tokio::test(start_paused = true)]
async fn a_slot_has_one_holder_in_an_organisation() {
    let house = House::new();
    let app = house.open();
    let holder = store(&app, &member(), in_slot("nightly")).await.unwrap();
    let refused = store(&app, &member(), in_slot("nightly")).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::SlotTaken(slot("nightly"))));
    store(&app, &member(), in_slot("Nightly")).await.unwrap();
    store(&app, &user("globex", "eve", Role::Member), in_slot("nightly")).await.unwrap();
    app.credentials.delete(&admitted(&app, &member()), holder.id, None, false).await.unwrap();
    store(&app, &member(), in_slot("nightly")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_that_take_a_slot_at_the_same_moment_one_gets_it() {
    let house = House::new();
    let app = house.open();
    let held = house.store.faults().hold(Call::InsertCredential);
    let first = tokio::spawn({
        let app = app.clone();
        async move { store(&app, &member(), in_slot("nightly")).await }
    });
    held.reached().await;
    let second = store(&app, &admin(), in_slot("nightly")).await.unwrap();
    held.release();
    let refused = first.await.unwrap().unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::SlotTaken(slot("nightly"))));
    let events = house.store.events(&acme());
    assert_eq!(events.iter().map(|event| event.credential).collect::<Vec<_>>(), [Some(second.id)]);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_says_is_told_as_what_it_means() {
    let house = House::new();
    let app = house.open();
    let told = [
        (StoreError::QuotaExceeded, Failure::Conflict(Conflict::QuotaExceeded { limit: Some(10) })),
        (StoreError::Duplicate(Unique::Integration), Failure::Conflict(Conflict::AlreadyConnected)),
        (StoreError::StaleVersion, Failure::Conflict(Conflict::StaleRevision)),
        (unavailable(), Failure::unavailable()),
        // The caller chose neither an id nor a slot. So they can be taken only because of a fault in this
        // service.
        (StoreError::Duplicate(Unique::Id), Failure::Internal),
        (StoreError::Duplicate(Unique::Slot), Failure::Internal),
    ];
    for (error, failure) in told {
        house.store.faults().fail_next(Call::InsertCredential, error);
        assert_eq!(store(&app, &member(), metrics_key("k")).await, Err(failure));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_stored_that_was_not_sealed() {
    let house = House::new();
    let app = house.open();
    let told = [
        (VaultError::Exhausted(KekId([1; 8])), Failure::unavailable()),
        (VaultError::Unavailable("away".into()), Failure::unavailable()),
        (VaultError::Cipher, Failure::Internal),
    ];
    for (error, failure) in told {
        house.vault.fail_next_seal(error);
        assert_eq!(store(&app, &member(), metrics_key("k")).await, Err(failure));
    }
    assert_eq!(house.store.calls(Call::InsertCredential), 0);
}

#[tokio::test(start_paused = true)]
async fn a_private_key_that_does_not_open_is_told_at_its_field() {
    let house = House::new();
    let app = house.open();
    *house.key_files.refused.lock().unwrap() = Some(KeyFileRefused::PassphraseMissing);
    for test in [false, true] {
        let refused = store(&app, &member(), StoreCredential { test, ..key_file() }).await.unwrap_err();
        assert_eq!(violations(refused), ["private_key is encrypted and needs its passphrase"]);
    }
    *house.key_files.refused.lock().unwrap() = Some(KeyFileRefused::Busy);
    let refused = store(&app, &member(), key_file()).await.unwrap_err();
    assert_eq!(refused, Failure::unavailable(), "a reader that is busy says nothing about the key");
    assert!(house.tester.tested().is_empty(), "no server sees a key that does not open");
    assert_eq!(house.store.calls(Call::InsertCredential), 0);
}

#[tokio::test(start_paused = true)]
async fn an_organisation_opens_two_private_keys_at_a_time() {
    let house = House::new();
    let app = house.open();
    *house.key_files.takes.lock().unwrap() = Duration::from_secs(6);
    let began = tokio::time::Instant::now();
    let stores = ["acme", "acme", "acme", "globex"].map(|org| {
        let app = app.clone();
        tokio::spawn(async move {
            let stored = store(&app, &user(org, "ben", Role::Member), key_file()).await;
            (stored.map(|_| ()), began.elapsed().as_secs())
        })
    });
    let mut ended = Vec::new();
    for store in stores {
        ended.push(store.await.unwrap());
    }
    let expected = [(Ok(()), 6), (Ok(()), 6), (Err(Failure::unavailable()), 5), (Ok(()), 6)];
    assert_eq!(ended, expected, "the third waits for its turn, and not for ever");
    assert_eq!(house.key_files.opened.load(std::sync::atomic::Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_nobody_can_refresh_ends_with_its_token() {
    let house = House::new();
    let app = house.open();
    let (token, refresh) = (("access_token", "a"), ("refresh_token", "r"));
    let end = ("expires_at", "2026-01-01T01:00:00Z");
    let ends = time::macros::datetime!(2026-01-01 01:00 UTC);
    let drive = |sent: &[(&str, &str)]| to_store("drive", CredentialType::Oauth2, sent);
    let alone = store(&app, &member(), drive(&[token, end])).await.unwrap();
    assert_eq!((alone.access_token_expires_at, alone.expires_at), (Some(ends), Some(ends)));
    assert_eq!(alone.refresh_at, None);
    let refreshed = store(&app, &member(), drive(&[token, refresh, end])).await.unwrap();
    assert_eq!((refreshed.access_token_expires_at, refreshed.expires_at), (Some(ends), None));
    assert!(refreshed.refresh_at.is_some_and(|at| at > instant(0) && at < ends));
    let stated = StoreCredential { expires_at: Some(instant(60)), ..drive(&[token, end]) };
    assert_eq!(store(&app, &member(), stated).await.unwrap().expires_at, Some(instant(60)));
    assert_eq!(store(&app, &member(), metrics_key("k")).await.unwrap().expires_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_credential_without_a_name_has_its_providers() {
    let house = House::new();
    let app = house.open();
    assert_eq!(store(&app, &member(), metrics_key("k")).await.unwrap().name.as_str(), "METRICS");
    let name = CredentialName::parse("of the night shift").unwrap();
    let named = StoreCredential { name: Some(name.clone()), ..metrics_key("k") };
    assert_eq!(store(&app, &member(), named).await.unwrap().name, name);
}

#[tokio::test(start_paused = true)]
async fn a_connection_string_fills_the_fields_and_its_password_is_sealed() {
    let mut house = House::new();
    let mut database = (*FakeCatalog::default().provider("sftp")).clone();
    let kind = FieldKind::PostgresConnectionString;
    let string = Field { name: "connection_string".into(), kind, secret: true, ..database.fields[2].clone() };
    database.fields.push(string);
    database.types.get_mut(&CredentialType::UserPassword).unwrap().required = Vec::new();
    house.settings.catalog = FakeCatalog::default().with(database);
    let app = house.open();
    let text = "postgres://app:hunter2@db.example.test/sales";
    let sent = [("connection_string", text)];
    let new = to_store("sftp", CredentialType::UserPassword, &sent);
    let stored = store(&app, &member(), new).await.unwrap();
    assert_eq!(stored.config.get("host"), Some(&ConfigValue::Text("db.example.test".into())));
    assert_eq!(stored.config.get("port"), Some(&ConfigValue::Integer(5432)));
    assert_eq!(stored.config.get("connection_string"), None);
    assert_eq!(house.secrets_of(stored.id).get("password").map(String::as_str), Some("hunter2"));
    let new = to_store("sftp", CredentialType::UserPassword, &[("connection_string", "postgres://")]);
    let refused = store(&app, &member(), new).await.unwrap_err();
    assert!(violations(refused)[0].starts_with("connection_string must"));
}

#[tokio::test(start_paused = true)]
async fn a_test_that_is_asked_for_decides_about_the_storing() {
    let house = House::new();
    let app = house.open();
    let tested = || StoreCredential { test: true, ..metrics_key("k") };
    for code in [TestCode::AuthRejected, TestCode::TlsFailed] {
        house.tester.next(TestAnswer::code(code));
        let refused = store(&app, &member(), tested()).await.unwrap_err();
        assert!(matches!(&refused, Failure::Rejected(report) if report.code == code), "{refused:?}");
    }
    assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested; 2]);
    house.tester.next(TestAnswer::code(TestCode::Timeout));
    let unanswered = store(&app, &member(), tested()).await.unwrap();
    assert_eq!(unanswered.status, CredentialStatus::Unverified);
    assert_eq!(unanswered.last_test_code, Some(TestCode::Timeout));
    let good = store(&app, &member(), tested()).await.unwrap();
    assert_eq!((good.status, good.last_tested_at), (CredentialStatus::Validated, Some(instant(0))));
    let events = house.store.events(&acme());
    let last: Vec<_> = events[4..].iter().map(|event| (event.action, event.credential)).collect();
    let both = [(Action::CredentialCreated, Some(good.id)), (Action::CredentialTested, Some(good.id))];
    assert_eq!(last, both);
}

#[tokio::test(start_paused = true)]
async fn a_test_is_on_record_also_when_its_credential_was_not_stored_after_all() {
    let mut house = House::new();
    house.settings.per_provider = 0;
    let app = house.open();
    let refused = store(&app, &member(), StoreCredential { test: true, ..metrics_key("k") }).await;
    assert_eq!(refused, Err(Failure::Conflict(Conflict::QuotaExceeded { limit: Some(0) })));
    let events = house.store.events(&acme());
    let [tested] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((tested.action, tested.credential), (Action::ConnectionTested, None));
    assert_eq!(detail(tested, "code"), "ok");
}

#[tokio::test(start_paused = true)]
async fn no_client_takes_a_slot_of_the_crm_dialect() {
    assert!(Slot::parse("crm/crm").is_err());
    let house = House::new();
    let app = house.open();
    let stored = store(&app, &member(), in_slot("crm.crm")).await.unwrap();
    let all = app.crm.list(&admitted(&app, &member())).await.unwrap();
    assert!(!stored.is_crm() && all.is_empty());
}
