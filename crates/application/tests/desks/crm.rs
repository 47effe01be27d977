//! The CRM dialect: one credential for each CRM, in the clear to callers who may read secrets and masked to
//! all others.

mod editing;
mod showing;
mod storing;

use std::collections::BTreeMap;

use strongroom_application::StoreCrmCredential;
use strongroom_domain::crm::Metadata;
use strongroom_domain::{
    ConfigValue, Credential, CredentialStatus, CredentialType, CrmContent, Json, PublicConfig, Scope,
    SecretText, Slot,
};
use strongroom_fixtures::{FakeCatalog, credential, provider};

use crate::house::{House, acme};

const DSN: &str = "https://crm.example.test";

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn metadata(fields: &[(&str, &str)]) -> Metadata {
    fields.iter().map(|(name, value)| ((*name).to_owned(), Json::Text(secret(value)))).collect()
}

/// A key of `crm` with these metadata, to be stored.
fn new(fields: &[(&str, &str)]) -> StoreCrmCredential {
    let (dsn, access_token) = (secret(DSN), secret("k-1"));
    let content = CrmContent { dsn, access_token, metadata: metadata(fields) };
    StoreCrmCredential { provider: "CRM".into(), content }
}

fn text(value: &Json) -> &str {
    let Json::Text(text) = value else { panic!("{value:?}") };
    text.expose()
}

/// Texts of shown content: destination, token, and metadata.
fn texts(content: &CrmContent) -> (String, String, BTreeMap<&str, &str>) {
    let metadata = content.metadata.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    (content.dsn.expose().to_owned(), content.access_token.expose().to_owned(), metadata)
}

/// A house with the CRMs `crm` and `sales`.
fn house_of_two() -> House {
    let mut house = House::new();
    let mut sales = (*FakeCatalog::default().provider("crm")).clone();
    sales.id = provider("sales");
    house.settings.catalog = FakeCatalog::default().with(sales);
    house
}

/// A validated credential in the slot of a CRM, before it is put there.
fn holder(house: &House, crm: &str, kind: CredentialType) -> Credential {
    let mut holder = credential(&acme(), house.ids.credential());
    holder.provider = provider(crm);
    holder.credential_type = kind;
    holder.slot = Some(Slot::crm(&holder.provider));
    holder.status = CredentialStatus::Validated;
    holder.config = PublicConfig::default();
    holder.config.insert("base_url", ConfigValue::Text(DSN.to_owned()));
    holder
}

/// A key in the slot of a CRM, with a secret note beside it.
fn key_of(house: &House, crm: &str) -> Credential {
    let holder = holder(house, crm, CredentialType::ApiKey);
    house.put(&holder, &[("api_key", "k-1"), ("metadata", "{\"note\":\"private\"}")]);
    holder
}

/// Scopes that show and change metadata but do not read secrets.
const SEES: [Scope; 2] = [Scope::CredentialsRead, Scope::CredentialsWrite];
