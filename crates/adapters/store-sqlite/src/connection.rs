//! The connection as the repositories know it that both stores share, and what differs between the two.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::{ExpressionMethods, QueryResult, RunQueryDsl as Blocking};
use strongroom_store_rows::schema::purpose_keys;
use strongroom_store_rows::sql_types::Moment;

pub(crate) use diesel::SqliteConnection as Connection;
pub(crate) use diesel::sqlite::Sqlite as Backend;

/// What diesel-async has for statements, on a connection that blocks: nothing is left to wait for when one of
/// these is awaited.
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

/// The clock at this moment; nobody waits for a row here, so that it stands still within a statement.
pub(crate) fn clock_now() -> Now {
    Now
}

pub(crate) use clock_now as statement_now;

/// What the first purpose key of its purpose has, so that of two at once one is stored.
pub(crate) fn is_first() -> diesel::dsl::Eq<purpose_keys::generation, i64> {
    purpose_keys::generation.eq(1)
}

/// Rows need no locks: a transaction that writes is the only one.
macro_rules! unlocked {
    ($query:expr) => {
        $query
    };
}

pub(crate) use {unlocked as for_key_share, unlocked as for_share, unlocked as for_update};
