use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::KekId;
use strongroom_repository::{StoreResult, WrappedOrganizationKey};

use crate::schema::organization_keys;
use crate::{BadColumn, RowName, Stored, stored};

/// A key of an organisation.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = organization_keys, check_for_backend(Pg, Sqlite))]
pub struct OrganizationKeyRow {
    org_id: String,
    generation: i64,
    id: Vec<u8>,
    root_id: Vec<u8>,
    wrapped: Vec<u8>,
}

impl OrganizationKeyRow {
    /// The row of a new key.
    pub fn of(key: &WrappedOrganizationKey) -> StoreResult<Self> {
        Ok(Self {
            org_id: key.organization.as_str().to_owned(),
            generation: stored(key.generation)?,
            id: key.id.0.to_vec(),
            root_id: key.root.0.to_vec(),
            wrapped: key.wrapped.clone(),
        })
    }
}

impl Stored for OrganizationKeyRow {
    type Value = WrappedOrganizationKey;

    fn read(self) -> Result<WrappedOrganizationKey, BadColumn> {
        let row = RowName { table: "organization_keys", organization: &self.org_id, id: &self.generation };
        Ok(WrappedOrganizationKey {
            organization: row.organization()?,
            generation: row.counter("generation", self.generation)?,
            id: KekId(row.bytes("id", self.id)?),
            root: KekId(row.bytes("root_id", self.root_id)?),
            wrapped: self.wrapped,
        })
    }
}
