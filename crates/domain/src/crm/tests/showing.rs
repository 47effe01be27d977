use serde_json::{Value, json};

use super::providers::{hubspot, salesforce};
use super::{content, fields, shown, text};
use crate::crm::{CrmContent, CrmPatch, MASK};
use crate::violation::Violation;

const CANARY: &str = "canary7zq4mx7wv2kn";
const URL: &str = "https://mycompany.salesforce.com";

/// A credential of Salesforce as it is shown masked.
fn masked(content: CrmContent) -> Value {
    shown(&content.masked(&salesforce().crm.unwrap()))
}

#[test]
fn no_secret_is_left_in_a_masked_dsn() {
    for dsn in [
        "https://CANARY@host.example.com/",
        "https://user:CANARY@host.example.com/",
        "https://:CANARY@host.example.com",
        "https:user:CANARY@host.example.com",
        "https:\\\\user:CANARY@host.example.com",
        "ht\ttps://user:CANARY@host.example.com",
        "https://us%65r:CANARY%20@[::1]:8443/a",
        "https://user:p@CANARY@host.example.com",
        "https://host.example.com/?token=CANARY",
        "https://host.example.com?CANARY",
        "https://host.example.com/#CANARY",
        "https://host.example.com/?a#b=CANARY",
        "postgres://crm:CANARY@db.example.com:5432/crm?sslpassword=CANARY",
        "mongodb://u:CANARY@one.example.com:1,two.example.com:2/crm",
        "foo:/user:CANARY@host/x",
        "foo:user:CANARY@host",
        "file://user:CANARY@host/x",
        "file:///CANARY",
        "jdbc:sqlserver://host;password=CANARY",
        "data:text/plain,CANARY",
        "Server=db.example.com;Password=CANARY",
        "CANARY",
        "//user:CANARY@host",
        "user:CANARY@host:22",
        "https://user:CANARY@",
        "https://[CANARY",
        "sqlserver://host;user=sa;password=CANARY",
        "sqlserver://host:1433;password=CANARY/db",
        "odbc://Driver={x};Pwd=CANARY",
        "snowflake://acct;token=CANARY",
        "foo://h&password=CANARY/",
        "https://CORP\\alice:CANARY@crm.example.com/",
        "https://u\\:CANARY@host/",
        "https://host\\@CANARY/",
        "foo://user%3ACANARY%40host/",
        "foo://h%3Fpassword%3DCANARY/",
        "foo://h%23CANARY/",
        "https://h/\0CANARY",
        "https://alice/CANARY@crm.example.com",
        "https://alice:12/CANARY@crm.example.com/",
        "https://host/;password=CANARY",
        "https://h/%3Fpassword=CANARY",
        "https://h/%40CANARY",
        "https://h/%2525/%zz/CANARY",
        "https://h/a CANARY",
        "https://h:CANARY/",
        "https://u:1@h:CANARY",
        "1://CANARY",
        "ht tp://h/CANARY",
    ] {
        let masked = masked(content(&dsn.replace("CANARY", CANARY), "a-token", json!({})));
        assert!(!masked.to_string().contains(CANARY), "{dsn}: {masked}");
    }
}

#[test]
fn no_secret_is_left_in_masked_metadata() {
    for metadata in [
        json!({ "refresh_token": CANARY }),
        json!({ "note": { "deep": [[CANARY], { "x": CANARY }] } }),
        json!({ "pin": 424_242_424_242_u64, "pi": 42.424_242, "sealed": true }),
        json!({ "instance_url": format!("https://user:{CANARY}@host.example.com") }),
        json!({ "scopes": [format!("https://:{CANARY}@host"), { "x": format!("ftp://{CANARY}@host") }] }),
        json!({ "api_version": format!("https://CORP\\u:{CANARY}@h/") }),
        json!({ "api_version": format!("mongodb://u:{CANARY}@h1:1,h2:2/") }),
        json!({ "api_version": format!("jdbc:pg://u:{CANARY}@h/") }),
        json!({ "api_version": format!("see https://u:{CANARY}@h/") }),
        json!({ "token_type": format!("https://h/?token={CANARY}") }),
        json!({ "scopes": { "password": CANARY } }),
        json!({ "scopes": [[CANARY]] }),
        json!({ "Instance_Url": CANARY, "api_version ": CANARY }),
    ] {
        let masked = masked(content(URL, CANARY, metadata.clone())).to_string();
        let leak = [CANARY, "424242", "42.42", "true"].into_iter().find(|secret| masked.contains(secret));
        assert!(leak.is_none(), "{metadata}: {masked}");
    }
}

#[test]
fn what_is_public_stays_in_the_clear() {
    for (dsn, expected) in [
        (URL, URL),
        ("postgres://db.example.com:5432/crm", "postgres://db.example.com:5432/crm"),
        (
            "postgres://crm:pw@db.example.com:5433/crm?x=1#y",
            "postgres://********@db.example.com:5433/crm?********#********",
        ),
        ("https://user@[::1]:8443/a/b", "https://********@[::1]:8443/a/b"),
        ("https://example.com/?", "https://example.com/?********"),
        ("https://example.com:8443/a_b/c-d.e/%20f", "https://example.com:8443/a_b/c-d.e/%20f"),
        ("https://u@example.com", "https://********@example.com"),
        ("not a url", MASK),
        ("mailto:a@example.com", MASK),
    ] {
        assert_eq!(masked(content(dsn, "a-token", json!({})))["dsn"], expected);
    }
    let metadata = json!({
        "instance_url": URL, "scopes": ["a", 1, true], "api_version": null, "token_type": 7,
        "expires_at": "2031-02-03T04:05:06Z", "note": { "a": [1, null], "b": {} },
    });
    let mut expected = metadata.clone();
    expected["note"] = json!({ "a": [MASK, MASK], "b": {} });
    let masked = masked(content("https://x.example.com", "a-token", metadata));
    assert_eq!((&masked["metadata"], &masked["access_token"]), (&expected, &json!(MASK)));
}

#[test]
fn a_value_that_was_read_masked_is_found_wherever_it_is() {
    let (url, inside) = ("https://a.example.com", format!("x{MASK}y"));
    for (dsn, token, metadata, places) in [
        (url, "a-token", json!({ "stars": "*******" }), vec![]),
        (MASK, "a-token", json!({}), vec!["dsn"]),
        ("https://********@a.example.com", "a-token", json!({}), vec!["dsn"]),
        (url, &inside, json!({}), vec!["access_token"]),
        (url, "a-token", json!({ "a": { "b": [1, inside] }, "c": 1 }), vec!["metadata.a"]),
        (MASK, MASK, json!({ "scopes": [MASK] }), vec!["dsn", "access_token", "metadata.scopes"]),
    ] {
        let fields_of =
            |masks: Vec<Violation>| -> Vec<String> { masks.into_iter().map(|mask| mask.field).collect() };
        assert_eq!(fields_of(content(dsn, token, metadata.clone()).masks()), places);
        let (dsn, access_token, metadata) = (Some(text(dsn)), Some(text(token)), Some(fields(&metadata)));
        assert_eq!(fields_of(CrmPatch { dsn, access_token, metadata }.masks()), places);
    }
    assert!(CrmPatch::default().masks().is_empty() && CrmPatch::default().is_empty());
}

#[test]
fn masking_tells_nothing_about_a_secret_but_that_it_is_there() {
    let show = |token: &str| {
        let metadata = json!({ "refresh_token": token, "length": token.len() });
        shown(&content("https://x:y@api.hubapi.com", token, metadata).masked(&hubspot().crm.unwrap()))
    };
    assert_eq!(show("a"), show(CANARY));
}
