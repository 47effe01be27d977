//! `strongroom audit list`

use serde_json::{Value, json};
use strongroom_application::{Operator, QueryAudit};
use strongroom_domain::audit::AuditRecord;
use strongroom_domain::{Action, Actor, Issuer, OrganizationId, ProviderId, timestamp};

use super::{Invocation, broken, explained, with_vault};
use crate::arguments::AuditList;
use crate::output;

/// Prints the newest records of a chain, oldest first, so that the newest stands at the end of a terminal.
/// The chain `~system` holds what belongs to no organisation: refused tokens and keys, and starts.
pub(crate) async fn run(invocation: Invocation, asked: AuditList) -> anyhow::Result<()> {
    let organization = OrganizationId::from_stored(&asked.org).map_err(|rule| broken(rule.on("--org")))?;
    let action = asked.action.map(|text| Action::parse(&text)).transpose();
    let actor = asked.actor.map(|text| Actor::parse(&text)).transpose();
    let mut query = QueryAudit { before: asked.before, limit: asked.limit, ..QueryAudit::default() };
    query.filter.action = action.map_err(|rule| broken(rule.on("--action")))?;
    query.filter.actor = actor.map_err(|rule| broken(rule.on("--actor")))?;
    let operator = Operator::of(organization)?;
    let found = with_vault(invocation.settings, async |strongroom| {
        let application = strongroom.application();
        let admitted = application.access.admit(operator.caller().clone())?;
        application.audit.query(&admitted, query).await.map_err(explained)
    });
    let (mut records, more) = found.await?;
    records.reverse();
    let items: Vec<Value> = records.iter().map(value).collect();
    let mut lines: Vec<String> = records.iter().map(line).collect();
    if let Some(first) = records.first().filter(|_| more) {
        lines.insert(0, format!("there are older records: --before {}", first.seq));
    }
    output::result(invocation.json, &json!({ "items": items, "more": more }), &lines);
    Ok(())
}

fn value(record: &AuditRecord) -> Value {
    let event = &record.event;
    json!({
        "seq": record.seq,
        "at": timestamp::format(record.at),
        "action": event.action.as_str(),
        "outcome": event.outcome.as_str(),
        "actor": event.actor.as_str(),
        "issuer": event.actor.issuer().map(Issuer::as_str),
        "authentication": event.origin.authentication,
        "credential_id": event.credential.map(|id| id.to_string()),
        "target": event.target,
        "provider": event.provider.as_ref().map(ProviderId::as_str),
        "version": event.version,
        "request_id": event.origin.request_id,
        "source_ip": event.origin.source_ip.map(|ip| ip.to_string()),
        "details": event.details,
    })
}

/// A record on one line: what is always there, and what else it says as `name=value`.
fn line(record: &AuditRecord) -> String {
    let event = &record.event;
    let mut words = vec![
        record.seq.to_string(),
        timestamp::format(record.at),
        event.action.as_str().to_owned(),
        event.outcome.as_str().to_owned(),
        event.actor.as_str().to_owned(),
    ];
    let facts = [
        ("ip", event.origin.source_ip.map(|ip| ip.to_string())),
        ("request", event.origin.request_id.clone()),
        ("credential", event.credential.map(|id| id.to_string())),
        ("provider", event.provider.as_ref().map(ToString::to_string)),
        ("target", event.target.clone()),
    ];
    words.extend(facts.into_iter().filter_map(|(name, fact)| Some(format!("{name}={}", fact?))));
    words.extend(event.details.iter().map(|(name, detail)| format!("{name}={detail:?}")));
    words.join(" ")
}
