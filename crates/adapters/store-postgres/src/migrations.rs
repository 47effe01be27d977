use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use strongroom_store_rows::schema::__diesel_schema_migrations::dsl as applied_table;

use crate::open_error::OpenError;

/// One folder of `migrations/postgres`, compiled into the binary.
#[derive(Debug)]
pub(crate) struct Migration {
    /// The part of the folder's name before the underscore. It also gives the order.
    pub(crate) version: &'static str,
    up: &'static str,
}

/// Every migration, oldest first. This crate runs them itself because diesel's own harness blocks a thread,
/// which a single-threaded runtime does not allow, and has neither a lock nor one transaction for all
/// migrations.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: "20261121000000",
        up: include_str!("../../../../migrations/postgres/20261121000000_foundation/up.sql"),
    },
    Migration {
        version: "20261122000000",
        up: include_str!("../../../../migrations/postgres/20261122000000_destination_limits/up.sql"),
    },
    Migration {
        version: "20261123000000",
        up: include_str!("../../../../migrations/postgres/20261123000000_integrations/up.sql"),
    },
    Migration {
        version: "20261124000000",
        up: include_str!("../../../../migrations/postgres/20261124000000_oauth/up.sql"),
    },
    Migration {
        version: "20261201000000",
        up: include_str!("../../../../migrations/postgres/20261201000000_refresh_token_scope/up.sql"),
    },
    Migration {
        version: "20261202000000",
        up: include_str!("../../../../migrations/postgres/20261202000000_organization_keys/up.sql"),
    },
    Migration {
        version: "20261203000000",
        up: include_str!("../../../../migrations/postgres/20261203000000_issuers/up.sql"),
    },
    Migration {
        version: "20261204000000",
        up: include_str!("../../../../migrations/postgres/20261204000000_ends_and_doubts/up.sql"),
    },
];

/// The lock that lets one instance migrate while another waits. The result is correct without it: the second
/// instance would fail on the tables of the first, and its transaction would be rolled back. The lock ends
/// with the transaction, so it works through a transaction pooler too. The number is "strongrm" in ASCII.
const MIGRATION_LOCK: i64 = 0x7374_726f_6e67_726d;

/// A migration may take long, and so may the wait for the migration of another instance. The wait for a table
/// lock may not, because every statement on that table waits behind this one.
const BEFORE_LOCK: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '120s'";
const AFTER_LOCK: &str = "SET LOCAL lock_timeout = '5s';
    CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
        version VARCHAR(50) PRIMARY KEY NOT NULL,
        run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    )";

/// Applies the missing migrations, and returns how many there were.
pub(crate) async fn apply_missing(connection: &mut AsyncPgConnection) -> Result<usize, OpenError> {
    // A database user without the right to create tables can still find that there is nothing to do.
    if missing(connection).await?.is_empty() {
        return Ok(0);
    }
    connection
        .transaction(async |connection| {
            connection.batch_execute(BEFORE_LOCK).await?;
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<BigInt, _>(MIGRATION_LOCK)
                .execute(connection)
                .await?;
            connection.batch_execute(AFTER_LOCK).await?;
            let missing = missing(connection).await?;
            for migration in &missing {
                connection.batch_execute(migration.up).await?;
                diesel::insert_into(applied_table::__diesel_schema_migrations)
                    .values(applied_table::version.eq(migration.version))
                    .execute(connection)
                    .await?;
            }
            Ok(missing.len())
        })
        .await
}

/// The migrations of this build that the database lacks.
///
/// # Errors
/// [`OpenError::NewerSchema`] when the database has one that this build does not know.
pub(crate) async fn missing(
    connection: &mut AsyncPgConnection,
) -> Result<Vec<&'static Migration>, OpenError> {
    let applied = applied(connection).await.map_err(|error| OpenError::Unreachable(Box::new(error)))?;
    let known = |version: &String| MIGRATIONS.iter().any(|migration| migration.version == version);
    if let Some(version) = applied.iter().rev().find(|version| !known(version)) {
        return Err(OpenError::NewerSchema { version: version.clone() });
    }
    Ok(MIGRATIONS
        .iter()
        .filter(|migration| !applied.iter().any(|version| version == migration.version))
        .collect())
}

#[derive(QueryableByName)]
struct Existence {
    #[diesel(sql_type = Bool)]
    present: bool,
}

async fn applied(connection: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
    let table: Existence =
        diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS present")
            .get_result(connection)
            .await?;
    if !table.present {
        return Ok(Vec::new());
    }
    applied_table::__diesel_schema_migrations
        .select(applied_table::version)
        .order(applied_table::version)
        .load(connection)
        .await
}

impl From<diesel::result::Error> for OpenError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Migration { advice: advice(&error), source: Box::new(error) }
    }
}

/// The next step for what usually keeps a database from being migrated. On a server that does not use English
/// there is none.
fn advice(error: &diesel::result::Error) -> &'static str {
    use diesel::result::{DatabaseErrorKind, Error};
    let Error::DatabaseError(kind, information) = error else { return "" };
    match (kind, information.message()) {
        (DatabaseErrorKind::ReadOnlyTransaction, _) => {
            "; the server is read-only, as a standby is: name the primary server"
        }
        (_, words) if words.starts_with("permission denied for schema") => {
            "; the user may not create tables: make it the owner of the database, or let its owner run `GRANT USAGE, CREATE ON SCHEMA public TO` that user"
        }
        (_, words) if words.starts_with("no schema has been selected") => {
            "; no schema of the user's search_path exists: create it, or name one that exists with `ALTER ROLE … SET search_path`"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_is_in_the_binary() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../migrations/postgres");
        let mut versions: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.split_once('_').unwrap().0.to_owned())
            .collect();
        versions.sort();
        assert_eq!(versions, MIGRATIONS.iter().map(|migration| migration.version).collect::<Vec<_>>());
    }
}
