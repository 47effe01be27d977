use std::time::Duration;

use strongroom_domain::{Action, ApiKeyId, CredentialId, Integration, IntegrationId};
use strongroom_environment::Ids;
use strongroom_fixtures::postgres_cluster::PostgresCluster;
use strongroom_fixtures::{
    SeededIds, api_key, credential, event, instant, organization, service_account, slot, with_payload,
};
use strongroom_repository::{
    AuditTrail, AuthorizationFlowRepository, Contention, CredentialRepository, DestinationLimitRepository,
    IntegrationRepository, Lease, RefreshLeaseRepository, Selector, ServiceAccountRepository as Accounts,
};
use strongroom_store_contract::flows::{MANY, flow};
use uuid::Uuid;

use crate::support::{Fixture, fixture_on};

/// A fixture with one connection, so that a statement is prepared only once.
async fn single() -> Fixture {
    fixture_on(PostgresCluster::shared().create_database(), 1).await
}

fn counted(fixture: &Fixture, before: (u64, u64)) -> (u64, u64) {
    (fixture.counter.sent() - before.0, fixture.counter.prepared() - before.1)
}

fn now(fixture: &Fixture) -> (u64, u64) {
    (fixture.counter.sent(), fixture.counter.prepared())
}

#[tokio::test]
async fn a_sealed_credential_is_found_in_one_statement_that_is_prepared_once() {
    let fixture = single().await;
    let acme = organization("acme");
    let new = with_payload(credential(&acme, CredentialId(SeededIds::new(1).next())));
    let evidence = event(&acme, Action::CredentialCreated).into();
    CredentialRepository::insert(&fixture.store, &new, 50, evidence).await.unwrap();
    for (round, prepared) in [(0, 1), (1, 0), (2, 0)] {
        let before = now(&fixture);
        let found = fixture.store.find_sealed(&acme, &Selector::Id(new.credential.id)).await.unwrap();
        assert!(found.is_some());
        assert_eq!(counted(&fixture, before), (1, prepared), "round {round}");
    }
}

#[tokio::test]
async fn a_key_and_its_account_are_found_in_one_statement_that_is_prepared_once() {
    let fixture = single().await;
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let account = service_account(&acme, strongroom_domain::ServiceAccountId(ids.next()));
    let key = api_key(&account, ApiKeyId::from_random([7; 10]));
    Accounts::insert(&fixture.store, &account, event(&acme, Action::ServiceAccountCreated).into())
        .await
        .unwrap();
    assert!(fixture.store.insert_key(&key, event(&acme, Action::ApiKeyCreated).into()).await.unwrap());
    for (round, prepared) in [(0, 1), (1, 0), (2, 0)] {
        let before = now(&fixture);
        assert!(fixture.store.find_key(&key.id).await.unwrap().is_some());
        assert_eq!(counted(&fixture, before), (1, prepared), "round {round}");
    }
}

#[tokio::test]
async fn a_batch_of_events_takes_four_statements_whatever_its_size() {
    let fixture = single().await;
    let organizations = ["acme", "globex", "initech"].map(organization);
    let batch = |size: usize| -> Vec<_> {
        organizations.iter().cycle().take(size).map(|one| event(one, Action::SecretRead)).collect()
    };
    let before = now(&fixture);
    fixture.store.append(&batch(3), Contention::Skip).await.unwrap();
    // The three statements that lock heads, look for missing heads and write records were prepared for reuse.
    assert_eq!(counted(&fixture, before).1, 3);
    for size in [3, 1, 64, 500] {
        let before = now(&fixture);
        fixture.store.append(&batch(size), Contention::Skip).await.unwrap();
        // The statements are BEGIN, the lock of the heads, the write of records and heads, and COMMIT.
        assert_eq!(counted(&fixture, before), (4, 0), "{size} events");
    }
}

#[tokio::test]
async fn a_test_of_a_destination_is_taken_in_one_statement_and_refused_in_two() {
    let fixture = single().await;
    for sent in [1, 1, 2, 2] {
        let before = now(&fixture);
        let refused = DestinationLimitRepository::take(&fixture.store, [7; 32], 2, Duration::from_secs(60))
            .await
            .unwrap()
            .is_some();
        assert_eq!((counted(&fixture, before).0, refused), (sent, sent == 2));
    }
    let before = now(&fixture);
    assert!(
        DestinationLimitRepository::take(&fixture.store, [7; 32], 0, Duration::from_secs(60))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(fixture.store.forget(Duration::from_secs(60)).await.unwrap(), 0);
    assert_eq!(counted(&fixture, before).0, 1);
}

#[tokio::test]
async fn the_holders_of_slots_come_in_one_statement_that_is_prepared_once_however_many_are_asked_for() {
    let fixture = single().await;
    let (acme, slots) = (organization("acme"), ["a", "b", "c"].map(slot));
    for (number, prepared) in [(3, 1), (1, 0), (2, 0)] {
        let before = now(&fixture);
        let asked = slots.get(..number).unwrap();
        assert!(fixture.store.find_sealed_slots(&acme, asked).await.unwrap().is_empty());
        assert_eq!(counted(&fixture, before), (1, prepared), "{number} slots");
    }
}

#[tokio::test]
async fn connections_come_with_their_credentials_in_one_statement_that_is_prepared_once() {
    let fixture = single().await;
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let new = with_payload(credential(&acme, ids.credential()));
    let sftp = new.credential.provider.clone();
    let integration = Integration {
        organization: acme.clone(),
        id: IntegrationId(ids.next()),
        provider: sftp.clone(),
        connected_by: "user_1".to_owned(),
        issuer: None,
        connected_at: instant(1),
    };
    let evidence = |action| event(&acme, action).into();
    CredentialRepository::insert(&fixture.store, &new, 50, evidence(Action::CredentialCreated))
        .await
        .unwrap();
    let connected = evidence(Action::IntegrationConnected);
    assert!(fixture.store.connect(&integration, &new.credential, connected).await.unwrap());
    for (round, prepared) in [(0, 1), (1, 0), (2, 0)] {
        let before = now(&fixture);
        let found = IntegrationRepository::find(&fixture.store, &acme, &sftp).await.unwrap().unwrap();
        assert_eq!(
            (found.integration, found.credential),
            (integration.clone(), Some(new.credential.clone()))
        );
        assert_eq!(counted(&fixture, before), (1, prepared), "round {round}");
        let before = now(&fixture);
        assert_eq!(IntegrationRepository::list(&fixture.store, &acme).await.unwrap().len(), 1);
        assert_eq!(counted(&fixture, before), (1, prepared), "round {round}");
    }
}

#[tokio::test]
async fn a_flow_is_taken_by_its_state_in_two_statements() {
    let fixture = single().await;
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    for round in 0..3 {
        let new = flow(&acme, &ids);
        let evidence = event(&acme, Action::AuthorizationBegun).into();
        fixture.store.begin(&new, MANY, evidence).await.unwrap();
        let before = now(&fixture);
        let taken = AuthorizationFlowRepository::take(&fixture.store, &new.flow.state).await.unwrap();
        assert!(taken.is_some());
        assert_eq!(counted(&fixture, before).0, 2, "round {round}");
    }
    let before = now(&fixture);
    assert!(fixture.store.find_granted(&[7; 32]).await.unwrap().is_none());
    assert_eq!(counted(&fixture, before), (1, 0));
}

#[tokio::test]
async fn a_lease_is_taken_in_four_statements_and_told_as_held_in_five() {
    let fixture = single().await;
    let acme = organization("acme");
    let new = with_payload(credential(&acme, SeededIds::new(1).credential()));
    let evidence = event(&acme, Action::CredentialCreated).into();
    CredentialRepository::insert(&fixture.store, &new, 50, evidence).await.unwrap();
    for sent in [4, 5, 5] {
        let before = now(&fixture);
        let (owner, length) = (Uuid::from_u128(1), Duration::from_secs(30));
        let lease = fixture.store.acquire(&acme, new.credential.id, 1, owner, length).await.unwrap();
        assert_eq!(lease == Lease::Held, sent == 5);
        assert_eq!(counted(&fixture, before).0, sent);
    }
    let before = now(&fixture);
    assert_eq!(fixture.store.due(10).await.unwrap(), []);
    assert_eq!(fixture.store.expired(10).await.unwrap(), []);
    assert_eq!(counted(&fixture, before).0, 2);
}

#[tokio::test]
async fn maintenance_finds_what_is_due_or_over_by_an_index() {
    let fixture = single().await;
    for (statement, condition) in [
        (
            "SELECT id FROM credentials WHERE refresh_at <= statement_timestamp() ORDER BY refresh_at LIMIT 5",
            "Index Cond: (refresh_at <= statement_timestamp())",
        ),
        (
            "SELECT id FROM authorization_flows WHERE expires_at <= statement_timestamp()
                ORDER BY expires_at LIMIT 5",
            "Index Cond: (expires_at <= statement_timestamp())",
        ),
    ] {
        let plan = fixture.test.run_sql(&format!("SET enable_seqscan = off; EXPLAIN {statement}")).unwrap();
        assert!(plan.contains(condition) && !plan.contains("Sort"), "{plan}");
    }
}

#[tokio::test]
async fn a_locator_that_was_edited_leads_to_no_flow_of_another_state() {
    let fixture = single().await;
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (ours, theirs) = (flow(&acme, &ids), flow(&acme, &ids));
    for new in [&ours, &theirs] {
        let evidence = event(&acme, Action::AuthorizationBegun).into();
        fixture.store.begin(new, MANY, evidence).await.unwrap();
    }
    let edit = format!("UPDATE oauth_state_locator SET flow_id = '{}'", theirs.flow.id.0);
    fixture.test.run_sql(&edit).unwrap();
    let take = async |state| AuthorizationFlowRepository::take(&fixture.store, state).await.unwrap();
    assert!(take(&ours.flow.state).await.is_none());
    assert!(take(&theirs.flow.state).await.is_some());
}
