use std::time::Duration;

use diesel::connection::SimpleConnection;
use strongroom_domain::{OauthApp, OauthAppId};
use strongroom_fixtures::{SeededIds, credential, instant, organization, sealed, with_payload};
use strongroom_repository::{
    AuthorizationFlowRepository, CredentialRepository, Lease, OauthAppRepository, OrganizationRepository,
    RefreshLeaseRepository, SealedOauthApp, StoreError,
};
use strongroom_store_contract::flows::{MANY, flow};
use strongroom_store_sqlite::{SqliteOptions, StatementCounter};
use uuid::Uuid;

use crate::rows::spelled_out;
use crate::{Embedded, acme, evidence};

fn assert_names(error: &StoreError, column: &str, table: &str) {
    let text = spelled_out(error);
    assert!(matches!(error, StoreError::Corrupt(_)), "{text}");
    let place = format!("column {column} of table {table} cannot be read in row acme/");
    assert!(text.contains(&place) && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_locator_that_was_edited_leads_to_no_flow_of_another_state() {
    let embedded = Embedded::new().await;
    let ids = SeededIds::new(1);
    let (ours, theirs) = (flow(&acme(), &ids), flow(&acme(), &ids));
    for new in [&ours, &theirs] {
        embedded.store.begin(new, MANY, evidence()).await.unwrap();
    }
    let edit = "UPDATE oauth_state_locator SET flow_id = (SELECT max(id) FROM authorization_flows)";
    embedded.intruder().batch_execute(edit).unwrap();
    assert!(embedded.store.take(&ours.flow.state).await.unwrap().is_none());
    assert!(embedded.store.take(&theirs.flow.state).await.unwrap().is_some());
}

#[tokio::test]
async fn an_edited_flow_or_app_is_reported_by_its_place_and_never_by_its_value() {
    let embedded = Embedded::new().await;
    let new = flow(&acme(), &SeededIds::new(1));
    embedded.store.begin(&new, MANY, evidence()).await.unwrap();
    let app = OauthApp {
        organization: acme(),
        id: OauthAppId(Uuid::from_u128(1)),
        app: "google".to_owned(),
        client_id: "client".to_owned(),
        created_at: instant(1),
        updated_at: instant(1),
        created_by: "user-1".to_owned(),
        issuer: None,
    };
    let app = SealedOauthApp { app, sealed: sealed([1; 8], b"secret") };
    OauthAppRepository::insert(&embedded.store, &app, evidence()).await.unwrap();
    let mut intruder = embedded.intruder();
    for (column, edit) in [
        ("inputs", "inputs = 'canary'"),
        ("completion", "inputs = '{}', completion = 'canary'"),
        ("reauthorizes", "completion = 'bound', reauthorizes = -7"),
    ] {
        intruder.batch_execute(&format!("UPDATE authorization_flows SET {edit}")).unwrap();
        assert_names(&embedded.store.take(&new.flow.state).await.unwrap_err(), column, "authorization_flows");
    }
    let other = flow(&acme(), &SeededIds::new(2));
    embedded.store.begin(&other, MANY, evidence()).await.unwrap();
    intruder.batch_execute("UPDATE authorization_flows SET expires_at = 1").unwrap();
    assert_eq!(embedded.store.expired(10).await.unwrap(), [other.flow], "it keeps no other from ending");
    intruder.batch_execute("UPDATE oauth_apps SET client_id = 'canary' || char(10)").unwrap();
    let error = embedded.store.find_named(&acme(), "google").await.unwrap_err();
    assert_names(&error, "client_id", "oauth_apps");
    for broken in [
        "UPDATE authorization_flows SET stage = 'granted'",
        "UPDATE authorization_flows SET stage = 'over'",
        "UPDATE authorization_flows SET completion_hash = zeroblob(32)",
    ] {
        assert!(intruder.batch_execute(broken).is_err(), "{broken}");
    }
}

#[tokio::test]
async fn a_lease_goes_with_its_credential_whoever_deletes_that() {
    let embedded = Embedded::new().await;
    let stored = credential(&acme(), SeededIds::new(1).credential());
    let new = with_payload(stored.clone());
    CredentialRepository::insert(&embedded.store, &new, 50, evidence()).await.unwrap();
    let acquire = async || {
        let (owner, length) = (Uuid::from_u128(1), Duration::from_secs(30));
        embedded.store.acquire(&acme(), stored.id, 1, owner, length).await.unwrap()
    };
    assert!(matches!(acquire().await, Lease::Acquired { .. }));
    let mut intruder = embedded.intruder();
    intruder.batch_execute("PRAGMA foreign_keys = ON; DELETE FROM credentials").unwrap();
    assert_eq!(acquire().await, Lease::Moved);
    let left = "INSERT INTO organization_limits SELECT 'left', count(*) FROM refresh_leases";
    intruder.batch_execute(left).unwrap();
    let limit = embedded.store.limit(&organization("left")).await.unwrap();
    assert_eq!(limit, Some(0), "leases are left");
}

#[tokio::test]
async fn a_refresh_takes_few_statements() {
    let counter = StatementCounter::new();
    let options = SqliteOptions { statements: Some(counter.clone()), ..SqliteOptions::default() };
    let embedded = Embedded::with(options).await;
    let stored = credential(&acme(), SeededIds::new(1).credential());
    let new = with_payload(stored.clone());
    CredentialRepository::insert(&embedded.store, &new, 50, evidence()).await.unwrap();
    // The statements read the version, the time and the lease. The first call also writes the lease; the
    // others find it held.
    for statements in [4, 3, 3] {
        let before = counter.count();
        let owner = Uuid::from_u128(1);
        embedded.store.acquire(&acme(), stored.id, 1, owner, Duration::from_secs(30)).await.unwrap();
        assert_eq!(counter.count(), before + statements);
    }
    let before = counter.count();
    embedded.store.due(10).await.unwrap();
    assert_eq!(counter.count(), before + 1);
}
