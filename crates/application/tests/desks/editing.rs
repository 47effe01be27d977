//! Edits: all of the new content is stored or nothing, and no caller's edit is lost.

use std::time::Duration;

use strongroom_application::{Application, Caller, Conflict, Failure, Missing, NewContent, UpdateCredential};
use strongroom_domain::{
    Account, Action, ConfigValue, Credential, CredentialId, CredentialName, CredentialStatus, CredentialType,
    OauthAppId, Role, TestCode,
};
use strongroom_environment::KeyFileRefused;
use strongroom_fake_store::Call;
use strongroom_fixtures::{FakeCatalog, Held, TestAnswer, credential, instant};
use strongroom_repository::StoreError;
use strongroom_vault::Vault;
use tokio::task::JoinHandle;

use crate::house::{House, acme, admin, admitted, detail, engine_for, fields, member, user, violations};

async fn update(
    app: &Application,
    caller: &Caller,
    id: CredentialId,
    change: UpdateCredential,
) -> Result<Credential, Failure> {
    app.credentials.update(&admitted(app, caller), id, change).await
}

fn renamed(name: &str) -> UpdateCredential {
    UpdateCredential { name: Some(CredentialName::parse(name).unwrap()), ..UpdateCredential::default() }
}

fn content(credential_type: CredentialType, sent: &[(&str, &str)]) -> UpdateCredential {
    let content = NewContent { credential_type, credentials: fields(sent) };
    UpdateCredential { content: Some(content), ..UpdateCredential::default() }
}

fn key(key: &str) -> UpdateCredential {
    content(CredentialType::ApiKey, &[("api_key", key)])
}

/// An SFTP login of acme on `files.example.test`, whose host key is pinned.
fn pinned(house: &House) -> Credential {
    let mut login = credential(&acme(), house.ids.credential());
    login.config.insert("host_key_fingerprint", ConfigValue::Text("SHA256:old".to_owned()));
    house.put(&login, &[("password", "p")]);
    login
}

fn password(host: &str, more: &[(&str, &str)]) -> UpdateCredential {
    let sent = [&[("host", host), ("username", "etl"), ("password", "p-2")], more].concat();
    content(CredentialType::UserPassword, &sent)
}

/// A change of the key that stands right before its commit.
async fn held_edit(
    house: &House,
    app: &Application,
    id: CredentialId,
) -> (Held, JoinHandle<Result<Credential, Failure>>) {
    let held = house.store.faults().hold(Call::ReplaceCredential);
    let app = app.clone();
    let slow = tokio::spawn(async move { update(&app, &member(), id, key("k-2")).await });
    held.reached().await;
    (held, slow)
}

#[tokio::test(start_paused = true)]
async fn another_name_leaves_the_content_alone() {
    let house = House::new();
    let app = house.open();
    let before = house.granted(3_600);
    let sealed = house.store.sealed(before.id);
    let after = update(&app, &admin(), before.id, renamed("of the night shift")).await.unwrap();
    assert_eq!((after.version, after.revision, after.modified_by.as_str()), (1, 2, "ann"));
    assert_eq!((after.status, after.refresh_at), (before.status, before.refresh_at));
    assert_eq!((house.vault.seals(), house.store.sealed(before.id)), (0, sealed));
    let events = house.store.events(&acme());
    assert_eq!(events[0].action, Action::CredentialRenamed);
    assert_eq!((detail(&events[0], "changed"), events[0].envelope_digest), ("name", None));
    assert_eq!(house.store.credential(before.id), Some(after));
}

#[tokio::test(start_paused = true)]
async fn new_content_is_a_new_version_of_which_nothing_is_known() {
    let house = House::new();
    let app = house.open();
    let mut before = house.granted(3_600);
    before.oauth_app = Some(OauthAppId(before.id.0));
    before.account = Some(Account { id: "1017".into(), name: None });
    before.last_test_code = Some(TestCode::Ok);
    house.put(&before, &[("access_token", "old"), ("refresh_token", "r0")]);
    let sent = [("access_token", "new"), ("refresh_token", "r1"), ("expires_at", "2026-01-01T02:00:00Z")];
    let after = update(&app, &member(), before.id, content(CredentialType::Oauth2, &sent)).await.unwrap();
    assert_eq!((after.version, after.revision, after.status), (2, 2, CredentialStatus::Unverified));
    assert_eq!((after.oauth_app, after.account.clone(), after.last_test_code), (None, None, None));
    assert!(after.refresh_at.is_some_and(|at| at > instant(3_600)), "the schedule follows the new token");
    assert_eq!(house.secrets_of(after.id).get("refresh_token").map(String::as_str), Some("r1"));
    let event = &house.store.events(&acme())[0];
    assert_eq!((event.action, event.version), (Action::CredentialUpdated, Some(2)));
    let sealed = house.store.sealed(after.id).unwrap();
    assert_eq!(event.envelope_digest, Some(house.vault.envelope_digest(&sealed)));
}

#[tokio::test(start_paused = true)]
async fn the_event_names_everything_that_has_changed() {
    let house = House::new();
    let app = house.open();
    let login = pinned(&house);
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let sent = [("host", "files.example.test"), ("username", "etl"), ("private_key", pem)];
    let all = UpdateCredential {
        expires_at: Some(Some(instant(60))),
        content: content(CredentialType::KeyFile, &sent).content,
        ..renamed("with a key")
    };
    let after = update(&app, &member(), login.id, all).await.unwrap();
    assert_eq!((after.credential_type, after.expires_at), (CredentialType::KeyFile, Some(instant(60))));
    update(&app, &member(), login.id, renamed("with a key")).await.unwrap();
    let until = UpdateCredential { expires_at: Some(None), ..UpdateCredential::default() };
    assert_eq!(update(&app, &member(), login.id, until).await.unwrap().expires_at, None);
    let events = house.store.events(&acme());
    let changed: Vec<_> = events.iter().map(|event| detail(event, "changed")).collect();
    assert_eq!(changed, ["name,expires_at,credentials,credential_type", "", "expires_at"]);
}

#[tokio::test(start_paused = true)]
async fn new_content_ends_the_date_that_was_stated_for_the_old_one() {
    let house = House::new();
    let app = house.open();
    let mut stored = house.stored();
    stored.expires_at = Some(instant(600));
    house.put(&stored, &[("api_key", "k-1")]);
    let kept = update(&app, &member(), stored.id, renamed("kept")).await.unwrap();
    assert_eq!(kept.expires_at, Some(instant(600)));
    let ended = update(&app, &member(), stored.id, key("k-2")).await.unwrap();
    assert_eq!(ended.expires_at, None);
    let stated = UpdateCredential { expires_at: Some(Some(instant(700))), ..key("k-3") };
    assert_eq!(update(&app, &member(), stored.id, stated).await.unwrap().expires_at, Some(instant(700)));
}

#[tokio::test(start_paused = true)]
async fn who_expects_another_revision_changes_nothing_and_nothing_is_tested() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let stale = |change| UpdateCredential { expected_revision: Some(2), test: true, ..change };
    for change in [stale(key("k-2")), stale(renamed("other"))] {
        let refused = update(&app, &member(), stored.id, change).await;
        assert_eq!(refused, Err(Failure::Conflict(Conflict::StaleRevision)));
    }
    assert!(house.tester.tested().is_empty());
    assert_eq!(house.store.credential(stored.id).as_ref(), Some(&stored));
    let seen = UpdateCredential { expected_revision: Some(1), ..key("k-2") };
    assert_eq!(update(&app, &member(), stored.id, seen).await.unwrap().revision, 2);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_lost_a_race_is_made_again_on_what_is_there_now() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let (held, slow) = held_edit(&house, &app, stored.id).await;
    update(&app, &admin(), stored.id, renamed("by the admin")).await.unwrap();
    held.release();
    let after = slow.await.unwrap().unwrap();
    assert_eq!((after.name.as_str(), after.revision, after.version), ("by the admin", 3, 2));
    assert_eq!(house.secrets_of(stored.id).get("api_key").map(String::as_str), Some("k-2"));
    assert_eq!(house.store.credential(stored.id), Some(after));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialRenamed, Action::CredentialUpdated]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_a_revision_that_was_overtaken_is_not_made() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let held = house.store.faults().hold(Call::ReplaceCredential);
    let slow = tokio::spawn({
        let app = app.clone();
        let change = UpdateCredential { expected_revision: Some(1), test: true, ..key("k-2") };
        async move { update(&app, &member(), stored.id, change).await }
    });
    held.reached().await;
    update(&app, &admin(), stored.id, renamed("by the admin")).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::Conflict(Conflict::StaleRevision)));
    assert_eq!(house.secrets_of(stored.id).get("api_key").map(String::as_str), Some("k-1"));
    let found = house.store.actions(&acme());
    assert_eq!(found, [Action::CredentialRenamed, Action::ConnectionTested], "its test has happened");
}

#[tokio::test(start_paused = true)]
async fn an_edit_starts_over_for_two_seconds() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    house.store.faults().delay(Call::ReplaceCredential, Duration::from_millis(700));
    for lost_races in [2, 3] {
        for _ in 0..lost_races {
            house.store.faults().fail_next(Call::ReplaceCredential, StoreError::StaleVersion);
        }
        let began = tokio::time::Instant::now();
        let answer = update(&app, &member(), stored.id, key("k-2")).await.map(|_| ());
        let expected = if lost_races == 2 { Ok(()) } else { Err(Failure::unavailable()) };
        assert_eq!((answer, began.elapsed()), (expected, Duration::from_millis(2_100)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_meanwhile_is_not_found_any_more() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let (held, slow) = held_edit(&house, &app, stored.id).await;
    app.credentials.delete(&admitted(&app, &admin()), stored.id, None, false).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::NotFound(Missing::Credential)));
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
}

#[tokio::test(start_paused = true)]
async fn the_host_key_stays_pinned_for_the_same_server() {
    let house = House::new();
    let app = house.open();
    let cases = [
        (password("files.example.test", &[]), Some("SHA256:old")),
        (password("FILES.example.test.", &[("port", "22")]), Some("SHA256:old")),
        (password("files.example.test", &[("port", "2222")]), None),
        (password("other.example.test", &[]), None),
        (password("files.example.test", &[("host_key_fingerprint", "SHA256:new")]), Some("SHA256:new")),
    ];
    for (change, pin) in cases {
        let login = pinned(&house);
        let after = update(&app, &member(), login.id, change).await.unwrap();
        let expected = pin.map(|pin| ConfigValue::Text(pin.to_owned()));
        assert_eq!(after.config.get("host_key_fingerprint"), expected.as_ref(), "{:?}", after.config);
    }
}

#[tokio::test(start_paused = true)]
async fn content_that_its_test_refuses_does_not_replace_what_may_work() {
    let house = House::new();
    let app = house.open();
    let mut stored = house.stored();
    stored.status = CredentialStatus::Validated;
    house.put(&stored, &[("api_key", "k-1")]);
    let tested = || UpdateCredential { test: true, ..key("k-2") };
    for code in [TestCode::AuthRejected, TestCode::InvalidConfig, TestCode::NotReachable] {
        house.tester.next(TestAnswer::code(code));
        let refused = update(&app, &member(), stored.id, tested()).await.unwrap_err();
        let unanswered = code == TestCode::NotReachable;
        match refused {
            Failure::Rejected(report) if !unanswered => assert_eq!(report.code, code),
            Failure::Upstream(report) if unanswered => assert_eq!(report.code, code),
            other => panic!("{code:?}: {other:?}"),
        }
    }
    assert_eq!(house.store.credential(stored.id).as_ref(), Some(&stored));
    assert_eq!(house.secrets_of(stored.id).get("api_key").map(String::as_str), Some("k-1"));
    assert_eq!(house.store.actions(&acme()), [Action::ConnectionTested; 3]);
    let secrets: Vec<_> =
        house.tester.tested().iter().map(|tested| tested.secret["api_key"].clone()).collect();
    assert_eq!(secrets, ["k-2"; 3]);
}

#[tokio::test(start_paused = true)]
async fn content_that_passes_its_test_is_validated_by_it() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let tested = UpdateCredential { test: true, ..key("k-2") };
    let after = update(&app, &member(), stored.id, tested).await.unwrap();
    assert_eq!((after.status, after.last_test_code), (CredentialStatus::Validated, Some(TestCode::Ok)));
    let events = house.store.events(&acme());
    let found: Vec<_> = events.iter().map(|event| (event.action, event.version)).collect();
    assert_eq!(found, [(Action::CredentialUpdated, Some(2)), (Action::CredentialTested, Some(2))]);
    assert_eq!(house.store.calls(Call::AppendEvents), 0, "both are written with the mutation");
}

#[tokio::test(start_paused = true)]
async fn content_that_breaks_a_rule_changes_nothing() {
    let house = House::new();
    let app = house.open();
    let login = pinned(&house);
    let refused = update(&app, &member(), login.id, content(CredentialType::UserPassword, &[])).await;
    assert_eq!(violations(refused.unwrap_err()).len(), 3, "host, user name and password are missing");
    *house.key_files.refused.lock().unwrap() = Some(KeyFileRefused::PassphraseWrong);
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let sent = [("host", "files.example.test"), ("username", "etl"), ("private_key", pem)];
    let refused = update(&app, &member(), login.id, content(CredentialType::KeyFile, &sent)).await;
    assert_eq!(violations(refused.unwrap_err()), ["private_key does not open with this passphrase"]);
    assert_eq!(house.store.credential(login.id), Some(login));
    assert_eq!(house.store.calls(Call::ReplaceCredential), 0);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_for_somebody_is_not_edited_by_them() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    for caller in [user("globex", "eve", Role::Admin), engine_for(&["sftp"])] {
        for change in [key("k-2"), renamed("mine")] {
            let refused = update(&app, &caller, stored.id, change).await;
            assert_eq!(refused, Err(Failure::NotFound(Missing::Credential)));
        }
    }
    assert_eq!(house.store.credential(stored.id), Some(stored));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_has_left_the_catalog_takes_no_new_content() {
    let mut house = House::new();
    house.settings.catalog = FakeCatalog::default().without("metrics");
    let app = house.open();
    let stored = house.stored();
    let refused = update(&app, &member(), stored.id, key("k-2")).await;
    assert_eq!(refused, Err(Failure::Internal), "a fault of the deployment, not of the request");
    assert_eq!(update(&app, &member(), stored.id, renamed("still here")).await.unwrap().revision, 2);
}
