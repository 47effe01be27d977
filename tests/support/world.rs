//! A store with a setup that uses it, and direct access to its rows.

use std::process::Command;

use strongroom_fixtures::postgres_cluster::{PostgresCluster, TestDatabase};

use super::Setup;

/// The store and the setup of a test.
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

    /// Runs SQL without the server, as an attacker with access to the database could. Returns the output,
    /// with columns separated by `|`.
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

    /// This many seconds from now, or before now when negative, as a time in the SQL of this store.
    pub(crate) fn time(&self, seconds: i64) -> String {
        match self.database {
            Some(_) => format!("now() + interval '{seconds} seconds'"),
            None => format!("(unixepoch() + {seconds}) * 1000000"),
        }
    }

    /// Lets the time pass after which a provider that refuses a grant again is believed.
    pub(crate) fn end_doubts(&self) {
        let (past, earlier) = (self.time(-1), self.time(-6));
        let change = format!("retry_at = {past}, doubted_at = {earlier}");
        self.sql(&format!("UPDATE refresh_leases SET {change} WHERE doubted_at IS NOT NULL"));
    }

    /// Blocks every write to a table of PostgreSQL, and no read, until the guard is dropped.
    pub(crate) async fn hold_up_writes(&self, table: &str) -> HeldUp {
        let url = self.database.as_ref().expect("PostgreSQL").url();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(async move { drop(connection.await) });
        let lock = format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
        client.batch_execute(&lock).await.unwrap();
        HeldUp { _client: client, connection }
    }

    /// A UUID in the SQL of this store.
    pub(crate) fn id(&self, uuid: &str) -> String {
        match self.database {
            Some(_) => format!("'{uuid}'::uuid"),
            None => format!("x'{}'", uuid.replace('-', "")),
        }
    }

    /// Bytes, given in hexadecimal, in the SQL of this store.
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

    /// Allows the audit table to be edited, which its triggers otherwise refuse.
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

/// Keeps writes blocked.
pub(crate) struct HeldUp {
    _client: tokio_postgres::Client,
    connection: tokio::task::JoinHandle<()>,
}

impl Drop for HeldUp {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
