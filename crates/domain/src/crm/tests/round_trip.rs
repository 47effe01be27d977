use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::providers::{field, hubspot, pipedrive, salesforce};
use super::{content, shown, value_of};
use crate::config::{ConfigValue, PublicConfig};
use crate::content::Content;
use crate::credential::{Credential, CredentialName, Slot};
use crate::credential_id::CredentialId;
use crate::credential_status::CredentialStatus;
use crate::credential_type::CredentialType;
use crate::crm::{CrmContent, METADATA};
use crate::json::Json;
use crate::organization::OrganizationId;
use crate::provider::{FieldKind, Provider};

/// A credential as it is stored.
struct Stored {
    credential: Credential,
    content: Content,
}

impl Stored {
    fn of(provider: &Provider, new: CrmContent) -> Self {
        let (kind, mut content) = new.into_content(provider, provider.crm.as_ref().unwrap()).unwrap();
        content.config = PublicConfig::from_canonical_json(&content.config.to_canonical_json()).unwrap();
        Self { credential: credential(provider, kind, &content), content }
    }

    fn config(&self) -> Value {
        serde_json::from_str(&self.content.config.to_canonical_json()).unwrap()
    }

    fn secret_fields(&self) -> Vec<&str> {
        self.content.secret.iter().map(|(name, _)| name).collect()
    }

    fn remainder(&self) -> Value {
        let text = self.content.secret.get(METADATA);
        text.map_or(Value::Null, |text| value_of(&Json::parse(text.expose().as_bytes()).unwrap()))
    }

    fn put_together(&self, provider: &Provider) -> Value {
        let mut payload = self.content.duplicate().secret;
        shown(&CrmContent::of(provider.crm.as_ref().unwrap(), &self.credential, &mut payload).unwrap())
    }
}

fn credential(provider: &Provider, kind: CredentialType, content: &Content) -> Credential {
    Credential {
        organization: OrganizationId::parse("acme").unwrap(),
        id: CredentialId(Uuid::from_u128(1)),
        provider: provider.id.clone(),
        credential_type: kind,
        name: CredentialName::parse("CRM").unwrap(),
        slot: Some(Slot::crm(&provider.id)),
        status: CredentialStatus::Unverified,
        status_reason: None,
        config: content.config.clone(),
        version: 1,
        revision: 1,
        user_id: None,
        google_email: None,
        expires_at: None,
        access_token_expires_at: content.access_token_expires_at,
        grant_expires_at: content.grant_expires_at,
        last_tested_at: None,
        last_test_code: None,
        last_read_at: None,
        refreshed_at: None,
        refresh_at: None,
        oauth_app: None,
        account: None,
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: OffsetDateTime::UNIX_EPOCH,
        created_by: "alice".into(),
        issuer: None,
        modified_by: "alice".into(),
    }
}

/// What a client sends, as it should come back, and as it arrives.
fn sent(dsn: &str, token: &str, metadata: &Value) -> (Value, CrmContent) {
    let object = json!({ "dsn": dsn, "access_token": token, "metadata": metadata });
    (object, content(dsn, token, metadata.clone()))
}

#[test]
fn a_salesforce_grant_fills_the_fields_of_its_provider() {
    let (url, salesforce) = ("https://mycompany.salesforce.com", salesforce());
    let metadata = json!({
        "instance_url": url, "api_version": "v58.0", "refresh_token": "5Aep861...", "token_type": "Bearer"
    });
    let (sent, new) = sent(url, "00D5g000001234567!AQYAQ...", &metadata);
    let stored = Stored::of(&salesforce, new);
    assert_eq!(stored.credential.credential_type, CredentialType::Oauth2);
    let config = json!({ "api_version": "v58.0", "instance_url": url, "token_type": "Bearer" });
    assert_eq!(stored.config(), config);
    assert_eq!(stored.secret_fields(), ["access_token", "metadata", "refresh_token"]);
    assert_eq!(stored.remainder(), json!({ "instance_url": url }));
    assert_eq!(stored.put_together(&salesforce), sent);
}

#[test]
fn a_hubspot_token_fills_the_fields_of_its_provider() {
    let hubspot = hubspot();
    let metadata = json!({ "portal_id": "12345678", "scopes": ["contacts", "companies", "deals"] });
    let (sent, new) = sent("https://api.hubapi.com", "pat-na1-1234567890abcdef", &metadata);
    let stored = Stored::of(&hubspot, new);
    assert_eq!(stored.credential.credential_type, CredentialType::ApiKey);
    let mut config = metadata;
    config["base_url"] = json!("https://api.hubapi.com");
    assert_eq!((stored.config(), stored.secret_fields()), (config, vec!["access_token"]));
    assert_eq!(stored.put_together(&hubspot), sent);
}

#[test]
fn a_pipedrive_token_goes_by_another_name_in_the_vault() {
    let pipedrive = pipedrive();
    let metadata = json!({ "company_domain": "mycompany", "api_token": "1a2b3c4d5e6f7g8h9i0j" });
    let (sent, new) = sent("https://mycompany.pipedrive.com", "another-1a2b3c4d5e", &metadata);
    let stored = Stored::of(&pipedrive, new);
    assert_eq!(stored.secret_fields(), ["api_token", "metadata"]);
    assert_eq!(stored.content.secret.get("api_token").unwrap().expose(), "another-1a2b3c4d5e");
    assert_eq!(stored.remainder(), json!({ "api_token": "1a2b3c4d5e6f7g8h9i0j" }));
    assert_eq!(stored.put_together(&pipedrive), sent);
}

#[test]
fn whatever_metadata_are_sent_come_back() {
    let border = 9_007_199_254_740_991_i64;
    let odd = [
        json!({}),
        json!({ "a": null, "b": "", "c": [], "d": {}, "": "nameless" }),
        json!({ "deep": { "list": [1, 1.5, 1e300, -0.5, null, true, { "x": [[]] }] } }),
        json!({ "große": "Höhle 🗝 \u{0} \u{2028}", "api_version": "v58.0" }),
        json!({ "api_version": border, "scope": -border, "scopes": border + 1, "big": u64::MAX }),
        json!({ "api_version": { "major": 58 }, "scopes": ["a", 1], "token_type": null, "scope": "" }),
        json!({ "instance_url": "https://other.salesforce.com", "base_url": 1, "api_domain": true }),
        json!({ "instance_url": "https://user:pass@other.salesforce.com", "base_url": "no url" }),
        json!({ "expires_at": "2031-02-03T04:05:06+01:00" }),
        json!({ "expires_at": "2031-02-03T04:05:06.789Z", "refresh_token": "r" }),
        json!({ "expires_at": "2031-02-03T05:05:06+01:00", "refresh_token": "r" }),
        json!({ "expires_at": "soon", "refresh_token": "r" }),
        json!({ "expires_at": 1_735_689_600, "refresh_token": "r" }),
        json!({ "refresh_token": "", "access_token": "x", "api_token": "y" }),
        json!({ "refresh_token": { "value": "r" } }),
        json!({ "refresh_token": "r", "access_token": "x", "api_token": "y" }),
        json!({ "dsn": "x", "metadata": { "metadata": {} }, "id": 1, "login_host": "Login.Salesforce.com" }),
    ];
    for provider in [salesforce(), hubspot(), pipedrive()] {
        for metadata in &odd {
            let (sent, new) = sent("https://mycompany.salesforce.com", "a-token", metadata);
            assert_eq!(Stored::of(&provider, new).put_together(&provider), sent, "{}", provider.id);
        }
    }
}

#[test]
fn a_dsn_is_public_only_as_a_plain_url_of_its_provider() {
    let (salesforce, other) = (salesforce(), "https://other.salesforce.com");
    for (dsn, public) in [
        ("https://mycompany.my.salesforce.com/services", true),
        ("https://user:pass@mycompany.salesforce.com", false),
        ("https://mycompany.salesforce.com?token=x", false),
        ("https://mycompany.salesforce.com#token", false),
        ("https://example.com", false),
        ("postgres://user:pass@db.example.com/crm", false),
        ("Server=db;Password=x", false),
        ("\u{1f511}", false),
        (" https://mycompany.salesforce.com", false),
    ] {
        let (sent, new) = sent(dsn, "a-token", &json!({ "instance_url": other }));
        let stored = Stored::of(&salesforce, new);
        assert_eq!(stored.secret_fields().contains(&"dsn"), !public, "{dsn}");
        let field = ConfigValue::Text(if public { dsn } else { other }.to_owned());
        assert_eq!(stored.content.config.get("instance_url"), Some(&field), "{dsn}");
        assert_eq!(stored.put_together(&salesforce), sent);
    }
}

#[test]
fn only_plain_values_without_a_password_are_public() {
    let border = 9_007_199_254_740_991_i64;
    for (value, public) in [
        (json!(border), true),
        (json!(-border), true),
        (json!(border + 1), false),
        (json!(-border - 1), false),
        (json!(1.5), false),
        (json!(true), true),
        (json!(["a", "b"]), true),
        (json!(["a", 1]), false),
        (json!({ "a": 1 }), false),
        (json!("https://user:pass@example.com"), false),
        (json!(["https://user:pass@example.com"]), false),
    ] {
        let new = content("https://api.hubapi.com", "a-token", json!({ "api_version": value }));
        let stored = Stored::of(&hubspot(), new);
        assert_eq!(stored.content.config.get("api_version").is_some(), public, "{value}");
    }
}

#[test]
fn a_public_field_that_is_no_text_is_filled_when_it_keeps_its_rules() {
    let mut hubspot = hubspot();
    for (name, kind) in
        [("seats", FieldKind::Integer), ("sandbox", FieldKind::Boolean), ("areas", FieldKind::List)]
    {
        hubspot.fields.push(field(name, kind));
        hubspot.crm.as_mut().unwrap().public_metadata.insert(name.to_owned());
    }
    for (metadata, filled) in [
        (
            json!({ "seats": 5, "sandbox": true, "areas": ["a"] }),
            vec!["areas", "base_url", "sandbox", "seats"],
        ),
        (json!({ "seats": "5", "sandbox": 1, "areas": "a" }), vec!["base_url"]),
        (json!({ "seats": 1.5, "sandbox": null, "areas": [1] }), vec!["base_url"]),
    ] {
        let (sent, new) = sent("https://api.hubapi.com", "a-token", &metadata);
        let stored = Stored::of(&hubspot, new);
        let fields: Vec<_> = stored.content.config.iter().map(|(name, _)| name).collect();
        assert_eq!((fields, stored.put_together(&hubspot)), (filled, sent));
    }
}

#[test]
fn the_end_of_a_grant_is_shown_as_sent_until_another_holds() {
    let hubspot = hubspot();
    let metadata = json!({ "expires_at": "2031-02-03T05:05:06+01:00", "refresh_token": "r" });
    let mut stored = Stored::of(&hubspot, content("https://api.hubapi.com", "a-token", metadata));
    let end = stored.credential.access_token_expires_at.unwrap();
    assert_eq!(end, time::macros::datetime!(2031-02-03 04:05:06 UTC));
    let shown = |stored: &Stored| stored.put_together(&hubspot)["metadata"]["expires_at"].clone();
    assert_eq!(shown(&stored), json!("2031-02-03T05:05:06+01:00"));
    stored.credential.access_token_expires_at = Some(end + time::Duration::hours(1));
    assert_eq!(shown(&stored), json!("2031-02-03T05:05:06Z"));
}

#[test]
fn what_cannot_be_a_credential_is_refused_by_name_and_never_quoted() {
    let (url, token, long) = ("https://mycompany.salesforce.com", "a-token", "x".repeat(32 * 1024 + 1));
    let deep = (0..31).fold(json!(0), |inner, _| json!([inner]));
    let wide: Map<String, Value> = (0..64).map(|n| (format!("f{n}"), json!(n))).collect();
    let mut too_wide = content(url, token, Value::Object(wide));
    too_wide.metadata.insert("one_more".into(), Json::Null);
    let mut too_many = content(url, token, json!({}));
    for name in 0..5 {
        let thousand = Json::Array((0..1_000).map(Json::Integer).collect());
        too_many.metadata.insert(format!("list{name}"), thousand);
    }
    for (new, place) in [
        (content("", token, json!({})), "dsn is required"),
        (content(url, "", json!({})), "access_token is required"),
        (content(&long, token, json!({})), "dsn "),
        (content(url, &long, json!({})), "access_token "),
        (content(url, token, json!({ "note": [long] })), "metadata.note "),
        (content(url, token, json!({ "refresh_token": "canary zq4" })), "metadata.refresh_token "),
        (content(url, "canary\nzq4", json!({})), "access_token "),
        (content(url, token, json!({ "deep": deep })), "metadata "),
        (too_wide, "metadata "),
        (too_many, "metadata "),
    ] {
        let salesforce = salesforce();
        let refused = new.into_content(&salesforce, salesforce.crm.as_ref().unwrap()).unwrap_err();
        let first = refused[0].to_string();
        assert!(first.starts_with(place) && !format!("{refused:?}").contains("canary"), "{place}: {first}");
    }
}
