use std::collections::BTreeMap;

use diesel::prelude::*;
use strongroom_domain::audit::{AuditHead, AuditRecord, Origin};
use strongroom_domain::{Action, Actor, AuditEvent, CredentialId, Outcome, ProviderId, PurposeKeyId};

use crate::columns::{Row, blob, integer, micros};
use crate::failure::{BadColumn, RowKey};
use crate::schema::{audit_events, audit_heads};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
pub(super) struct EventRow {
    org_id: String,
    seq: i64,
    at: i64,
    action: String,
    outcome: String,
    actor: String,
    authentication: Option<String>,
    request_id: Option<String>,
    source_ip: Option<String>,
    credential_id: Option<Vec<u8>>,
    target: Option<String>,
    provider: Option<String>,
    version: Option<i64>,
    envelope_digest: Option<Vec<u8>>,
    details: String,
    mac_key: Vec<u8>,
    mac: Vec<u8>,
}

impl EventRow {
    pub(super) fn of(record: &AuditRecord) -> Self {
        let event = &record.event;
        Self {
            org_id: event.organization.as_str().to_owned(),
            seq: integer(record.seq),
            at: micros(record.at),
            action: event.action.as_str().to_owned(),
            outcome: event.outcome.as_str().to_owned(),
            actor: event.actor.as_str().to_owned(),
            authentication: event.origin.authentication.clone(),
            request_id: event.origin.request_id.clone(),
            source_ip: event.origin.source_ip.map(|ip| ip.to_string()),
            credential_id: event.credential.map(|id| blob(id.0)),
            target: event.target.clone(),
            provider: event.provider.as_ref().map(|provider| provider.as_str().to_owned()),
            version: event.version.map(integer),
            envelope_digest: event.envelope_digest.map(|digest| digest.to_vec()),
            details: event.details_json(),
            mac_key: blob(record.mac_key.0),
            mac: record.mac.to_vec(),
        }
    }

    pub(super) fn into_record(self) -> Result<AuditRecord, BadColumn> {
        let organization = self.org_id.clone();
        let row = Row { table: "audit_events", organization: &organization, key: RowKey::Place(self.seq) };
        Ok(AuditRecord {
            seq: row.count("seq", self.seq)?,
            at: row.time("at", self.at)?,
            mac_key: PurposeKeyId(row.uuid("mac_key", &self.mac_key)?),
            mac: row.bytes("mac", &self.mac)?,
            event: self.into_event(&row)?,
        })
    }

    fn into_event(self, row: &Row<'_>) -> Result<AuditEvent, BadColumn> {
        let details: BTreeMap<String, String> = row.read("details", serde_json::from_str(&self.details))?;
        let credential = self.credential_id.map(|id| row.uuid("credential_id", &id)).transpose()?;
        let source_ip = self.source_ip.map(|ip| row.read("source_ip", ip.parse())).transpose()?;
        let provider = self.provider.map(|id| row.read("provider", ProviderId::parse(&id))).transpose()?;
        let digest = self.envelope_digest.map(|digest| row.bytes("envelope_digest", &digest)).transpose()?;
        Ok(AuditEvent {
            organization: row.organization()?,
            action: row.read("action", Action::parse(&self.action))?,
            outcome: row.read("outcome", Outcome::parse(&self.outcome))?,
            actor: Actor::from_stored(self.actor),
            origin: Origin { authentication: self.authentication, request_id: self.request_id, source_ip },
            credential: credential.map(CredentialId),
            target: self.target,
            provider,
            version: self.version.map(|version| row.count("version", version)).transpose()?,
            envelope_digest: digest,
            details,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_heads)]
pub(super) struct HeadRow {
    org_id: String,
    seq: i64,
    mac: Vec<u8>,
    updated_at: i64,
}

impl HeadRow {
    pub(super) fn of(head: &AuditHead, updated_at: i64) -> Self {
        let org_id = head.organization.as_str().to_owned();
        Self { org_id, seq: integer(head.seq), mac: head.mac.to_vec(), updated_at }
    }

    pub(super) fn into_head(self) -> Result<AuditHead, BadColumn> {
        let row = Row { table: "audit_heads", organization: &self.org_id, key: RowKey::Place(self.seq) };
        Ok(AuditHead {
            organization: row.organization()?,
            seq: row.count("seq", self.seq)?,
            mac: row.bytes("mac", &self.mac)?,
        })
    }
}
