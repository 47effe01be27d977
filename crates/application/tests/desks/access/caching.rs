use std::time::Duration;

use strongroom_application::ChangeServiceAccount;
use strongroom_domain::{Principal, Scope, ServiceAccountStatus};
use strongroom_fake_store::Call;

use super::{REFUSED, hire, issue, present};
use crate::house::{House, admin, admitted};

#[tokio::test(start_paused = true)]
async fn a_burst_of_requests_costs_one_look_up_in_two_seconds() {
    let house = House::new();
    let app = house.open();
    let issued = issue(&app, hire(&app).await.id).await;
    let token = issued.token.expose();
    for _ in 0..20 {
        present(&app, token).await.unwrap();
    }
    assert_eq!(house.store.calls(Call::FindKey), 1);
    tokio::time::advance(Duration::from_millis(1_999)).await;
    present(&app, token).await.unwrap();
    assert_eq!(house.store.calls(Call::FindKey), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    present(&app, token).await.unwrap();
    assert_eq!(house.store.calls(Call::FindKey), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_does_not_profit_from_a_right_one() {
    let house = House::new();
    let app = house.open();
    let issued = issue(&app, hire(&app).await.id).await;
    let token = issued.token.expose();
    present(&app, token).await.unwrap();
    let forged = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'B' } else { 'A' });
    assert_eq!(present(&app, &forged).await.unwrap_err(), REFUSED);
    assert_eq!(house.store.calls(Call::FindKey), 2);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_refused_at_once_here_and_within_two_seconds_elsewhere() {
    let house = House::new();
    let (here, elsewhere) = (house.open(), house.open_another());
    let account = hire(&here).await;
    let issued = issue(&here, account.id).await;
    let token = issued.token.expose();
    present(&here, token).await.unwrap();
    present(&elsewhere, token).await.unwrap();
    here.access.revoke_key(&admitted(&here, &admin()), account.id, &issued.key.id).await.unwrap();
    assert_eq!(present(&here, token).await.unwrap_err(), REFUSED);
    tokio::time::advance(Duration::from_millis(1_999)).await;
    present(&elsewhere, token).await.unwrap();
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(present(&elsewhere, token).await.unwrap_err(), REFUSED);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_a_revocation_overtook_is_not_remembered() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let issued = issue(&app, account.id).await;
    let held = house.store.faults().hold_answer(Call::FindKey);
    let slow = tokio::spawn({
        let (app, token) = (app.clone(), issued.token.duplicate());
        async move { present(&app, token.expose()).await.map(|_| ()) }
    });
    held.reached().await;
    app.access.revoke_key(&admitted(&app, &admin()), account.id, &issued.key.id).await.unwrap();
    held.release();
    assert_eq!(slow.await.unwrap(), Ok(()), "it was good when it was asked for");
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), REFUSED);
}

#[tokio::test(start_paused = true)]
async fn a_slow_look_up_counts_from_when_it_began() {
    let house = House::new();
    let app = house.open();
    let issued = issue(&app, hire(&app).await.id).await;
    house.store.faults().delay(Call::FindKey, Duration::from_millis(1_500));
    present(&app, issued.token.expose()).await.unwrap();
    tokio::time::advance(Duration::from_millis(500)).await;
    present(&app, issued.token.expose()).await.unwrap();
    assert_eq!(house.store.calls(Call::FindKey), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_account_holds_at_once_also_when_its_answer_was_lost() {
    let house = House::new();
    let app = house.open();
    let caller = admitted(&app, &admin());
    let account = hire(&app).await;
    let issued = issue(&app, account.id).await;
    present(&app, issued.token.expose()).await.unwrap();
    let fewer = ChangeServiceAccount { scopes: Some([Scope::CredentialsRead].into()), ..Default::default() };
    app.access.change_account(&caller, account.id, fewer).await.unwrap();
    let known = present(&app, issued.token.expose()).await.unwrap();
    let Principal::ServiceAccount { scopes, .. } = &known.principal else { panic!("{known:?}") };
    assert_eq!(*scopes, [Scope::CredentialsRead].into());
    let inactive =
        ChangeServiceAccount { status: Some(ServiceAccountStatus::Inactive), ..Default::default() };
    house.store.faults().lose_answer(Call::ReplaceAccount);
    app.access.change_account(&caller, account.id, inactive).await.unwrap_err();
    assert_eq!(present(&app, issued.token.expose()).await.unwrap_err(), REFUSED);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_is_refused_at_once_also_when_the_answer_was_lost() {
    let house = House::new();
    let app = house.open();
    let account = hire(&app).await;
    let (one, other) = (issue(&app, account.id).await, issue(&app, account.id).await);
    present(&app, one.token.expose()).await.unwrap();
    house.store.faults().lose_answer(Call::DeleteKey);
    let revoked = app.access.revoke_key(&admitted(&app, &admin()), account.id, &one.key.id).await;
    assert!(revoked.is_err());
    assert_eq!(present(&app, one.token.expose()).await.unwrap_err(), REFUSED);
    present(&app, other.token.expose()).await.unwrap();
    house.store.faults().lose_answer(Call::DeleteAccount);
    app.access.delete_account(&admitted(&app, &admin()), account.id).await.unwrap_err();
    assert_eq!(present(&app, other.token.expose()).await.unwrap_err(), REFUSED);
}
