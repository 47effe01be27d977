//! A flow is over by the store's clock alone, which is read when the flow's row has been waited for.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use strongroom_domain::oauth::{Digest, FlowId};
use strongroom_domain::{AuditEvent, AuthorizationFlow, CredentialStatus, Evidence, OrganizationId};
use strongroom_repository::{
    AuthorizationFlowRepository, CompletedFlow, FlowLimits, GrantedFlow, SealedFlow, StoreResult,
};
use strongroom_store_rows::schema::{authorization_flows, credentials, oauth_state_locator};
use strongroom_store_rows::{
    Aborted, Change, Changeable, FlowRow, FlowSecret, IntegrationRow, Payload, RowId, SealedFlowRow,
    SealedRow, Stage, Stored, sought,
};

use crate::connection::{Connection, RunQueryDsl, clock_now, statement_now};
use crate::store::Store;
use crate::{flow_starts, integrations, quota};

const PENDING: &str = CredentialStatus::Pending.as_str();
const TAKEN: &str = Stage::Taken.as_str();
const GRANTED: &str = Stage::Granted.as_str();

#[async_trait]
impl AuthorizationFlowRepository for Store {
    async fn begin(&self, new: &SealedFlow, limits: FlowLimits, evidence: Evidence) -> StoreResult<()> {
        flow_starts::begin(self, new, limits, evidence).await
    }

    async fn take(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        let Some(place) = locate(self, state).await? else { return Ok(None) };
        flow_starts::take(self, state, place).await
    }

    async fn grant(
        &self,
        granted: &GrantedFlow,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (organization, id) = (granted.organization.clone(), RowId(granted.id.0));
        let secret = FlowSecret::of(&granted.sealed, Some(&granted.completion_code));
        let provider = granted.pending.as_ref().map(|new| new.credential.provider.clone());
        let pending = granted.pending.as_ref().map(SealedRow::of).transpose()?;
        self.mutate(evidence, async move |connection: &mut Connection| {
            let taken = authorization_flows::table.find((organization.as_str(), id)).filter(
                authorization_flows::stage.eq(TAKEN).and(authorization_flows::expires_at.gt(clock_now())),
            );
            // The quota comes first in the order of locks, but a flow that is over asks for no place.
            let found = taken.select(authorization_flows::id);
            if found.get_result::<RowId>(connection).await.optional()?.is_none() {
                return Ok(Change::None);
            }
            if let Some(provider) = &provider {
                quota::take(connection, &organization, provider, default_limit).await?;
            }
            let change = (authorization_flows::stage.eq(GRANTED), &secret);
            if diesel::update(taken).set(change).execute(connection).await? == 0 {
                return Ok(Change::None);
            }
            if let Some(row) = &pending {
                diesel::insert_into(credentials::table).values(row).execute(connection).await?;
            }
            Ok(Change::Made)
        })
        .await
    }

    async fn find_granted(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        let Some(place) = locate(self, state).await? else { return Ok(None) };
        let granted = authorization_flows::table
            .find(place)
            .filter(authorization_flows::state_hash.eq(*state))
            .filter(authorization_flows::stage.eq(GRANTED))
            .filter(authorization_flows::expires_at.gt(clock_now()));
        self.database.one(None, granted.select(SealedFlowRow::as_select())).await
    }

    async fn complete(
        &self,
        completed: &CompletedFlow,
        evidence: Evidence,
        connected: Option<AuditEvent>,
    ) -> StoreResult<bool> {
        let key = (completed.organization.as_str().to_owned(), RowId(completed.credential.id.0));
        let flow = (RowId(completed.id.0), completed.completion_code);
        let changes = Changeable::of(&completed.credential)?;
        let payload = Payload::of(&completed.sealed);
        let (version, revision) = (sought(completed.expected_version), sought(completed.expected_revision));
        let as_expected = credentials::version.eq(version).and(credentials::revision.eq(revision));
        let integration =
            completed.integration.as_ref().map(|new| IntegrationRow::of(new, completed.credential.id));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let Some(is_new) = end_granted(connection, &key, &flow).await? else { return Ok(Change::None) };
            let row = credentials::table
                .find((&key.0, key.1))
                .filter(as_expected)
                .filter(credentials::status.eq(PENDING).or((!is_new).into_sql::<Bool>()));
            if diesel::update(row).set((&changes, &payload)).execute(connection).await? == 0 {
                return Ok(Change::None);
            }
            let Some(row) = &integration else { return Ok(Change::Made) };
            let written = integrations::write_unless_connected(connection, row).await?;
            let connected = connected.clone().filter(|_| written);
            Ok(connected.map_or(Change::Made, |event| Change::MadeAnd(Box::new(event))))
        })
        .await
    }

    async fn abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (organization, id) = (organization.clone(), RowId(id.0));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = authorization_flows::table.find((organization.as_str(), id));
            // The quota comes first in the order of locks, and a flow's provider never changes.
            let provider: Option<String> =
                row.select(authorization_flows::provider).get_result(connection).await.optional()?;
            let Some(provider) = provider else { return Ok(Change::None) };
            quota::hold(connection, &organization, &provider).await?;
            let ended = (
                authorization_flows::state_hash,
                authorization_flows::credential_id,
                authorization_flows::reauthorizes,
            );
            let ended: Option<(Vec<u8>, RowId, Option<i64>)> =
                diesel::delete(row).returning(ended).get_result(connection).await.optional()?;
            let Some((state, credential, reauthorizes)) = ended else { return Ok(Change::None) };
            diesel::delete(oauth_state_locator::table.find(state)).execute(connection).await?;
            let pending = credentials::table
                .find((organization.as_str(), credential))
                .filter(credentials::status.eq(PENDING));
            if reauthorizes.is_none() && diesel::delete(pending).execute(connection).await? > 0 {
                quota::give_back(connection, &organization, &provider).await?;
            }
            Ok(Change::Made)
        })
        .await
    }

    async fn expired(&self, limit: u32) -> StoreResult<Vec<AuthorizationFlow>> {
        let over = authorization_flows::table
            .filter(authorization_flows::expires_at.le(statement_now()))
            .order(authorization_flows::expires_at)
            .limit(i64::from(limit));
        // One that cannot be read keeps no other from ending.
        let flows = self.database.rows::<FlowRow, _>(None, over.select(FlowRow::as_select())).await?;
        let readable = |flow: FlowRow| {
            flow.read()
                .inspect_err(|error| tracing::error!(%error, "a flow that is over cannot be read"))
                .ok()
        };
        Ok(flows.into_iter().filter_map(readable).collect())
    }
}

/// Where the flow of a state is.
async fn locate(store: &Store, state: &Digest) -> StoreResult<Option<(String, RowId)>> {
    let row = oauth_state_locator::table.find(*state);
    store.database.row(None, row.select((oauth_state_locator::org_id, oauth_state_locator::flow_id))).await
}

/// Removes a flow that waits with this completion code for this credential, and says whether that is a new
/// one; `None` when there is none.
async fn end_granted(
    connection: &mut Connection,
    credential: &(String, RowId),
    (id, completion_code): &(RowId, Digest),
) -> Result<Option<bool>, Aborted> {
    let waiting = authorization_flows::table
        .find((&credential.0, *id))
        .filter(authorization_flows::stage.eq(GRANTED).and(authorization_flows::expires_at.gt(clock_now())))
        .filter(authorization_flows::completion_hash.eq(completion_code.as_slice()))
        .filter(authorization_flows::credential_id.eq(credential.1));
    let ended: Option<(Vec<u8>, Option<i64>)> = diesel::delete(waiting)
        .returning((authorization_flows::state_hash, authorization_flows::reauthorizes))
        .get_result(connection)
        .await
        .optional()?;
    let Some((state, reauthorizes)) = ended else { return Ok(None) };
    diesel::delete(oauth_state_locator::table.find(state)).execute(connection).await?;
    Ok(Some(reauthorizes.is_none()))
}
