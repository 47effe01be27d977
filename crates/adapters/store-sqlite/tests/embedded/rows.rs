use std::time::Duration;

use diesel::connection::SimpleConnection;
use strongroom_domain::{Action, Integration, IntegrationId};
use strongroom_fixtures::{
    SeededIds, api_key, credential, event, full_credential, full_event, full_service_account, instant,
    provider, with_payload,
};
use strongroom_repository::{
    AuditTrail, Contention, CredentialFilter, CredentialRepository, DeploymentRepository,
    DestinationLimitRepository, IntegrationRepository, OrganizationRepository, QuotaDrift, Selector,
    ServiceAccountRepository, StoreError,
};
use strongroom_store_sqlite::{SqliteOptions, StatementCounter};

use crate::{Embedded, acme, evidence};

/// The whole text of an error, sources included, as a log would show it.
pub(crate) fn spelled_out(error: &StoreError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[tokio::test]
async fn audit_events_cannot_be_updated_or_deleted() {
    let embedded = Embedded::new().await;
    embedded.store.append(&[event(&acme(), Action::SecretRead)], Contention::Wait).await.unwrap();
    let mut intruder = embedded.intruder();
    for statement in [
        "UPDATE audit_events SET actor = 'user:nobody'",
        "DELETE FROM audit_events",
        "REPLACE INTO audit_events SELECT * FROM audit_events",
        "INSERT INTO audit_events SELECT * FROM audit_events WHERE true ON CONFLICT DO UPDATE SET actor = 'x'",
    ] {
        intruder.batch_execute("PRAGMA recursive_triggers = ON").unwrap();
        let refused = intruder.batch_execute(statement).unwrap_err();
        assert!(refused.to_string().starts_with("audit events are never"), "{statement}: {refused}");
    }
    let records = embedded.store.range(&acme(), 1, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records.first().unwrap().event, event(&acme(), Action::SecretRead));
}

#[tokio::test]
async fn a_bad_column_is_reported_by_its_place_and_never_by_its_value() {
    let embedded = Embedded::new().await;
    let ids = SeededIds::new(1);
    let stored = full_credential(&acme(), ids.credential());
    CredentialRepository::insert(&embedded.store, &with_payload(stored.clone()), 50, evidence())
        .await
        .unwrap();
    let account = full_service_account(&acme(), ids.service_account());
    ServiceAccountRepository::insert(&embedded.store, &account, evidence()).await.unwrap();
    let key = api_key(&account, ids.api_key());
    assert!(embedded.store.insert_key(&key, evidence()).await.unwrap());
    let mut intruder = embedded.intruder();

    let edits = [
        ("credentials", "status", "UPDATE credentials SET status = 'canary'"),
        ("credentials", "config", "UPDATE credentials SET status = 'pending', config = '{\"canary\":{}}'"),
        ("credentials", "version", "UPDATE credentials SET config = '{}', version = -7"),
        ("service_accounts", "scopes", "UPDATE service_accounts SET scopes = '[\"canary\"]'"),
        (
            "api_keys",
            "name",
            "UPDATE service_accounts SET scopes = '[]'; UPDATE api_keys SET name = char(10)",
        ),
    ];
    for (table, column, edit) in edits {
        intruder.batch_execute(edit).unwrap();
        let error = match table {
            "credentials" => {
                embedded.store.find_sealed(&acme(), &Selector::Id(stored.id)).await.err().unwrap()
            }
            _ => embedded.store.find_key(&key.id).await.err().unwrap(),
        };
        let text = spelled_out(&error);
        assert!(matches!(error, StoreError::Corrupt(_)), "{text}");
        let place = format!("column {column} of table {table} cannot be read in row acme/");
        assert!(text.contains(&place) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn an_edited_audit_row_is_corrupt_in_a_range() {
    let embedded = Embedded::new().await;
    let batch = [event(&acme(), Action::SecretRead), full_event(&acme(), SeededIds::new(1).credential())];
    embedded.store.append(&batch, Contention::Wait).await.unwrap();
    let edit =
        "DROP TRIGGER audit_events_are_not_updated; UPDATE audit_events SET action = 'canary' WHERE seq = 2";
    embedded.intruder().batch_execute(edit).unwrap();
    assert_eq!(embedded.store.range(&acme(), 1, 1).await.unwrap().len(), 1);
    let error = embedded.store.range(&acme(), 1, 2).await.unwrap_err();
    let text = spelled_out(&error);
    assert!(matches!(error, StoreError::Corrupt(_)), "{text}");
    assert!(text.contains("column action of table audit_events cannot be read in row acme/2"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_record_with_another_spelling_of_what_was_signed_is_corrupt() {
    let embedded = Embedded::new().await;
    embedded.store.append(&[event(&acme(), Action::SecretRead)], Contention::Wait).await.unwrap();
    let mut intruder = embedded.intruder();
    intruder.batch_execute("DROP TRIGGER audit_events_are_not_updated").unwrap();
    for (column, edited, good) in [
        ("details", "'{ }'", "'{}'"),
        ("source_ip", "'::0001'", "NULL"),
        ("provider", "'SFTP'", "NULL"),
        ("request_id", "''", "NULL"),
    ] {
        intruder.batch_execute(&format!("UPDATE audit_events SET {column} = {edited}")).unwrap();
        let error = embedded.store.range(&acme(), 1, 1).await.unwrap_err();
        let text = spelled_out(&error);
        assert!(matches!(error, StoreError::Corrupt(_)), "{text}");
        let place = format!("column {column} of table audit_events cannot be read in row acme/1");
        assert!(text.contains(&place), "{text}");
        intruder.batch_execute(&format!("UPDATE audit_events SET {column} = {good}")).unwrap();
    }
    assert_eq!(embedded.store.range(&acme(), 1, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_head_that_was_put_back_is_found_at_the_next_event() {
    let embedded = Embedded::new().await;
    let batch = [event(&acme(), Action::SecretRead)];
    embedded.store.append(&batch, Contention::Wait).await.unwrap();
    embedded.intruder().batch_execute("DELETE FROM audit_heads").unwrap();
    let answer = embedded.store.append(&batch, Contention::Skip).await;
    assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
}

#[tokio::test]
async fn a_limit_beyond_32_bits_is_the_largest_that_can_be_named() {
    let embedded = Embedded::new().await;
    let edit = "INSERT INTO organization_limits VALUES ('acme', 5000000000)";
    embedded.intruder().batch_execute(edit).unwrap();
    assert_eq!(embedded.store.limit(&acme()).await.unwrap(), Some(u32::MAX));
}

#[tokio::test]
async fn counters_that_are_off_are_found() {
    let embedded = Embedded::new().await;
    let stored = credential(&acme(), SeededIds::new(1).credential());
    CredentialRepository::insert(&embedded.store, &with_payload(stored.clone()), 50, evidence())
        .await
        .unwrap();
    let mut intruder = embedded.intruder();
    let drift = |provider_id, counted, stored| QuotaDrift {
        organization: acme(),
        provider: provider(provider_id),
        counted,
        stored,
    };
    intruder.batch_execute("UPDATE credential_quota SET used = 5").unwrap();
    intruder.batch_execute("INSERT INTO credential_quota VALUES ('acme', 'datadog', 2)").unwrap();
    let found = embedded.store.quota_drift().await.unwrap();
    assert_eq!(found, [drift("datadog", 2, 0), drift("sftp", 5, 1)]);
    intruder.batch_execute("DELETE FROM credential_quota").unwrap();
    assert_eq!(embedded.store.quota_drift().await.unwrap(), [drift("sftp", 0, 1)]);
}

#[tokio::test]
async fn each_look_up_of_a_secret_read_is_one_statement() {
    let counter = StatementCounter::new();
    let options = SqliteOptions { statements: Some(counter.clone()), ..SqliteOptions::default() };
    let embedded = Embedded::with(options).await;
    let ids = SeededIds::new(1);
    let stored = full_credential(&acme(), ids.credential());
    CredentialRepository::insert(&embedded.store, &with_payload(stored.clone()), 50, evidence())
        .await
        .unwrap();
    let account = full_service_account(&acme(), ids.service_account());
    ServiceAccountRepository::insert(&embedded.store, &account, evidence()).await.unwrap();
    let key = api_key(&account, ids.api_key());
    assert!(embedded.store.insert_key(&key, evidence()).await.unwrap());

    let before = counter.count();
    assert!(embedded.store.find_key(&key.id).await.unwrap().is_some());
    assert_eq!(counter.count(), before + 1);
    for selector in [Selector::Id(stored.id), Selector::Slot(stored.slot.unwrap())] {
        let before = counter.count();
        assert!(embedded.store.find_sealed(&acme(), &selector).await.unwrap().is_some());
        assert_eq!(counter.count(), before + 1);
    }
    let before = counter.count();
    assert_eq!(embedded.store.find_sealed_many(&acme(), &[stored.id, stored.id]).await.unwrap().len(), 1);
    assert_eq!(counter.count(), before + 1);
}

#[tokio::test]
async fn hot_statements_use_an_index_and_sort_nothing() {
    let embedded = Embedded::new().await;
    let plans = [
        ("SELECT envelope FROM credentials WHERE org_id = ? AND id = ?", "sqlite_autoindex_credentials_1"),
        ("SELECT envelope FROM credentials WHERE org_id = ? AND slot = ?", "credentials_slot"),
        (
            "SELECT id FROM credentials WHERE org_id = ? AND id < ? ORDER BY id DESC",
            "sqlite_autoindex_credentials_1",
        ),
        (
            "SELECT id FROM credentials WHERE org_id = ? AND provider = ? ORDER BY id DESC",
            "credentials_provider",
        ),
        ("SELECT seq FROM audit_events WHERE org_id = ? ORDER BY seq DESC", "PRIMARY KEY"),
        (
            "SELECT seq FROM audit_events WHERE org_id = ? AND credential_id = ? ORDER BY seq DESC",
            "audit_events_credential",
        ),
        ("SELECT count(*) FROM credentials GROUP BY kek_id", "credentials_kek"),
        ("SELECT id FROM integrations WHERE org_id = ? ORDER BY provider", "PRIMARY KEY"),
        ("SELECT id FROM integrations WHERE org_id = ? AND credential_id = ?", "integrations_credential"),
        ("SELECT flow_id FROM oauth_state_locator WHERE state_hash = ?", "PRIMARY KEY"),
        (
            "SELECT id FROM authorization_flows WHERE expires_at <= ? ORDER BY expires_at",
            "authorization_flows_expiry",
        ),
        ("SELECT id FROM credentials WHERE refresh_at <= ? ORDER BY refresh_at", "credentials_refresh"),
        ("SELECT owner FROM refresh_leases WHERE org_id = ? AND credential_id = ?", "PRIMARY KEY"),
    ];
    for (statement, index) in plans {
        let plan = explain(&embedded, statement);
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{statement}: {plan}");
    }
}

/// The query plan of SQLite for a statement.
fn explain(embedded: &Embedded, statement: &str) -> String {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let query = diesel::sql_query(["EXPLAIN QUERY PLAN ", statement].concat());
    let steps: Vec<Step> = query.load(&mut embedded.intruder()).unwrap();
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn an_empty_question_asks_the_database_nothing() {
    let counter = StatementCounter::new();
    let embedded =
        Embedded::with(SqliteOptions { statements: Some(counter.clone()), ..SqliteOptions::default() }).await;
    let before = counter.count();
    assert_eq!(embedded.store.append(&[], Contention::Wait).await.unwrap(), []);
    embedded.store.note_reads(&[]).await.unwrap();
    embedded.store.note_uses(&[]).await.unwrap();
    assert_eq!(counter.count(), before);
    assert!(embedded.database.now().await.is_ok());
    assert_eq!(counter.count(), before + 1);
    let none =
        CredentialRepository::list(&embedded.store, &acme(), &CredentialFilter::default(), None, 0).await;
    assert_eq!(none.unwrap(), []);
}

#[tokio::test]
async fn an_edited_list_of_tests_is_corrupt_and_stops_no_other_destination() {
    const MINUTE: Duration = Duration::from_secs(60);
    let embedded = Embedded::new().await;
    for destination in [[7; 32], [8; 32]] {
        assert_eq!(embedded.store.take(destination, 5, MINUTE).await.unwrap(), None);
    }
    let mut intruder = embedded.intruder();
    let edit = "UPDATE destination_limits SET taken_at = '[\"canary\"]' WHERE destination_hash < x'08'";
    intruder.batch_execute(edit).unwrap();
    let error = embedded.store.take([7; 32], 5, MINUTE).await.unwrap_err();
    let text = spelled_out(&error);
    assert!(matches!(error, StoreError::Corrupt(_)), "{text}");
    let place =
        format!("column taken_at of table destination_limits cannot be read in row {}", "07".repeat(32));
    assert!(text.contains(&place) && !text.contains("canary"), "{text}");
    assert_eq!(embedded.store.take([8; 32], 5, MINUTE).await.unwrap(), None);
    assert_eq!(embedded.store.forget(MINUTE).await.unwrap(), 1);
    assert_eq!(embedded.store.take([7; 32], 5, MINUTE).await.unwrap(), None);
    assert!(intruder.batch_execute("UPDATE destination_limits SET taken_at = 'x'").is_err());
}

#[tokio::test]
async fn a_credential_in_use_is_not_deleted_past_the_store_and_an_edited_connection_is_corrupt() {
    let embedded = Embedded::new().await;
    let ids = SeededIds::new(1);
    let stored = credential(&acme(), ids.credential());
    CredentialRepository::insert(&embedded.store, &with_payload(stored.clone()), 50, evidence())
        .await
        .unwrap();
    let integration = Integration {
        organization: acme(),
        id: IntegrationId(ids.credential().0),
        provider: stored.provider.clone(),
        connected_by: "user_1".to_owned(),
        issuer: None,
        connected_at: instant(1),
    };
    assert!(embedded.store.connect(&integration, &stored, evidence()).await.unwrap());
    let mut intruder = embedded.intruder();
    intruder.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    assert!(intruder.batch_execute("DELETE FROM credentials").is_err());
    assert!(intruder.batch_execute("UPDATE integrations SET credential_id = randomblob(16)").is_err());

    let edits = [
        ("provider", "UPDATE integrations SET provider = 'can-ary'"),
        ("connected_at", "UPDATE integrations SET provider = 'sftp', connected_at = 9223372036854775807"),
    ];
    for (column, edit) in edits {
        intruder.batch_execute(edit).unwrap();
        let error = IntegrationRepository::list(&embedded.store, &acme()).await.unwrap_err();
        let text = spelled_out(&error);
        assert!(matches!(error, StoreError::Corrupt(_)), "{text}");
        let place = format!("column {column} of table integrations cannot be read in row acme/");
        assert!(text.contains(&place) && !text.contains("can-ary"), "{text}");
    }
}

#[tokio::test]
async fn a_connection_comes_with_its_credential_in_one_statement() {
    let counter = StatementCounter::new();
    let options = SqliteOptions { statements: Some(counter.clone()), ..SqliteOptions::default() };
    let embedded = Embedded::with(options).await;
    let before = counter.count();
    assert!(
        IntegrationRepository::find(&embedded.store, &acme(), &provider("sftp")).await.unwrap().is_none()
    );
    assert!(IntegrationRepository::list(&embedded.store, &acme()).await.unwrap().is_empty());
    assert_eq!(counter.count(), before + 2);
}
