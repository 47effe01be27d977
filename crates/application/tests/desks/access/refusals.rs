use std::net::IpAddr;
use std::time::Duration;

use strongroom_application::{Application, Presented, to};
use strongroom_domain::audit::Origin;
use strongroom_domain::{Action, AuditEvent, OrganizationId, Outcome, Role};

use crate::house::{House, acme, detail, user};

async fn knock(app: &Application, address: &str) {
    let origin = Origin { source_ip: Some(address.parse::<IpAddr>().unwrap()), ..Origin::default() };
    app.access.authenticate(Presented::Unreadable("header_scheme"), origin).await.unwrap_err();
}

/// An authenticated member asks for an operation that members may not do.
fn ask(app: &Application, name: &str) {
    let origin = Origin {
        authentication: Some("jwt:local".into()),
        source_ip: Some("192.0.2.1".parse().unwrap()),
        ..Origin::default()
    };
    let mut known = user("acme", name, Role::Member);
    known.origin = origin;
    assert!(app.access.admit::<to::QueryAudit>(known).is_err());
}

/// How many events are recorded separately, and how many each summary stands for.
fn counted(events: &[AuditEvent]) -> (usize, Vec<&str>) {
    let summaries = events.iter().map(|event| detail(event, "summary_of")).filter(|of| !of.is_empty());
    let summaries: Vec<_> = summaries.collect();
    (events.len() - summaries.len(), summaries)
}

#[tokio::test(start_paused = true)]
async fn an_address_has_ten_refusals_a_minute_and_one_summary_of_the_rest() {
    let house = House::new();
    let app = house.open();
    for _ in 0..25 {
        knock(&app, "192.0.2.1").await;
    }
    for _ in 0..10 {
        knock(&app, "192.0.2.2").await;
    }
    app.upkeep.flush().await;
    tokio::time::advance(Duration::from_secs(59)).await;
    app.upkeep.flush().await;
    let recorded = || house.store.events(&OrganizationId::system());
    tokio::task::yield_now().await;
    assert_eq!(counted(&recorded()), (20, vec![]));
    tokio::time::advance(Duration::from_secs(1)).await;
    app.upkeep.flush().await;
    knock(&app, "192.0.2.1").await;
    app.upkeep.close().await;
    let events = recorded();
    assert_eq!(counted(&events), (21, vec!["15"]));
    assert!(events.iter().all(|event| event.action == Action::AuthenticationFailed));
    assert!(events.iter().all(|event| event.outcome == Outcome::Denied));
    assert!(events.iter().all(|event| event.actor.as_str() == "system:authentication"));
}

#[tokio::test(start_paused = true)]
async fn who_is_known_is_counted_by_name_and_not_by_address() {
    let house = House::new();
    let app = house.open();
    for _ in 0..12 {
        ask(&app, "ben");
        ask(&app, "eve");
    }
    knock(&app, "192.0.2.1").await;
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    assert_eq!(counted(&events), (20, vec!["2", "2"]));
    assert_eq!(house.store.events(&OrganizationId::system()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_refusal_ends_a_minute_that_is_over() {
    let house = House::new();
    let app = house.open();
    for _ in 0..13 {
        ask(&app, "ben");
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    for _ in 0..11 {
        ask(&app, "ben");
    }
    app.upkeep.close().await;
    assert_eq!(counted(&house.store.events(&acme())), (20, vec!["3", "1"]));
}

#[tokio::test(start_paused = true)]
async fn a_stop_writes_the_summaries_of_minutes_that_are_not_over() {
    let house = House::new();
    let app = house.open();
    for _ in 0..11 {
        ask(&app, "ben");
    }
    app.upkeep.flush().await;
    app.upkeep.close().await;
    assert_eq!(counted(&house.store.events(&acme())), (10, vec!["1"]));
}
