//! Makes credentials that a provider's rules accept and that carry a marker.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use strongroom_declared_http::HttpTest;
use strongroom_domain::{CredentialType, Field, FieldKind, Provider, ProviderTest};

use crate::marker::Marker;
use crate::sigv4;

/// The `credentials` object of a request to the vault.
pub type Credentials = BTreeMap<String, Value>;

/// Why such credentials cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCredentials {
    /// The catalog has no such provider.
    #[error("the catalog has no provider {0}")]
    Provider(String),
    /// The provider does not take this type.
    #[error("provider {0} takes no credentials of type {1}")]
    Type(String, &'static str),
    /// The pattern of a secret field does not accept the marker, even within the field's example.
    #[error(
        "field {0} takes no value with {1} in it; give it an example with EXAMPLE in it and a pattern that takes letters there"
    )]
    Field(String, &'static str),
}

/// Makes credentials with which the provider's test can begin: the required fields, and the fields that a
/// first step needs beside them. Every secret carries the marker. For signed requests the access key id
/// carries it.
pub(crate) fn with_marker(
    provider: &Provider,
    test: Option<&HttpTest>,
    kind: CredentialType,
    marker: Marker,
) -> Result<Credentials, NoCredentials> {
    let names =
        names(provider, kind).ok_or_else(|| NoCredentials::Type(provider.id.to_string(), kind.as_str()))?;
    fill(provider, test, (kind, marker), &names)
}

/// Makes credentials with these fields and no others, by the rules of [`with_marker`].
pub(crate) fn fill(
    provider: &Provider,
    test: Option<&HttpTest>,
    (kind, marker): (CredentialType, Marker),
    names: &BTreeSet<String>,
) -> Result<Credentials, NoCredentials> {
    let signed = test.is_some_and(|test| is_signed(test, kind));
    let fields = provider.fields_of(kind).filter(|field| names.contains(&field.name));
    let values = fields.map(|field| {
        let value = match field.name.as_str() {
            "access_key_id" if signed => access_key_id(marker),
            "secret_access_key" if signed => sigv4::SECRET.into(),
            _ if field.secret => secret(field, marker)
                .ok_or_else(|| NoCredentials::Field(field.name.clone(), marker.as_str()))?,
            _ => public(field),
        };
        Ok((field.name.clone(), value))
    });
    values.collect()
}

/// Makes an access key id of 20 characters, as AWS has them: `AKIAGOOD000000000000`.
fn access_key_id(marker: Marker) -> Value {
    format!("{:0<20}", format!("AKIA{}", marker.as_str().to_ascii_uppercase())).into()
}

fn is_signed(test: &HttpTest, kind: CredentialType) -> bool {
    test.steps.iter().any(|step| step.aws_sigv4.is_some() && step.conditions.are_for(kind))
}

fn names(provider: &Provider, kind: CredentialType) -> Option<BTreeSet<String>> {
    let rules = provider.types.get(&kind)?;
    let none = Vec::new();
    let groups: Vec<_> = if rules.any_of.is_empty() { vec![&none] } else { rules.any_of.iter().collect() };
    let sets = groups.iter().map(|group| rules.required.iter().chain(*group).cloned().collect());
    let sets: Vec<BTreeSet<String>> = sets.collect();
    let testable = |set: &BTreeSet<String>| provider.can_test(kind, |name| set.contains(name));
    if let Some(set) = sets.iter().find(|set| testable(set)) {
        return Some(set.clone());
    }
    // A test is possible only with some of the optional fields.
    let Some(ProviderTest::Http(steps)) = &provider.test else { return sets.into_iter().next() };
    let more = steps.iter().flat_map(|step| {
        sets.iter().map(|set| set.iter().chain(&step.needs).cloned().collect::<BTreeSet<String>>())
    });
    more.into_iter().find(testable).or_else(|| sets.first().cloned())
}

/// A value of a secret field that contains the marker, when one keeps the field's rules.
pub(crate) fn secret(field: &Field, marker: Marker) -> Option<Value> {
    let word = marker.as_str();
    let text = match field.kind {
        FieldKind::PrivateKey => {
            Some(format!("-----BEGIN PRIVATE KEY-----\n{word}\n-----END PRIVATE KEY-----\n"))
        }
        FieldKind::PostgresConnectionString => {
            Some(format!("postgres://rehearsal:{word}@db.example.com/rehearsal"))
        }
        _ => {
            let whole = format!("rehearsal-{word}-key");
            let takes = |text: &String| {
                Marker::find(text) == Some(marker)
                    && field.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
            };
            in_example(field, word).chain([whole, word.to_owned()]).find(takes)
        }
    };
    text.map(Value::String)
}

/// The field's example with the marker in place of the word EXAMPLE: as it is, and filled up to the length of
/// the example.
fn in_example(field: &Field, word: &str) -> impl Iterator<Item = String> {
    let example = field.example.clone().unwrap_or_default();
    let spellings = [
        word.to_owned(),
        word.to_ascii_uppercase(),
        format!("{word:0<7}"),
        format!("{word:x<7}").to_ascii_uppercase(),
    ];
    let filled = example.clone();
    spellings
        .into_iter()
        .filter(move |_| example.contains("EXAMPLE"))
        .map(move |word| filled.replace("EXAMPLE", &word))
}

/// A value of a field that is not secret.
pub(crate) fn public(field: &Field) -> Value {
    let example = field.choices.first().cloned().or_else(|| field.example.clone());
    match field.kind {
        FieldKind::Boolean => Value::Bool(true),
        FieldKind::List => Value::Array(Vec::new()),
        FieldKind::Integer | FieldKind::Port => {
            let number = example.and_then(|text| text.parse::<i64>().ok());
            number.unwrap_or(443).into()
        }
        FieldKind::Url => example.unwrap_or_else(|| "https://rehearsal.example.com".to_owned()).into(),
        FieldKind::Host => example.unwrap_or_else(|| "rehearsal.example.com".to_owned()).into(),
        FieldKind::Timestamp => "2030-01-31T12:00:00Z".into(),
        _ => example.unwrap_or_else(|| "rehearsal".to_owned()).into(),
    }
}
