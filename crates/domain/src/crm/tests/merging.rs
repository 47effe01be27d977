use serde_json::{Value, json};

use super::providers::{pipedrive, salesforce};
use super::{content, fields, shown, text};
use crate::crm::{CrmContent, CrmMapping, CrmPatch};

const URL: &str = "https://mycompany.salesforce.com";

fn stored() -> CrmContent {
    let metadata = json!({
        "instance_url": URL, "api_version": "v58.0", "refresh_token": "old-refresh", "note": { "a": 1, "b": 2 },
    });
    content(URL, "old-token", metadata)
}

fn patch(object: &Value) -> CrmPatch {
    let field = |name: &str| object.get(name).map(|value| text(value.as_str().unwrap()));
    CrmPatch {
        dsn: field("dsn"),
        access_token: field("access_token"),
        metadata: object.get("metadata").map(fields),
    }
}

fn mapping() -> CrmMapping {
    salesforce().crm.unwrap()
}

#[test]
fn only_what_is_sent_changes() {
    for (sent, expected) in [
        (json!({}), json!({})),
        (json!({ "access_token": "new" }), json!({ "access_token": "new" })),
        (json!({ "dsn": URL }), json!({})),
        (
            json!({ "metadata": { "instance_url": URL, "login_host": null, "refresh_token": "new" } }),
            json!({ "metadata": {
                "instance_url": URL, "api_version": "v58.0", "refresh_token": "new", "note": { "a": 1, "b": 2 },
            } }),
        ),
        (
            json!({ "metadata": { "refresh_token": null, "note": { "a": null, "c": { "d": null } }, "e": null } }),
            json!({ "metadata": { "instance_url": URL, "api_version": "v58.0", "note": { "b": 2, "c": {} } } }),
        ),
    ] {
        let merged = shown(&stored().merge(&patch(&sent), &mapping()).unwrap());
        let mut whole = shown(&stored());
        whole.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        assert_eq!(merged, whole, "{sent}");
    }
}

#[test]
fn another_destination_needs_a_token_and_drops_secrets_that_are_not_sent_again() {
    for mut sent in [
        json!({ "dsn": "https://evil.salesforce.com" }),
        json!({ "dsn": "https://mycompany.salesforce.com/" }),
        json!({ "metadata": { "instance_url": "https://evil.salesforce.com" } }),
        json!({ "metadata": { "instance_url": null } }),
        json!({ "metadata": { "instance_url": {} } }),
        json!({ "metadata": { "login_host": "evil.salesforce.com" } }),
        json!({ "dsn": URL, "metadata": { "login_host": "evil.salesforce.com", "refresh_token": "again" } }),
    ] {
        let refused = stored().merge(&patch(&sent), &mapping()).unwrap_err();
        assert_eq!(refused.field, "access_token", "{sent}");
        sent["access_token"] = json!("new-token");
        let merged = shown(&stored().merge(&patch(&sent), &mapping()).unwrap());
        let metadata = merged["metadata"].as_object().unwrap();
        let again = sent.pointer("/metadata/refresh_token");
        assert_eq!((metadata.get("refresh_token"), metadata.get("note")), (again, None), "{sent}");
        assert_eq!(
            (&metadata["api_version"], &merged["access_token"]),
            (&json!("v58.0"), &json!("new-token"))
        );
        assert!(!merged.to_string().contains("old-"), "{merged}");
    }
}

#[test]
fn a_merged_object_starts_empty_where_secrets_were_dropped() {
    let sent = json!({
        "dsn": "https://other.salesforce.com", "access_token": "new", "metadata": { "note": { "a": 3 } },
    });
    let merged = shown(&stored().merge(&patch(&sent), &mapping()).unwrap());
    assert_eq!(merged["metadata"]["note"], json!({ "a": 3 }));
}

#[test]
fn a_destination_that_is_no_url_counts_too() {
    let mapping = pipedrive().crm.unwrap();
    let stored = || content("https://mycompany.pipedrive.com", "t", json!({ "company_domain": "mycompany" }));
    let moved = patch(&json!({ "metadata": { "company_domain": "evil" } }));
    assert!(stored().merge(&moved, &mapping).is_err());
    let same = patch(&json!({ "metadata": { "company_domain": "mycompany", "note": 1 } }));
    assert!(stored().merge(&same, &mapping).is_ok());
}
