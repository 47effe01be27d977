//! The connection of the repositories that both stores share, and where it differs between the two.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::{ExpressionMethods, QueryResult, RunQueryDsl as Blocking};
use strongroom_store_rows::schema::purpose_keys;
use strongroom_store_rows::sql_types::Moment;

pub(crate) use diesel::SqliteConnection as Connection;
pub(crate) use diesel::sqlite::Sqlite as Backend;

/// The methods that diesel-async has for statements, on a connection that blocks. Awaiting one of them never
/// waits, because the result is already there.
pub(crate) trait RunQueryDsl: Sized {
    async fn execute(self, connection: &mut Connection) -> QueryResult<usize>
    where
        Self: Blocking<Connection> + ExecuteDsl<Connection>,
    {
        Blocking::execute(self, connection)
    }

    async fn load<'query, R>(self, connection: &mut Connection) -> QueryResult<Vec<R>>
    where
        Self: LoadQuery<'query, Connection, R>,
    {
        Blocking::load(self, connection)
    }

    async fn get_result<'query, R>(self, connection: &mut Connection) -> QueryResult<R>
    where
        Self: LoadQuery<'query, Connection, R>,
    {
        Blocking::get_result(self, connection)
    }
}

impl<Q> RunQueryDsl for Q {}

/// SQLite's clock, which counts in milliseconds.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Now;

impl Expression for Now {
    type SqlType = Moment;
}

impl<Q> AppearsOnTable<Q> for Now {}

impl<Q> SelectableExpression<Q> for Now {}

impl ValidGrouping<()> for Now {
    type IsAggregate = is_aggregate::Never;
}

impl QueryFragment<Backend> for Now {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000");
        Ok(())
    }
}

/// The current time. Within a statement it does not change, and no statement waits for a row here.
pub(crate) fn clock_now() -> Now {
    Now
}

pub(crate) use clock_now as statement_now;

/// Marks the first purpose key of its purpose, so that only one of two that are stored at the same time is
/// kept.
pub(crate) fn is_first() -> diesel::dsl::Eq<purpose_keys::generation, i64> {
    purpose_keys::generation.eq(1)
}

/// Rows need no locks, because only one transaction writes at a time.
macro_rules! unlocked {
    ($query:expr) => {
        $query
    };
}

pub(crate) use {unlocked as for_key_share, unlocked as for_share, unlocked as for_update};
