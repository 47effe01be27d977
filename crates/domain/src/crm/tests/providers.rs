//! Three CRMs, as their provider files describe them.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::credential_type::CredentialType;
use crate::crm::CrmMapping;
use crate::provider::{Field, FieldKind, Provider, TypeRules};
use crate::provider_id::ProviderId;

pub(super) fn salesforce() -> Provider {
    let host = r"(?i-u)https://([a-z0-9-]{1,63}\.)+salesforce\.(com|mil)(/[a-z0-9._~%/-]*)?";
    let mut fields = grant();
    fields.extend([
        Field { pattern: exact(host), destination: true, ..field("instance_url", FieldKind::Url) },
        Field { secret: true, ..field("access_token", FieldKind::Text) },
        Field { destination: true, ..field("login_host", FieldKind::Host) },
        Field { pattern: exact(r"v?[0-9]{1,3}\.[0-9]"), ..field("api_version", FieldKind::Text) },
    ]);
    let destination = ["instance_url", "login_host"];
    provider("salesforce", fields, mapping("instance_url", "access_token", &[], &destination))
}

pub(super) fn hubspot() -> Provider {
    let mut fields = grant();
    fields.extend([
        Field { destination: true, ..field("base_url", FieldKind::Url) },
        Field { secret: true, ..field("access_token", FieldKind::Text) },
        Field { pattern: exact("[0-9]{1,20}"), ..field("portal_id", FieldKind::Text) },
    ]);
    provider("hubspot", fields, mapping("base_url", "access_token", &["portal_id"], &["base_url"]))
}

pub(super) fn pipedrive() -> Provider {
    let mut fields = grant();
    fields.extend([
        Field { secret: true, types: only(CredentialType::ApiKey), ..field("api_token", FieldKind::Text) },
        Field { secret: true, types: only(CredentialType::Oauth2), ..field("access_token", FieldKind::Text) },
        Field { destination: true, ..field("company_domain", FieldKind::Text) },
        Field { destination: true, ..field("api_domain", FieldKind::Url) },
    ]);
    let destination = ["company_domain", "api_domain"];
    provider("pipedrive", fields, mapping("api_domain", "api_token", &[], &destination))
}

/// The fields of an OAuth grant, beyond its token.
fn grant() -> Vec<Field> {
    let of_grant = |field: Field| Field { types: only(CredentialType::Oauth2), ..field };
    vec![
        of_grant(Field { secret: true, pattern: exact("[!-~]+"), ..field("refresh_token", FieldKind::Text) }),
        of_grant(field("expires_at", FieldKind::Timestamp)),
        of_grant(field("scope", FieldKind::Text)),
        of_grant(field("token_type", FieldKind::Text)),
    ]
}

fn only(kind: CredentialType) -> BTreeSet<CredentialType> {
    BTreeSet::from([kind])
}

fn exact(pattern: &str) -> Option<Regex> {
    Some(Regex::new(&format!("^(?:{pattern})$")).unwrap())
}

pub(super) fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        label: name.into(),
        kind,
        secret: false,
        destination: false,
        addresses: Vec::new(),
        pattern: None,
        choices: Vec::new(),
        example: None,
        default: None,
        types: BTreeSet::new(),
    }
}

/// Destinations are public, and so are the names that every CRM has.
fn mapping(dsn: &str, token: &str, public: &[&str], destination: &[&str]) -> CrmMapping {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let all = ["api_version", "token_type", "scope", "scopes", "expires_at"];
    CrmMapping {
        dsn: dsn.into(),
        token: token.into(),
        public_metadata: &(&set(&all) | &set(public)) | &set(destination),
        destination_metadata: set(destination),
    }
}

fn provider(id: &str, fields: Vec<Field>, mapping: CrmMapping) -> Provider {
    let types = [CredentialType::ApiKey, CredentialType::Oauth2].map(|kind| (kind, TypeRules::default()));
    Provider {
        id: ProviderId::parse(id).unwrap(),
        display_name: id.into(),
        description: String::new(),
        category: "crm".into(),
        docs_url: None,
        fields,
        types: BTreeMap::from(types),
        test: None,
        oauth: None,
        connect: None,
        crm: Some(mapping),
    }
}
