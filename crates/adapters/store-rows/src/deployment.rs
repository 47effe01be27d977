use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use strongroom_domain::{KekId, PurposeKeyId};
use strongroom_repository::{KekRecord, WrappedPurposeKey};

use crate::schema::{kek_usage, purpose_keys};
use crate::{BadColumn, Micros, RowId, RowName, Stored};

/// A KEK that the store has seen.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = kek_usage, check_for_backend(Pg, Sqlite))]
pub struct KekRow {
    kek_id: Vec<u8>,
    name: String,
    check_value: Vec<u8>,
    reserved: i64,
    is_primary: bool,
}

/// A wrapped purpose key.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = purpose_keys, check_for_backend(Pg, Sqlite))]
pub struct PurposeKeyRow {
    id: RowId,
    purpose: String,
    kek_id: Vec<u8>,
    wrapped: Vec<u8>,
    created_at: Micros,
}

impl KekRow {
    /// Reads a KEK back. `uses` has the number of stored values that each KEK wraps.
    pub fn read(self, uses: &BTreeMap<Vec<u8>, i64>) -> Result<KekRecord, BadColumn> {
        let in_use = uses.get(&self.kek_id).copied().unwrap_or_default();
        let row = RowName { table: "kek_usage", organization: "", id: &self.name };
        Ok(KekRecord {
            id: KekId(row.bytes("kek_id", self.kek_id)?),
            check_value: row.bytes("check_value", self.check_value)?,
            reserved: row.counter("reserved", self.reserved)?,
            primary: self.is_primary,
            in_use: row.counter("kek_id", in_use)?,
            name: self.name.clone(),
        })
    }
}

impl PurposeKeyRow {
    /// The row of a new key.
    pub fn of(key: &WrappedPurposeKey) -> Self {
        Self {
            id: RowId(key.id.0),
            purpose: key.purpose.clone(),
            kek_id: key.kek_id.0.to_vec(),
            wrapped: key.wrapped.clone(),
            created_at: key.created_at.into(),
        }
    }
}

impl Stored for PurposeKeyRow {
    type Value = WrappedPurposeKey;

    fn read(self) -> Result<WrappedPurposeKey, BadColumn> {
        let row = RowName { table: "purpose_keys", organization: "", id: &self.id };
        Ok(WrappedPurposeKey {
            id: PurposeKeyId(self.id.0),
            kek_id: KekId(row.bytes("kek_id", self.kek_id)?),
            created_at: row.time("created_at", self.created_at)?,
            purpose: self.purpose,
            wrapped: self.wrapped,
        })
    }
}

/// A trigger or a rule of the database, with its definition.
#[derive(Debug, Clone, QueryableByName)]
pub struct TriggerRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

impl TriggerRow {
    /// The names of those that are not as expected, and of those that are missing. Spaces do not count.
    pub fn changed(found: &[Self], expected: &[(&str, &str)]) -> Vec<String> {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is =
            |row: &Self, ours: &(&str, &str)| row.name == ours.0 && plain(&row.definition) == plain(ours.1);
        let strange = found.iter().filter(|row| !expected.iter().any(|ours| is(row, ours)));
        let missing = expected.iter().filter(|ours| !found.iter().any(|row| row.name == ours.0));
        strange.map(|row| row.name.clone()).chain(missing.map(|ours| ours.0.to_owned())).collect()
    }
}
