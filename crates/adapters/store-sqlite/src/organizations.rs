use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use strongroom_domain::{Evidence, OrganizationId, ProviderId};
use strongroom_repository::{OrganizationRepository, QuotaDrift, StoreResult};

use crate::columns::Row;
use crate::failure::{BadColumn, RowKey};
use crate::schema::organization_limits;
use crate::{SqliteStore, quota};

/// Counters that differ from their rows, and rows that have no counter.
const DRIFT: &str = "\
    SELECT org_id, provider, counted, stored FROM ( \
        SELECT org_id, provider, used AS counted, (SELECT COUNT(*) FROM credentials c \
            WHERE c.org_id = q.org_id AND c.provider = q.provider) AS stored FROM credential_quota q \
        UNION ALL \
        SELECT org_id, provider, 0 AS counted, COUNT(*) AS stored FROM credentials c \
            WHERE NOT EXISTS (SELECT 1 FROM credential_quota q \
                WHERE q.org_id = c.org_id AND q.provider = c.provider) GROUP BY org_id, provider \
    ) WHERE counted <> stored ORDER BY org_id, provider LIMIT 100";

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

impl DriftRow {
    fn into_drift(self) -> Result<QuotaDrift, BadColumn> {
        let key = RowKey::Text(&self.provider);
        let row = Row { table: "credential_quota", organization: &self.org_id, key };
        Ok(QuotaDrift {
            organization: row.organization()?,
            provider: row.read("provider", ProviderId::parse(&self.provider))?,
            counted: row.count("used", self.counted)?,
            stored: row.count("used", self.stored)?,
        })
    }
}

#[async_trait]
impl OrganizationRepository for SqliteStore {
    async fn set_limit(
        &self,
        organization: &OrganizationId,
        credentials_per_provider: Option<u32>,
        evidence: Evidence,
    ) -> StoreResult<()> {
        let organization = organization.as_str().to_owned();
        let mutation = move |connection: &mut SqliteConnection| {
            match credentials_per_provider {
                Some(limit) => diesel::replace_into(organization_limits::table)
                    .values((
                        organization_limits::org_id.eq(organization),
                        organization_limits::credentials_per_provider.eq(i64::from(limit)),
                    ))
                    .execute(connection)?,
                None => diesel::delete(organization_limits::table.find(organization)).execute(connection)?,
            };
            Ok(Some(()))
        };
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn limit(&self, organization: &OrganizationId) -> StoreResult<Option<u32>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let row =
                Row { table: "organization_limits", organization: "", key: RowKey::Text(&organization) };
            let limit = quota::own_limit(connection, &organization)?;
            let read = |limit| row.read("credentials_per_provider", u32::try_from(limit));
            Ok(limit.map(read).transpose()?)
        };
        self.database.read(work).await
    }

    async fn quota_drift(&self) -> StoreResult<Vec<QuotaDrift>> {
        let work = |connection: &mut SqliteConnection| {
            let rows: Vec<DriftRow> = diesel::sql_query(DRIFT).load(connection)?;
            Ok(rows.into_iter().map(DriftRow::into_drift).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }
}
