//! Reads how an authorization server answers: where the members of an answer are, which fields arrive with
//! them, which account granted, and what each error code means.

use std::collections::BTreeMap;

use strongroom_declared_http::AccountLookup;
use strongroom_domain::oauth::TOKEN_EXPIRY;
use strongroom_domain::{CredentialType, Field, FieldKind};

use crate::names::field_of;
use crate::oauth::format::{OauthTable, OneOrMore, ResponseName};
use crate::oauth::requests::{Requests, is_callback_parameter};
use crate::problem::Problems;

/// The longest lifetime that may be assumed, in seconds: ten years.
const LONGEST_LIFETIME: u64 = 315_360_000;

const POINTER: &str = "must be a JSON pointer that begins with `/`";

/// Reads `response`.
pub(super) fn read_pointers(
    response: &BTreeMap<ResponseName, String>,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    for (name, pointer) in response {
        check_pointer(pointer, &format!("oauth.response.{}", name.as_str()), problems);
    }
    response.iter().map(|(name, pointer)| (name.as_str().to_owned(), pointer.clone())).collect()
}

/// Checks `response_fields` and `callback_fields`: they must be public fields of the type, because their
/// rules apply to what arrives over the network. `in_hosts` are the variables of addresses.
pub(super) fn check_fields(
    table: &OauthTable,
    fields: &[Field],
    kind: CredentialType,
    in_hosts: &[&str],
    problems: &mut Problems,
) {
    for (name, pointer) in &table.response_fields {
        let key = format!("oauth.response_fields.{name}");
        check_pointer(pointer, &key, problems);
        check_field(name, fields, kind, in_hosts, &key, problems);
    }
    for (name, parameter) in &table.callback_fields {
        let key = format!("oauth.callback_fields.{name}");
        if !is_callback_parameter(parameter) {
            problems.add(key.as_str(), "must be a query parameter of its own");
        }
        if table.response_fields.contains_key(name) {
            problems.add(key.as_str(), "must not be in `response_fields` too");
        }
        check_field(name, fields, kind, in_hosts, &key, problems);
    }
}

/// Reads `account`, `account_name` and `account_url`.
pub(super) fn read_account(
    table: &OauthTable,
    requests: &Requests<'_>,
    problems: &mut Problems,
) -> Option<AccountLookup> {
    let endpoint = requests.optional_endpoint("account_url", table.account_url.as_ref(), problems);
    let mut pointers = |key: &str, texts: Option<&OneOrMore>| {
        let texts = texts.map(OneOrMore::texts);
        if texts.is_some_and(<[String]>::is_empty) {
            problems.add(key, "must not be an empty list");
        }
        let texts = texts.unwrap_or_default();
        texts.iter().for_each(|text| check_pointer(text, key, problems));
        texts.to_vec()
    };
    let name = pointers("oauth.account_name", table.account_name.as_ref());
    let id = pointers("oauth.account", table.account.as_ref());
    if table.account.is_none() {
        if table.account_url.is_some() || table.account_name.is_some() {
            problems.add("oauth.account", "must be there beside `account_url` and `account_name`");
        }
        return None;
    }
    Some(AccountLookup { endpoint, id, name })
}

/// Checks `assumed_lifetime_s`.
pub(super) fn check_lifetime(seconds: Option<u64>, problems: &mut Problems) {
    if seconds.is_some_and(|seconds| !(60..=LONGEST_LIFETIME).contains(&seconds)) {
        problems.add("oauth.assumed_lifetime_s", format!("must be 60 to {LONGEST_LIFETIME} seconds"));
    }
}

fn check_field(
    name: &str,
    fields: &[Field],
    kind: CredentialType,
    in_hosts: &[&str],
    key: &str,
    problems: &mut Problems,
) {
    if [TOKEN_EXPIRY, "scope", "token_type"].contains(&name) {
        return problems.add(key, "is filled by every grant: say in `response` where it stands");
    }
    let Some(field) = field_of(fields, kind, name).filter(|field| !field.secret) else {
        return problems
            .add(key, format!("names `{name}`, which is not a public field of {}", kind.as_str()));
    };
    if !is_arriving(field.kind) {
        problems.add(key, format!("names `{name}`, whose type is not for what a provider sends"));
    }
    let decides = field.destination || in_hosts.contains(&name);
    if decides && field.pattern.is_none() && field.choices.is_empty() {
        problems.add(
            key,
            format!("needs a pattern or choices for `{name}`, which decides where a secret is sent"),
        );
    }
}

/// Whether a field of this kind can take a text or a number from an answer.
fn is_arriving(kind: FieldKind) -> bool {
    match kind {
        FieldKind::Text | FieldKind::Integer | FieldKind::Port | FieldKind::Host | FieldKind::Url => true,
        FieldKind::Boolean
        | FieldKind::List
        | FieldKind::Timestamp
        | FieldKind::PrivateKey
        | FieldKind::CertificatePem
        | FieldKind::PostgresConnectionString => false,
    }
}

/// Checks that a text is a JSON pointer: it begins with `/`, and `~` appears in `~0` and `~1` only (RFC 6901,
/// section 3). The empty pointer is refused because it means the whole answer, which is not a text.
fn check_pointer(text: &str, key: &str, problems: &mut Problems) {
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !text.starts_with('/') || !escaped {
        problems.add(key, POINTER);
    }
}
