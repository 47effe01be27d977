//! Reads `[[test.step]]`.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_declared_http::{AwsSigV4, HttpBody, HttpMethod, HttpStep, OriginTemplate, Template};
use strongroom_domain::{CredentialType, StepConditions};

use crate::problem::Problems;
use crate::provider_test::format::{AwsTable, BasicTable, MethodName, StepTable};
use crate::provider_test::outcome::SharedRules;
use crate::provider_test::{headers, outcome};
use crate::scope::{Names, Scope};
use crate::url::{self, UrlKeys};

/// The fields that must have a value for a request to be signed for AWS. `session_token` may be absent.
const AWS_FIELDS: [&str; 2] = ["access_key_id", "secret_access_key"];

/// Reads a step, and its name when the file gives one. Returns `None` when the table does not have the right
/// form.
pub(super) fn read(
    table: toml::Table,
    key: &str,
    names: &Names<'_>,
    shared: &SharedRules,
    problems: &mut Problems,
) -> Option<(Option<String>, HttpStep)> {
    let table: StepTable = problems.read_table(key, table)?;
    let types = read_types(&table.types, key, names, problems);
    let scope = Scope::of(names, &types, &table.needs);
    for (list, fields) in [("needs", &table.needs), ("unless", &table.unless)] {
        for name in fields.iter().filter(|name| !scope.some_type_has(name)) {
            problems.add(
                format!("{key}.{list}"),
                format!("names `{name}`, which is not a field of the step's types"),
            );
        }
    }
    let keys = UrlKeys {
        key: &format!("{key}.url"),
        url: &table.url,
        table: key,
        hosts: &table.hosts,
        keep_path: table.keep_path,
    };
    let url = url::read(&keys, &scope, problems);
    let has_body = table.json.is_some() || table.form.is_some();
    let signs = table.basic.is_some() || table.aws_sigv4.is_some();
    let headers = headers::read(&table.headers, has_body, signs, key, &scope, problems);
    let query = read_pairs(&table.query, &format!("{key}.query"), &scope, problems);
    let basic = table.basic.and_then(|basic| read_basic(&basic, key, &scope, problems));
    let aws_sigv4 = table.aws_sigv4.and_then(|aws| read_aws(aws, key, &scope, problems));
    if basic.is_some() && aws_sigv4.is_some() {
        problems.add(format!("{key}.basic"), "must not be there beside `aws_sigv4`");
    }
    let body = read_body(table.json, table.form, table.method, key, &scope, problems);
    let outcomes = outcome::read_all(table.outcomes, shared, key, problems);
    let facts = outcome::read_facts(table.facts, key, problems);
    let (origin, path) = url?;
    let step = HttpStep {
        name: String::new(),
        conditions: StepConditions { types, needs: table.needs.clone(), unless: table.unless.clone() },
        method: table.method.into(),
        origin,
        path,
        query,
        headers,
        basic,
        body,
        aws_sigv4,
        outcomes,
        facts,
    };
    if step.aws_sigv4.is_none() && !sends_a_secret(&step, &scope) {
        problems.add(key, "must send a secret field: a request without one tests nothing");
    }
    Some((table.name, step))
}

fn read_types(
    texts: &[String],
    key: &str,
    names: &Names<'_>,
    problems: &mut Problems,
) -> BTreeSet<CredentialType> {
    let mut types = BTreeSet::new();
    for text in texts {
        match CredentialType::parse(text).ok().filter(|kind| names.types.contains_key(kind)) {
            Some(kind) => drop(types.insert(kind)),
            None => {
                problems.add(format!("{key}.types"), format!("names `{text}`, which has no table in `types`"))
            }
        }
    }
    types
}

fn read_pairs(
    pairs: &BTreeMap<String, String>,
    key: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<(String, Template)> {
    let pairs = pairs.iter();
    pairs
        .filter_map(|(name, text)| {
            Some((name.clone(), scope.read(text, &format!("{key}.{name}"), problems)?))
        })
        .collect()
}

fn read_basic(
    table: &BasicTable,
    key: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<(Template, Template)> {
    let mut read = |name: &str, text: &str| {
        let key = format!("{key}.basic.{name}");
        let template = scope.read(text, &key, problems)?;
        scope.require(&template, &key, problems);
        Some(template)
    };
    let username = read("username", &table.username);
    let password = read("password", &table.password);
    Some((username?, password?))
}

fn read_aws(table: AwsTable, key: &str, scope: &Scope<'_>, problems: &mut Problems) -> Option<AwsSigV4> {
    let key = format!("{key}.aws_sigv4");
    if table.service.is_empty() {
        problems.add(format!("{key}.service"), "must not be empty");
    }
    for name in AWS_FIELDS {
        match scope.field(name) {
            None => problems.add(key.as_str(), format!("needs the field `{name}` in the step's types")),
            Some(_) => {
                if let Some(template) = scope.read(&format!("{{{name}}}"), &key, problems) {
                    scope.require(&template, &key, problems);
                }
            }
        }
    }
    let region_key = format!("{key}.region");
    let region = scope.read(&table.region, &region_key, problems)?;
    scope.require(&region, &region_key, problems);
    Some(AwsSigV4 { service: table.service, region })
}

fn read_body(
    json: Option<String>,
    form: Option<BTreeMap<String, String>>,
    method: MethodName,
    key: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> HttpBody {
    let name = if json.is_some() { "json" } else { "form" };
    let body = match (json, form) {
        (None, None) => return HttpBody::None,
        (Some(_), Some(_)) => {
            problems.add(format!("{key}.form"), "must not be there beside `json`");
            return HttpBody::None;
        }
        (Some(json), None) => {
            if serde_json::from_str::<serde_json::Value>(&json).is_err() {
                problems.add(format!("{key}.json"), "must be JSON");
            }
            HttpBody::Json(json)
        }
        (None, Some(form)) => HttpBody::Form(read_pairs(&form, &format!("{key}.form"), scope, problems)),
    };
    if method != MethodName::Post {
        problems.add(format!("{key}.{name}"), "is only for the method POST");
    }
    body
}

fn sends_a_secret(step: &HttpStep, scope: &Scope<'_>) -> bool {
    let form = match &step.body {
        HttpBody::Form(pairs) => pairs.as_slice(),
        HttpBody::None | HttpBody::Json(_) => &[],
    };
    let origin = match &step.origin {
        OriginTemplate::Host { .. } => None,
        OriginTemplate::Field { name, .. } => Some(name.as_str()),
    };
    let pairs = step.query.iter().chain(form).map(|(_, template)| template);
    let headers = step.headers.iter().map(|(_, template)| template);
    let basic = step.basic.iter().flat_map(|(username, password)| [username, password]);
    let templates = pairs.chain(headers).chain(basic).chain([&step.path]);
    templates.flat_map(Template::variables).chain(origin).any(|name| scope.is_secret(name))
}

impl From<MethodName> for HttpMethod {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Get => Self::Get,
            MethodName::Post => Self::Post,
            MethodName::Head => Self::Head,
        }
    }
}
