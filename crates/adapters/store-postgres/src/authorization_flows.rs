//! A flow is over by the server's clock alone, which is read when its row has been waited for.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use strongroom_domain::oauth::{Digest, FlowId};
use strongroom_domain::{AuditEvent, AuthorizationFlow, CredentialStatus, Evidence, OrganizationId};
use strongroom_repository::{
    AuthorizationFlowRepository, CompletedFlow, GrantedFlow, SealedFlow, StoreError, StoreResult,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::authorization_flow_row::{BEGUN, FlowRow, GRANTED, NewFlow, SealedFlowRow, TAKEN};
use crate::bad_row::stored_counter;
use crate::credential_row::{Changeable, NewCredential, Payload};
use crate::failure::{Failure, OPERATION_LIMIT, found_within, within};
use crate::integrations::{self, NewIntegration};
use crate::schema::{
    authorization_flows::dsl, clock_timestamp, credentials, oauth_state_locator, statement_timestamp,
};
use crate::{audit_chain, quota};

#[async_trait]
impl AuthorizationFlowRepository for PostgresStore {
    async fn begin(&self, new: &SealedFlow, limit: u32, evidence: Evidence) -> StoreResult<()> {
        within(OPERATION_LIMIT, || self.try_begin(new, limit, &evidence)).await
    }

    async fn take(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let Some((organization, id)) = locate(&mut connection, state).await? else { return Ok(None) };
            let begun = dsl::authorization_flows
                .find((organization, id))
                .filter(dsl::state_hash.eq(state.as_slice()).and(dsl::stage.eq(BEGUN)))
                .filter(dsl::expires_at.gt(clock_timestamp()));
            let row: Option<SealedFlowRow> = diesel::update(begun)
                .set(dsl::stage.eq(TAKEN))
                .returning(SealedFlowRow::as_returning())
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(SealedFlowRow::read).transpose()?)
        })
        .await
    }

    async fn grant(
        &self,
        granted: &GrantedFlow,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_grant(granted, default_limit, &evidence)).await
    }

    async fn find_granted(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let Some((organization, id)) = locate(&mut connection, state).await? else { return Ok(None) };
            let row: Option<SealedFlowRow> = dsl::authorization_flows
                .find((organization, id))
                .filter(dsl::state_hash.eq(state.as_slice()).and(dsl::stage.eq(GRANTED)))
                .filter(dsl::expires_at.gt(clock_timestamp()))
                .select(SealedFlowRow::as_select())
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(SealedFlowRow::read).transpose()?)
        })
        .await
    }

    async fn complete(
        &self,
        completed: &CompletedFlow,
        evidence: Evidence,
        connected: Option<AuditEvent>,
    ) -> StoreResult<bool> {
        let expected =
            (stored_counter(completed.expected_version)?, stored_counter(completed.expected_revision)?);
        let told = (evidence, connected);
        found_within(OPERATION_LIMIT, || self.try_complete(completed, expected, &told)).await
    }

    async fn abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_abandon(organization, id, &evidence)).await
    }

    async fn expired(&self, limit: u32) -> StoreResult<Vec<AuthorizationFlow>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<FlowRow> = dsl::authorization_flows
                .filter(dsl::expires_at.le(statement_timestamp()))
                .order(dsl::expires_at)
                .limit(i64::from(limit))
                .select(FlowRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows
                .into_iter()
                .map(FlowRow::read)
                .filter_map(|flow| {
                    flow.inspect_err(|error| tracing::error!(%error, "a flow that is over cannot be read"))
                        .ok()
                })
                .collect())
        })
        .await
    }
}

impl PostgresStore {
    async fn try_begin(&self, new: &SealedFlow, limit: u32, evidence: &Evidence) -> Result<(), Failure> {
        let row = NewFlow::of(new)?;
        let organization = &new.flow.organization;
        let locator = (
            oauth_state_locator::state_hash.eq(new.flow.state.as_slice()),
            oauth_state_locator::org_id.eq(organization.as_str()),
            oauth_state_locator::flow_id.eq(new.flow.id.0),
        );
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                // Here alone the head of the chain is locked first: nobody else of the organisation begins a flow
                // until this commits, so the count is exact. Nobody can hold rows that are not there yet, and so
                // no two transactions wait for each other.
                audit_chain::record(connection, self.keys.as_ref(), evidence).await?;
                let now: OffsetDateTime = diesel::select(clock_timestamp()).get_result(connection).await?;
                let under_way: i64 = dsl::authorization_flows
                    .filter(dsl::org_id.eq(organization.as_str()).and(dsl::expires_at.gt(now)))
                    .count()
                    .get_result(connection)
                    .await?;
                if under_way >= i64::from(limit) {
                    return Err(StoreError::QuotaExceeded.into());
                }
                let over = dsl::expires_at.eq(now + AuthorizationFlow::LIFETIME);
                diesel::insert_into(dsl::authorization_flows)
                    .values((&row, over))
                    .execute(connection)
                    .await?;
                diesel::insert_into(oauth_state_locator::table).values(locator).execute(connection).await?;
                Ok(())
            })
            .await
    }

    async fn try_grant(&self, granted: &GrantedFlow, limit: u32, evidence: &Evidence) -> Result<(), Failure> {
        let pending = granted.pending.as_ref().map(NewCredential::of).transpose()?;
        let change = (
            dsl::stage.eq(GRANTED),
            dsl::completion_hash.eq(granted.completion_code.as_slice()),
            dsl::kek_id.eq(granted.sealed.kek_id.0.as_slice()),
            dsl::envelope.eq(granted.sealed.envelope.as_slice()),
        );
        let organization = &granted.organization;
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let taken = dsl::authorization_flows
                    .find((organization.as_str(), granted.id.0))
                    .filter(dsl::stage.eq(TAKEN).and(dsl::expires_at.gt(clock_timestamp())));
                // The quota comes first in the lock order, but a flow that is over asks for no place.
                taken
                    .select(dsl::id)
                    .get_result::<Uuid>(connection)
                    .await
                    .optional()?
                    .ok_or(Failure::Absent)?;
                if let Some(new) = &granted.pending {
                    quota::take(connection, organization, &new.credential.provider, limit).await?;
                }
                if diesel::update(taken).set(change).execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                if let Some(row) = &pending {
                    diesel::insert_into(credentials::table).values(row).execute(connection).await?;
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_complete(
        &self,
        completed: &CompletedFlow,
        (version, revision): (i64, i64),
        (evidence, connected): &(Evidence, Option<AuditEvent>),
    ) -> Result<(), Failure> {
        let changes = Changeable::of(&completed.credential)?;
        let payload = completed.sealed.as_ref().map(Payload::of);
        let (organization, credential) = (&completed.organization, completed.credential.id);
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let is_new = end_granted(connection, completed).await?.ok_or(Failure::Absent)?;
                let as_expected = credentials::table
                    .find((organization.as_str(), credential.0))
                    .filter(credentials::version.eq(version).and(credentials::revision.eq(revision)))
                    .filter(credentials::status.eq(PENDING).or((!is_new).into_sql::<Bool>()));
                let update = diesel::update(as_expected).set((&changes, payload.as_ref()));
                if update.execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                let mut evidence = evidence.clone();
                if let Some(integration) = &completed.integration {
                    let row = NewIntegration::of(integration, credential);
                    if integrations::write_unless_connected(connection, &row).await? {
                        evidence = connected.iter().cloned().fold(evidence, Evidence::and);
                    }
                }
                audit_chain::record(connection, self.keys.as_ref(), &evidence).await
            })
            .await
    }

    async fn try_abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let this = dsl::authorization_flows.find((organization.as_str(), id.0));
                // The quota comes first in the lock order, and a flow's provider never changes.
                let provider: Option<String> =
                    this.select(dsl::provider).get_result(connection).await.optional()?;
                let provider = provider.ok_or(Failure::Absent)?;
                quota::hold(connection, organization, &provider).await?;
                let ended: Option<(Vec<u8>, Uuid, Option<i64>)> = diesel::delete(this)
                    .returning((dsl::state_hash, dsl::credential_id, dsl::reauthorizes))
                    .get_result(connection)
                    .await
                    .optional()?;
                let (state, credential, reauthorizes) = ended.ok_or(Failure::Absent)?;
                diesel::delete(oauth_state_locator::table.find(state)).execute(connection).await?;
                let pending = credentials::table
                    .find((organization.as_str(), credential))
                    .filter(credentials::status.eq(PENDING));
                if reauthorizes.is_none() && diesel::delete(pending).execute(connection).await? > 0 {
                    quota::give_back(connection, organization, &provider).await?;
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }
}

const PENDING: &str = CredentialStatus::Pending.as_str();

/// Where the flow of a state is.
async fn locate(
    connection: &mut AsyncPgConnection,
    state: &Digest,
) -> Result<Option<(String, Uuid)>, Failure> {
    let row = oauth_state_locator::table.find(state.as_slice());
    let place = row.select((oauth_state_locator::org_id, oauth_state_locator::flow_id));
    Ok(place.get_result(connection).await.optional()?)
}

/// Removes a flow that waits with this completion code for this credential, and says whether that is a new one; `None`
/// when there is none.
async fn end_granted(
    connection: &mut AsyncPgConnection,
    completed: &CompletedFlow,
) -> Result<Option<bool>, Failure> {
    let waiting = dsl::authorization_flows
        .find((completed.organization.as_str(), completed.id.0))
        .filter(dsl::stage.eq(GRANTED).and(dsl::expires_at.gt(clock_timestamp())))
        .filter(dsl::completion_hash.eq(completed.completion_code.as_slice()))
        .filter(dsl::credential_id.eq(completed.credential.id.0));
    let ended: Option<(Vec<u8>, Option<i64>)> = diesel::delete(waiting)
        .returning((dsl::state_hash, dsl::reauthorizes))
        .get_result(connection)
        .await
        .optional()?;
    let Some((state, reauthorizes)) = ended else { return Ok(None) };
    diesel::delete(oauth_state_locator::table.find(state)).execute(connection).await?;
    Ok(Some(reauthorizes.is_none()))
}
