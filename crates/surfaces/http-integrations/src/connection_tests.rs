//! Tests of connections that are stored and of others. Whatever a test finds, the answer is 200 with a
//! report.

pub(crate) mod postgres;
pub(crate) mod provider;
pub(crate) mod sftp;
pub(crate) mod stored;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};
use strongroom_application::Tested;
use strongroom_domain::content::{MAX_CERTIFICATES_BYTES, MAX_VALUE_BYTES};
use strongroom_domain::{Json, SecretText, Submission};
use strongroom_http_kit::{AnswerBody, Answered, Fault, FromJson, Schema, ok, schema_of, with_allowance};

use crate::test_report::Report;

const REPORTED: &[Answered] = &[Answered {
    status: 200,
    description: "The report of the test, whether it succeeded or failed.",
    body: AnswerBody::One(Schema { name: "TestReport", json: schema_of::<Report<'_>> }),
}];

/// An answer of 200 with the report.
fn answer(tested: &Tested) -> HttpResponse {
    with_allowance(ok(&Report::from(&tested.report)), tested.allowance.as_ref())
}

/// A text field of a credential, which may be a secret.
struct TextField(Json);

impl FromJson for TextField {
    fn from_json(json: Json) -> Result<Self, Fault> {
        SecretText::from_json(json).map(|text| Self(Json::Text(text)))
    }

    fn schema() -> Value {
        json!({ "type": "string", "maxLength": MAX_VALUE_BYTES })
    }
}

/// Certificates in PEM form.
struct CertificatesField(Json);

impl FromJson for CertificatesField {
    fn from_json(json: Json) -> Result<Self, Fault> {
        SecretText::from_json(json).map(|text| Self(Json::Text(text)))
    }

    fn schema() -> Value {
        json!({ "type": "string", "maxLength": MAX_CERTIFICATES_BYTES })
    }
}

/// A port, as a number or its text.
struct Port(Json);

impl FromJson for Port {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match json {
            Json::Integer(_) | Json::Text(_) => Ok(Self(json)),
            _ => Err(Fault::not_a("integer")),
        }
    }

    fn schema() -> Value {
        json!({ "type": ["integer", "string"], "minimum": 1, "maximum": 65_535, "pattern": "^[0-9]+$" })
    }
}

/// Collects the fields that are there, under the names of the catalog.
fn submission<const N: usize>(fields: [(&str, Option<Json>); N]) -> Submission {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A schema of bodies in which these texts are there and not empty.
fn needed(names: &[&str]) -> Value {
    let there = names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string", "minLength": 1 })));
    json!({ "properties": there.collect::<Map<_, _>>(), "required": names })
}
