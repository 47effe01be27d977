//! The column types that PostgreSQL and SQLite write differently.

use diesel::query_builder::QueryId;
use diesel::sql_types::SqlType;

/// An id: `uuid` in PostgreSQL, its 16 bytes in SQLite.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Id;

/// A time: `timestamptz` in PostgreSQL, whole microseconds since 1970 in SQLite.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Moment;

/// A list of texts: `text[]` in PostgreSQL, a JSON array in SQLite.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1009, array_oid = 0), sqlite_type(name = "Text"))]
pub struct Texts;

/// A list of ids: `uuid[]` in PostgreSQL, a JSON array of their hyphenated form in SQLite.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 2951, array_oid = 0), sqlite_type(name = "Text"))]
pub struct Ids;
