//! Reads columns back into domain values and says exactly which one cannot be read, never what it holds.

use strongroom_domain::{OrganizationId, violation::Rule};
use strongroom_repository::{StoreError, StoreResult};

#[derive(Debug, thiserror::Error)]
#[error("table {table}, column {column}, row {row}: {rule}")]
struct BadColumn {
    table: &'static str,
    column: &'static str,
    row: String,
    rule: Rule,
}

/// A row that is being read.
#[derive(Clone, Copy)]
pub(crate) struct RowName<'r> {
    pub(crate) table: &'static str,
    pub(crate) organization: &'r str,
    pub(crate) id: &'r dyn std::fmt::Display,
}

impl RowName<'_> {
    /// The value of a column, or which column broke which rule.
    pub(crate) fn column<T>(&self, column: &'static str, value: Result<T, Rule>) -> StoreResult<T> {
        value.map_err(|rule| {
            let row = format!("{}/{}", self.organization, self.id);
            StoreError::Corrupt(Box::new(BadColumn { table: self.table, column, row, rule }))
        })
    }

    /// The organisation in `org_id`.
    pub(crate) fn organization(&self) -> StoreResult<OrganizationId> {
        self.column("org_id", OrganizationId::from_stored(self.organization))
    }

    /// A counter, which is stored signed.
    pub(crate) fn counter(&self, column: &'static str, value: i64) -> StoreResult<u64> {
        self.column(column, u64::try_from(value).map_err(|_| Rule::fixed("must not be negative")))
    }

    /// Bytes of a fixed length.
    pub(crate) fn bytes<const N: usize>(&self, column: &'static str, value: Vec<u8>) -> StoreResult<[u8; N]> {
        self.column(column, value.try_into().map_err(|_| Rule::fixed("has the wrong length")))
    }
}

/// A counter as the signed integer that the server has.
pub(crate) fn stored_counter(value: u64) -> StoreResult<i64> {
    i64::try_from(value).map_err(|error| StoreError::Corrupt(Box::new(error)))
}
