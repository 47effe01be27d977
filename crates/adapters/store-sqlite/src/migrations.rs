use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use strongroom_repository::{Source, StoreError};
use strongroom_store_rows::Aborted;
use strongroom_store_rows::schema::__diesel_schema_migrations as applied;

// SQLite's own list of tables.
diesel::table! {
    sqlite_master (name) {
        name -> Text,
    }
}

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../../migrations/sqlite");

/// The database has been migrated by a later build.
#[derive(Debug, thiserror::Error)]
#[error("migration {0} is not known to this build")]
pub(crate) struct Newer(pub(crate) String);

/// Applies the missing migrations. It runs inside the caller's transaction, so that only one of several
/// processes does it.
pub(crate) fn apply(connection: &mut SqliteConnection) -> Result<(), Aborted> {
    if let Some(version) = newer(connection)? {
        return Err(StoreError::Corrupt(Box::new(Newer(version))).into());
    }
    connection.run_pending_migrations(MIGRATIONS).map_err(StoreError::Unavailable)?;
    Ok(())
}

/// Whether exactly the migrations of this build have been applied.
pub(crate) fn are_current(connection: &mut SqliteConnection) -> Result<bool, Aborted> {
    let mut known = known().map_err(StoreError::Unavailable)?;
    known.sort();
    Ok(versions(connection)? == known)
}

/// Returns an applied migration that this build does not have.
fn newer(connection: &mut SqliteConnection) -> Result<Option<String>, Aborted> {
    let known = known().map_err(StoreError::Unavailable)?;
    Ok(versions(connection)?.into_iter().find(|version| !known.contains(version)))
}

/// The versions that were applied, in ascending order. Unlike diesel's own query, this one writes nothing.
fn versions(connection: &mut SqliteConnection) -> Result<Vec<String>, Aborted> {
    let lists = sqlite_master::table.filter(sqlite_master::name.eq("__diesel_schema_migrations"));
    if lists.count().get_result::<i64>(connection)? == 0 {
        return Ok(Vec::new());
    }
    Ok(applied::table.select(applied::version).order(applied::version).load(connection)?)
}

fn known() -> Result<Vec<String>, Source> {
    let migrations = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
