//! How domain values are spelled in columns, and read back or reported.

use std::collections::BTreeSet;

use strongroom_domain::OrganizationId;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::failure::{BadColumn, RowKey};

/// Whole microseconds since 1970; what lies beyond the range of 64 bits is at its end.
pub(crate) fn micros(time: OffsetDateTime) -> i64 {
    let micros = time.unix_timestamp_nanos().div_euclid(1_000);
    i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX })
}

/// A count as SQLite's only integer.
pub(crate) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The bytes of an id.
pub(crate) fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// Texts as a JSON array.
pub(crate) fn json_array<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}

/// A row that is being read back; it knows what to say about a bad column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) table: &'static str,
    pub(crate) organization: &'a str,
    pub(crate) key: RowKey<'a>,
}

impl Row<'_> {
    /// A value that was parsed, or the report of its column.
    pub(crate) fn read<T, E>(&self, column: &'static str, value: Result<T, E>) -> Result<T, BadColumn> {
        value.map_err(|_| self.bad(column))
    }

    pub(crate) fn organization(&self) -> Result<OrganizationId, BadColumn> {
        self.read("org_id", OrganizationId::from_stored(self.organization))
    }

    pub(crate) fn uuid(&self, column: &'static str, bytes: &[u8]) -> Result<Uuid, BadColumn> {
        self.read(column, Uuid::from_slice(bytes))
    }

    pub(crate) fn bytes<const N: usize>(
        &self,
        column: &'static str,
        bytes: &[u8],
    ) -> Result<[u8; N], BadColumn> {
        self.read(column, bytes.try_into())
    }

    pub(crate) fn count(&self, column: &'static str, integer: i64) -> Result<u64, BadColumn> {
        self.read(column, u64::try_from(integer))
    }

    pub(crate) fn time(&self, column: &'static str, micros: i64) -> Result<OffsetDateTime, BadColumn> {
        self.read(column, OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000))
    }

    pub(crate) fn optional_time(
        &self,
        column: &'static str,
        micros: Option<i64>,
    ) -> Result<Option<OffsetDateTime>, BadColumn> {
        micros.map(|micros| self.time(column, micros)).transpose()
    }

    /// A JSON array of texts, each read by `parse`.
    pub(crate) fn set<T: Ord, E>(
        &self,
        column: &'static str,
        json: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<BTreeSet<T>, BadColumn> {
        let texts: Vec<String> = self.read(column, serde_json::from_str(json))?;
        texts.iter().map(|text| self.read(column, parse(text))).collect()
    }

    fn bad(&self, column: &'static str) -> BadColumn {
        let mut row = self.organization.to_owned();
        if !row.is_empty() {
            row.push('/');
        }
        row.push_str(&self.key.to_string());
        BadColumn { table: self.table, column, row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_microseconds_and_come_back() {
        let row = Row { table: "t", organization: "o", key: RowKey::Place(1) };
        for nanos in [0, 1_999, -1, -1_000, 1_767_225_600_000_001_000] {
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            let read = row.time("at", micros(time)).unwrap();
            assert!((0..1_000).contains(&(time - read).whole_nanoseconds()));
        }
        let report = row.time("at", i64::MAX).unwrap_err().to_string();
        assert_eq!(report, "column at of table t cannot be read in row o/1");
    }
}
