//! What a reader gets: everything that it asked for or nothing, in the order of its request, and only
//! payloads that open as they were sealed.

use strongroom_application::{
    Application, Caller, Conflict, Failure, Missing, OpenedCredential, Selector, to,
};
use strongroom_domain::{
    Action, ConfigValue, Credential, CredentialId, CredentialStatus, CredentialType, KekId, Outcome,
    PublicConfig, Reach, Role, Scope, SecretText, Slot,
};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{credential, instant, organization, provider, slot};
use strongroom_vault::VaultError;

use crate::house::{House, acme, admitted, engine, engine_for, service};

async fn read(app: &Application, selector: Selector) -> Result<OpenedCredential, Failure> {
    app.credentials.read(&admitted(app, &engine()), selector, None).await
}

async fn read_many(
    app: &Application,
    caller: &Caller,
    ids: &[CredentialId],
) -> Result<Vec<OpenedCredential>, Failure> {
    app.credentials.read_many(&admitted(app, caller), ids, None).await
}

fn field<'a>(opened: &'a OpenedCredential, name: &str) -> Option<&'a str> {
    opened.secret.get(name).map(SecretText::expose)
}

/// An OAuth grant in the slot of the CRM `crm`.
fn crm_grant(house: &House) -> Credential {
    let mut grant = credential(&acme(), house.ids.credential());
    grant.provider = provider("crm");
    grant.credential_type = CredentialType::Oauth2;
    grant.slot = Some(Slot::crm(&grant.provider));
    grant.config = PublicConfig::default();
    grant.config.insert("base_url", ConfigValue::Text("https://crm.example.test".to_owned()));
    house.put(&grant, &[("access_token", "a"), ("refresh_token", "r"), ("metadata", "{\"note\":7}")]);
    grant
}

#[tokio::test(start_paused = true)]
async fn several_are_read_in_the_order_asked_and_each_once() {
    let house = House::new();
    let app = house.open();
    let ids = [0; 3].map(|_| house.stored().id);
    let asked = [ids[2], ids[0], ids[2], ids[1], ids[0]];
    let opened = read_many(&app, &engine(), &asked).await.unwrap();
    let order: Vec<_> = opened.iter().map(|opened| opened.credential.id).collect();
    assert_eq!(order, [ids[2], ids[0], ids[1]]);
    let events = house.store.events(&acme());
    let on_record: Vec<_> = events.iter().filter_map(|event| event.credential).collect();
    assert_eq!(on_record, order);
    assert!(read_many(&app, &engine(), &[]).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_more_than_fifty_are_read_at_once() {
    let house = House::new();
    let app = house.open();
    let ids: Vec<_> = (0..51).map(|_| house.ids.credential()).collect();
    let refused = read_many(&app, &engine(), &ids).await.unwrap_err();
    assert!(matches!(&refused, Failure::Argument(violation) if violation.field == "ids"), "{refused:?}");
    assert_eq!(house.store.calls(Call::FindSealedMany), 0);
}

#[tokio::test(start_paused = true)]
async fn fifty_reads_are_one_commit_and_nothing_is_opened_before_it() {
    let house = House::new();
    let app = house.open();
    let ids = [0; 50].map(|_| house.stored().id);
    let held = house.store.faults().hold(Call::AppendEvents);
    let reading = tokio::spawn({
        let app = app.clone();
        async move { read_many(&app, &engine(), &ids).await.map(|opened| opened.len()) }
    });
    held.reached().await;
    assert_eq!(house.vault.opens(), 0);
    held.release();
    assert_eq!(reading.await.unwrap(), Ok(50));
    assert_eq!((house.store.calls(Call::AppendEvents), house.vault.opens()), (1, 50));
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead; 50]);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_exist_for_the_reader_refuses_them_all() {
    let house = House::new();
    let app = house.open();
    let (mine, grant) = (house.stored().id, house.granted(3_600).id);
    let theirs = credential(&organization("globex"), house.ids.credential());
    house.put(&theirs, &[("password", "p")]);
    let gone = Failure::NotFound(Missing::Credential);
    for other in [theirs.id, house.ids.credential()] {
        assert_eq!(read_many(&app, &engine(), &[mine, other]).await.unwrap_err(), gone);
    }
    assert_eq!(read_many(&app, &engine_for(&["metrics"]), &[mine, grant]).await.unwrap_err(), gone);
    assert_eq!(house.vault.opens(), 0);
    assert!(house.store.events(&acme()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_has_a_grant_refreshed_that_lies_beyond_their_reach() {
    let house = House::new();
    let app = house.open();
    let (mine, due) = (house.stored().id, house.granted(-10).id);
    let gone = Failure::NotFound(Missing::Credential);
    assert_eq!(read_many(&app, &engine_for(&["metrics"]), &[mine, due]).await.unwrap_err(), gone);
    let caller = admitted(&app, &engine_for(&["metrics"]));
    assert_eq!(app.credentials.read(&caller, Selector::Id(due), None).await.unwrap_err(), gone);
    assert!(house.server.asked().is_empty() && house.store.calls(Call::AcquireLease) == 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_may_not_be_read_now_refuses_them_all() {
    let house = House::new();
    let app = house.open();
    let mine = house.stored().id;
    let mut other = house.granted(-60);
    let refusals = [
        (CredentialStatus::Pending, Conflict::AuthorizationPending),
        (CredentialStatus::NeedsReauth, Conflict::ReauthorizationRequired),
    ];
    for (status, conflict) in refusals {
        other.status = status;
        house.put(&other, &[("access_token", "a")]);
        let refused = read_many(&app, &engine(), &[mine, other.id]).await.unwrap_err();
        assert_eq!(refused, Failure::Conflict(conflict));
    }
    assert_eq!(house.vault.opens(), 0);
    assert!(house.store.events(&acme()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn status_and_token_decide_who_is_read() {
    let house = House::new();
    let app = house.open();
    // Nothing refreshes a key of `metrics`, so its token cannot be replaced when it ends.
    let mut stored = house.stored();
    let (valid, over, unknown) = (Some(instant(1)), Some(instant(0)), None);
    let pending = Some(Conflict::AuthorizationPending);
    let ended = Some(Conflict::ReauthorizationRequired);
    let table = [
        (CredentialStatus::Pending, [pending.clone(), pending.clone(), pending]),
        (CredentialStatus::Unverified, [None, None, None]),
        (CredentialStatus::Validated, [None, None, None]),
        (CredentialStatus::Rejected, [None, None, None]),
        (CredentialStatus::NeedsReauth, [None, ended.clone(), ended]),
    ];
    for (status, refusals) in table {
        for (end, refusal) in [valid, over, unknown].into_iter().zip(refusals) {
            (stored.status, stored.access_token_expires_at) = (status, end);
            house.put(&stored, &[("api_key", "k")]);
            let answer = read(&app, Selector::Id(stored.id)).await.map(|_| ());
            let expected = refusal.map_or(Ok(()), |conflict| Err(Failure::Conflict(conflict)));
            assert_eq!(answer, expected, "{status:?} until {end:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_holder_of_a_slot_is_read_by_its_slot() {
    let house = House::new();
    let app = house.open();
    let mut holder = house.stored();
    holder.slot = Some(slot("nightly"));
    house.put(&holder, &[("api_key", "k-2")]);
    let opened = read(&app, Selector::Slot(slot("nightly"))).await.unwrap();
    assert_eq!((opened.credential.id, field(&opened, "api_key")), (holder.id, Some("k-2")));
    assert!(opened.crm.is_none(), "it is no credential of the CRM dialect");
    let missing = read(&app, Selector::Slot(slot("daily"))).await.unwrap_err();
    assert_eq!(missing, Failure::NotFound(Missing::Credential));
}

#[tokio::test(start_paused = true)]
async fn refresh_tokens_are_handed_out_where_the_setting_says_so() {
    for handed_out in [true, false] {
        let mut house = House::new();
        house.settings.hand_out_refresh_tokens = handed_out;
        let app = house.open();
        let expected = |token| if handed_out { Some(token) } else { None };
        let granted = house.granted(3_600);
        let opened = read(&app, Selector::Id(granted.id)).await.unwrap();
        assert_eq!(field(&opened, "access_token"), Some("old"));
        assert_eq!(field(&opened, "refresh_token"), expected("r0"));
        let opened = read(&app, Selector::Id(crm_grant(&house).id)).await.unwrap();
        assert_eq!(field(&opened, "refresh_token"), expected("r"));
        let crm = opened.crm.unwrap();
        assert_eq!(crm.metadata.contains_key("refresh_token"), handed_out);
        assert!(house.secrets_of(granted.id).contains_key("refresh_token"), "it stays where it is");
    }
}

#[tokio::test(start_paused = true)]
async fn refresh_tokens_are_handed_out_to_callers_with_their_scope_alone() {
    let house = House::new();
    let app = house.open();
    let (granted, crm) = (house.granted(3_600), crm_grant(&house));
    for (scopes, handed_out) in
        [(&[Scope::SecretsRead][..], false), (&[Scope::SecretsRead, Scope::RefreshTokensRead], true)]
    {
        let caller = service(scopes, Reach::default());
        for id in [granted.id, crm.id] {
            let read = admitted::<to::ReadSecrets>(&app, &caller);
            let opened = app.credentials.read(&read, Selector::Id(id), None).await.unwrap();
            assert_eq!(field(&opened, "refresh_token").is_some(), handed_out);
            assert!(field(&opened, "access_token").is_some());
            assert!(opened.crm.is_none_or(|crm| crm.metadata.contains_key("refresh_token") == handed_out));
        }
        let many = read_many(&app, &caller, &[granted.id]).await.unwrap();
        assert_eq!(field(&many[0], "refresh_token").is_some(), handed_out);
        // Clients of the CRM dialect refresh by themselves.
        let shown = app.crm.show(&admitted(&app, &caller), crm.id).await.unwrap();
        assert!(shown.content.metadata.contains_key("refresh_token"));
    }
    let alone = service(&[Scope::RefreshTokensRead], Reach::default());
    assert!(app.access.admit::<to::ReadSecrets>(alone).is_err(), "it is no scope to read secrets");
}

#[tokio::test(start_paused = true)]
async fn a_credential_of_the_crm_dialect_is_read_in_both_shapes() {
    let house = House::new();
    let app = house.open();
    let grant = crm_grant(&house);
    let opened = read(&app, Selector::Id(grant.id)).await.unwrap();
    assert_eq!(field(&opened, "access_token"), Some("a"));
    assert_eq!(field(&opened, "metadata"), None, "what only CRM clients know is in their shape");
    let crm = opened.crm.unwrap();
    assert_eq!((crm.dsn.expose(), crm.access_token.expose()), ("https://crm.example.test", "a"));
    assert!(crm.metadata.contains_key("note"));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_the_last_read_is_written_at_the_next_flush() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let last_read = || house.store.credential(stored.id).unwrap().last_read_at;
    read(&app, Selector::Id(stored.id)).await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(3)).await;
    read(&app, Selector::Id(stored.id)).await.unwrap();
    assert_eq!((last_read(), house.store.calls(Call::NoteReads)), (None, 0), "a read does not pay for it");
    app.upkeep.flush().await;
    assert_eq!(last_read(), Some(instant(3)));
    app.upkeep.flush().await;
    assert_eq!(house.store.calls(Call::NoteReads), 1, "what is written is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_was_edited_does_not_open_and_that_is_an_event() {
    let house = House::new();
    let app = house.open();
    let other = house.store.sealed(house.stored().id).unwrap();
    let edits: [&dyn Fn(&mut strongroom_repository::SealedCredential); 4] = [
        &|row| row.credential.config.insert("site", ConfigValue::Text("evil.example.test".into())),
        &|row| row.credential.version += 1,
        &|row| row.sealed = other.clone(),
        &|row| row.sealed.kek_id = KekId([1; 8]),
    ];
    for edit in edits {
        let stored = house.stored();
        assert!(house.store.tamper(stored.id, edit));
        let before = house.store.events(&acme()).len();
        assert_eq!(read(&app, Selector::Id(stored.id)).await.unwrap_err(), Failure::Internal);
        let events = house.store.events(&acme()).split_off(before);
        let found: Vec<_> = events.iter().map(|event| (event.action, event.outcome)).collect();
        let expected = [(Action::SecretRead, Outcome::Success), (Action::IntegrityFailed, Outcome::Failed)];
        assert_eq!(found, expected);
        assert!(
            events.iter().all(|event| event.credential == Some(stored.id) && event.actor == engine().actor)
        );
        app.upkeep.flush().await;
        assert_eq!(house.store.credential(stored.id).unwrap().last_read_at, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_fails_is_told_apart_from_a_row_that_was_edited() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let cases = [
        (VaultError::Cipher, Failure::Internal),
        (VaultError::Unavailable("away".into()), Failure::unavailable()),
    ];
    for (error, failure) in cases {
        house.vault.fail_next_open(error);
        assert_eq!(read(&app, Selector::Id(stored.id)).await.unwrap_err(), failure);
    }
    assert_eq!(house.store.actions(&acme()), [Action::SecretRead; 2]);
}

#[tokio::test(start_paused = true)]
async fn an_edited_row_that_cannot_be_put_on_record_waits_for_its_record() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    house.store.tamper(stored.id, |row| row.credential.version += 1);
    house.store.faults().spare_next(Call::AppendEvents);
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    let refused = read(&app, Selector::Id(stored.id)).await.unwrap_err();
    assert_eq!(refused, Failure::unavailable(), "asked again, it is on record then");
    read(&app, Selector::Id(stored.id)).await.unwrap_err();
    assert_eq!(house.store.actions(&acme()).last(), Some(&Action::IntegrityFailed));
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_another_organisation_opens_nothing() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    let theirs = crate::house::user("globex", "eve", Role::Admin);
    assert!(app.access.admit::<strongroom_application::to::ReadSecrets>(theirs).is_err());
    let elsewhere = strongroom_domain::Principal::ServiceAccount {
        organization: organization("globex"),
        issuer: None,
        id: strongroom_domain::UserId::parse("engine").unwrap(),
        scopes: strongroom_domain::Scope::ALL.into(),
        reach: Default::default(),
    };
    let elsewhere = Caller::new(elsewhere, Default::default());
    let refused = app.credentials.read(&admitted(&app, &elsewhere), Selector::Id(stored.id), None).await;
    assert_eq!(refused.unwrap_err(), Failure::NotFound(Missing::Credential));
    assert_eq!(house.vault.opens(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_beyond_reach_is_on_record_and_looks_like_what_does_not_exist() {
    let house = House::new();
    let app = house.open();
    let beyond = house.stored();
    let caller = engine_for(&["drive"]);
    let read = admitted::<to::ReadSecrets>(&app, &caller);
    let missing = Failure::NotFound(Missing::Credential);
    let one = app.credentials.read(&read, Selector::Id(beyond.id), None).await.unwrap_err();
    let many = read_many(&app, &caller, &[beyond.id]).await.unwrap_err();
    let refreshed = app.refreshing.refresh_now(&admitted(&app, &caller), beyond.id).await.unwrap_err();
    assert_eq!([one, many, refreshed], [missing.clone(), missing.clone(), missing.clone()]);
    let unknown = Selector::Id(CredentialId(uuid::Uuid::from_u128(404)));
    assert_eq!(app.credentials.read(&read, unknown, None).await.unwrap_err(), missing);
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    let denied: Vec<_> = events.iter().filter(|event| event.action == Action::AccessDenied).collect();
    assert_eq!(denied.len(), 3, "and none for what does not exist");
    for event in denied {
        assert_eq!((event.credential, event.outcome), (Some(beyond.id), Outcome::Denied));
        assert_eq!(event.details["reason"], "beyond_reach");
    }
}
