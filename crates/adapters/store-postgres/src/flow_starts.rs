//! Begins flows, and takes them for their callbacks.

use diesel::dsl::count;
use diesel::prelude::*;
use strongroom_domain::oauth::Digest;
use strongroom_domain::{AuthorizationFlow, Evidence, Issuer};
use strongroom_repository::{FlowLimits, SealedFlow, StoreError, StoreResult};
use strongroom_store_rows::schema::{authorization_flows, oauth_state_locator};
use strongroom_store_rows::{Micros, RowId, SealedFlowRow, Stage, Stored};

use crate::audit_chain;
use crate::connection::{Connection, RunQueryDsl, clock_now};
use crate::failure::{OPERATION_LIMIT, within};
use crate::store::Store;

/// Begins a flow. Only here is the head of the audit chain locked before other rows: no other transaction of
/// the organisation begins a flow until this one commits, so the count is exact. The rows of the new flow do
/// not exist yet, so no other transaction holds them and there is no deadlock.
pub(crate) async fn begin(
    store: &Store,
    new: &SealedFlow,
    limits: FlowLimits,
    evidence: Evidence,
) -> StoreResult<()> {
    let row = SealedFlowRow::of(new)?;
    let organization = &new.flow.organization;
    let locator = (
        oauth_state_locator::state_hash.eq(new.flow.state.as_slice()),
        oauth_state_locator::org_id.eq(organization.as_str()),
        oauth_state_locator::flow_id.eq(RowId(new.flow.id.0)),
    );
    let events: Vec<_> = evidence.events().collect();
    let work = async |connection: &mut Connection| {
        audit_chain::record(connection, &*store.keys, &events).await?;
        let now: Micros = diesel::select(clock_now()).get_result(connection).await?;
        let of_organization = authorization_flows::org_id.eq(organization.as_str());
        let issuer = new.flow.initiator.actor.issuer().map(Issuer::as_str);
        let is_own = authorization_flows::actor
            .eq(new.flow.initiator.actor.as_str())
            .and(authorization_flows::issuer.is_not_distinct_from(issuer));
        let under_way = authorization_flows::table
            .filter(of_organization.and(authorization_flows::expires_at.gt(now)))
            .select((
                count(authorization_flows::id),
                count(authorization_flows::id).aggregate_filter(is_own),
            ));
        let (all, own): (i64, i64) = under_way.get_result(connection).await?;
        if all >= i64::from(limits.per_organization) || own >= i64::from(limits.per_principal) {
            return Err(StoreError::QuotaExceeded.into());
        }
        let begun = authorization_flows::stage.eq(Stage::Begun.as_str());
        let over = authorization_flows::expires_at.eq(now.after(AuthorizationFlow::LIFETIME));
        let flow = diesel::insert_into(authorization_flows::table).values((&row, begun, over));
        flow.execute(connection).await?;
        diesel::insert_into(oauth_state_locator::table).values(locator).execute(connection).await?;
        Ok(())
    };
    store.database.transact(organization, work).await
}

/// Takes a flow by the digest of its state. Of several calls at the same time only one gets it.
pub(crate) async fn take(
    store: &Store,
    state: &Digest,
    (organization, id): (String, RowId),
) -> StoreResult<Option<SealedFlow>> {
    within(OPERATION_LIMIT, || async {
        let begun = authorization_flows::table
            .find((&organization, id))
            .filter(authorization_flows::state_hash.eq(state.as_slice()))
            .filter(authorization_flows::stage.eq(Stage::Begun.as_str()))
            .filter(authorization_flows::expires_at.gt(clock_now()));
        let row: Option<SealedFlowRow> = diesel::update(begun)
            .set(authorization_flows::stage.eq(Stage::Taken.as_str()))
            .returning(SealedFlowRow::as_returning())
            .get_result(&mut *store.database.checkout().await?)
            .await
            .optional()?;
        Ok(row.map(SealedFlowRow::read).transpose()?)
    })
    .await
}
