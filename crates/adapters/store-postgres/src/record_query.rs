//! The one statement that writes audit records: the rows of a whole batch and the new heads of its chains.
//!
//! diesel prepares neither a multi-row insert nor `sql_query` for reuse, and this is the most frequent write
//! of the service. As a query type of its own, with a fixed text and one array per column, it is prepared
//! once per connection for batches of every size.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use strongroom_domain::audit::{AuditEvent, Mac};
use strongroom_domain::{Issuer, ProviderId};
use strongroom_repository::StoreResult;
use strongroom_store_rows::sql_types::{Id, Moment};
use strongroom_store_rows::{Micros, RowId, stored};

/// Records and heads, one array per column.
#[derive(Default)]
pub(crate) struct WriteRecords<'e> {
    organizations: Vec<&'e str>,
    seqs: Vec<i64>,
    ats: Vec<Micros>,
    actions: Vec<&'static str>,
    outcomes: Vec<&'static str>,
    actors: Vec<&'e str>,
    issuers: Vec<Option<&'e str>>,
    authentications: Vec<Option<&'e str>>,
    request_ids: Vec<Option<&'e str>>,
    source_ips: Vec<Option<String>>,
    credentials: Vec<Option<RowId>>,
    targets: Vec<Option<&'e str>>,
    providers: Vec<Option<&'e str>>,
    versions: Vec<Option<i64>>,
    digests: Vec<Option<&'e [u8]>>,
    details: Vec<String>,
    mac_keys: Vec<RowId>,
    macs: Vec<Vec<u8>>,
    heads: Vec<&'e str>,
    head_seqs: Vec<i64>,
    head_ats: Vec<Micros>,
    head_macs: Vec<Vec<u8>>,
}

impl<'e> WriteRecords<'e> {
    /// Adds a record.
    pub(crate) fn record(
        &mut self,
        event: &'e AuditEvent,
        seq: u64,
        at: Micros,
        mac_key: RowId,
        mac: &Mac,
    ) -> StoreResult<()> {
        self.organizations.push(event.organization.as_str());
        self.seqs.push(stored(seq)?);
        self.ats.push(at);
        self.actions.push(event.action.as_str());
        self.outcomes.push(event.outcome.as_str());
        self.actors.push(event.actor.as_str());
        self.issuers.push(event.actor.issuer().map(Issuer::as_str));
        self.authentications.push(event.origin.authentication.as_deref());
        self.request_ids.push(event.origin.request_id.as_deref());
        self.source_ips.push(event.origin.source_ip.map(|ip| ip.to_string()));
        self.credentials.push(event.credential.map(|id| RowId(id.0)));
        self.targets.push(event.target.as_deref());
        self.providers.push(event.provider.as_ref().map(ProviderId::as_str));
        self.versions.push(event.version.map(stored).transpose()?);
        self.digests.push(event.envelope_digest.as_ref().map(<[u8; 32]>::as_slice));
        self.details.push(event.details_json());
        self.mac_keys.push(mac_key);
        self.macs.push(mac.to_vec());
        Ok(())
    }

    /// Moves the head of a chain.
    pub(crate) fn head(&mut self, organization: &'e str, seq: u64, at: Micros, mac: &Mac) -> StoreResult<()> {
        self.heads.push(organization);
        self.head_seqs.push(stored(seq)?);
        self.head_ats.push(at);
        self.head_macs.push(mac.to_vec());
        Ok(())
    }

    /// The number of heads that it moves, which is also the number of rows that the statement returns.
    pub(crate) fn heads(&self) -> usize {
        self.heads.len()
    }
}

impl QueryId for WriteRecords<'_> {
    type QueryId = WriteRecords<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for WriteRecords<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH recorded AS (INSERT INTO audit_events (org_id, seq, at, action, outcome, actor, issuer, \
             authentication, request_id, source_ip, credential_id, target, provider, version, envelope_digest, details, mac_key, \
             mac) SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.organizations)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.seqs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Moment>, _>(&self.ats)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.actions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.outcomes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.actors)?;
        out.push_sql(", ");
        self.walk_optional(out.reborrow())?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.details)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Id>, _>(&self.mac_keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.macs)?;
        out.push_sql(
            ")) UPDATE audit_heads AS head SET seq = next.seq, mac = next.mac, updated_at = next.at FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.heads)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.head_seqs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Moment>, _>(&self.head_ats)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.head_macs)?;
        out.push_sql(") AS next (org_id, seq, at, mac) WHERE head.org_id = next.org_id");
        Ok(())
    }
}

impl WriteRecords<'_> {
    fn walk_optional<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.issuers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.authentications)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.request_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.source_ips)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Id>>, _>(&self.credentials)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.targets)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.providers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.digests)
    }
}
