//! Begins flows, and takes them for their callbacks.

use diesel::dsl::count;
use diesel::prelude::*;
use strongroom_domain::oauth::Digest;
use strongroom_domain::{AuthorizationFlow, Evidence, Issuer};
use strongroom_repository::{FlowLimits, SealedFlow, StoreError, StoreResult};
use strongroom_store_rows::schema::{authorization_flows, oauth_state_locator};
use strongroom_store_rows::{Aborted, Change, Micros, RowId, SealedFlowRow, Stage, Stored};

use crate::connection::{Connection, clock_now};
use crate::store::Store;

/// Begins a flow.
pub(crate) async fn begin(
    store: &Store,
    new: &SealedFlow,
    limits: FlowLimits,
    evidence: Evidence,
) -> StoreResult<()> {
    let (row, state) = (SealedFlowRow::of(new)?, new.flow.state);
    let (organization, id) = (new.flow.organization.as_str().to_owned(), RowId(new.flow.id.0));
    let actor = new.flow.initiator.actor.clone();
    let begin = async move |connection: &mut Connection| {
        let now: Micros = diesel::select(clock_now()).get_result(connection)?;
        let of_organization = authorization_flows::org_id.eq(&organization);
        let is_own = authorization_flows::actor
            .eq(actor.as_str())
            .and(authorization_flows::issuer.is(actor.issuer().map(Issuer::as_str)));
        let under_way = authorization_flows::table
            .filter(of_organization.and(authorization_flows::expires_at.gt(now)))
            .select((
                count(authorization_flows::id),
                count(authorization_flows::id).aggregate_filter(is_own),
            ));
        let (all, own): (i64, i64) = under_way.get_result(connection)?;
        if all >= i64::from(limits.per_organization) || own >= i64::from(limits.per_principal) {
            return Err(StoreError::QuotaExceeded.into());
        }
        let begun = authorization_flows::stage.eq(Stage::Begun.as_str());
        let over = authorization_flows::expires_at.eq(now.after(AuthorizationFlow::LIFETIME));
        diesel::insert_into(authorization_flows::table).values((row, begun, over)).execute(connection)?;
        let locator = (
            oauth_state_locator::state_hash.eq(state.as_slice()),
            oauth_state_locator::org_id.eq(&organization),
            oauth_state_locator::flow_id.eq(id),
        );
        diesel::insert_into(oauth_state_locator::table).values(locator).execute(connection)?;
        Ok(Change::Made)
    };
    store.mutate(evidence, begin).await.map(|_| ())
}

/// Takes a flow by the digest of its state. Any client can call this, so an unknown state is found by a
/// reader: it neither waits for the one writer nor delays it.
pub(crate) async fn take(
    store: &Store,
    state: &Digest,
    (organization, id): (String, RowId),
) -> StoreResult<Option<SealedFlow>> {
    let state = *state;
    let find = move |connection: &mut Connection| -> Result<Option<SealedFlowRow>, Aborted> {
        let begun = authorization_flows::table
            .find((&organization, id))
            .filter(authorization_flows::state_hash.eq(state.as_slice()))
            .filter(authorization_flows::stage.eq(Stage::Begun.as_str()))
            .filter(authorization_flows::expires_at.gt(clock_now()));
        Ok(begun.select(SealedFlowRow::as_select()).first(connection).optional()?)
    };
    let known = find.clone();
    if store.database.ask(async move |connection: &mut Connection| known(connection)).await?.is_none() {
        return Ok(None);
    }
    let take = async move |connection: &mut Connection| {
        let Some(row) = find(connection)? else { return Ok(None) };
        let flow = row.read()?;
        let row = authorization_flows::table.find((flow.flow.organization.as_str(), RowId(flow.flow.id.0)));
        let taken = authorization_flows::stage.eq(Stage::Taken.as_str());
        diesel::update(row).set(taken).execute(connection)?;
        Ok(Some(flow))
    };
    store.database.alone(take).await
}
