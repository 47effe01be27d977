use std::collections::BTreeMap;
use std::net::IpAddr;

use diesel::prelude::*;
use strongroom_domain::audit::{AuditRecord, Origin};
use strongroom_domain::{
    Action, Actor, AuditEvent, CredentialId, Outcome, ProviderId, PurposeKeyId, violation::Rule,
};
use strongroom_repository::StoreResult;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bad_row::RowName;
use crate::schema::audit_events;

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub(crate) struct RecordRow {
    org_id: String,
    seq: i64,
    at: OffsetDateTime,
    action: String,
    outcome: String,
    actor: String,
    authentication: Option<String>,
    request_id: Option<String>,
    source_ip: Option<String>,
    credential_id: Option<Uuid>,
    target: Option<String>,
    provider: Option<String>,
    version: Option<i64>,
    envelope_digest: Option<Vec<u8>>,
    details: String,
    mac_key: Uuid,
    mac: Vec<u8>,
}

impl RecordRow {
    /// Reads a record. A value that has two spellings must have the one that was written, or an edited row
    /// could pass for the one that was signed.
    pub(crate) fn read(self) -> StoreResult<AuditRecord> {
        let row = RowName { table: "audit_events", organization: &self.org_id, id: &self.seq };
        let event = AuditEvent {
            organization: row.organization()?,
            action: row.column("action", Action::parse(&self.action))?,
            outcome: row.column("outcome", Outcome::parse(&self.outcome))?,
            actor: Actor::from_stored(self.actor),
            origin: Origin {
                authentication: row.column("authentication", not_empty(self.authentication))?,
                request_id: row.column("request_id", not_empty(self.request_id))?,
                source_ip: row.column("source_ip", self.source_ip.as_deref().map(address).transpose())?,
            },
            credential: self.credential_id.map(CredentialId),
            target: row.column("target", not_empty(self.target))?,
            provider: row.column("provider", self.provider.as_deref().map(provider).transpose())?,
            version: self.version.map(|version| row.counter("version", version)).transpose()?,
            envelope_digest: self
                .envelope_digest
                .map(|digest| row.bytes("envelope_digest", digest))
                .transpose()?,
            details: row.column("details", details(&self.details))?,
        };
        if event.details_json() != self.details {
            row.column("details", Err::<(), _>(Rule::fixed("is not in canonical form")))?;
        }
        Ok(AuditRecord {
            seq: row.counter("seq", self.seq)?,
            at: self.at,
            event,
            mac_key: PurposeKeyId(self.mac_key),
            mac: row.bytes("mac", self.mac)?,
        })
    }
}

/// The empty text has the signature of the absent one.
fn not_empty(text: Option<String>) -> Result<Option<String>, Rule> {
    match text {
        Some(text) if text.is_empty() => Err(Rule::fixed("must be absent rather than empty")),
        text => Ok(text),
    }
}

fn address(text: &str) -> Result<IpAddr, Rule> {
    let address = text.parse::<IpAddr>().ok().filter(|address| address.to_string() == text);
    address.ok_or(Rule::fixed("must be an address in its usual spelling"))
}

fn provider(text: &str) -> Result<ProviderId, Rule> {
    let provider = ProviderId::parse(text)?;
    if provider.as_str() == text { Ok(provider) } else { Err(Rule::fixed("must be lower case")) }
}

fn details(text: &str) -> Result<BTreeMap<String, String>, Rule> {
    serde_json::from_str(text).map_err(|_| Rule::fixed("must be a JSON object of texts"))
}
