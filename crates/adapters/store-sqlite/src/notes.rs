//! Stores when rows were last used.

use diesel::prelude::*;
use strongroom_domain::{ApiKeyId, CredentialId, OrganizationId};
use strongroom_repository::StoreResult;
use strongroom_store_rows::schema::{api_keys, credentials};
use strongroom_store_rows::{Micros, RowId};
use time::OffsetDateTime;

use crate::connection::Connection;
use crate::store::Store;

/// Stores when secrets were last read.
pub(crate) async fn reads(
    store: &Store,
    reads: &[(OrganizationId, CredentialId, OffsetDateTime)],
) -> StoreResult<()> {
    if reads.is_empty() {
        return Ok(());
    }
    let reads = reads.to_vec();
    let work = async move |connection: &mut Connection| {
        for (organization, id, at) in &reads {
            let at = Micros::from(*at);
            let earlier = credentials::last_read_at.is_null().or(credentials::last_read_at.lt(at));
            let row = credentials::table.find((organization.as_str(), RowId(id.0)));
            diesel::update(row.filter(earlier.assume_not_null()))
                .set(credentials::last_read_at.eq(at))
                .execute(connection)?;
        }
        Ok(())
    };
    store.database.alone(work).await
}

/// Stores when keys were last used.
pub(crate) async fn uses(
    store: &Store,
    uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)],
) -> StoreResult<()> {
    if uses.is_empty() {
        return Ok(());
    }
    let uses = uses.to_vec();
    let work = async move |connection: &mut Connection| {
        for (organization, key, at) in &uses {
            let at = Micros::from(*at);
            let earlier = api_keys::last_used_at.is_null().or(api_keys::last_used_at.lt(at));
            let row = api_keys::table.find((organization.as_str(), key.as_str()));
            diesel::update(row.filter(earlier.assume_not_null()))
                .set(api_keys::last_used_at.eq(at))
                .execute(connection)?;
        }
        Ok(())
    };
    store.database.alone(work).await
}
