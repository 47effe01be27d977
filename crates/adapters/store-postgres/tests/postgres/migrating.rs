use std::time::Duration;

use strongroom_domain::Action;
use strongroom_fixtures::postgres_cluster::PostgresCluster;
use strongroom_fixtures::{SeededIds, credential, event, organization, with_payload};
use strongroom_repository::{
    CredentialRepository, DeploymentRepository, DestinationLimitRepository, IntegrationRepository,
    RefreshLeaseRepository,
};
use strongroom_store_postgres::{OpenError, PostgresDatabase};

use crate::support::{fixture, options};

const LIMITS_DOWN: &str =
    include_str!("../../../../../migrations/postgres/20261122000000_destination_limits/down.sql");

const INTEGRATIONS_DOWN: &str =
    include_str!("../../../../../migrations/postgres/20261123000000_integrations/down.sql");

const SCOPE_DOWN: &str =
    include_str!("../../../../../migrations/postgres/20261201000000_refresh_token_scope/down.sql");

const KEYS_DOWN: &str =
    include_str!("../../../../../migrations/postgres/20261202000000_organization_keys/down.sql");

const ISSUERS_DOWN: &str = include_str!("../../../../../migrations/postgres/20261203000000_issuers/down.sql");

const ENDS_DOWN: &str =
    include_str!("../../../../../migrations/postgres/20261204000000_ends_and_doubts/down.sql");

const OAUTH_DOWN: &str = include_str!("../../../../../migrations/postgres/20261124000000_oauth/down.sql");

async fn connect(url: String) -> PostgresDatabase {
    PostgresDatabase::connect(options(url)).await.unwrap()
}

#[tokio::test]
async fn of_instances_that_start_at_once_one_migrates_and_the_others_find_it_done() {
    let test = PostgresCluster::shared().create_database();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let url = test.url();
            tokio::spawn(async move {
                let database = connect(url).await;
                let applied = database.migrate().await.unwrap();
                assert!(database.migrations_current().await.unwrap());
                (applied, database.deployment_id().await.unwrap())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.sort_by_key(|(applied, _)| std::cmp::Reverse(*applied));
    assert_eq!(answers.iter().map(|(applied, _)| *applied).collect::<Vec<_>>(), [8, 0, 0, 0]);
    assert!(answers.iter().all(|(_, id)| *id == answers[0].1));
}

#[tokio::test]
async fn an_unmigrated_database_is_not_current_and_the_text_says_what_to_do() {
    let test = PostgresCluster::shared().create_database();
    let database = connect(test.url()).await;
    assert!(!database.migrations_current().await.unwrap());
    let error = database.check_schema().await.unwrap_err();
    assert!(matches!(error, OpenError::OlderSchema { version: "20261121000000" }));
    assert!(error.to_string().contains("run the migrate command"));
}

#[tokio::test]
async fn a_schema_of_a_newer_build_is_refused_and_left_alone() {
    let fixture = fixture().await;
    fixture
        .test
        .run_sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')")
        .unwrap();
    let database = fixture.store.database();
    let error = database.migrate().await.unwrap_err();
    assert!(matches!(&error, OpenError::NewerSchema { version } if version == "29990101000000"));
    assert!(error.to_string().contains("start a newer build"));
    assert!(matches!(database.check_schema().await, Err(OpenError::NewerSchema { .. })));
    assert!(!database.migrations_current().await.unwrap());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let test = PostgresCluster::shared().create_database();
    let database = connect(test.url()).await;
    // The last table of the first migration already exists, then one of the last migration.
    for table in ["audit_events", "refresh_leases"] {
        test.run_sql(&format!("CREATE TABLE {table} (x int)")).unwrap();
        assert!(matches!(database.migrate().await, Err(OpenError::Migration { .. })));
        let tables = "SELECT string_agg(relname, ',') FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        assert_eq!(test.run_sql(tables).unwrap(), table);
        test.run_sql(&format!("DROP TABLE {table}")).unwrap();
    }
    assert_eq!(database.migrate().await.unwrap(), 8);
}

#[tokio::test]
async fn an_account_without_rights_to_make_tables_finds_a_current_schema_current() {
    let fixture = fixture().await;
    let name = fixture.test.name();
    fixture
        .test
        .run_sql(&format!(
            "CREATE ROLE reader_{name} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_{name}"
        ))
        .unwrap();
    let url = fixture.test.url().replace("postgres@", &format!("reader_{name}@"));
    assert_eq!(connect(url).await.migrate().await.unwrap(), 0);
    fixture.test.run_sql(&format!("DROP OWNED BY reader_{name}; DROP ROLE reader_{name}")).unwrap();
}

#[tokio::test]
async fn the_way_down_removes_everything_and_the_way_up_works_again() {
    let fixture = fixture().await;
    let down = include_str!("../../../../../migrations/postgres/20261121000000_foundation/down.sql");
    fixture
        .test
        .run_sql(&format!(
            "{ENDS_DOWN}{ISSUERS_DOWN} {KEYS_DOWN} {SCOPE_DOWN} {OAUTH_DOWN} {INTEGRATIONS_DOWN} {LIMITS_DOWN} {down} DELETE FROM __diesel_schema_migrations;"
        ))
        .unwrap();
    assert_eq!(fixture.store.database().migrate().await.unwrap(), 8);
}

#[tokio::test]
async fn a_database_of_an_older_build_gets_what_is_missing_and_keeps_what_it_has() {
    let fixture = fixture().await;
    let database = fixture.store.database();
    let id = database.deployment_id().await.unwrap();
    let acme = organization("acme");
    let stored = credential(&acme, SeededIds::new(1).credential());
    let evidence = event(&acme, Action::CredentialCreated).into();
    CredentialRepository::insert(&fixture.store, &with_payload(stored.clone()), 1, evidence).await.unwrap();
    fixture
        .test
        .run_sql(&format!(
            "{ENDS_DOWN}{ISSUERS_DOWN} {KEYS_DOWN} {SCOPE_DOWN} {OAUTH_DOWN} {INTEGRATIONS_DOWN} {LIMITS_DOWN}
             DELETE FROM __diesel_schema_migrations WHERE version >= '20261122000000'"
        ))
        .unwrap();
    let error = database.check_schema().await.unwrap_err();
    assert!(matches!(error, OpenError::OlderSchema { version: "20261122000000" }), "{error:?}");
    assert_eq!(database.migrate().await.unwrap(), 7);
    assert!(database.migrations_current().await.unwrap());
    assert_eq!(database.deployment_id().await.unwrap(), id);
    let taken = fixture.store.take([7; 32], 1, Duration::from_secs(60)).await;
    assert_eq!(taken.unwrap(), None);
    assert_eq!(IntegrationRepository::list(&fixture.store, &acme).await.unwrap(), []);
    assert_eq!(fixture.store.due(10).await.unwrap(), []);
    assert_eq!(CredentialRepository::find(&fixture.store, &acme, stored.id).await.unwrap(), Some(stored));
}
