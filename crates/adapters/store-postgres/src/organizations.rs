use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use strongroom_domain::{Evidence, OrganizationId, ProviderId};
use strongroom_repository::{OrganizationRepository, QuotaDrift, StoreResult};

use crate::PostgresStore;
use crate::audit_chain;
use crate::bad_row::RowName;
use crate::failure::{Failure, OPERATION_LIMIT, within};
use crate::schema::organization_limits::dsl;

const QUOTA_DRIFT: &str = "
    SELECT org_id, provider, coalesce(q.used, 0) AS counted, coalesce(c.stored, 0) AS stored
    FROM credential_quota q
    FULL JOIN (SELECT org_id, provider, count(*) AS stored FROM credentials GROUP BY org_id, provider) c
        USING (org_id, provider)
    WHERE coalesce(q.used, 0) <> coalesce(c.stored, 0)
    ORDER BY org_id, provider LIMIT 100";

#[derive(QueryableByName)]
struct DriftRow {
    #[diesel(sql_type = Text)]
    org_id: String,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = BigInt)]
    stored: i64,
}

#[async_trait]
impl OrganizationRepository for PostgresStore {
    async fn set_limit(
        &self,
        organization: &OrganizationId,
        credentials_per_provider: Option<u32>,
        evidence: Evidence,
    ) -> StoreResult<()> {
        within(OPERATION_LIMIT, || self.try_set_limit(organization, credentials_per_provider, &evidence))
            .await
    }

    async fn limit(&self, organization: &OrganizationId) -> StoreResult<Option<u32>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let limit: Option<i64> = dsl::organization_limits
                .find(organization.as_str())
                .select(dsl::credentials_per_provider)
                .get_result(&mut *connection)
                .await
                .optional()?;
            // A larger limit than the port can name is no limit that anybody reaches.
            Ok(limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)))
        })
        .await
    }

    async fn quota_drift(&self) -> StoreResult<Vec<QuotaDrift>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<DriftRow> = diesel::sql_query(QUOTA_DRIFT).load(&mut *connection).await?;
            Ok(rows.into_iter().map(DriftRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }
}

impl PostgresStore {
    async fn try_set_limit(
        &self,
        organization: &OrganizationId,
        limit: Option<u32>,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let mut connection = self.database.checkout().await?;
        connection
            .transaction(async |connection| {
                match limit {
                    Some(limit) => {
                        let limit = dsl::credentials_per_provider.eq(i64::from(limit));
                        diesel::insert_into(dsl::organization_limits)
                            .values((dsl::org_id.eq(organization.as_str()), limit))
                            .on_conflict(dsl::org_id)
                            .do_update()
                            .set(limit)
                            .execute(connection)
                            .await?
                    }
                    None => {
                        diesel::delete(dsl::organization_limits.find(organization.as_str()))
                            .execute(connection)
                            .await?
                    }
                };
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }
}

impl DriftRow {
    fn read(self) -> StoreResult<QuotaDrift> {
        let row = RowName { table: "credential_quota", organization: &self.org_id, id: &self.provider };
        Ok(QuotaDrift {
            organization: row.organization()?,
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            counted: row.counter("used", self.counted)?,
            stored: row.counter("used", self.stored)?,
        })
    }
}
