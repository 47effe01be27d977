use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::OrganizationId;
use strongroom_repository::{OrganizationKeyRepository, StoreResult, WrappedOrganizationKey};
use strongroom_store_rows::OrganizationKeyRow;
use strongroom_store_rows::schema::organization_keys;

use crate::connection::{Connection, RunQueryDsl, clock_now};
use crate::database::Database;

/// The place of an organisation's first key.
const FIRST: i64 = 1;

#[async_trait]
impl OrganizationKeyRepository for Database {
    async fn organization_keys(
        &self,
        organization: &OrganizationId,
    ) -> StoreResult<Vec<WrappedOrganizationKey>> {
        let of_organization = organization_keys::org_id.eq(organization.as_str().to_owned());
        let oldest_first =
            organization_keys::table.filter(of_organization).order(organization_keys::generation);
        self.all(Some(organization), oldest_first.select(OrganizationKeyRow::as_select())).await
    }

    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<bool> {
        let row = OrganizationKeyRow::of(key);
        self.alone(async move |connection: &mut Connection| {
            let place =
                (organization_keys::generation.eq(FIRST), organization_keys::created_at.eq(clock_now()));
            let insert = diesel::insert_into(organization_keys::table).values((&row, place));
            Ok(insert.on_conflict_do_nothing().execute(connection).await? == 1)
        })
        .await
    }
}
