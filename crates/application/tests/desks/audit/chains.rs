use std::sync::Arc;

use strongroom_application::{Application, Break, Failure, Operator, Verification, VerifyAudit};
use strongroom_domain::audit::{AuditHead, AuditRecord, GENESIS};
use strongroom_domain::{Action, AuditEvent, OrganizationId, Outcome, PurposeKeyId, Rule};
use strongroom_fake_store::Call;
use strongroom_repository::{Appended, MockAuditTrail, StoreError};

use crate::house::{House, acme, admin, admitted, detail};

async fn grow(app: &Application, events: u32) {
    let operator = Operator::of(acme()).unwrap();
    for limit in 1..=events {
        app.access.limit_organization(&operator, Some(limit)).await.unwrap();
    }
}

async fn verify(app: &Application, range: VerifyAudit) -> Result<Verification, Failure> {
    app.audit.verify(&admitted(app, &admin()), range).await
}

fn range(from_seq: u64, to_seq: u64) -> VerifyAudit {
    VerifyAudit { from_seq: Some(from_seq), to_seq: Some(to_seq) }
}

/// An audit trail that returns these records and this head; the record at `unreadable` cannot be read back.
fn unreadable_at(unreadable: u64, records: Vec<AuditRecord>, head: AuditHead) -> MockAuditTrail {
    let mut trail = MockAuditTrail::new();
    trail.expect_head().returning(move |_| Ok(Some(head.clone())));
    trail.expect_range().returning(move |_, from, limit| {
        let page: Vec<_> =
            records.iter().filter(|record| record.seq >= from).take(limit as usize).cloned().collect();
        match page.iter().any(|record| record.seq == unreadable) {
            true => Err(StoreError::Corrupt("an edited row".into())),
            false => Ok(page),
        }
    });
    trail
}

fn trail(records: Vec<AuditRecord>, head: AuditHead) -> MockAuditTrail {
    unreadable_at(0, records, head)
}

/// An audit trail that also accepts new events.
fn taking(mut trail: MockAuditTrail) -> Arc<MockAuditTrail> {
    trail.expect_append().returning(|events, _| Ok(vec![Appended::Durable { seq: 1 }; events.len()]));
    Arc::new(trail)
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_holds_is_walked_to_its_head_and_the_check_is_on_record() {
    let house = House::new();
    let app = house.open();
    grow(&app, 4).await;
    let records = house.store.records(&acme());
    let found = verify(&app, VerifyAudit::default()).await.unwrap();
    assert_eq!(found, Verification { events: 4, head: records[3].mac, broken: None });
    let event = house.store.events(&acme()).pop().unwrap();
    assert_eq!((event.action, event.outcome), (Action::AuditVerified, Outcome::Success));
    assert_eq!(detail(&event, "records"), "4");
    let found = verify(&app, range(2, 3)).await.unwrap();
    assert_eq!(found, Verification { events: 2, head: records[2].mac, broken: None });
    house.store.faults().fail_every(Call::AppendEvents);
    assert_eq!(verify(&app, range(2, 3)).await, Err(Failure::unavailable()));
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_several_pages_is_walked_whole() {
    let house = House::new();
    let app = house.open();
    grow(&app, 2_001).await;
    let before = house.store.calls(Call::AuditRange);
    let found = app.audit.verify_chain(&acme()).await.unwrap();
    assert_eq!((found.events, found.broken), (2_001, None));
    assert_eq!(house.store.calls(Call::AuditRange) - before, 4, "three pages, and a look behind the head");
    let empty = app.audit.verify_chain(&OrganizationId::system()).await.unwrap();
    assert_eq!(empty, Verification { events: 0, head: GENESIS, broken: None });
}

#[tokio::test(start_paused = true)]
async fn every_way_to_break_a_chain_is_found_at_its_place() {
    type Edit = fn(&mut Vec<AuditRecord>, &mut AuditHead);
    const CHANGED: &str = "the record or the one before it was changed";
    let edits: [(Edit, u64, u64, &str); 9] = [
        (|records, _| drop(records.remove(2)), 2, 3, "the record is missing"),
        (|records, _| drop(records.pop()), 4, 5, "the record is missing"),
        (|records, _| records.clear(), 0, 1, "the record is missing"),
        (|records, _| records[1].event.outcome = Outcome::Denied, 1, 2, CHANGED),
        (|records, _| records[1].mac = [7; 32], 1, 2, CHANGED),
        (|records, _| records[1].at += time::Duration::SECOND, 1, 2, CHANGED),
        (
            |records, _| records[3].mac_key = PurposeKeyId(uuid::Uuid::nil()),
            3,
            4,
            "the record names a key that is not known",
        ),
        (|_, head| head.mac = [7; 32], 5, 5, "the head of the chain names another record"),
        (|_, head| head.seq = 4, 4, 4, "the head of the chain names another record"),
    ];
    for (edit, events, seq, reason) in edits {
        let house = House::new();
        grow(&house.open(), 5).await;
        let mut records = house.store.records(&acme());
        let mut head = AuditHead { organization: acme(), seq: 5, mac: records[4].mac };
        edit(&mut records, &mut head);
        let trail = trail(records, head);
        let app = house.open_with(|ports| ports.audit = Arc::new(trail));
        let found = app.audit.verify_chain(&acme()).await.unwrap();
        assert_eq!((found.events, found.broken), (events, Some(Break { seq, reason })));
    }
}

#[tokio::test(start_paused = true)]
async fn records_behind_the_head_were_put_there_by_hand() {
    let house = House::new();
    grow(&house.open(), 5).await;
    let records = house.store.records(&acme());
    let head = AuditHead { organization: acme(), seq: 4, mac: records[3].mac };
    let app = house.open_with(|ports| ports.audit = Arc::new(trail(records, head)));
    let found = app.audit.verify_chain(&acme()).await.unwrap();
    let reason = "a record lies behind the head of the chain";
    assert_eq!((found.events, found.broken), (4, Some(Break { seq: 5, reason })));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_grows_while_it_is_walked_holds() {
    let house = House::new();
    let app = house.open();
    grow(&app, 3).await;
    let held = house.store.faults().hold(Call::AuditRange);
    let walking = tokio::spawn({
        let app = app.clone();
        async move { app.audit.verify_chain(&acme()).await.unwrap() }
    });
    held.reached().await;
    grow(&app, 2).await;
    held.release();
    let found = walking.await.unwrap();
    assert_eq!((found.events, found.broken), (3, None));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_back_does_not_hide_those_before_it() {
    let house = House::new();
    grow(&house.open(), 5).await;
    let records = house.store.records(&acme());
    let head = AuditHead { organization: acme(), seq: 5, mac: records[4].mac };
    let app = house.open_with(|ports| ports.audit = taking(unreadable_at(3, records, head)));
    let found = app.audit.verify_chain(&acme()).await.unwrap();
    let reason = "the record cannot be read back";
    assert_eq!((found.events, found.broken), (2, Some(Break { seq: 3, reason })));
    let found = verify(&app, range(4, 5)).await.unwrap();
    assert_eq!(found.broken, Some(Break { seq: 3, reason: "the record is missing" }), "what 4 follows");
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_does_not_hold_is_on_record_as_that() {
    let house = House::new();
    grow(&house.open(), 5).await;
    let mut records = house.store.records(&acme());
    records[1].event.outcome = Outcome::Denied;
    let head = AuditHead { organization: acme(), seq: 5, mac: records[4].mac };
    let mut edited = trail(records, head);
    let is_failure =
        |event: &AuditEvent| (event.action, event.outcome) == (Action::AuditVerified, Outcome::Failed);
    let appended = edited.expect_append().withf(move |events, _| events.iter().all(is_failure)).times(1);
    appended.returning(|_, _| Ok(vec![Appended::Durable { seq: 6 }]));
    let app = house.open_with(|ports| ports.audit = Arc::new(edited));
    let found = verify(&app, VerifyAudit::default()).await.unwrap();
    assert_eq!((found.events, found.broken.unwrap().seq), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_range_lies_within_the_chain_and_is_not_too_long() {
    let argument = |parameter: &str, rule: &'static str| Failure::Argument(Rule::fixed(rule).on(parameter));
    let behind = argument("from_seq", "must not lie behind to_seq or the end of the chain");
    let house = House::new();
    let app = house.open();
    let from = |from| VerifyAudit { from_seq: Some(from), to_seq: None };
    assert_eq!(verify(&app, from(2)).await, Err(behind.clone()));
    assert_eq!(verify(&app, from(1)).await.unwrap().events, 0, "nothing is on record yet");
    grow(&app, 3).await;
    assert_eq!(verify(&app, range(3, 2)).await, Err(behind.clone()));
    assert_eq!(verify(&app, range(9, 12)).await, Err(behind));
    assert_eq!(verify(&app, range(4, 900)).await.unwrap().events, 1);
    let head = AuditHead { organization: acme(), seq: 200_000, mac: GENESIS };
    let app = house.open_with(|ports| ports.audit = taking(trail(Vec::new(), head)));
    let long = "must be at most 100000 records after from_seq; the command line checks whole chains";
    assert_eq!(verify(&app, range(1, 100_001)).await, Err(argument("to_seq", long)));
    assert!(verify(&app, range(1, 100_000)).await.unwrap().broken.is_some(), "that is short enough");
    let recent = verify(&app, VerifyAudit::default()).await.unwrap();
    assert_eq!(recent.broken.unwrap().seq, 190_000, "the last 10,000, and the one that they follow");
}
