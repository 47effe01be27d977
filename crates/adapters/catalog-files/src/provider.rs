//! Turns the text of a provider file into a checked [`Provider`] and its requests.

use std::collections::BTreeSet;
use std::path::Path;

use strongroom_declared_http::{Declared, HttpTest};
use strongroom_domain::integration::ConnectAuthType;
use strongroom_domain::{ConnectListing, CredentialType, OauthServer, Provider, ProviderId};

use crate::format::{ProviderFile, SCHEMA};
use crate::names::is_name;
use crate::patterns::Patterns;
use crate::problem::{Problem, Problems};
use crate::scope::Names;
use crate::source::Origin;
use crate::{connection, dialects, field, oauth, provider_test, rules, source};

/// Reads and checks one file. Returns the provider and what the file declares about HTTP. `file` is its name
/// or path; the stem must be the provider's id.
pub(crate) fn read(
    file: &str,
    text: &str,
    origin: Origin,
    patterns: &mut Patterns,
) -> Result<(Provider, Declared), Vec<Problem>> {
    let mut problems = Problems::of(file);
    let read =
        parse(text, &mut problems).and_then(|parsed| check(parsed, (file, origin), patterns, &mut problems));
    match (read, problems.into_vec()) {
        (Some(read), found) if found.is_empty() => Ok(read),
        (_, found) => Err(found),
    }
}

fn parse(text: &str, problems: &mut Problems) -> Option<ProviderFile> {
    let mut table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            problems.add(format!("line {}", before.matches('\n').count() + 1), error.message());
            return None;
        }
    };
    // A file of another version has other keys, and problems about those would mislead.
    if table.remove("schema").and_then(|schema| schema.as_integer()) != Some(SCHEMA) {
        problems.add("schema", format!("must be {SCHEMA}"));
        return None;
    }
    problems.read_table("top level", table)
}

fn check(
    parsed: ProviderFile,
    (file, origin): (&str, Origin),
    patterns: &mut Patterns,
    problems: &mut Problems,
) -> Option<(Provider, Declared)> {
    let id = check_id(&parsed.id, file, problems);
    check_texts(&parsed, problems);
    let declared = declared_types(&parsed, problems);
    source::check(parsed.sources, origin, problems);
    let fields = field::read_all(parsed.fields, &declared, patterns, problems);
    // When a field could not be read, every reference to a field could be reported by mistake.
    let fields = fields?;
    let types = rules::read_all(parsed.types, &fields, problems);
    connection::check(&fields, problems);
    let dialects = dialects::read(parsed.dialects, &fields, &types, problems);
    let test = parsed.test.map(|table| provider_test::read(table, &fields, &types, problems));
    // When a test could not be read, its choices are missing, and every use of them would be reported by
    // mistake.
    let is_readable = !matches!(test, Some(None));
    let (test, http_test) = test.flatten().unzip();
    let http_test = http_test.flatten();
    let oauth = parsed.oauth.filter(|_| is_readable).and_then(|table| {
        let choices = http_test.as_ref().map(|test: &HttpTest| test.choices.clone()).unwrap_or_default();
        let names = Names { fields: &fields, types: &types, choices: &choices };
        oauth::read(table, &parsed.id, &names, problems)
    });
    let (oauth, requests) = oauth.unzip();
    check_connect(oauth.as_ref(), dialects.connect.as_ref(), problems);
    let provider = Provider {
        id: id?,
        display_name: parsed.display_name,
        description: parsed.description,
        category: parsed.category,
        docs_url: parsed.docs_url,
        fields,
        types,
        test,
        oauth,
        connect: dialects.connect,
        crm: dialects.crm,
    };
    field::check_own_values(&provider.fields, problems);
    Some((provider, Declared { test: http_test, oauth: requests }))
}

/// Checks that a flow needs no inputs: the connect dialect begins it with the provider's name and nothing
/// else.
fn check_connect(oauth: Option<&OauthServer>, connect: Option<&ConnectListing>, problems: &mut Problems) {
    let asks = oauth.is_some_and(|server| !server.inputs.is_empty());
    if asks && connect.is_some_and(|listing| listing.auth_type == ConnectAuthType::Oauth2) {
        problems
            .add("dialects.connect", "cannot be there: that dialect has no place for the fields of a flow");
    }
}

fn check_id(text: &str, file: &str, problems: &mut Problems) -> Option<ProviderId> {
    let id = ProviderId::parse(text).ok().filter(|id| id.as_str() == text);
    if id.is_none() {
        problems.add("id", "must be 1 to 64 characters of `a-z0-9_`");
    }
    if ProviderId::RESERVED.contains(&text) {
        problems.add("id", "is reserved for a path of the API");
    }
    if Path::new(file).file_stem().is_none_or(|stem| stem != text) {
        problems.add("id", "must be the file's name without `.toml`");
    }
    id
}

fn check_texts(parsed: &ProviderFile, problems: &mut Problems) {
    for (key, text) in [("display_name", &parsed.display_name), ("description", &parsed.description)] {
        if text.trim().is_empty() {
            problems.add(key, "must not be empty");
        }
    }
    if !is_name(&parsed.category) {
        problems.add("category", "must be 1 to 64 characters of `a-z0-9_`");
    }
    if parsed.docs_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        problems.add("docs_url", "must be an https URL");
    }
}

fn declared_types(parsed: &ProviderFile, problems: &mut Problems) -> BTreeSet<CredentialType> {
    if parsed.types.is_empty() {
        problems.add("types", "must have a table for at least one credential type");
    }
    let mut declared = BTreeSet::new();
    for name in parsed.types.keys() {
        match CredentialType::parse(name) {
            Ok(kind) => drop(declared.insert(kind)),
            Err(rule) => problems.add(format!("types.{name}"), rule.to_string()),
        }
    }
    declared
}
