//! Answers of providers as their documentation and open-source clients describe them. They are written
//! independently of the provider files, so that a file that misreads its provider fails a test here.

mod aws;
mod crm;
mod identity;
mod monitoring;

pub(crate) use aws::skewed;

use crate::call::{Call, Wanted};
use crate::wire::Reply;

/// The provider's real answer. `None` for providers and paths that are not described here.
pub(crate) fn reply(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    match call.provider {
        "datadog" => monitoring::datadog(call, wanted),
        "pagerduty" => monitoring::pagerduty(call, wanted),
        "aws" | "aws_ses" => aws::reply(call, wanted),
        "github" => identity::github(call, wanted),
        "google" => identity::google(call, wanted),
        "microsoft" | "sharepoint" => identity::microsoft(call, wanted),
        "slack" => identity::slack(call, wanted),
        "salesforce" => crm::salesforce(call, wanted),
        "hubspot" => crm::hubspot(call, wanted),
        "pipedrive" => crm::pipedrive(call, wanted),
        "zoho" => crm::zoho(call, wanted),
        "dynamics" => crm::dynamics(call, wanted),
        _ => None,
    }
}
