//! Connection tests, of what is stored and of what is not yet. Whatever they find is an answer of 200.

pub(crate) mod postgres;
pub(crate) mod provider;
pub(crate) mod sftp;
pub(crate) mod stored;

use actix_web::HttpResponse;
use strongroom_application::{Failure, Tested};
use strongroom_domain::{Submission, Violation};
use strongroom_http_kit::{Fields, ok, with_allowance};

use crate::test_report::Report;

/// 200 with the report.
fn answer(tested: &Tested) -> HttpResponse {
    with_allowance(ok(&Report::from(&tested.report)), tested.allowance.as_ref())
}

/// A body whose fields stand at its top level, under names of this route.
fn submission(body: &mut Fields, names: &[(&str, &str)]) -> Submission {
    let fields = names.iter().filter_map(|(sent, field)| Some(((*field).to_owned(), body.optional(sent)?)));
    fields.collect()
}

/// Names the fields as this route's callers do.
fn renamed(failure: Failure, names: &[(&str, &str)]) -> Failure {
    let Failure::Invalid(violations) = failure else { return failure };
    let rename = |violation: Violation| {
        let sent =
            names.iter().find(|(_, field)| *field == violation.field).map(|(sent, _)| (*sent).to_owned());
        Violation { field: sent.unwrap_or(violation.field), rule: violation.rule }
    };
    Failure::Invalid(violations.into_iter().map(rename).collect())
}
