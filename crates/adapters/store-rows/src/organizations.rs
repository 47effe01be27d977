use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use strongroom_domain::ProviderId;
use strongroom_repository::QuotaDrift;

use crate::{BadColumn, RowName, Stored};

/// A quota counter with the number of rows that it should count.
#[derive(Debug, Clone, QueryableByName)]
pub struct DriftRow {
    #[diesel(sql_type = Text)]
    org_id: String,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = BigInt)]
    stored: i64,
}

impl Stored for DriftRow {
    type Value = QuotaDrift;

    fn read(self) -> Result<QuotaDrift, BadColumn> {
        let row = RowName { table: "credential_quota", organization: &self.org_id, id: &self.provider };
        Ok(QuotaDrift {
            organization: row.organization()?,
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            counted: row.counter("used", self.counted)?,
            stored: row.counter("used", self.stored)?,
        })
    }
}
