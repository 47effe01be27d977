//! The events of the audit trail: what happened, to what, by whom and with which outcome. They never hold a
//! value of a field.
//!
//! Each organisation has one chain of records. A record's MAC covers the record and the MAC before it, so
//! that an edited, removed, inserted or reordered record is found by walking the chain.

use std::collections::BTreeMap;
use std::net::IpAddr;

use time::OffsetDateTime;

use crate::canonical::Canonical;
use crate::credential::Credential;
use crate::credential_id::CredentialId;
use crate::organization::OrganizationId;
use crate::principal::Actor;
use crate::provider_id::ProviderId;
use crate::sealed::PurposeKeyId;
use crate::spelled::spelled;

spelled! {
    /// What can happen. The set is closed; each later part of Strongroom adds its own actions.
    Action, "must be an audit action":
    /// A credential was stored.
    CredentialCreated => "credential.created",
    /// A credential's content was replaced.
    CredentialUpdated => "credential.updated",
    /// A credential got another name.
    CredentialRenamed => "credential.renamed",
    /// A credential was destroyed; this event is its tombstone.
    CredentialDeleted => "credential.deleted",
    /// A stored credential was tested against its provider.
    CredentialTested => "credential.tested",
    /// Credentials that are not stored were tested against their provider.
    ConnectionTested => "connection.tested",
    /// A user or a service account began an authorization.
    AuthorizationBegun => "authorization.begun",
    /// A provider granted; the credential is pending.
    AuthorizationGranted => "authorization.granted",
    /// A grant was confirmed, and its credential is usable.
    AuthorizationCompleted => "authorization.completed",
    /// An authorization failed: it was refused, forged, disowned by the person, or not completed in time.
    AuthorizationFailed => "authorization.failed",
    /// A token was refreshed, or could not be.
    CredentialRefreshed => "credential.refreshed",
    /// A token was revoked at its provider, or could not be.
    GrantRevoked => "grant.revoked",
    /// An organisation's OAuth app was made.
    OauthAppCreated => "oauth_app.created",
    /// The secret of an organisation's OAuth app was replaced.
    OauthAppUpdated => "oauth_app.updated",
    /// An organisation's OAuth app was removed.
    OauthAppDeleted => "oauth_app.deleted",
    /// The egress policy refused the destination of a connection test.
    EgressRefused => "egress.refused",
    /// A secret was handed out.
    SecretRead => "secret.read",
    /// A provider was connected with a credential.
    IntegrationConnected => "integration.connected",
    /// A provider was disconnected, or the credential that it used was deleted.
    IntegrationDisconnected => "integration.disconnected",
    /// A stored secret did not open: a row was edited or moved.
    IntegrityFailed => "integrity.failed",
    /// A service account was made.
    ServiceAccountCreated => "service_account.created",
    /// A service account was changed.
    ServiceAccountUpdated => "service_account.updated",
    /// A service account and its keys were removed.
    ServiceAccountDeleted => "service_account.deleted",
    /// A service account was given scopes, perhaps ones that the caller does not hold.
    ScopesGranted => "service_account.scopes_granted",
    /// An API key was made.
    ApiKeyCreated => "api_key.created",
    /// An API key was revoked.
    ApiKeyRevoked => "api_key.revoked",
    /// An organisation's quota was changed.
    OrganizationLimitSet => "organization.limit_set",
    /// The audit trail was read.
    AuditQueried => "audit.queried",
    /// The audit chain was checked.
    AuditVerified => "audit.verified",
    /// A principal asked for what it may not do.
    AccessDenied => "access.denied",
    /// A caller presented no valid token or key.
    AuthenticationFailed => "authentication.failed",
    /// A server started; the details hold a digest of its settings.
    ServerStarted => "server.started",
}

spelled! {
    /// How it ended.
    Outcome, "must be an audit outcome":
    /// It was done.
    Success => "success",
    /// It was refused.
    Denied => "denied",
    /// It broke.
    Failed => "failed",
}

/// Facts about the request that an event belongs to; all absent for commands and jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// How the caller proved who it is: `jwt:<issuer>` or `api_key:<key id>`.
    pub authentication: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The caller's address, as the rule for trusted proxies determines it.
    pub source_ip: Option<IpAddr>,
}

/// An event that has not been recorded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// The organisation in whose chain it is recorded.
    pub organization: OrganizationId,
    /// What happened.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it, with the issuer.
    pub actor: Actor,
    /// The request that it belongs to.
    pub origin: Origin,
    /// The credential it happened to.
    pub credential: Option<CredentialId>,
    /// Another thing it happened to: a service account's or key's id.
    pub target: Option<String>,
    /// The credential's provider.
    pub provider: Option<ProviderId>,
    /// The payload version after the event.
    pub version: Option<u64>,
    /// SHA-256 of the envelope that was stored, for `audit verify --deep`.
    pub envelope_digest: Option<[u8; 32]>,
    /// Names, counts and codes; never a value.
    pub details: BTreeMap<String, String>,
}

impl AuditEvent {
    /// An event without a target.
    pub fn new(
        organization: OrganizationId,
        action: Action,
        outcome: Outcome,
        actor: Actor,
        origin: Origin,
    ) -> Self {
        Self {
            organization,
            action,
            outcome,
            actor,
            origin,
            credential: None,
            target: None,
            provider: None,
            version: None,
            envelope_digest: None,
            details: BTreeMap::new(),
        }
    }

    /// Names the credential, its provider and its version.
    #[must_use]
    pub fn about(mut self, credential: &Credential) -> Self {
        self.credential = Some(credential.id);
        self.provider = Some(credential.provider.clone());
        self.version = Some(credential.version);
        self
    }

    /// Names another target.
    #[must_use]
    pub fn targeting(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Adds the digest of the stored envelope.
    #[must_use]
    pub fn sealed_as(mut self, digest: [u8; 32]) -> Self {
        self.envelope_digest = Some(digest);
        self
    }

    /// Adds a detail: a name, a count or a code.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<String>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// The details as one JSON object with sorted keys, as they are stored and authenticated.
    pub fn details_json(&self) -> String {
        let object = self.details.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
        serde_json::Value::Object(object.collect()).to_string()
    }
}

/// The events of one mutation: at least one, so that a mutation without its event does not compile.
#[derive(Debug, Clone)]
pub struct Evidence {
    first: AuditEvent,
    more: Vec<AuditEvent>,
}

impl Evidence {
    /// Adds an event to the same transaction.
    #[must_use]
    pub fn and(mut self, event: AuditEvent) -> Self {
        self.more.push(event);
        self
    }

    /// The events in the order in which they are recorded.
    pub fn events(&self) -> impl Iterator<Item = &AuditEvent> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The organisation whose chain they belong to.
    pub fn organization(&self) -> &OrganizationId {
        &self.first.organization
    }
}

impl From<AuditEvent> for Evidence {
    fn from(first: AuditEvent) -> Self {
        Self { first, more: Vec::new() }
    }
}

/// The MAC of a record, and the link to it in the next.
pub type Mac = [u8; 32];

/// The MAC before the first record of a chain.
pub const GENESIS: Mac = [0; 32];

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place in the organisation's chain, from 1, without gaps.
    pub seq: u64,
    /// When it was recorded, by the store's clock, in whole microseconds.
    pub at: OffsetDateTime,
    /// What was recorded.
    pub event: AuditEvent,
    /// The purpose key of its MAC.
    pub mac_key: PurposeKeyId,
    /// HMAC-SHA-256 over [`signed_bytes`].
    pub mac: Mac,
}

/// The last record of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The organisation that the chain belongs to.
    pub organization: OrganizationId,
    /// The place of the last record; 0 before the first record.
    pub seq: u64,
    /// The MAC of the last record; [`GENESIS`] before the first record.
    pub mac: Mac,
}

impl AuditHead {
    /// The head of a chain that has no records.
    pub fn genesis(organization: OrganizationId) -> Self {
        Self { organization, seq: 0, mac: GENESIS }
    }

    /// Moves the head on to the record of an event of this chain, which is recorded at `at`. `digest` makes
    /// the MAC of the record from the bytes that the MAC covers. When `digest` fails, the head stays where it
    /// is.
    pub fn extend<E>(
        &mut self,
        event: &AuditEvent,
        at: OffsetDateTime,
        digest: impl FnOnce(&[u8]) -> Result<Mac, E>,
    ) -> Result<(), E> {
        let seq = self.seq + 1;
        let mac = digest(&signed_bytes(event, seq, at, &self.mac))?;
        (self.seq, self.mac) = (seq, mac);
        Ok(())
    }
}

/// The bytes that a record's MAC covers. An actor with an issuer has a label of its own, so that a record
/// whose issuer was taken away or added does not have the bytes of another.
pub fn signed_bytes(event: &AuditEvent, seq: u64, at: OffsetDateTime, previous: &Mac) -> Vec<u8> {
    let micros = u64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(0);
    let version = event.version.map(u64::to_be_bytes);
    let issuer = event.actor.issuer();
    let label = if issuer.is_some() { "strongroom/audit/v2" } else { "strongroom/audit/v1" };
    let begun = Canonical::labelled(label)
        .text(event.organization.as_str())
        .integer(seq)
        .integer(micros)
        .text(event.action.as_str())
        .text(event.outcome.as_str())
        .text(event.actor.as_str());
    let with_issuer = match issuer {
        Some(issuer) => begun.text(issuer.as_str()),
        None => begun,
    };
    with_issuer
        .optional_text(event.origin.authentication.as_deref())
        .optional_text(event.origin.request_id.as_deref())
        .optional_text(event.origin.source_ip.map(|ip| ip.to_string()).as_deref())
        .optional_id(event.credential.map(|id| id.0))
        .optional_text(event.target.as_deref())
        .optional_text(event.provider.as_ref().map(ProviderId::as_str))
        .bytes(version.as_ref().map_or(&[], |bytes| bytes.as_slice()))
        .bytes(event.envelope_digest.as_ref().map_or(&[], |digest| digest.as_slice()))
        .text(&event.details_json())
        .bytes(previous)
        .finish()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sha2::{Digest, Sha256};
    use uuid::Uuid;

    use super::*;
    use crate::issuer::Issuer;

    /// HMAC-SHA-256 (RFC 2104) under a key of at most 64 bytes.
    fn hmac(key: &[u8], message: &[u8]) -> Mac {
        let pad = |with: u8| -> Vec<u8> {
            (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ with).collect()
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn bytes(text: &str) -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(pair).collect()
    }

    /// The event of a record of the golden file.
    fn event(record: &Value) -> AuditEvent {
        let text = |name: &str| record[name].as_str();
        let own = |name: &str| text(name).map(str::to_owned);
        let issuer = text("issuer").map(|issuer| Issuer::parse(issuer).unwrap());
        let digest = text("envelope_digest").map(|digest| bytes(digest).try_into().unwrap());
        let details = record["details"].as_object().unwrap().iter();
        AuditEvent {
            organization: OrganizationId::parse(text("organization").unwrap()).unwrap(),
            action: Action::parse(text("action").unwrap()).unwrap(),
            outcome: Outcome::parse(text("outcome").unwrap()).unwrap(),
            actor: Actor::from_stored(own("actor").unwrap(), issuer),
            origin: Origin {
                authentication: own("authentication"),
                request_id: own("request_id"),
                source_ip: text("source_ip").map(|address| address.parse().unwrap()),
            },
            credential: text("credential").map(|id| CredentialId(id.parse::<Uuid>().unwrap())),
            target: own("target"),
            provider: text("provider").map(|id| ProviderId::parse(id).unwrap()),
            version: record["version"].as_u64(),
            envelope_digest: digest,
            details: details.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect(),
        }
    }

    #[test]
    fn the_signed_bytes_and_their_chain_are_those_of_the_golden_file() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/audit.json")).unwrap();
        let key = bytes(golden["key"].as_str().unwrap());
        let mut head = AuditHead::genesis(OrganizationId::parse("acme.eu:prod").unwrap());
        for record in golden["records"].as_array().unwrap() {
            let at = i128::from(record["at_micros"].as_i64().unwrap()) * 1_000;
            let at = OffsetDateTime::from_unix_timestamp_nanos(at).unwrap();
            let (event, previous) = (event(record), head.mac);
            assert_eq!(hex(&previous), record["previous"], "{}", record["name"]);
            let signed = signed_bytes(&event, head.seq + 1, at, &previous);
            assert_eq!(hex(&signed), record["bytes"], "{}", record["name"]);
            head.extend(&event, at, |message| Ok::<_, ()>(hmac(&key, message))).unwrap();
            assert_eq!(
                (hex(&head.mac), head.seq),
                (record["mac"].as_str().unwrap().to_owned(), record["seq"].as_u64().unwrap())
            );
        }
        assert_eq!(head.seq, 5);
    }
}
