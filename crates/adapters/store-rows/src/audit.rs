use std::collections::BTreeMap;
use std::net::IpAddr;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::audit::{AuditHead, AuditRecord, Origin};
use strongroom_domain::violation::Rule;
use strongroom_domain::{
    Action, Actor, AuditEvent, CredentialId, Issuer, OrganizationId, Outcome, ProviderId, PurposeKeyId,
};
use strongroom_repository::StoreResult;

use crate::schema::{audit_events, audit_heads};
use crate::{BadColumn, Micros, RowId, RowName, Stored, stored};

/// An audit record.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, check_for_backend(Pg, Sqlite))]
pub struct EventRow {
    org_id: String,
    seq: i64,
    at: Micros,
    action: String,
    outcome: String,
    actor: String,
    issuer: Option<String>,
    authentication: Option<String>,
    request_id: Option<String>,
    source_ip: Option<String>,
    credential_id: Option<RowId>,
    target: Option<String>,
    provider: Option<String>,
    version: Option<i64>,
    envelope_digest: Option<Vec<u8>>,
    details: String,
    mac_key: RowId,
    mac: Vec<u8>,
}

/// The last record of a chain.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_heads, check_for_backend(Pg, Sqlite))]
pub struct HeadRow {
    org_id: String,
    seq: i64,
    mac: Vec<u8>,
}

/// The organisation of a record in a chain that has no head.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_events, check_for_backend(Pg, Sqlite))]
pub struct HeadlessRow {
    org_id: String,
}

impl EventRow {
    /// The row of a new record.
    pub fn of(record: &AuditRecord) -> StoreResult<Self> {
        let event = &record.event;
        Ok(Self {
            org_id: event.organization.as_str().to_owned(),
            seq: stored(record.seq)?,
            at: record.at.into(),
            action: event.action.as_str().to_owned(),
            outcome: event.outcome.as_str().to_owned(),
            actor: event.actor.as_str().to_owned(),
            issuer: event.actor.issuer().map(String::from),
            authentication: event.origin.authentication.clone(),
            request_id: event.origin.request_id.clone(),
            source_ip: event.origin.source_ip.map(|ip| ip.to_string()),
            credential_id: event.credential.map(|id| RowId(id.0)),
            target: event.target.clone(),
            provider: event.provider.as_ref().map(|provider| provider.as_str().to_owned()),
            version: event.version.map(stored).transpose()?,
            envelope_digest: event.envelope_digest.map(|digest| digest.to_vec()),
            details: event.details_json(),
            mac_key: RowId(record.mac_key.0),
            mac: record.mac.to_vec(),
        })
    }
}

impl Stored for EventRow {
    type Value = AuditRecord;

    /// Reads a record. Where a value could be written in two ways, only the one that this store writes is
    /// accepted; otherwise an edited row could pass for the one that was signed.
    fn read(self) -> Result<AuditRecord, BadColumn> {
        let row = RowName { table: "audit_events", organization: &self.org_id, id: &self.seq };
        let digest = self.envelope_digest.map(|digest| row.bytes("envelope_digest", digest));
        let issuer = row.column("issuer", not_empty(self.issuer))?.map(Issuer::from_stored);
        let event = AuditEvent {
            organization: row.organization()?,
            action: row.column("action", Action::parse(&self.action))?,
            outcome: row.column("outcome", Outcome::parse(&self.outcome))?,
            actor: Actor::from_stored(self.actor, issuer),
            origin: Origin {
                authentication: row.column("authentication", not_empty(self.authentication))?,
                request_id: row.column("request_id", not_empty(self.request_id))?,
                source_ip: row.column("source_ip", self.source_ip.as_deref().map(address).transpose())?,
            },
            credential: self.credential_id.map(|id| CredentialId(id.0)),
            target: row.column("target", not_empty(self.target))?,
            provider: row.column("provider", self.provider.as_deref().map(provider).transpose())?,
            version: self.version.map(|version| row.counter("version", version)).transpose()?,
            envelope_digest: digest.transpose()?,
            details: row.column("details", details(&self.details))?,
        };
        if event.details_json() != self.details {
            row.column("details", Err::<(), _>(Rule::fixed("is not in canonical form")))?;
        }
        Ok(AuditRecord {
            seq: row.counter("seq", self.seq)?,
            at: row.time("at", self.at)?,
            event,
            mac_key: PurposeKeyId(self.mac_key.0),
            mac: row.bytes("mac", self.mac)?,
        })
    }
}

impl Stored for HeadRow {
    type Value = AuditHead;

    fn read(self) -> Result<AuditHead, BadColumn> {
        let row = RowName { table: "audit_heads", organization: &self.org_id, id: &"head" };
        Ok(AuditHead {
            organization: row.organization()?,
            seq: row.counter("seq", self.seq)?,
            mac: row.bytes("mac", self.mac)?,
        })
    }
}

impl Stored for HeadlessRow {
    type Value = OrganizationId;

    fn read(self) -> Result<OrganizationId, BadColumn> {
        RowName { table: "audit_events", organization: &self.org_id, id: &"any" }.organization()
    }
}

/// Refuses an empty text, because it has the same signature as an absent one.
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
