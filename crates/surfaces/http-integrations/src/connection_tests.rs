//! Connection tests, of what is stored and of what is not yet. Whatever they find is an answer of 200.

pub(crate) mod postgres;
pub(crate) mod provider;
pub(crate) mod sftp;
pub(crate) mod stored;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};
use strongroom_application::{Failure, Tested};
use strongroom_domain::{Json, SecretText, Submission, Violation};
use strongroom_http_kit::{Answered, Content, Fields, IntegerOrText, Schema, ok, schema_of, with_allowance};

use crate::test_report::Report;

const REPORTED: &[Answered] = &[Answered {
    status: 200,
    description: "What the test found, whatever it is.",
    content: Content::One(Schema { name: "TestReport", json: schema_of::<Report<'_>> }),
}];

/// 200 with the report.
fn answer(tested: &Tested) -> HttpResponse {
    with_allowance(ok(&Report::from(&tested.report)), tested.allowance.as_ref())
}

/// Fields at the top level of a body: what this route calls each, and what the catalog does.
type Names<'a> = &'a [(&'a str, &'a str)];

/// Takes texts out of a body, under the catalog's names; `port` may be a number too.
fn submission(body: &mut Fields, names: Names<'_>) -> Submission {
    let mut submission = Submission::new();
    for (sent, field) in names {
        let value = match *field {
            "port" => body.optional::<IntegerOrText>(sent).map(|value| value.0),
            _ => body.optional::<SecretText>(sent).map(Json::Text),
        };
        submission.extend(value.map(|value| ((*field).to_owned(), value)));
    }
    submission
}

/// Names the fields as this route's callers do.
fn renamed(failure: Failure, names: Names<'_>) -> Failure {
    let Failure::Invalid(violations) = failure else { return failure };
    let rename = |violation: Violation| {
        let sent =
            names.iter().find(|(_, field)| *field == violation.field).map(|(sent, _)| (*sent).to_owned());
        Violation { field: sent.unwrap_or(violation.field), rule: violation.rule }
    };
    Failure::Invalid(violations.into_iter().map(rename).collect())
}

/// The schema of a body in which these texts are there and not empty.
fn needed(names: &[&str]) -> Value {
    let there = names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string", "minLength": 1 })));
    json!({ "properties": there.collect::<Map<_, _>>(), "required": names })
}
