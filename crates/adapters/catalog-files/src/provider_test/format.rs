//! The shape of `[test]`, as serde reads it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `[test]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestTable {
    pub(super) protocol: Option<ProtocolName>,
    #[serde(default)]
    pub(super) choices: BTreeMap<String, toml::Table>,
    #[serde(default)]
    pub(super) outcomes: BTreeMap<String, Vec<toml::Table>>,
    #[serde(rename = "step", default)]
    pub(super) steps: Vec<toml::Table>,
}

/// The protocols that have a tester of their own.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProtocolName {
    Sftp,
    Postgresql,
}

/// `[test.choices.<name>]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceTable {
    pub(super) field: String,
    pub(super) default: Option<String>,
    pub(super) otherwise: Option<String>,
    pub(super) values: BTreeMap<String, String>,
}

/// `[[test.step]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepTable {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) types: Vec<String>,
    #[serde(default)]
    pub(super) needs: Vec<String>,
    #[serde(default)]
    pub(super) unless: Vec<String>,
    #[serde(default)]
    pub(super) method: MethodName,
    pub(super) url: String,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) keep_path: bool,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    pub(super) basic: Option<BasicTable>,
    pub(super) json: Option<String>,
    pub(super) form: Option<BTreeMap<String, String>>,
    pub(super) aws_sigv4: Option<AwsTable>,
    pub(super) outcomes: OutcomesValue,
    #[serde(default)]
    pub(super) facts: BTreeMap<FactName, String>,
}

/// A method as provider files write it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum MethodName {
    #[default]
    Get,
    Post,
    Head,
}

/// `basic = { username = "…", password = "…" }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasicTable {
    pub(super) username: String,
    pub(super) password: String,
}

/// `aws_sigv4 = { service = "…", region = "…" }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwsTable {
    pub(super) service: String,
    pub(super) region: String,
}

/// The facts that a provider file may report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FactName {
    Account,
    Organization,
}

impl FactName {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Organization => "organization",
        }
    }
}

/// `outcomes`: the rules themselves, or the name of a list in `[test.outcomes]`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OutcomesValue {
    Named(String),
    Rules(Vec<toml::Table>),
}

/// One of `outcomes`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomeTable {
    #[serde(default)]
    pub(super) status: Vec<u16>,
    #[serde(default)]
    pub(super) json: Vec<ConditionTable>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) text: Vec<String>,
    pub(super) code: String,
    pub(super) message: Option<String>,
    pub(super) hint: Option<String>,
}

/// One of `outcomes.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionTable {
    pub(super) pointer: String,
    pub(super) is: Option<Vec<toml::Value>>,
    pub(super) present: Option<bool>,
}
