use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_application::{Application, Break, Checkpoint, Operator};
use strongroom_domain::OrganizationId;
use strongroom_domain::audit::{AuditRecord, Mac};
use strongroom_fixtures::{instant, organization};
use strongroom_repository::MockAuditTrail;

use crate::house::{House, acme};

async fn grow(app: &Application, org: &str) {
    app.access.limit_organization(&Operator::of(organization(org)).unwrap(), Some(1)).await.unwrap();
}

fn heads(checkpoint: &Checkpoint) -> BTreeMap<OrganizationId, (u64, Mac)> {
    checkpoint.heads().iter().map(|head| (head.organization.clone(), (head.seq, head.mac))).collect()
}

/// The one checkpoint of a house in which acme has three records and globex has one.
async fn kept(house: &House, app: &Application) -> Checkpoint {
    for org in ["acme", "globex", "acme", "acme"] {
        grow(app, org).await;
    }
    let mut checkpoints = house.open().audit.checkpoint(None).await.unwrap();
    assert_eq!(checkpoints.len(), 1);
    checkpoints.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_names_every_head_and_is_read_back_as_it_was_signed() {
    let house = House::new();
    let app = house.open();
    let kept = kept(&house, &app).await;
    let seqs: Vec<_> = kept.heads().iter().map(|head| (head.organization.as_str(), head.seq)).collect();
    assert_eq!((seqs, kept.at()), (vec![("acme", 3), ("globex", 1)], instant(0)));
    let back = app.audit.read_checkpoint(kept.at(), heads(&kept), kept.key(), *kept.mac());
    assert_eq!(back, Some(kept.clone()));
    assert_eq!(app.audit.verify_checkpoint(&kept).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_was_changed_is_none() {
    let house = House::new();
    let app = house.open();
    let kept = kept(&house, &app).await;
    let read = |at, heads, key, mac| app.audit.read_checkpoint(at, heads, key, mac);
    let (at, key, mac) = (kept.at(), kept.key(), *kept.mac());
    let mut moved = heads(&kept);
    moved.get_mut(&acme()).unwrap().0 = 2;
    let mut other = heads(&kept);
    other.get_mut(&acme()).unwrap().1[0] ^= 1;
    let mut fewer = heads(&kept);
    fewer.remove(&acme());
    let later = at + time::Duration::SECOND;
    let unknown = strongroom_domain::PurposeKeyId(uuid::Uuid::nil());
    assert_eq!(read(later, heads(&kept), key, mac), None);
    for heads in [moved, other, fewer] {
        assert_eq!(read(at, heads, key, mac), None);
    }
    assert_eq!(read(at, heads(&kept), unknown, mac), None);
    assert_eq!(read(at, heads(&kept), key, [7; 32]), None);
    assert!(read(at, heads(&kept), key, mac).is_some());
}

/// What a comparison with a checkpoint finds in an audit trail that returns these records of acme.
async fn compared(house: &House, checkpoint: &Checkpoint, records: Vec<AuditRecord>) -> Option<Break> {
    let globex = house.store.records(&organization("globex"));
    let mut trail = MockAuditTrail::new();
    trail.expect_range().returning(move |org, from, limit| {
        let records = if *org == acme() { &records } else { &globex };
        Ok(records.iter().filter(|record| record.seq >= from).take(limit as usize).cloned().collect())
    });
    let app = house.open_with(|ports| ports.audit = Arc::new(trail));
    let mut broken = app.audit.verify_checkpoint(checkpoint).await.unwrap();
    assert!(broken.len() <= 1 && broken.iter().all(|(org, _)| *org == acme()), "{broken:?}");
    broken.pop().map(|(_, found)| found)
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_was_cut_or_written_anew_is_found_by_a_checkpoint() {
    let house = House::new();
    let app = house.open();
    let kept = kept(&house, &app).await;
    grow(&app, "acme").await;
    let records = house.store.records(&acme());
    assert_eq!(compared(&house, &kept, records.clone()).await, None, "a chain may have grown");
    let missing = Break { seq: 3, reason: "the record that the checkpoint saw is missing" };
    assert_eq!(compared(&house, &kept, records[..2].to_vec()).await, Some(missing.clone()));
    let gap = [&records[..2], &records[3..]].concat();
    assert_eq!(compared(&house, &kept, gap).await, Some(missing));
    let mut anew = records;
    anew[2].mac = [7; 32];
    let other = Break { seq: 3, reason: "the record is not the one that the checkpoint saw" };
    assert_eq!(compared(&house, &kept, anew).await, Some(other));
}

#[tokio::test(start_paused = true)]
async fn only_heads_that_have_changed_are_signed_again() {
    let house = House::new();
    let app = house.open();
    grow(&app, "acme").await;
    grow(&app, "globex").await;
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    grow(&app, "globex").await;
    let since = app.audit.checkpoint(Some(instant(60))).await.unwrap();
    let [only] = since.as_slice() else { panic!("{since:?}") };
    assert_eq!(heads(only).into_keys().collect::<Vec<_>>(), [organization("globex")]);
    assert!(app.audit.checkpoint(Some(instant(61))).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn five_hundred_heads_go_into_one_checkpoint_and_none_is_left_out() {
    let house = House::new();
    let app = house.open();
    for number in 0..501 {
        grow(&app, &format!("org-{number:03}")).await;
    }
    let checkpoints = app.audit.checkpoint(None).await.unwrap();
    let sizes: Vec<_> = checkpoints.iter().map(|checkpoint| checkpoint.heads().len()).collect();
    assert_eq!(sizes, [500, 1]);
    assert_eq!(checkpoints[1].heads()[0].organization, organization("org-500"));
    let page = app.audit.heads(Some(organization("org-498")), 10).await.unwrap();
    assert_eq!(
        page.iter().map(|head| head.organization.as_str()).collect::<Vec<_>>(),
        ["org-499", "org-500"]
    );
}
