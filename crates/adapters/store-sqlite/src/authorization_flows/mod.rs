//! A flow is over by SQLite's clock alone.

mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use strongroom_domain::oauth::{Digest, FlowId};
use strongroom_domain::{AuditEvent, AuthorizationFlow, CredentialStatus, Evidence, OrganizationId};
use strongroom_repository::{
    AuthorizationFlowRepository, CompletedFlow, GrantedFlow, SealedFlow, StoreError, StoreResult, Unique,
};

use crate::columns::{blob, integer};
use crate::credentials::{ChangedColumns, PayloadRow};
use crate::deployment::now;
use crate::failure::{Failure, duplicate};
use crate::integrations::{self, IntegrationRow};
use crate::schema::{authorization_flows, credentials, oauth_state_locator};
use crate::{SqliteStore, audit, quota};
use rows::{FlowRow, SealedRow, sealed};

/// A flow that nobody has come back from.
const BEGUN: &str = "begun";
/// A flow whose callback is under way, or failed.
const TAKEN: &str = "taken";
/// A flow that waits for its completion.
const GRANTED: &str = "granted";

const PENDING: &str = CredentialStatus::Pending.as_str();

/// Where the flow of a state is.
fn locate(connection: &mut SqliteConnection, state: &Digest) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let row = oauth_state_locator::table.find(state.as_slice());
    let place = row.select((oauth_state_locator::org_id, oauth_state_locator::flow_id));
    Ok(place.first(connection).optional()?)
}

/// The flow of a state at a stage, unless it is over.
fn find_at(
    connection: &mut SqliteConnection,
    state: &Digest,
    stage: &str,
) -> Result<Option<(FlowRow, SealedRow)>, Failure> {
    let Some((organization, id)) = locate(connection, state)? else { return Ok(None) };
    let now = now(connection)?;
    let row = authorization_flows::table
        .find((organization, id))
        .filter(authorization_flows::state_hash.eq(state.as_slice()))
        .filter(authorization_flows::stage.eq(stage).and(authorization_flows::expires_at.gt(now)));
    Ok(row.select((FlowRow::as_select(), SealedRow::as_select())).first(connection).optional()?)
}

fn begin(connection: &mut SqliteConnection, new: &SealedFlow, limit: u32) -> Result<(), Failure> {
    let (flow, now) = (&new.flow, now(connection)?);
    let organization = flow.organization.as_str();
    let under_way: i64 = authorization_flows::table
        .filter(authorization_flows::org_id.eq(organization).and(authorization_flows::expires_at.gt(now)))
        .count()
        .get_result(connection)?;
    if under_way >= i64::from(limit) {
        return Err(StoreError::QuotaExceeded.into());
    }
    let life = i64::try_from(AuthorizationFlow::LIFETIME.as_micros()).unwrap_or(i64::MAX);
    let row = (
        FlowRow::of(flow),
        SealedRow::of(&new.sealed, None),
        authorization_flows::stage.eq(BEGUN),
        authorization_flows::expires_at.eq(now.saturating_add(life)),
    );
    let insert = diesel::insert_into(authorization_flows::table).values(row);
    insert.execute(connection).map_err(duplicate(Unique::Id))?;
    let located = (
        oauth_state_locator::state_hash.eq(flow.state.as_slice()),
        oauth_state_locator::org_id.eq(organization),
        oauth_state_locator::flow_id.eq(blob(flow.id.0)),
    );
    let locate = diesel::insert_into(oauth_state_locator::table).values(located);
    locate.execute(connection).map_err(duplicate(Unique::Id))?;
    Ok(())
}

fn take(connection: &mut SqliteConnection, state: &Digest) -> Result<Option<SealedFlow>, Failure> {
    let Some(found) = find_at(connection, state, BEGUN)? else { return Ok(None) };
    let flow = sealed(found)?;
    let row = authorization_flows::table.find((flow.flow.organization.as_str(), blob(flow.flow.id.0)));
    diesel::update(row).set(authorization_flows::stage.eq(TAKEN)).execute(connection)?;
    Ok(Some(flow))
}

/// Keeps a grant; `None` when the flow was not taken, or is over.
fn grant(
    connection: &mut SqliteConnection,
    granted: &GrantedFlow,
    default_limit: u32,
) -> Result<Option<()>, Failure> {
    let (organization, now) = (granted.organization.as_str(), now(connection)?);
    let taken = authorization_flows::table
        .find((organization, blob(granted.id.0)))
        .filter(authorization_flows::stage.eq(TAKEN).and(authorization_flows::expires_at.gt(now)));
    let change = (
        authorization_flows::stage.eq(GRANTED),
        SealedRow::of(&granted.sealed, Some(&granted.completion_code)),
    );
    if diesel::update(taken).set(change).execute(connection)? == 0 {
        return Ok(None);
    }
    if let Some(new) = &granted.pending {
        quota::take(connection, organization, new.credential.provider.as_str(), default_limit)?;
        crate::credentials::insert(connection, new)?;
    }
    Ok(Some(()))
}

/// Removes a flow that waits with this completion code for this credential, and says whether that is a new one; `None`
/// when there is none.
fn end_granted(
    connection: &mut SqliteConnection,
    completed: &CompletedFlow,
) -> Result<Option<bool>, Failure> {
    let now = now(connection)?;
    let waiting = authorization_flows::table
        .find((completed.organization.as_str(), blob(completed.id.0)))
        .filter(authorization_flows::stage.eq(GRANTED).and(authorization_flows::expires_at.gt(now)))
        .filter(authorization_flows::completion_hash.eq(completed.completion_code.as_slice()))
        .filter(authorization_flows::credential_id.eq(blob(completed.credential.id.0)));
    let ended: Option<(Vec<u8>, Option<i64>)> = diesel::delete(waiting)
        .returning((authorization_flows::state_hash, authorization_flows::reauthorizes))
        .get_result(connection)
        .optional()?;
    let Some((state, reauthorizes)) = ended else { return Ok(None) };
    diesel::delete(oauth_state_locator::table.find(state)).execute(connection)?;
    Ok(Some(reauthorizes.is_none()))
}

/// Ends a flow; whether its connection was written. The error makes the caller's transaction leave everything as it
/// was.
fn complete(connection: &mut SqliteConnection, completed: &CompletedFlow) -> Result<bool, Failure> {
    let is_new = end_granted(connection, completed)?.ok_or(StoreError::StaleVersion)?;
    let as_expected = credentials::table
        .find((completed.organization.as_str(), blob(completed.credential.id.0)))
        .filter(credentials::version.eq(integer(completed.expected_version)))
        .filter(credentials::revision.eq(integer(completed.expected_revision)))
        .filter(credentials::status.eq(PENDING).or((!is_new).into_sql::<Bool>()));
    let change = (ChangedColumns::of(&completed.credential), completed.sealed.as_ref().map(PayloadRow::of));
    if diesel::update(as_expected).set(change).execute(connection)? == 0 {
        return Err(StoreError::StaleVersion.into());
    }
    match &completed.integration {
        Some(integration) => {
            let row = IntegrationRow::of(integration, &completed.credential);
            integrations::write_unless_connected(connection, row)
        }
        None => Ok(false),
    }
}

/// Ends a flow, with its credential as long as that is pending; `None` when there is none.
fn abandon(connection: &mut SqliteConnection, organization: &str, id: FlowId) -> Result<Option<()>, Failure> {
    type Ended = (Vec<u8>, String, Vec<u8>, Option<i64>);
    let ended: Option<Ended> = diesel::delete(authorization_flows::table.find((organization, blob(id.0))))
        .returning((
            authorization_flows::state_hash,
            authorization_flows::provider,
            authorization_flows::credential_id,
            authorization_flows::reauthorizes,
        ))
        .get_result(connection)
        .optional()?;
    let Some((state, provider, credential, reauthorizes)) = ended else { return Ok(None) };
    diesel::delete(oauth_state_locator::table.find(state)).execute(connection)?;
    let pending = credentials::table.find((organization, credential)).filter(credentials::status.eq(PENDING));
    if reauthorizes.is_none() && diesel::delete(pending).execute(connection)? > 0 {
        quota::give_back(connection, organization, &provider)?;
    }
    Ok(Some(()))
}

#[async_trait]
impl AuthorizationFlowRepository for SqliteStore {
    async fn begin(&self, new: &SealedFlow, limit: u32, evidence: Evidence) -> StoreResult<()> {
        let new = new.clone();
        let mutation = move |connection: &mut SqliteConnection| begin(connection, &new, limit).map(Some);
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn take(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        let state = *state;
        // Anybody can ask, so that a state that nobody has does not wait for, or hold up, the one writer.
        let known =
            move |connection: &mut SqliteConnection| Ok(find_at(connection, &state, BEGUN)?.is_some());
        if !self.database.read(known).await? {
            return Ok(None);
        }
        self.database.write(move |connection| take(connection, &state)).await
    }

    async fn grant(
        &self,
        granted: &GrantedFlow,
        default_limit: u32,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let granted = granted.clone();
        let mutation = move |connection: &mut SqliteConnection| grant(connection, &granted, default_limit);
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn find_granted(&self, state: &Digest) -> StoreResult<Option<SealedFlow>> {
        let state = *state;
        let work = move |connection: &mut SqliteConnection| {
            Ok(find_at(connection, &state, GRANTED)?.map(sealed).transpose()?)
        };
        self.database.read(work).await
    }

    async fn complete(
        &self,
        completed: &CompletedFlow,
        evidence: Evidence,
        connected: Option<AuditEvent>,
    ) -> StoreResult<bool> {
        let (completed, keys) = (completed.clone(), Arc::clone(&self.keys));
        let work = move |connection: &mut SqliteConnection| {
            let written = complete(connection, &completed)?;
            let connected = connected.filter(|_| written);
            audit::record(connection, &*keys, evidence.events().chain(&connected))?;
            Ok(())
        };
        match self.database.write(work).await {
            Ok(()) => Ok(true),
            Err(StoreError::StaleVersion) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn abandon(
        &self,
        organization: &OrganizationId,
        id: FlowId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let organization = organization.as_str().to_owned();
        let mutation = move |connection: &mut SqliteConnection| abandon(connection, &organization, id);
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn expired(&self, limit: u32) -> StoreResult<Vec<AuthorizationFlow>> {
        let work = move |connection: &mut SqliteConnection| {
            let now = now(connection)?;
            let rows = authorization_flows::table
                .filter(authorization_flows::expires_at.le(now))
                .select(FlowRow::as_select())
                .order(authorization_flows::expires_at)
                .limit(limit.into())
                .load(connection)?;
            Ok(rows
                .into_iter()
                .map(FlowRow::into_flow)
                .filter_map(|flow| {
                    flow.inspect_err(|error| tracing::error!(%error, "a flow that is over cannot be read"))
                        .ok()
                })
                .collect())
        };
        self.database.read(work).await
    }
}
