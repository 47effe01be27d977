//! Reads columns back into domain values. An error says exactly which column cannot be read, and never what
//! it holds.

use std::fmt::Display;

use strongroom_domain::OrganizationId;
use strongroom_domain::violation::Rule;
use strongroom_repository::StoreError;
use time::OffsetDateTime;

use crate::Micros;

/// A stored value that cannot be read back. The error names the place and the rule, and never the value.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of table {table} cannot be read in row {row}: {rule}")]
pub struct BadColumn {
    table: &'static str,
    column: &'static str,
    row: String,
    rule: Rule,
}

impl From<BadColumn> for StoreError {
    fn from(bad: BadColumn) -> Self {
        Self::Corrupt(Box::new(bad))
    }
}

/// The name of a row that is being read. It is turned into text only when something is wrong with the row.
#[derive(Clone, Copy)]
pub struct RowName<'r> {
    /// The table that the row is in.
    pub table: &'static str,
    /// The organisation that the row belongs to. It is empty for a row of the whole deployment.
    pub organization: &'r str,
    /// The rest of the primary key.
    pub id: &'r (dyn Display + Sync),
}

impl RowName<'_> {
    /// Returns the value of a column, or which column broke which rule.
    pub fn column<T>(&self, column: &'static str, value: Result<T, Rule>) -> Result<T, BadColumn> {
        value.map_err(|rule| {
            let separator = if self.organization.is_empty() { "" } else { "/" };
            let row = format!("{}{separator}{}", self.organization, self.id);
            BadColumn { table: self.table, column, row, rule }
        })
    }

    /// Reads the organisation in `org_id`.
    pub fn organization(&self) -> Result<OrganizationId, BadColumn> {
        self.column("org_id", OrganizationId::from_stored(self.organization))
    }

    /// Reads a counter, which is stored as a signed integer.
    pub fn counter(&self, column: &'static str, value: i64) -> Result<u64, BadColumn> {
        self.column(column, u64::try_from(value).map_err(|_| Rule::fixed("must not be negative")))
    }

    /// Reads bytes of a fixed length.
    pub fn bytes<const N: usize>(&self, column: &'static str, value: Vec<u8>) -> Result<[u8; N], BadColumn> {
        self.column(column, value.try_into().map_err(|_| Rule::fixed("has the wrong length")))
    }

    /// Reads a time.
    pub fn time(&self, column: &'static str, value: Micros) -> Result<OffsetDateTime, BadColumn> {
        self.column(column, value.time().ok_or(Rule::fixed("must be a time before the year 10000")))
    }

    /// Reads a time that may be absent.
    pub fn optional_time(
        &self,
        column: &'static str,
        value: Option<Micros>,
    ) -> Result<Option<OffsetDateTime>, BadColumn> {
        value.map(|value| self.time(column, value)).transpose()
    }

    /// Reads every element of a list with `parse`.
    pub fn list<S, T, C: FromIterator<T>>(
        &self,
        column: &'static str,
        elements: Option<Vec<S>>,
        parse: impl Fn(&S) -> Result<T, Rule>,
    ) -> Result<C, BadColumn> {
        let elements = elements.ok_or(Rule::fixed("must be a list"));
        self.column(column, elements.and_then(|elements| elements.iter().map(parse).collect()))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a counter of {0} is too large to be stored")]
struct TooLarge(u64);

/// Converts a counter to the signed integer that databases store.
///
/// # Errors
/// `Corrupt` for a counter above the signed 64-bit range: the stored number would differ from the
/// authenticated one.
pub fn stored(counter: u64) -> Result<i64, StoreError> {
    i64::try_from(counter).map_err(|_| StoreError::Corrupt(Box::new(TooLarge(counter))))
}

/// Converts a counter to search for. A counter that no row can have becomes -1, which no row has.
pub fn sought(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(-1)
}

/// Converts a counter to compare with. A counter that no row can have becomes the largest possible one.
pub fn bound(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_column_is_named_and_its_value_is_not() {
        let row = RowName { table: "credentials", organization: "acme", id: &7 };
        let error = row.counter("version", -12_345).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column version of table credentials cannot be read in row acme/7: must not be negative"
        );
        let row = RowName { table: "kek_usage", organization: "", id: &"main" };
        assert!(row.bytes::<8>("kek_id", vec![1; 7]).unwrap_err().to_string().contains("row main: has"));
    }

    #[test]
    fn a_counter_that_cannot_be_stored_is_refused_and_never_found() {
        assert_eq!((stored(7).unwrap(), sought(7), bound(7)), (7, 7, 7));
        let beyond = u64::try_from(i64::MAX).unwrap() + 1;
        assert!(matches!(stored(beyond), Err(StoreError::Corrupt(_))));
        assert_eq!((sought(beyond), bound(beyond)), (-1, i64::MAX));
    }
}
