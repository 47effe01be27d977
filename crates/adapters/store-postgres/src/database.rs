use std::sync::Arc;

use diesel_async::{AsyncPgConnection, RunQueryDsl};
use strongroom_domain::OrganizationId;
use strongroom_repository::{Source, StoreResult};
use time::OffsetDateTime;

use crate::failure::{Failure, OPERATION_LIMIT, within};
use crate::pool::{Connector, Pool, PooledConnection};
use crate::turns::{Turn, Turns};
use crate::{connection_url, migrations, options::PostgresOptions, schema, tls};

/// Why the database cannot be used. No variant holds the URL.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one that can be used.
    #[error("the database url {0}")]
    Url(&'static str),
    /// The file named by `sslrootcert` is of no use.
    #[error("the file named by sslrootcert {0}")]
    RootCertificates(&'static str),
    /// TLS cannot be set up.
    #[error("tls to the database cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The server is away, or refuses us.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Source),
    /// The server acknowledges writes that it may lose.
    #[error("the database has {setting} off, so it may lose writes that were answered; switch it on")]
    UnsafeDurability {
        /// `fsync` or `synchronous_commit`.
        setting: &'static str,
    },
    /// The schema is ahead of this build.
    #[error("the database has migration {version}, which this build does not know; start a newer build")]
    NewerSchema {
        /// The newest migration that is not known.
        version: String,
    },
    /// The schema is behind this build.
    #[error("the database lacks migration {version}; run the migrate command first")]
    OlderSchema {
        /// The oldest migration that is missing.
        version: &'static str,
    },
    /// Migrating failed; nothing was changed.
    #[error("migrating the database failed and changed nothing")]
    Migration(#[source] Source),
}

/// A pool of connections to one PostgreSQL database. Clones share it.
#[derive(Clone)]
pub struct PostgresDatabase {
    pool: Arc<Pool>,
    writes: Arc<Turns>,
    reads: Arc<Turns>,
}

impl PostgresDatabase {
    /// Connects, and makes sure that the server keeps what it acknowledges. Applies no migration.
    ///
    /// # Errors
    /// Every [`OpenError`] but those of the schema, within 6 seconds.
    pub async fn connect(options: PostgresOptions) -> Result<Self, OpenError> {
        let (config, mode) = connection_url::parse(&options.url)?;
        let connector = Connector { config, tls: tls::connector(&mode)?, statements: options.statements };
        // Writes lock the head of the organisation's audit chain: more of them would only hold connections and wait.
        let (writes, reads) = (Turns::new(options.pool_size / 4), Turns::new(options.pool_size / 2));
        let pool = Arc::new(Pool::new(connector, options.pool_size));
        let database = Self { pool, writes: Arc::new(writes), reads: Arc::new(reads) };
        let mut connection = database.dedicated().await?;
        if !options.allow_unsafe_durability {
            refuse_unsafe_durability(&mut connection).await?;
        }
        Ok(database)
    }

    /// Applies the migrations that are missing, all in one transaction, and returns how many. Of several
    /// instances at once one migrates; the others wait and then find nothing to do.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`], [`OpenError::Migration`] or [`OpenError::Unreachable`].
    pub async fn migrate(&self) -> Result<usize, OpenError> {
        migrations::apply_missing(&mut self.dedicated().await?).await
    }

    /// Refuses a schema that is older or newer than this build, and says which.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`], [`OpenError::OlderSchema`] or [`OpenError::Unreachable`].
    pub async fn check_schema(&self) -> Result<(), OpenError> {
        let mut connection =
            self.pool.checkout().await.map_err(|error| OpenError::Unreachable(Box::new(error)))?;
        let missing = migrations::missing(&mut connection).await?;
        missing
            .into_iter()
            .next()
            .map_or(Ok(()), |first| Err(OpenError::OlderSchema { version: first.version }))
    }

    /// Whether the server answers, in one statement.
    pub async fn ping(&self) -> StoreResult<()> {
        self.server_time().await.map(|_| ())
    }

    pub(crate) async fn server_time(&self) -> StoreResult<OffsetDateTime> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.checkout().await?;
            Ok(diesel::select(schema::clock_timestamp()).get_result(&mut *connection).await?)
        })
        .await
    }

    pub(crate) async fn checkout(&self) -> Result<PooledConnection<'_>, Failure> {
        self.pool.checkout().await.map_err(Failure::Store)
    }

    /// A connection for a write of this organisation, when its turn has come.
    pub(crate) async fn checkout_in_turn(
        &self,
        organization: &OrganizationId,
    ) -> Result<(Turn, PooledConnection<'_>), Failure> {
        let turn = self.writes.take(organization).await;
        Ok((turn, self.checkout().await?))
    }

    /// The same for a read.
    pub(crate) async fn checkout_to_read(
        &self,
        organization: &OrganizationId,
    ) -> Result<(Turn, PooledConnection<'_>), Failure> {
        let turn = self.reads.take(organization).await;
        Ok((turn, self.checkout().await?))
    }

    async fn dedicated(&self) -> Result<AsyncPgConnection, OpenError> {
        self.pool.dedicated().await.map_err(|error| OpenError::Unreachable(Box::new(error)))
    }
}

async fn refuse_unsafe_durability(connection: &mut AsyncPgConnection) -> Result<(), OpenError> {
    for setting in ["fsync", "synchronous_commit"] {
        let value: String = diesel::select(schema::current_setting(setting))
            .get_result(connection)
            .await
            .map_err(|error| OpenError::Unreachable(Box::new(error)))?;
        if value == "off" {
            return Err(OpenError::UnsafeDurability { setting });
        }
    }
    Ok(())
}
