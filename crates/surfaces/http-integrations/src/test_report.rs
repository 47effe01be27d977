//! The test report on this dialect's wire.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use strongroom_domain::{Facts, TestMeaning, TestReport, TestStep, timestamp};
use strongroom_http_kit::Moment;

use crate::schema::spelled;

/// What a connection test found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Report<'a> {
    success: bool,
    #[schemars(schema_with = "spelled::test_code")]
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    provider: &'a str,
    #[schemars(with = "Moment")]
    tested_at: String,
    duration_ms: u64,
    steps: Vec<Step<'a>>,
    facts: &'a Facts,
}

#[derive(Serialize, JsonSchema)]
struct Step<'a> {
    name: &'a str,
    #[schemars(extend("enum" = ["ok", "failed", "skipped"]))]
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
}

impl<'a> From<&'a TestReport> for Report<'a> {
    fn from(report: &'a TestReport) -> Self {
        let step = |step: &'a TestStep| Step {
            name: &step.name,
            outcome: step.outcome.as_str(),
            duration_ms: step.duration.map(milliseconds),
        };
        Self {
            success: report.code.meaning() == TestMeaning::Works,
            code: report.code.as_str(),
            message: &report.message,
            hint: report.hint.as_deref(),
            provider: report.provider.as_str(),
            tested_at: timestamp::format(report.tested_at),
            duration_ms: milliseconds(report.duration),
            steps: report.steps.iter().map(step).collect(),
            facts: &report.facts,
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
