//! The connection of the repositories that both stores share, and where it differs between the two.

pub(crate) use diesel::pg::Pg as Backend;
pub(crate) use diesel_async::{AsyncPgConnection as Connection, RunQueryDsl};

/// Work on a connection: an async closure whose future may move between threads. The bound `AsyncFn` cannot
/// express this.
pub(crate) trait Work<'c, T>: FnOnce(&'c mut Connection) -> Self::Running {
    /// The work while it runs.
    type Running: Future<Output = Result<T, Aborted>> + Send;
}

impl<'c, T, W, R> Work<'c, T> for W
where
    W: FnOnce(&'c mut Connection) -> R,
    R: Future<Output = Result<T, Aborted>> + Send,
{
    type Running = R;
}

use diesel::ExpressionMethods;
use strongroom_store_rows::Aborted;
use strongroom_store_rows::schema::purpose_keys;

mod functions {
    use diesel::sql_types::Text;
    use strongroom_store_rows::sql_types::Moment;

    diesel::define_sql_function! {
        /// The server's clock at this moment, not at the start of the transaction.
        #[sql_name = "clock_timestamp"]
        fn clock_now() -> Moment;
    }

    diesel::define_sql_function! {
        /// The server's clock at the start of the statement. Unlike `clock_now` it allows an index to be
        /// used.
        #[sql_name = "statement_timestamp"]
        fn statement_now() -> Moment;
    }

    diesel::define_sql_function! {
        /// The value of a setting of the server.
        fn current_setting(name: Text) -> Text;
    }
}
pub(crate) use functions::{clock_now, current_setting, statement_now};

/// Marks the first purpose key of its purpose, so that only one of two that are stored at the same time is
/// kept.
pub(crate) fn is_first() -> diesel::dsl::Eq<purpose_keys::is_first, bool> {
    purpose_keys::is_first.eq(true)
}

/// Locks the selected rows until the transaction ends.
macro_rules! for_update {
    ($query:expr) => {
        $query.for_update()
    };
}

/// Keeps the selected rows as they are until the transaction ends.
macro_rules! for_share {
    ($query:expr) => {
        $query.for_share()
    };
}

/// Keeps the selected rows from being deleted until the transaction ends.
macro_rules! for_key_share {
    ($query:expr) => {
        $query.for_key_share()
    };
}

pub(crate) use {for_key_share, for_share, for_update};
