use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::{Evidence, OrganizationId};
use strongroom_repository::{OrganizationRepository, QuotaDrift, StoreResult};
use strongroom_store_rows::schema::organization_limits;
use strongroom_store_rows::{Change, DriftRow};

use crate::connection::{Connection, RunQueryDsl};
use crate::store::Store;

const QUOTA_DRIFT: &str = "
    SELECT org_id, provider, coalesce(q.used, 0) AS counted, coalesce(c.stored, 0) AS stored
    FROM credential_quota q
    FULL JOIN (SELECT org_id, provider, count(*) AS stored FROM credentials GROUP BY org_id, provider) c
        USING (org_id, provider)
    WHERE coalesce(q.used, 0) <> coalesce(c.stored, 0)
    ORDER BY org_id, provider LIMIT 100";

#[async_trait]
impl OrganizationRepository for Store {
    async fn set_limit(
        &self,
        organization: &OrganizationId,
        credentials_per_provider: Option<u32>,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let organization = organization.as_str().to_owned();
        self.mutate(evidence, async move |connection: &mut Connection| {
            if let Some(limit) = credentials_per_provider {
                let limit = organization_limits::credentials_per_provider.eq(i64::from(limit));
                diesel::insert_into(organization_limits::table)
                    .values((organization_limits::org_id.eq(&organization), limit))
                    .on_conflict(organization_limits::org_id)
                    .do_update()
                    .set(limit)
                    .execute(connection)
                    .await?;
            } else {
                diesel::delete(organization_limits::table.find(&organization)).execute(connection).await?;
            }
            Ok(Change::Made)
        })
        .await
        .map(|_| ())
    }

    async fn limit(&self, organization: &OrganizationId) -> StoreResult<Option<u32>> {
        let row = organization_limits::table.find(organization.as_str().to_owned());
        let limit =
            self.database.row(None, row.select(organization_limits::credentials_per_provider)).await?;
        // A larger limit than the port can name is no limit that anybody reaches.
        Ok(limit.map(|limit: i64| u32::try_from(limit).unwrap_or(u32::MAX)))
    }

    async fn quota_drift(&self) -> StoreResult<Vec<QuotaDrift>> {
        self.database.all::<DriftRow, _>(None, diesel::sql_query(QUOTA_DRIFT)).await
    }
}
