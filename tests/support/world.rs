//! A store with a setup that uses it, and a back door to its rows.

use std::process::Command;

use strongroom_fixtures::postgres_cluster::{PostgresCluster, TestDatabase};

use super::Setup;

/// Where a test takes place.
pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) database: Option<TestDatabase>,
}

impl World {
    pub(crate) fn embedded() -> Self {
        Self { setup: Setup::embedded(), database: None }
    }

    pub(crate) fn postgres() -> Self {
        let database = PostgresCluster::shared().create_database();
        Self { setup: Setup::postgres(&database.url()), database: Some(database) }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.database.is_none()
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.setup = self.setup.with(name, value);
        self
    }

    /// Runs SQL behind the server's back, as whoever can write to the database could, and returns what it
    /// prints, columns separated by `|`.
    pub(crate) fn sql(&self, statement: &str) -> String {
        match &self.database {
            Some(database) => database.run_sql(statement).unwrap(),
            None => {
                let output = Command::new("sqlite3")
                    .args(["-cmd", ".timeout 5000"])
                    .arg(self.setup.data_dir().join("strongroom.db"))
                    .arg(statement)
                    .output()
                    .unwrap();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{statement}: {errors}");
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
        }
    }

    /// So many seconds from now, or before now, as this store's SQL writes a time.
    pub(crate) fn time(&self, seconds: i64) -> String {
        match self.database {
            Some(_) => format!("now() + interval '{seconds} seconds'"),
            None => format!("(unixepoch() + {seconds}) * 1000000"),
        }
    }

    /// Holds up every write to a table of PostgreSQL, and no read, until the guard is dropped.
    pub(crate) async fn hold_up_writes(&self, table: &str) -> HeldUp {
        let url = self.database.as_ref().expect("PostgreSQL").url();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(async move { drop(connection.await) });
        let lock = format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
        client.batch_execute(&lock).await.unwrap();
        HeldUp { _client: client, connection }
    }

    /// A UUID as this store's SQL writes it.
    pub(crate) fn id(&self, uuid: &str) -> String {
        match self.database {
            Some(_) => format!("'{uuid}'::uuid"),
            None => format!("x'{}'", uuid.replace('-', "")),
        }
    }

    /// Bytes in hexadecimal as this store's SQL writes them.
    pub(crate) fn bytes(&self, hex: &str) -> String {
        match self.database {
            Some(_) => format!("'\\x{hex}'::bytea"),
            None => format!("x'{hex}'"),
        }
    }

    /// A column of bytes as hexadecimal text.
    pub(crate) fn hex_of(&self, column: &str) -> String {
        match self.database {
            Some(_) => format!("encode({column}, 'hex')"),
            None => format!("lower(hex({column}))"),
        }
    }

    /// Lets the audit table be edited, which its triggers refuse.
    pub(crate) fn disarm_audit_triggers(&self) {
        match self.database {
            Some(_) => {
                self.sql("ALTER TABLE audit_events DISABLE TRIGGER ALL");
            }
            None => {
                let triggers = self.sql(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'",
                );
                for trigger in triggers.lines() {
                    self.sql(&format!("DROP TRIGGER {trigger}"));
                }
            }
        }
    }
}

/// Writes that wait.
pub(crate) struct HeldUp {
    _client: tokio_postgres::Client,
    connection: tokio::task::JoinHandle<()>,
}

impl Drop for HeldUp {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
