use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use strongroom_domain::OrganizationId;
use strongroom_repository::{FirstKey, OrganizationKeyRepository, StoreResult, WrappedOrganizationKey};
use strongroom_store_rows::schema::{
    authorization_flows, credentials, kek_usage, oauth_apps, organization_keys,
};
use strongroom_store_rows::{Aborted, OrganizationKeyRow};

use crate::connection::{Connection, RunQueryDsl, clock_now};
use crate::database::Database;

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

    async fn insert_first_organization_key(&self, key: &WrappedOrganizationKey) -> StoreResult<FirstKey> {
        let (row, organization) = (OrganizationKeyRow::of(key)?, key.organization.clone());
        self.alone(async move |connection: &mut Connection| {
            // What another process seals meanwhile comes after its key, so the key is looked for last.
            let lost = has_lost_keys(connection, &organization).await?;
            let known = organization_keys::org_id.eq(organization.as_str());
            let known = diesel::select(exists(organization_keys::table.filter(known)));
            if known.get_result(connection).await? {
                return Ok(FirstKey::Exists);
            }
            if lost {
                return Ok(FirstKey::Lost);
            }
            let new = (&row, organization_keys::created_at.eq(clock_now()));
            let insert = diesel::insert_into(organization_keys::table).values(new).on_conflict_do_nothing();
            Ok(if insert.execute(connection).await? == 1 { FirstKey::Stored } else { FirstKey::Exists })
        })
        .await
    }
}

/// Whether something of the organisation was sealed with a key that is no root key.
async fn has_lost_keys(connection: &mut Connection, organization: &OrganizationId) -> Result<bool, Aborted> {
    let organization = organization.as_str();
    let roots = kek_usage::table.select(kek_usage::kek_id);
    let sealed = credentials::org_id.eq(organization).and(credentials::kek_id.ne_all(roots));
    let apps = oauth_apps::org_id.eq(organization).and(oauth_apps::kek_id.ne_all(roots));
    let flows = authorization_flows::org_id.eq(organization).and(authorization_flows::kek_id.ne_all(roots));
    let any = exists(credentials::table.filter(sealed))
        .or(exists(oauth_apps::table.filter(apps)))
        .or(exists(authorization_flows::table.filter(flows)));
    Ok(diesel::select(any).get_result(connection).await?)
}
