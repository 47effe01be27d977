//! Tokens are refreshed once, whoever needs them, and no grant is lost.

use std::time::Duration;

use strongroom_application::{Application, Failure, Selector, to};
use strongroom_domain::{Action, CredentialId, CredentialStatus};
use strongroom_fake_store::Call;
use strongroom_fixtures::Answer;

use crate::house::{House, acme, admitted, engine};

async fn token(app: &Application, id: CredentialId) -> Result<String, Failure> {
    let caller = admitted::<to::ReadSecrets>(app, &engine());
    let opened = app.credentials.read(&caller, Selector::Id(id), None).await?;
    Ok(opened.secret.get("access_token").unwrap().expose().to_owned())
}

#[tokio::test(start_paused = true)]
async fn forty_readers_of_two_instances_share_one_refresh() {
    let house = House::new();
    let granted = house.granted(-10);
    let (one, two) = (house.open(), house.open_another());
    house.server.next_token(Answer::usual().after(Duration::from_secs(3)));
    let reads: Vec<_> = (0..40)
        .map(|n| {
            let app = if n % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { token(&app, granted.id).await })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap(), "access-1");
    }
    assert_eq!(house.server.refreshes(), ["r0"]);
    let refreshed = house.store.actions(&acme());
    assert_eq!(refreshed.iter().filter(|action| **action == Action::CredentialRefreshed).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_answer_was_lost_and_whose_token_was_rotated_says_so() {
    let house = House::new();
    let granted = house.granted(10);
    let app = house.open();
    house.server.next_token(Answer::lost());
    assert_eq!(token(&app, granted.id).await.unwrap(), "old", "the old token is still valid");
    tokio::time::sleep(Duration::from_secs(60)).await;
    token(&app, granted.id).await.unwrap_err();
    let ended = house.store.credential(granted.id).unwrap();
    assert_eq!(
        (ended.status, ended.status_reason.as_deref()),
        (CredentialStatus::NeedsReauth, Some("answer_lost"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_came_is_offered_to_the_store_until_that_is_back() {
    let house = House::new();
    let granted = house.granted(10);
    let app = house.open();
    house.store.faults().fail_every(Call::StoreRefreshed);
    let reading = tokio::spawn({
        let app = app.clone();
        async move { token(&app, granted.id).await }
    });
    tokio::time::sleep(Duration::from_secs(20)).await;
    house.store.faults().heal();
    assert_eq!(reading.await.unwrap().unwrap(), "old", "the reader did not wait for it");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(token(&app, granted.id).await.unwrap(), "access-1");
    assert_eq!(house.server.refreshes().len(), 1, "the provider was asked once");
}
