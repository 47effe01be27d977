//! Tokens are revoked when their credential is deleted, if possible.

use std::time::Duration;

use strongroom_application::{Application, Conflict, Failure, NewOauthApp};
use strongroom_domain::{Action, CredentialId, Outcome, Provider};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, Asked};
use strongroom_vault::VaultError;
use tokio::time::Instant;

use super::{pass, reading, token};
use crate::house::{House, acme, admin, admitted};

async fn delete(app: &Application, id: CredentialId, revision: Option<u64>) -> Result<(), Failure> {
    app.credentials.delete(&admitted(app, &admin()), id, revision, true).await
}

/// The tokens that were revoked.
fn revoked(house: &House) -> Vec<String> {
    let asked = house.server.asked().into_iter();
    let revocations = asked.filter_map(|request| match request.what {
        Asked::Revocation { token } => Some(token),
        _ => None,
    });
    revocations.collect()
}

/// The recorded result of the revocation, which is about this credential.
fn result(house: &House, id: CredentialId) -> (Outcome, String) {
    let event = house.store.events(&acme()).pop().unwrap();
    assert_eq!((event.action, event.credential), (Action::GrantRevoked, Some(id)));
    assert_eq!(event.actor, admin().actor);
    (event.outcome, event.details.get("result").unwrap().clone())
}

fn failed(why: &str) -> (Outcome, String) {
    (Outcome::Failed, why.to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_refresh_token_is_revoked_after_its_credential_is_gone() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    let held = house.store.faults().hold(Call::DeleteCredential);
    let deletion = tokio::spawn({
        let app = app.clone();
        async move { delete(&app, granted.id, None).await }
    });
    held.reached().await;
    assert_eq!(revoked(&house), [""; 0], "a grant whose deletion may fail still works");
    held.release();
    deletion.await.unwrap().unwrap();
    assert_eq!(revoked(&house), ["r0"]);
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted, Action::GrantRevoked]);
    assert_eq!(result(&house, granted.id), (Outcome::Success, "revoked".to_owned()));
    assert_eq!(house.store.credential(granted.id), None);
}

#[tokio::test(start_paused = true)]
async fn an_access_token_that_stands_alone_is_revoked() {
    let house = House::new();
    let granted = house.granted(3_600);
    house.put(&granted, &[("access_token", "old")]);
    delete(&house.open(), granted.id, None).await.unwrap();
    assert_eq!(revoked(&house), ["old"]);
}

#[tokio::test(start_paused = true)]
async fn the_access_token_is_revoked_where_the_provider_takes_no_other() {
    let mut house = House::new();
    let granted = house.granted(3_600);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    let catalog = &mut house.settings.catalog;
    let mut drive = Provider::clone(&catalog.provider("drive"));
    drive.oauth.as_mut().unwrap().revokes_access_token = true;
    *catalog = catalog.clone().with(drive);
    delete(&house.open(), granted.id, None).await.unwrap();
    assert_eq!(revoked(&house), ["old"]);
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_gone_and_the_record_says_why_nothing_was_revoked() {
    let refused = super::app_refused("invalid_client");
    let cases =
        [(Ok(false), "the provider has no way to revoke"), (Err(refused), "the provider did not revoke it")];
    for (answer, why) in cases {
        let house = House::new();
        let granted = house.granted(3_600);
        house.server.next_revocation(answer);
        delete(&house.open(), granted.id, None).await.unwrap();
        assert_eq!(result(&house, granted.id), failed(why));
        assert_eq!(house.store.credential(granted.id), None);
    }
}

#[tokio::test(start_paused = true)]
async fn without_tokens_or_an_app_there_is_nothing_to_revoke() {
    let mut house = House::new();
    let empty = house.granted(3_600);
    house.put(&empty, &[]);
    delete(&house.open(), empty.id, None).await.unwrap();
    assert_eq!(result(&house, empty.id), failed("there is nothing to revoke"));
    let orphan = house.granted(3_600);
    house.settings.apps.clear();
    delete(&house.open(), orphan.id, None).await.unwrap();
    assert_eq!(result(&house, orphan.id), failed("there is nothing to revoke"));
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_grant_of_an_organisations_own_app_is_revoked_with_that_app() {
    let house = House::new();
    let mut granted = house.granted(3_600);
    let app = house.open();
    let new = NewOauthApp { provider: "drive".into(), client_id: "own".into(), client_secret: None };
    let own = app.authorizing.create_app(&admitted(&app, &admin()), new).await.unwrap();
    granted.oauth_app = Some(own.app.id);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    delete(&app, granted.id, None).await.unwrap();
    assert_eq!(house.server.asked()[0].client, Some(("own".to_owned(), None)));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_read_is_no_reason_to_keep_the_credential() {
    let house = House::new();
    let mut granted = house.granted(3_600);
    let app = house.open();
    let new = NewOauthApp { provider: "drive".into(), client_id: "own".into(), client_secret: None };
    let own = app.authorizing.create_app(&admitted(&app, &admin()), new).await.unwrap();
    granted.oauth_app = Some(own.app.id);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    house.store.faults().fail_next(Call::FindApp, unavailable());
    delete(&app, granted.id, None).await.unwrap();
    assert_eq!(result(&house, granted.id), failed("the provider did not revoke it"));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_grant_is_deleted_without_a_word_of_revocation() {
    let house = House::new();
    let stored = house.stored();
    delete(&house.open(), stored.id, None).await.unwrap();
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
    assert_eq!(house.store.calls(Call::AcquireLease), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_without_revocation_leaves_the_provider_alone() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    app.credentials.delete(&admitted(&app, &admin()), granted.id, None, false).await.unwrap();
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
    assert_eq!((house.server.asked().len(), house.vault.opens()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_under_way_is_waited_for_so_that_its_token_is_revoked() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(4)));
    let reader = reading(&app, granted.id);
    pass(1).await;
    delete(&app, granted.id, None).await.unwrap();
    assert_eq!(revoked(&house), ["refresh-1"]);
    reader.await.unwrap().ok();
}

#[tokio::test(start_paused = true)]
async fn a_refresh_under_way_is_waited_for_five_seconds_and_not_longer() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.server.next_token(Answer::usual().after(Duration::from_secs(11)));
    let reader = reading(&app, granted.id);
    pass(1).await;
    let began = Instant::now();
    delete(&app, granted.id, None).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(revoked(&house), ["r0"]);
    assert!(reader.await.unwrap().is_err());
    assert_eq!(house.store.credential(granted.id), None, "the late token brings nothing back");
}

#[tokio::test(start_paused = true)]
async fn no_refresh_begins_between_the_opening_of_a_grant_and_its_deletion() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let held = house.store.faults().hold(Call::DeleteCredential);
    let deletion = tokio::spawn({
        let app = app.clone();
        async move { delete(&app, granted.id, None).await }
    });
    held.reached().await;
    super::round(&house.open_another()).await.unwrap();
    assert_eq!(house.server.refreshes(), [""; 0]);
    held.release();
    deletion.await.unwrap().unwrap();
    assert_eq!(revoked(&house), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_fails_lets_the_grant_go() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    let refused = delete(&app, granted.id, Some(7)).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::StaleRevision));
    assert_eq!((revoked(&house).len(), house.store.lease_holder(granted.id)), (0, None));
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1", "it refreshes at once");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_held_for_a_deletion_is_not_taken_for_interrupted() {
    let house = House::new();
    let granted = house.granted(-10);
    let app = house.open();
    house.store.faults().fail_next(Call::DeleteCredential, unavailable());
    assert_eq!(delete(&app, granted.id, None).await.unwrap_err(), Failure::unavailable());
    house.server.next_token(Answer::doubtful());
    token(&app, granted.id).await.unwrap_err();
    let status = super::status(&house, granted.id);
    assert_eq!(status.1.as_deref(), Some("grant_doubted"), "that was the first attempt");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_goes_on_when_the_caller_hangs_up() {
    let house = House::new();
    let mut granted = house.granted(3_600);
    let app = house.open();
    let new = NewOauthApp { provider: "drive".into(), client_id: "own".into(), client_secret: None };
    let own = app.authorizing.create_app(&admitted(&app, &admin()), new).await.unwrap();
    granted.oauth_app = Some(own.app.id);
    house.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
    let held = house.store.faults().hold(Call::FindApp);
    let deletion = tokio::spawn({
        let app = app.clone();
        async move { delete(&app, granted.id, None).await }
    });
    held.reached().await;
    deletion.abort();
    held.release();
    pass(1).await;
    assert_eq!(revoked(&house), ["r0"]);
    assert_eq!(result(&house, granted.id), (Outcome::Success, "revoked".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_open_is_deleted_all_the_same() {
    let house = House::new();
    let granted = house.granted(3_600);
    house.store.tamper(granted.id, |row| row.sealed.envelope.push(0));
    delete(&house.open(), granted.id, None).await.unwrap();
    assert_eq!(house.store.actions(&acme()), [Action::IntegrityFailed, Action::CredentialDeleted]);
    assert_eq!(house.server.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_away_is_not_taken_for_a_row_that_does_not_open() {
    let house = House::new();
    let granted = house.granted(3_600);
    house.vault.fail_next_open(VaultError::Unavailable("busy".into()));
    let refused = delete(&house.open(), granted.id, None).await.unwrap_err();
    assert_eq!(refused, Failure::unavailable());
    assert!(house.store.credential(granted.id).is_some());
    assert_eq!(house.store.events(&acme()), []);
    assert_eq!(house.store.lease_holder(granted.id), None, "a refresh may begin at once");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_cannot_be_put_on_record_has_happened_all_the_same() {
    let house = House::new();
    let granted = house.granted(3_600);
    house.store.faults().fail_every(Call::AppendEvents);
    delete(&house.open(), granted.id, None).await.unwrap();
    assert_eq!(revoked(&house), ["r0"]);
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted]);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_revoked_when_the_answer_to_its_deletion_got_lost() {
    let house = House::new();
    let granted = house.granted(3_600);
    house.store.faults().lose_answer(Call::DeleteCredential);
    delete(&house.open(), granted.id, None).await.unwrap();
    assert_eq!(revoked(&house), ["r0"], "the only copy of it was here");
    assert_eq!(house.store.actions(&acme()), [Action::CredentialDeleted, Action::GrantRevoked]);
}
