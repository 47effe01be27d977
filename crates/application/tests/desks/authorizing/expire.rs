//! Flows that are not completed in time end by themselves.

use strongroom_domain::{Action, Outcome};
use strongroom_fake_store::{Call, unavailable};

use super::{again, at, authorize, begin, come_back, completion_code, last, last_credential, pass};
use crate::house::{House, acme, admin, member};

fn ended(house: &House) -> usize {
    let actions = house.store.actions(&acme());
    actions.iter().filter(|action| **action == Action::AuthorizationFailed).count()
}

#[tokio::test(start_paused = true)]
async fn a_pending_credential_goes_with_its_flow_after_ten_minutes() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    come_back(&app, "drive", &begun).await.unwrap();
    let id = last_credential(&house).unwrap();
    pass(599).await;
    app.authorizing.expire_flows().await;
    assert!(house.store.credential(id).is_some());
    pass(1).await;
    app.authorizing.expire_flows().await;
    assert_eq!(house.store.credential(id), None);
    let event = last(&house, Action::AuthorizationFailed);
    assert_eq!((event.outcome, event.details["reason"].as_str()), (Outcome::Failed, "over"));
    assert_eq!((event.credential, event.actor.as_str()), (Some(id), "system:authorization"));
    assert_eq!(event.details["begun_by"], member().actor.as_str());
}

#[tokio::test(start_paused = true)]
async fn what_was_completed_stays() {
    let house = House::new();
    let app = house.open();
    let credential = authorize(&app, at("drive")).await;
    pass(601).await;
    app.authorizing.expire_flows().await;
    assert!(house.store.credential(credential.id).is_some());
    assert_eq!(ended(&house), 0);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_was_to_be_authorised_again_stays_as_it_is() {
    let house = House::new();
    let granted = house.granted(3_600);
    let app = house.open();
    let begun = begin(&app, &admin(), again(&granted)).await.unwrap();
    assert!(completion_code(come_back(&app, "drive", &begun).await).is_some());
    pass(601).await;
    app.authorizing.expire_flows().await;
    assert_eq!(ended(&house), 1);
    assert_eq!(house.store.credential(granted.id), Some(granted));
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_cannot_be_ended_stops_no_others() {
    let house = House::new();
    let app = house.open();
    for _ in 0..3 {
        begin(&app, &member(), at("drive")).await.unwrap();
    }
    pass(600).await;
    house.store.faults().fail_next(Call::AbandonFlow, unavailable());
    app.authorizing.expire_flows().await;
    assert_eq!(ended(&house), 2);
    app.authorizing.expire_flows().await;
    assert_eq!(ended(&house), 3);
}

#[tokio::test(start_paused = true)]
async fn all_flows_end_in_one_round_however_many_they_are() {
    let house = House::new();
    let app = house.open();
    for _ in 0..150 {
        begin(&app, &member(), at("drive")).await.unwrap();
    }
    pass(600).await;
    app.authorizing.expire_flows().await;
    assert_eq!((ended(&house), house.store.calls(Call::ExpiredFlows)), (150, 2));
}

#[tokio::test(start_paused = true)]
async fn a_round_in_which_nothing_can_be_ended_comes_to_an_end() {
    let house = House::new();
    let app = house.open();
    for _ in 0..100 {
        begin(&app, &member(), at("drive")).await.unwrap();
    }
    pass(600).await;
    house.store.faults().fail_every(Call::AbandonFlow);
    app.authorizing.expire_flows().await;
    assert_eq!(house.store.calls(Call::ExpiredFlows), 1);
    house.store.faults().heal();
    house.store.faults().fail_every(Call::ExpiredFlows);
    app.authorizing.expire_flows().await;
    assert_eq!((ended(&house), house.store.calls(Call::ExpiredFlows)), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn two_instances_end_a_flow_once() {
    let house = House::new();
    let (here, there) = (house.open(), house.open_another());
    begin(&here, &member(), at("drive")).await.unwrap();
    pass(600).await;
    let held = house.store.faults().hold(Call::AbandonFlow);
    let round = tokio::spawn({
        let here = here.clone();
        async move { here.authorizing.expire_flows().await }
    });
    held.reached().await;
    there.authorizing.expire_flows().await;
    held.release();
    round.await.unwrap();
    assert_eq!(ended(&house), 1);
}
