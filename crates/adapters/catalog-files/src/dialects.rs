//! Checks of `[dialects.*]`: what the file says about a provider for each dialect must fit the provider.

use std::collections::BTreeSet;

use strongroom_domain::crm::{DSN, METADATA};
use strongroom_domain::integration::{ConnectAuthType, ConnectCategory};
use strongroom_domain::oauth::ACCESS_TOKEN;
use strongroom_domain::{ConnectListing, CredentialType, CrmMapping, Field, FieldKind};

use crate::format::{ConnectTable, CrmTable, DialectTables, PrimaryTable};
use crate::names::{Rules, field_of, is_name};
use crate::problem::Problems;

const AUTH_TYPE: &str = "dialects.connect.auth_type";

/// What the dialects need to know about a provider.
#[derive(Default)]
pub(crate) struct Dialects {
    pub(crate) connect: Option<ConnectListing>,
    pub(crate) crm: Option<CrmMapping>,
}

pub(crate) fn read(table: toml::Table, fields: &[Field], types: &Rules, problems: &mut Problems) -> Dialects {
    let mut read = Dialects::default();
    let Some(dialects) = problems.read_table::<DialectTables>("dialects", table) else { return read };
    match dialects.primary {
        Some(table) => drop(problems.read_table::<PrimaryTable>("dialects.primary", table)),
        None => problems.add("dialects.primary", "must be there: that dialect serves every provider"),
    }
    if let Some(table) = dialects.connect
        && let Some(connect) = listing(table, problems)
    {
        check_connect(&connect, fields, types, problems);
        read.connect = Some(connect);
    }
    if let Some(table) = dialects.crm
        && let Some(crm) = problems.read_table("dialects.crm", table)
    {
        check_crm(&crm, fields, types, problems);
        read.crm = Some(mapping(crm, fields));
    }
    read
}

fn listing(table: toml::Table, problems: &mut Problems) -> Option<ConnectListing> {
    let table: ConnectTable = problems.read_table("dialects.connect", table)?;
    let category = problems.read_text("dialects.connect.category", &table.category, ConnectCategory::parse);
    let auth_type = problems.read_text(AUTH_TYPE, &table.auth_type, ConnectAuthType::parse);
    Some(ConnectListing {
        category: category?,
        auth_type: auth_type?,
        required_fields: table.required_fields,
    })
}

/// Builds the mapping of the CRM dialect. Every field that is not secret becomes public metadata too, and
/// every public destination field becomes destination metadata too: so each dialect may show, and guards, the
/// same fields.
fn mapping(table: CrmTable, fields: &[Field]) -> CrmMapping {
    let of_types = fields.iter().filter(|field| CRM_TYPES.iter().any(|kind| field.belongs_to(*kind)));
    let names = |wanted: fn(&Field) -> bool| {
        of_types.clone().filter(move |field| wanted(field)).map(|field| field.name.clone())
    };
    CrmMapping {
        public_metadata: table.public_metadata.into_iter().chain(names(|field| !field.secret)).collect(),
        destination_metadata: table
            .destination_metadata
            .into_iter()
            .chain(names(|field| field.destination && !field.secret))
            .collect(),
        dsn: table.dsn,
        token: table.token,
    }
}

fn check_connect(connect: &ConnectListing, fields: &[Field], types: &Rules, problems: &mut Problems) {
    const REQUIRED_FIELDS: &str = "dialects.connect.required_fields";
    if connect.auth_type != ConnectAuthType::ApiKey && !connect.required_fields.is_empty() {
        problems.add(REQUIRED_FIELDS, "are only for the auth_type api_key");
    }
    match connect.auth_type {
        ConnectAuthType::WebhookOnly => {}
        ConnectAuthType::Oauth2 if types.keys().any(|kind| kind.is_oauth()) => {}
        ConnectAuthType::Oauth2 => problems.add(AUTH_TYPE, "needs an OAuth type in `types`"),
        ConnectAuthType::ApiKey => {
            let Some(rules) = types.get(&CredentialType::ApiKey) else {
                return problems.add(AUTH_TYPE, "needs the type api_key in `types`");
            };
            for name in &connect.required_fields {
                if field_of(fields, CredentialType::ApiKey, name).is_none() {
                    problems.add(REQUIRED_FIELDS, format!("names `{name}`, which is not a field of api_key"));
                }
            }
            for name in rules.required.iter().filter(|name| !connect.required_fields.contains(name)) {
                problems.add(REQUIRED_FIELDS, format!("must name `{name}`, which `types.api_key` requires"));
            }
        }
    }
}

/// The types that credentials of the CRM dialect have.
const CRM_TYPES: [CredentialType; 2] = [CredentialType::ApiKey, CredentialType::Oauth2];

fn check_crm(crm: &CrmTable, fields: &[Field], types: &Rules, problems: &mut Problems) {
    let is_token = |field: &Field| field.secret && field.kind == FieldKind::Text;
    if !field_of(fields, CredentialType::ApiKey, &crm.token).is_some_and(is_token) {
        problems.add("dialects.crm.token", "must name a secret text of api_key");
    }
    let is_dsn = |field: &Field| field.destination && field.kind == FieldKind::Url;
    if !CRM_TYPES.iter().all(|kind| field_of(fields, *kind, &crm.dsn).is_some_and(is_dsn)) {
        problems.add("dialects.crm.dsn", "must name a public url of both api_key and oauth2");
    }
    for kind in CRM_TYPES {
        let Some(rules) = types.get(&kind) else {
            problems.add("dialects.crm", format!("needs the type {} in `types`", kind.as_str()));
            continue;
        };
        let token = if kind.is_oauth() { ACCESS_TOKEN } else { crm.token.as_str() };
        let sent = |name: &String| *name == crm.dsn || name == token;
        let enough = rules.required.iter().all(sent)
            && (rules.any_of.is_empty() || rules.any_of.iter().any(|group| group.iter().all(sent)));
        if !enough {
            problems.add(
                format!("types.{}", kind.as_str()),
                "must need no more than the token and the dsn, which is all that the crm dialect is sure to have",
            );
        }
    }
    for field in fields.iter().filter(|field| [DSN, METADATA].contains(&field.name.as_str())) {
        problems.add("dialects.crm", format!("is not for a provider with a field `{}`", field.name));
    }
    check_metadata(crm, fields, problems);
}

fn check_metadata(crm: &CrmTable, fields: &[Field], problems: &mut Problems) {
    const PUBLIC: &str = "dialects.crm.public_metadata";
    const DESTINATION: &str = "dialects.crm.destination_metadata";
    for (key, names) in [(PUBLIC, &crm.public_metadata), (DESTINATION, &crm.destination_metadata)] {
        if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
            problems.add(key, "must not have a repeated name");
        }
        // They become public fields, whose canonical form sorts names as ASCII.
        let usable = |name: &String| is_name(name) && ![DSN, METADATA].contains(&name.as_str());
        for name in names.iter().filter(|name| !usable(name)) {
            problems.add(
                key,
                format!("names `{name}`, which must be other than dsn and metadata, and of `a-z0-9_`"),
            );
        }
    }
    for name in crm.destination_metadata.iter().filter(|name| !crm.public_metadata.contains(name)) {
        problems.add(DESTINATION, format!("names `{name}`, which must be in `public_metadata` too"));
    }
    for field in fields.iter().filter(|field| crm.public_metadata.contains(&field.name)) {
        if field.secret {
            problems.add(PUBLIC, format!("names `{}`, which is a secret field", field.name));
        }
        if field.destination && !crm.destination_metadata.contains(&field.name) {
            problems.add(DESTINATION, format!("must name `{}`, which is a destination field", field.name));
        }
    }
}
