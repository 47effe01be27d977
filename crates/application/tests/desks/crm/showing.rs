use std::time::Duration;

use strongroom_application::{Application, Caller, Conflict, CrmCredential, Failure, Missing};
use strongroom_domain::crm::MASK;
use strongroom_domain::{
    Action, ConfigValue, CredentialId, CredentialStatus, CredentialType, Outcome, Reach, Role,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{FakeCatalog, instant};

use super::{SEES, holder, house_of_two, key_of, texts};
use crate::house::{House, acme, admitted, engine, engine_for, member, service, user, violations};

async fn show(app: &Application, caller: &Caller, id: CredentialId) -> Result<CrmCredential, Failure> {
    app.crm.show(&admitted(app, caller), id).await
}

async fn list(app: &Application, caller: &Caller) -> Result<Vec<CrmCredential>, Failure> {
    app.crm.list(&admitted(app, caller)).await
}

/// The shown credentials, and the token of each.
fn tokens(shown: &[CrmCredential]) -> Vec<(CredentialId, &str)> {
    shown.iter().map(|shown| (shown.credential.id, shown.content.access_token.expose())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_secrets_is_shown_everything_after_its_read_is_on_record() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    let held = house.store.faults().hold(Call::AppendEvents);
    let showing = tokio::spawn({
        let app = app.clone();
        async move { show(&app, &engine(), key.id).await }
    });
    held.reached().await;
    assert_eq!(house.vault.opens(), 0);
    held.release();
    let shown = showing.await.unwrap().unwrap();
    let (_, token, metadata) = texts(&shown.content);
    assert_eq!((token.as_str(), metadata["note"]), ("k-1", "private"));
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead]);
    app.upkeep.flush().await;
    assert_eq!(house.store.credential(key.id).unwrap().last_read_at, Some(instant(0)));
}

#[tokio::test(start_paused = true)]
async fn everyone_else_is_shown_masks_and_that_is_no_read() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    for caller in [member(), service(&SEES, Reach::default())] {
        for shown in
            [show(&app, &caller, key.id).await, app.crm.show_of(&admitted(&app, &caller), "Crm").await]
        {
            let shown = shown.unwrap();
            let (_, token, metadata) = texts(&shown.content);
            assert_eq!((token.as_str(), metadata["note"]), (MASK, MASK));
        }
    }
    app.upkeep.close().await;
    assert!(house.store.events(&acme()).is_empty());
    assert_eq!(house.store.credential(key.id).unwrap().last_read_at, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_opened_for_a_read_that_is_not_on_record() {
    let house = House::new();
    let app = house.open();
    let key = key_of(&house, "crm");
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    assert_eq!(show(&app, &engine(), key.id).await.unwrap_err(), Failure::unavailable());
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    assert_eq!(list(&app, &engine()).await.unwrap_err(), Failure::unavailable());
    assert_eq!(house.vault.opens(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_this_dialect_does_not_see_does_not_exist_in_it() {
    let house = House::new();
    let app = house.open();
    let other = house.stored();
    let key = key_of(&house, "crm");
    let gone = Failure::NotFound(Missing::Credential);
    assert_eq!(show(&app, &engine(), other.id).await.unwrap_err(), gone);
    let strangers = [user("globex", "eve", Role::Admin), engine_for(&["metrics"])];
    for caller in strangers {
        assert_eq!(show(&app, &caller, key.id).await.unwrap_err(), gone);
        let of_provider = app.crm.show_of(&admitted(&app, &caller), "crm").await;
        assert_eq!(of_provider.unwrap_err(), gone);
        assert!(list(&app, &caller).await.unwrap().is_empty());
    }
    let no_crm = app.crm.show_of(&admitted(&app, &engine()), "metrics").await.unwrap_err();
    assert_eq!(violations(no_crm), ["provider must be one of: crm"]);
    app.upkeep.close().await;
    assert_eq!(house.store.actions(&acme()), [Action::AccessDenied; 2], "of the engine beyond its reach");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_may_not_be_read_now_is_refused_to_readers_and_masked_for_others() {
    let house = House::new();
    let app = house.open();
    let mut grant = holder(&house, "crm", CredentialType::Oauth2);
    grant.access_token_expires_at = Some(instant(-10));
    let refusals = [
        (CredentialStatus::NeedsReauth, Conflict::ReauthorizationRequired),
        (CredentialStatus::Pending, Conflict::AuthorizationPending),
    ];
    for (status, conflict) in refusals {
        grant.status = status;
        house.put(&grant, &[("access_token", "a"), ("refresh_token", "r")]);
        assert_eq!(show(&app, &engine(), grant.id).await.unwrap_err(), Failure::Conflict(conflict));
        assert_eq!(show(&app, &member(), grant.id).await.unwrap().content.access_token.expose(), MASK);
    }
    assert!(house.store.events(&acme()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_newest_first_with_what_may_not_be_read_masked() {
    let house = house_of_two();
    let app = house.open();
    let key = key_of(&house, "sales");
    let mut ended = holder(&house, "crm", CredentialType::Oauth2);
    ended.status = CredentialStatus::NeedsReauth;
    house.put(&ended, &[("access_token", "a"), ("refresh_token", "r")]);
    house.stored();
    assert_eq!(tokens(&list(&app, &engine()).await.unwrap()), [(ended.id, MASK), (key.id, "k-1")]);
    assert_eq!(tokens(&list(&app, &member()).await.unwrap()), [(ended.id, MASK), (key.id, MASK)]);
    let events = house.store.events(&acme());
    let read: Vec<_> = events.iter().map(|event| (event.action, event.credential)).collect();
    assert_eq!(read, [(Action::SecretRead, Some(key.id))]);
}

#[tokio::test(start_paused = true)]
async fn all_reads_of_a_list_are_on_record_before_the_first_is_opened() {
    let house = house_of_two();
    let app = house.open();
    key_of(&house, "sales");
    key_of(&house, "crm");
    let held = house.store.faults().hold(Call::AppendEvents);
    let listing = tokio::spawn({
        let app = app.clone();
        async move { list(&app, &engine()).await.map(|shown| shown.len()) }
    });
    held.reached().await;
    assert_eq!(house.vault.opens(), 0);
    held.release();
    assert_eq!(listing.await.unwrap(), Ok(2));
    assert_eq!((house.store.calls(Call::AppendEvents), house.store.events(&acme()).len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn one_token_that_cannot_be_refreshed_does_not_keep_the_others_back() {
    let house = house_of_two();
    let app = house.open();
    house.server.set_away(true);
    let key = key_of(&house, "sales");
    let mut grant = holder(&house, "crm", CredentialType::Oauth2);
    grant.access_token_expires_at = Some(instant(-10));
    house.put(&grant, &[("access_token", "old"), ("refresh_token", "r")]);
    let alone = show(&app, &engine(), grant.id).await.unwrap_err();
    assert!(matches!(alone, Failure::ProviderAway { .. }), "{alone:?}");
    let shown = tokio::time::timeout(Duration::from_secs(13), list(&app, &engine())).await.unwrap().unwrap();
    assert_eq!(tokens(&shown), [(grant.id, "old"), (key.id, "k-1")]);
    house.server.set_away(false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let shown = list(&app, &engine()).await.unwrap();
    assert_eq!(tokens(&shown), [(grant.id, "access-1"), (key.id, "k-1")]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_open_is_hidden_in_a_list_and_on_record() {
    let house = house_of_two();
    let app = house.open();
    let mut key = key_of(&house, "sales");
    let edited = key_of(&house, "crm");
    let evil = ConfigValue::Text("https://evil.example.test".to_owned());
    house.store.tamper(edited.id, |row| row.credential.config.insert("base_url", evil));
    for (caller, token) in [(engine(), "k-1"), (member(), MASK)] {
        let shown = list(&app, &caller).await.unwrap();
        assert_eq!(tokens(&shown), [(edited.id, MASK), (key.id, token)]);
        assert_eq!(texts(&shown[0].content).0, MASK, "the destination is hidden too");
        let last = house.store.events(&acme()).pop().unwrap();
        let expected = (Action::IntegrityFailed, Outcome::Failed, Some(edited.id));
        assert_eq!((last.action, last.outcome, last.credential), expected);
        assert_eq!(show(&app, &caller, edited.id).await.unwrap_err(), Failure::Internal);
    }
    // A credential that is hidden can still be deleted.
    app.crm.delete(&admitted(&app, &member()), edited.id, None).await.unwrap();
    key.last_read_at = None;
    assert_eq!(list(&app, &member()).await.unwrap()[0].credential, key);
}

#[tokio::test(start_paused = true)]
async fn a_crm_that_has_left_the_catalog_is_left_out_of_the_list() {
    let mut house = house_of_two();
    house.settings.catalog = house.settings.catalog.clone().without("sales");
    let app = house.open();
    let gone = key_of(&house, "sales");
    let key = key_of(&house, "crm");
    assert_eq!(tokens(&list(&app, &engine()).await.unwrap()), [(key.id, "k-1")]);
    assert_eq!(show(&app, &member(), gone.id).await.unwrap_err(), Failure::Internal);
    let mut no_crm = (*FakeCatalog::default().provider("crm")).clone();
    no_crm.crm = None;
    house.settings.catalog = FakeCatalog::default().with(no_crm);
    assert!(list(&house.open(), &engine()).await.unwrap().is_empty());
}
