use std::time::Duration;

use strongroom_application::{
    Application, Caller, Conflict, CrmCredential, Failure, Missing, UpdateCredential, UpdateCrmCredential,
};
use strongroom_domain::crm::MASK;
use strongroom_domain::{
    Account, Action, ConfigValue, Credential, CredentialId, CredentialName, CredentialStatus, CredentialType,
    CrmPatch, Json, OauthAppId, TestCode,
};
use strongroom_fake_store::Call;
use strongroom_fixtures::instant;
use strongroom_repository::StoreError;
use time::OffsetDateTime;
use time::macros::datetime;

use super::{DSN, holder, key_of, metadata, secret, texts};
use crate::house::{House, acme, admin, admitted, detail, engine, engine_for, member, violations};

async fn update(
    app: &Application,
    caller: &Caller,
    id: CredentialId,
    change: UpdateCrmCredential,
) -> Result<CrmCredential, Failure> {
    app.crm.update(&admitted(app, caller), id, change).await
}

fn patch(fields: &[(&str, &str)]) -> UpdateCrmCredential {
    let patch = CrmPatch { metadata: Some(metadata(fields)), ..CrmPatch::default() };
    UpdateCrmCredential { patch, ..UpdateCrmCredential::default() }
}

fn token(token: &str) -> UpdateCrmCredential {
    let patch = CrmPatch { access_token: Some(secret(token)), ..CrmPatch::default() };
    UpdateCrmCredential { patch, ..UpdateCrmCredential::default() }
}

fn moved(dsn: &str, token: Option<&str>) -> UpdateCrmCredential {
    let patch = CrmPatch { dsn: Some(secret(dsn)), access_token: token.map(secret), ..CrmPatch::default() };
    UpdateCrmCredential { patch, ..UpdateCrmCredential::default() }
}

/// When the token of a grant ends; clients get the time in whole seconds.
const TOKEN_END: OffsetDateTime = datetime!(2026-01-01 01:00 UTC);

/// A grant that was given to an app of the operator for a known account.
fn grant(house: &House) -> Credential {
    let mut grant = holder(house, "crm", CredentialType::Oauth2);
    grant.oauth_app = Some(OauthAppId(grant.id.0));
    grant.account = Some(Account { id: "1017".into(), name: None });
    grant.google_email = Some("person@example.test".into());
    grant.refreshed_at = Some(instant(-5));
    grant.access_token_expires_at = Some(TOKEN_END);
    house.put(&grant, &[("access_token", "a"), ("refresh_token", "r")]);
    grant
}

#[tokio::test(start_paused = true)]
async fn a_patch_changes_what_it_names_and_null_removes() {
    let house = House::new();
    let app = house.open();
    let mut key = key_of(&house, "crm");
    key.last_test_code = Some(TestCode::Ok);
    key.config.insert("api_version", ConfigValue::Text("v1".into()));
    house.put(&key, &[("api_key", "k-1"), ("metadata", "{\"note\":\"private\",\"more\":\"kept\"}")]);
    let mut change = patch(&[("api_version", "v2")]);
    change.patch.metadata.as_mut().unwrap().insert("note".into(), Json::Null);
    let shown = update(&app, &engine(), key.id, change).await.unwrap();
    let (dsn, token, metadata) = texts(&shown.content);
    assert_eq!((dsn.as_str(), token.as_str()), (DSN, "k-1"));
    assert_eq!(metadata.into_iter().collect::<Vec<_>>(), [("api_version", "v2"), ("more", "kept")]);
    let after = shown.credential;
    assert_eq!((after.version, after.revision), (2, 2));
    assert_eq!((after.status, after.last_test_code), (CredentialStatus::Unverified, None));
    let events = house.store.events(&acme());
    let found: Vec<_> = events.iter().map(|event| (event.action, event.version)).collect();
    assert_eq!(found, [(Action::CredentialUpdated, Some(2)), (Action::SecretRead, Some(2))]);
    assert_eq!(detail(&events[0], "changed"), "credentials");
    assert_eq!(house.store.calls(Call::AppendEvents), 0, "the read is in the transaction of the edit");
}

#[tokio::test(start_paused = true)]
async fn a_person_edits_what_they_see_masked() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let shown = update(&app, &member(), key.id, patch(&[("api_version", "v2")])).await.unwrap();
    let (_, token, metadata) = texts(&shown.content);
    assert_eq!((token.as_str(), metadata["note"], metadata["api_version"]), (MASK, MASK, "v2"));
    assert_eq!(house.secrets_of(key.id)["metadata"], "{\"note\":\"private\"}");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialUpdated]);
}

#[tokio::test(start_paused = true)]
async fn another_destination_needs_a_token_and_drops_the_other_secrets() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let elsewhere = "https://other.example.test";
    let refused = update(&app, &member(), key.id, moved(elsewhere, None)).await.unwrap_err();
    assert_eq!(violations(refused), ["access_token is required when dsn or another destination changes"]);
    assert_eq!(house.store.credential(key.id), Some(key.clone()));
    let shown = update(&app, &engine(), key.id, moved(DSN, None)).await.unwrap();
    assert_eq!(texts(&shown.content).2["note"], "private", "the same destination moves nothing");
    let shown = update(&app, &engine(), key.id, moved(elsewhere, Some("k-2"))).await.unwrap();
    let (dsn, token, metadata) = texts(&shown.content);
    assert_eq!((dsn.as_str(), token.as_str(), metadata.len()), (elsewhere, "k-2", 0));
}

#[tokio::test(start_paused = true)]
async fn the_provider_cannot_be_changed() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let named = |provider: &str| UpdateCrmCredential { provider: Some(provider.into()), ..token("k-2") };
    let refused = update(&app, &member(), key.id, named("sales")).await.unwrap_err();
    assert_eq!(violations(refused), ["provider cannot be changed"]);
    assert_eq!(house.secrets_of(key.id)["api_key"], "k-1");
    update(&app, &member(), key.id, named("CRM")).await.unwrap();
    assert_eq!(house.secrets_of(key.id)["api_key"], "k-2");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_read_masked_is_not_written_back() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    for (change, place) in [(token(MASK), "access_token"), (patch(&[("note", MASK)]), "metadata.note")] {
        let told = violations(update(&app, &member(), key.id, change).await.unwrap_err());
        assert_eq!(told, [format!("{place} must not contain the mask that stands for a secret")]);
    }
    assert_eq!((house.vault.opens(), house.store.credential(key.id)), (0, Some(key)));
}

#[tokio::test(start_paused = true)]
async fn a_patch_that_sends_nothing_changes_nothing_and_shows() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let shown = update(&app, &member(), key.id, patch(&[])).await.unwrap();
    assert_eq!((shown.content.access_token.expose(), shown.credential.revision), (MASK, 1));
    assert!(house.store.events(&acme()).is_empty());
    let shown = update(&app, &engine(), key.id, UpdateCrmCredential::default()).await.unwrap();
    assert_eq!(shown.content.access_token.expose(), "k-1");
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead]);
    assert_eq!(house.store.calls(Call::ReplaceCredential), 0);
    let stale = UpdateCrmCredential { expected_revision: Some(2), ..UpdateCrmCredential::default() };
    let refused = update(&app, &member(), key.id, stale).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::StaleRevision));
}

#[tokio::test(start_paused = true)]
async fn a_grant_stays_the_same_grant_while_its_refresh_token_stays() {
    let house = House::new();
    let app = house.open();
    let before = grant(&house);
    let known = |after: &Credential| {
        (after.oauth_app, after.account.clone(), after.google_email.clone(), after.refreshed_at)
    };
    for change in [patch(&[("api_version", "v2")]), token("b")] {
        let after = update(&app, &member(), before.id, change).await.unwrap().credential;
        assert_eq!(known(&after), known(&before));
        assert_eq!(after.access_token_expires_at, before.access_token_expires_at);
        assert!(after.refresh_at.is_some());
    }
    let other = patch(&[("refresh_token", "another")]);
    let after = update(&app, &member(), before.id, other).await.unwrap().credential;
    assert_eq!(known(&after), (None, None, None, None), "of another grant nothing is known");
}

#[tokio::test(start_paused = true)]
async fn a_date_that_a_person_stated_stays_and_one_that_followed_from_the_token_does_not() {
    let house = House::new();
    let app = house.open();
    for (end, kept) in [(instant(700), Some(instant(700))), (TOKEN_END, None)] {
        let mut grant = grant(&house);
        grant.expires_at = Some(end);
        house.put(&grant, &[("access_token", "a"), ("refresh_token", "r")]);
        let after = update(&app, &member(), grant.id, token("b")).await.unwrap().credential;
        assert_eq!(after.expires_at, kept);
        app.crm.delete(&admitted(&app, &member()), grant.id, None).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_lost_a_race_is_merged_with_what_is_there_now() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let held = house.store.faults().hold(Call::ReplaceCredential);
    let slow = tokio::spawn({
        let app = app.clone();
        async move { update(&app, &engine(), key.id, patch(&[("mine", "1")])).await }
    });
    held.reached().await;
    update(&app, &admin(), key.id, patch(&[("theirs", "2")])).await.unwrap();
    held.release();
    let shown = slow.await.unwrap().unwrap();
    let (_, _, metadata) = texts(&shown.content);
    assert_eq!((metadata["mine"], metadata["theirs"], metadata["note"]), ("1", "2", "private"));
    assert_eq!((shown.credential.version, shown.credential.revision), (3, 3));
    let found = house.store.actions(&acme());
    assert_eq!(found, [Action::CredentialUpdated, Action::CredentialUpdated, Action::SecretRead]);
}

#[tokio::test(start_paused = true)]
async fn a_race_with_a_name_keeps_the_name_and_a_revision_that_was_overtaken_is_refused() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let held = house.store.faults().hold(Call::ReplaceCredential);
    let slow = tokio::spawn({
        let app = app.clone();
        let change = UpdateCrmCredential { expected_revision: Some(1), ..token("k-2") };
        async move { update(&app, &engine(), key.id, change).await.map(|_| ()) }
    });
    held.reached().await;
    let name = Some(CredentialName::parse("by the admin").unwrap());
    let change = UpdateCredential { name, ..UpdateCredential::default() };
    app.credentials.update(&admitted(&app, &admin()), key.id, change).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Err(Failure::Conflict(Conflict::StaleRevision)));
    assert_eq!(house.secrets_of(key.id)["api_key"], "k-1");
    let after = update(&app, &engine(), key.id, token("k-2")).await.unwrap().credential;
    assert_eq!(after.name.as_str(), "by the admin");
}

#[tokio::test(start_paused = true)]
async fn an_edit_starts_over_for_two_seconds() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    house.store.faults().delay(Call::ReplaceCredential, Duration::from_millis(700));
    for lost_races in [2, 3] {
        for _ in 0..lost_races {
            house.store.faults().fail_next(Call::ReplaceCredential, StoreError::StaleVersion);
        }
        let began = tokio::time::Instant::now();
        let answer = update(&app, &member(), key.id, token("k-2")).await.map(|_| ());
        let expected = if lost_races == 2 { Ok(()) } else { Err(Failure::unavailable()) };
        assert_eq!((answer, began.elapsed()), (expected, Duration::from_millis(2_100)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_edited_behind_the_service_or_is_not_seen_is_not_changed() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let gone = Failure::NotFound(Missing::Credential);
    let other = house.stored();
    assert_eq!(update(&app, &member(), other.id, token("k-2")).await.unwrap_err(), gone);
    assert_eq!(update(&app, &engine_for(&["metrics"]), key.id, token("k-2")).await.unwrap_err(), gone);
    house.store.tamper(key.id, |row| row.credential.version = 7);
    assert_eq!(update(&app, &member(), key.id, token("k-2")).await.unwrap_err(), Failure::Internal);
    assert_eq!(house.store.actions(&acme()), [Action::AccessDenied, Action::IntegrityFailed]);
    assert_eq!(house.store.calls(Call::ReplaceCredential), 0);
}
