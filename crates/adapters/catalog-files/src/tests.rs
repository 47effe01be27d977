//! Tests of the compiled-in files, of overlays, and of files with mistakes.

mod dialects;
mod embedded;
mod mistakes;
mod oauth;
mod oauth_embedded;
mod oauth_mistakes;
mod overlay;
mod provider_test;

use strongroom_domain::{Field, FieldKind, Json, SecretText, Submission};

/// Returns a value that the field accepts, with `mark` in it when the field is secret.
fn sample(field: &Field, mark: &str) -> Json {
    let text = match field.kind {
        FieldKind::Boolean => return Json::Boolean(true),
        FieldKind::List => return Json::Array(Vec::new()),
        FieldKind::PrivateKey => {
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{mark}\n-----END OPENSSH PRIVATE KEY-----\n")
        }
        FieldKind::PostgresConnectionString => format!("postgres://report:{mark}@db.example.com/sales"),
        FieldKind::CertificatePem => {
            format!("-----BEGIN CERTIFICATE-----\nMI{}\n-----END CERTIFICATE-----\n", "A".repeat(158))
        }
        _ if field.secret => mark.to_owned(),
        _ => field.example.clone().unwrap_or_else(|| panic!("{} has no example", field.name)),
    };
    Json::Text(SecretText::new(text))
}

fn submission<'a>(fields: impl IntoIterator<Item = &'a Field>, mark: &str) -> Submission {
    fields.into_iter().map(|field| (field.name.clone(), sample(field, mark))).collect()
}
