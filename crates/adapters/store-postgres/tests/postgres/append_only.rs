use strongroom_domain::Action;
use strongroom_fixtures::{event, organization};
use strongroom_repository::{AuditTrail, Contention, StoreError};

use crate::support::fixture;

#[tokio::test]
async fn audit_events_refuse_update_delete_and_truncate_even_to_the_superuser() {
    let fixture = fixture().await;
    let batch = [event(&organization("acme"), Action::SecretRead)];
    fixture.store.append(&batch, Contention::Wait).await.unwrap();
    for statement in [
        "UPDATE audit_events SET actor = 'user:somebody-else'",
        "UPDATE audit_events SET actor = 'x' WHERE seq = 1000",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "TRUNCATE audit_heads, audit_events CASCADE",
    ] {
        let error = fixture.test.run_sql(statement).unwrap_err();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    assert_eq!(fixture.test.run_sql("SELECT count(*) FROM audit_events").unwrap(), "1");
}

#[tokio::test]
async fn a_row_that_was_edited_past_the_trigger_is_corrupt_and_named_without_its_value() {
    let fixture = fixture().await;
    let acme = organization("acme");
    fixture.store.append(&[event(&acme, Action::SecretRead)], Contention::Wait).await.unwrap();
    for edit in [
        "details = '{ }'",
        "action = 'canary'",
        "source_ip = '::0001'",
        "provider = 'SFTP'",
        "request_id = ''",
    ] {
        fixture
            .test
            .run_sql(&format!(
                "BEGIN; ALTER TABLE audit_events DISABLE TRIGGER ALL;
             CREATE TABLE kept AS TABLE audit_events; UPDATE audit_events SET {edit}; COMMIT"
            ))
            .unwrap();
        let error = fixture.store.range(&acme, 1, 10).await.unwrap_err();
        let StoreError::Corrupt(source) = &error else { panic!("{edit}: {error:?}") };
        let column = edit.split(' ').next().unwrap();
        assert!(
            source.to_string().starts_with(&format!(
                "column {column} of table audit_events cannot be read in row acme/1: "
            )),
            "{source}"
        );
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        fixture
            .test
            .run_sql("DELETE FROM audit_events; INSERT INTO audit_events TABLE kept; DROP TABLE kept")
            .unwrap();
    }
    assert_eq!(fixture.store.range(&acme, 1, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_head_that_was_put_back_is_found_at_the_next_event() {
    let fixture = fixture().await;
    let batch = [event(&organization("acme"), Action::SecretRead)];
    fixture.store.append(&batch, Contention::Wait).await.unwrap();
    fixture.test.run_sql("DELETE FROM audit_heads").unwrap();
    let answer = fixture.store.append(&batch, Contention::Skip).await;
    assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
}
