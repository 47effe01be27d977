//! The shape of a provider file, as serde reads it. Unknown keys are refused everywhere.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The one version of the format.
pub(crate) const SCHEMA: i64 = 1;

/// A file without its `schema`. Its tables stay unparsed here, so that each is read, and its mistakes are
/// reported, on its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) docs_url: Option<String>,
    #[serde(rename = "source", default)]
    pub(crate) sources: Vec<toml::Table>,
    #[serde(rename = "field", default)]
    pub(crate) fields: Vec<toml::Table>,
    #[serde(default)]
    pub(crate) types: BTreeMap<String, toml::Table>,
    pub(crate) test: Option<toml::Table>,
    pub(crate) oauth: Option<toml::Table>,
    #[serde(default)]
    pub(crate) dialects: toml::Table,
}

/// `[[field]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldTable {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) secret: bool,
    #[serde(default)]
    pub(crate) destination: bool,
    #[serde(default)]
    pub(crate) addresses: BTreeMap<String, String>,
    pub(crate) pattern: Option<String>,
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    pub(crate) example: Option<String>,
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) types: Vec<String>,
}

/// `[types.<credential_type>]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesTable {
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default)]
    pub(crate) any_of: Vec<Vec<String>>,
}

/// `[dialects]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DialectTables {
    pub(crate) primary: Option<toml::Table>,
    pub(crate) connect: Option<toml::Table>,
    pub(crate) crm: Option<toml::Table>,
}

/// `[dialects.primary]`, which has no keys: it says only that the dialect serves the provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrimaryTable {}

/// `[dialects.connect]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectTable {
    pub(crate) category: String,
    pub(crate) auth_type: String,
    #[serde(default)]
    pub(crate) required_fields: Vec<String>,
}

/// `[dialects.crm]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrmTable {
    pub(crate) dsn: String,
    pub(crate) token: String,
    #[serde(default)]
    pub(crate) public_metadata: Vec<String>,
    #[serde(default)]
    pub(crate) destination_metadata: Vec<String>,
}
