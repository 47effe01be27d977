use std::time::Duration;

use strongroom_application::{Application, Caller, Failure, Operator, QueryAudit};
use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Role};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::organization;
use strongroom_repository::AuditFilter;

use super::{contended, read, refuse};
use crate::house::{House, acme, admin, admitted, detail, user};

async fn query(
    app: &Application,
    caller: &Caller,
    query: QueryAudit,
) -> Result<(Vec<AuditRecord>, bool), Failure> {
    app.audit.query(&admitted(app, caller), query).await
}

fn up_to(limit: u32) -> QueryAudit {
    QueryAudit { limit, ..QueryAudit::default() }
}

/// Sets limits, an event each, whose detail tells which one it is.
async fn set_limits(app: &Application, org: &str, limits: std::ops::RangeInclusive<u32>) {
    let operator = Operator::of(organization(org)).unwrap();
    for limit in limits {
        app.access.limit_organization(&operator, Some(limit)).await.unwrap();
    }
}

fn limits(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| detail(&record.event, "limit")).collect()
}

#[tokio::test(start_paused = true)]
async fn the_trail_is_read_newest_first_in_pages() {
    let house = House::new();
    let app = house.open();
    set_limits(&app, "acme", 1..=5).await;
    set_limits(&app, "globex", 7..=7).await;
    let (page, more) = query(&app, &admin(), up_to(2)).await.unwrap();
    assert_eq!((limits(&page), more), (vec!["5", "4"], true));
    let next = QueryAudit { before: Some(page[1].seq), ..up_to(3) };
    let (page, more) = query(&app, &admin(), next).await.unwrap();
    assert_eq!((limits(&page), more), (vec!["3", "2", "1"], false));
    let eve = user("globex", "eve", Role::Admin);
    let (page, _) = query(&app, &eve, up_to(10)).await.unwrap();
    assert_eq!(limits(&page), ["7"]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_taken_as_one_between_1_and_500() {
    let house = House::new();
    let app = house.open();
    set_limits(&app, "acme", 1..=510).await;
    for (asked, given) in [(0, 1), (500, 500), (501, 500)] {
        let (page, more) = query(&app, &admin(), up_to(asked)).await.unwrap();
        assert_eq!((page.len(), more), (given, true), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn reading_the_trail_is_on_record_with_how_much_was_read() {
    let house = House::new();
    let app = house.open();
    set_limits(&app, "acme", 1..=3).await;
    query(&app, &admin(), up_to(2)).await.unwrap();
    let filter = AuditFilter { action: Some(Action::AuditQueried), ..AuditFilter::default() };
    let (page, _) = query(&app, &admin(), QueryAudit { filter, ..up_to(10) }).await.unwrap();
    let [read] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!((detail(&read.event, "records"), &read.event.actor), ("2", &admin().actor));
    house.store.faults().fail_next(Call::AppendEvents, unavailable());
    let refused = query(&app, &admin(), up_to(2)).await.unwrap_err();
    assert_eq!(refused, Failure::unavailable(), "what is not on record is not shown");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_after_a_refusal_finds_it() {
    let house = House::new();
    let app = house.open();
    let stored = house.stored();
    read(&app, stored.id).await.unwrap();
    house.store.faults().delay(Call::AppendEvents, Duration::from_millis(500));
    refuse(&app);
    let (page, _) = query(&app, &admin(), up_to(10)).await.unwrap();
    let actions: Vec<_> = page.iter().map(|record| record.event.action).collect();
    assert_eq!(actions, [Action::AccessDenied, Action::SecretRead]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_found_also_when_its_chain_was_held_by_somebody() {
    let house = House::new();
    let app = house.open_with(|ports| ports.audit = contended(&house, Duration::from_millis(500)));
    refuse(&app);
    let (page, _) = query(&app, &admin(), up_to(10)).await.unwrap();
    let actions: Vec<_> = page.iter().map(|record| record.event.action).collect();
    assert_eq!(actions, [Action::AccessDenied]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_the_trail_does_not_wait_for_ever_for_what_comes_before_it() {
    let house = House::new();
    let app = house.open();
    refuse(&app);
    let held = house.store.faults().hold(Call::AppendEvents);
    let began = tokio::time::Instant::now();
    assert_eq!(query(&app, &admin(), up_to(10)).await.unwrap_err(), Failure::unavailable());
    assert_eq!(began.elapsed(), Duration::from_secs(4), "2 s for the refusal, and 2 s for its own event");
    held.release();
}

#[tokio::test(start_paused = true)]
async fn the_start_of_a_server_is_on_record_with_a_digest_of_its_settings() {
    let house = House::new();
    let app = house.open();
    for settings in ["port = 1", "port = 1", "port = 2"] {
        app.audit.record_start(settings).await.unwrap();
    }
    let events = house.store.events(&strongroom_domain::OrganizationId::system());
    let digests: Vec<_> = events.iter().map(|event| detail(event, "settings_digest")).collect();
    assert!(digests[0].len() == 64 && digests[0] == digests[1] && digests[1] != digests[2]);
    assert!(events.iter().all(|event| event.action == Action::ServerStarted));
    assert!(house.store.events(&acme()).is_empty());
    house.vault.set_digests_broken(true);
    assert_eq!(app.audit.record_start("port = 1").await, Err(Failure::Internal));
}
