//! The values of columns of this crate's own SQL types, and how each database writes and reads them.

use std::fmt;
use std::time::Duration;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Array, BigInt, Binary, Text, Uuid as SqlUuid};
use diesel::sqlite::{Sqlite, SqliteValue};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::sql_types::{Id, Ids, Moment, Texts};

/// An id in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub struct RowId(pub Uuid);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromSql<Id, Pg> for RowId {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<SqlUuid, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<Id, Pg> for RowId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<SqlUuid, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<Id, Sqlite> for RowId {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}

impl ToSql<Id, Sqlite> for RowId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        ToSql::<Binary, Sqlite>::to_sql(self.0.as_bytes().as_slice(), out)
    }
}

/// A time in a row: whole microseconds since 1970, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub struct Micros(i64);

impl Micros {
    /// The start of PostgreSQL's count, 2000-01-01.
    const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

    /// The time after `wait`, or the latest possible one.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(Self::in_micros(wait)))
    }

    /// How long it is from `earlier` until this time. It is `None` when this time comes first.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        u64::try_from(self.0.saturating_sub(earlier.0)).ok().map(Duration::from_micros)
    }

    /// A duration in whole microseconds, rounded up.
    pub fn in_micros(duration: Duration) -> i64 {
        i64::try_from(duration.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX)
    }

    /// The count of microseconds.
    pub fn since_1970(self) -> i64 {
        self.0
    }

    /// The time as a domain value, or `None` when the number is beyond every time.
    pub fn time(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).ok()
    }
}

impl From<OffsetDateTime> for Micros {
    fn from(time: OffsetDateTime) -> Self {
        let micros = time.unix_timestamp_nanos().div_euclid(1_000);
        Self(i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl FromSql<Moment, Pg> for Micros {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let since_2000 = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        Ok(Self(since_2000.saturating_add(Self::POSTGRES_EPOCH)))
    }
}

impl ToSql<Moment, Pg> for Micros {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let since_2000 = self.0.saturating_sub(Self::POSTGRES_EPOCH);
        ToSql::<BigInt, Pg>::to_sql(&since_2000, &mut out.reborrow())
    }
}

impl FromSql<Moment, Sqlite> for Micros {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

impl ToSql<Moment, Sqlite> for Micros {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        ToSql::<BigInt, Sqlite>::to_sql(&self.0, out)
    }
}

/// A list of texts in a row; `None` when the column holds no list.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Texts)]
pub struct TextList(pub Option<Vec<String>>);

/// A list of ids in a row; `None` when the column holds no list.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Ids)]
pub struct IdList(pub Option<Vec<Uuid>>);

impl<'t> FromIterator<&'t str> for TextList {
    fn from_iter<I: IntoIterator<Item = &'t str>>(texts: I) -> Self {
        Self(Some(texts.into_iter().map(str::to_owned).collect()))
    }
}

impl FromIterator<Uuid> for IdList {
    fn from_iter<I: IntoIterator<Item = Uuid>>(ids: I) -> Self {
        Self(Some(ids.into_iter().collect()))
    }
}

impl FromSql<Texts, Pg> for TextList {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(<Vec<String> as FromSql<Array<Text>, Pg>>::from_sql(value).ok()))
    }
}

impl ToSql<Texts, Pg> for TextList {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Array<Text>, Pg>::to_sql(self.0.as_deref().unwrap_or_default(), out)
    }
}

impl FromSql<Texts, Sqlite> for TextList {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(value.read_text()).ok()))
    }
}

impl ToSql<Texts, Sqlite> for TextList {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let texts = self.0.as_deref().unwrap_or_default();
        out.set_value(serde_json::Value::from_iter(texts.iter().map(String::as_str)).to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Ids, Pg> for IdList {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(<Vec<Uuid> as FromSql<Array<SqlUuid>, Pg>>::from_sql(value).ok()))
    }
}

impl ToSql<Ids, Pg> for IdList {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Array<SqlUuid>, Pg>::to_sql(self.0.as_deref().unwrap_or_default(), out)
    }
}

impl FromSql<Ids, Sqlite> for IdList {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let texts = serde_json::from_str::<Vec<String>>(value.read_text()).ok();
        Ok(Self(texts.and_then(|texts| texts.iter().map(|text| text.parse().ok()).collect())))
    }
}

impl ToSql<Ids, Sqlite> for IdList {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let ids = self.0.as_deref().unwrap_or_default();
        out.set_value(serde_json::Value::from_iter(ids.iter().map(Uuid::to_string)).to_string());
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_microseconds_and_come_back() {
        for nanos in [0, 1_999, -1, -1_000, 1_767_225_600_000_001_000] {
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            let read = Micros::from(time).time().unwrap();
            assert!((0..1_000).contains(&(time - read).whole_nanoseconds()));
        }
        assert_eq!(Micros(i64::MAX).time(), None);
        assert_eq!(Micros(i64::MAX).after(Duration::from_secs(1)), Micros(i64::MAX));
        assert_eq!(Micros(5).since(Micros(2)), Some(Duration::from_micros(3)));
        assert_eq!(Micros(2).since(Micros(5)), None);
    }
}
