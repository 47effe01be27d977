use std::sync::Arc;

use diesel::result::OptionalExtension;
use diesel_async::AsyncConnection;
use diesel_async::methods::LoadQuery;
use strongroom_domain::OrganizationId;
use strongroom_repository::{DeploymentRepository, StoreError, StoreResult};
use strongroom_store_rows::{Aborted, BadColumn, Stored};

use crate::connection::{Connection, RunQueryDsl, Work, current_setting};
use crate::failure::{OPERATION_LIMIT, in_time, store_error, twice_within, within};
use crate::open_error::OpenError;
use crate::pool::{Connector, Pool, PooledConnection};
use crate::turns::{Turn, Turns};
use crate::{connection_url, migrations, options::PostgresOptions, session, tls};

/// A pool of connections to one PostgreSQL database. Clones share it.
#[derive(Clone)]
pub struct PostgresDatabase {
    pool: Arc<Pool>,
    writes: Arc<Turns>,
    reads: Arc<Turns>,
}

pub(crate) use PostgresDatabase as Database;

impl PostgresDatabase {
    /// Connects, and checks that the server does not lose writes that it has acknowledged. It applies no
    /// migration.
    ///
    /// # Errors
    /// Every [`OpenError`] except those of the schema. Connecting takes at most 5 s, and so does the look at
    /// a pooler before it.
    pub async fn connect(options: PostgresOptions) -> Result<Self, OpenError> {
        let (config, mode) = connection_url::parse(&options.url)?;
        let connector = Connector {
            config,
            tls: tls::connector(&mode)?,
            statements: options.statements,
            was_read_only: Arc::default(),
        };
        // Writes lock the head of the organisation's audit chain, so more of them at once would only hold
        // connections while they wait.
        let (writes, reads) = (Turns::new(options.pool_size / 4), Turns::new(options.pool_size / 2));
        session::refuse_shared_connections(&connector).await?;
        let pool = Arc::new(Pool::new(connector, options.pool_size));
        let database = Self { pool, writes: Arc::new(writes), reads: Arc::new(reads) };
        let mut connection = database.dedicated().await?;
        if !options.allow_unsafe_durability {
            refuse_unsafe_durability(&mut connection).await?;
        }
        Ok(database)
    }

    /// Refuses a server that takes no writes: a standby, or one that was made read-only.
    ///
    /// # Errors
    /// [`OpenError::ReadOnly`] or [`OpenError::Unreachable`].
    pub async fn refuse_read_only(&self) -> Result<(), OpenError> {
        match setting(&mut self.dedicated().await?, "transaction_read_only").await?.as_str() {
            "on" => Err(OpenError::ReadOnly),
            _ => Ok(()),
        }
    }

    /// Applies the missing migrations, all in one transaction, and returns how many there were. When several
    /// instances do this at once, one migrates; the others wait and then have nothing to do.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`], [`OpenError::Migration`] or [`OpenError::Unreachable`].
    pub async fn migrate(&self) -> Result<usize, OpenError> {
        migrations::apply_missing(&mut self.dedicated().await?).await
    }

    /// Refuses a schema that is older or newer than this build. The error says which.
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

    /// The disk of the server cannot be looked at from here.
    pub(crate) fn has_room(&self) -> StoreResult<()> {
        Ok(())
    }

    /// Whether exactly the migrations of this build have been applied.
    pub(crate) async fn is_current(&self) -> StoreResult<bool> {
        match self.check_schema().await {
            Ok(()) => Ok(true),
            Err(OpenError::OlderSchema { .. } | OpenError::NewerSchema { .. }) => Ok(false),
            Err(error) => Err(StoreError::Unavailable(Box::new(error))),
        }
    }

    /// Checks with one statement that the server answers.
    pub async fn ping(&self) -> StoreResult<()> {
        self.now().await.map(|_| ())
    }

    /// Returns the row that a query finds, read back into a domain value. With an organisation the query
    /// waits for its turn to read.
    pub(crate) fn one<R, Q>(
        &self,
        organization: Option<&OrganizationId>,
        query: Q,
    ) -> impl Future<Output = StoreResult<Option<R::Value>>> + Send
    where
        R: Stored + Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let row = self.row(organization, query);
        async move { Ok(row.await?.map(R::read).transpose()?) }
    }

    /// Returns the rows that a query finds, read back into domain values. With an organisation the query
    /// waits for its turn to read.
    pub(crate) fn all<R, Q>(
        &self,
        organization: Option<&OrganizationId>,
        query: Q,
    ) -> impl Future<Output = StoreResult<Vec<R::Value>>> + Send
    where
        R: Stored + Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let rows = self.rows(organization, query);
        async move { Ok(rows.await?.into_iter().map(R::read).collect::<Result<_, BadColumn>>()?) }
    }

    /// Returns the row that a query finds, as it is stored.
    pub(crate) fn row<R, Q>(
        &self,
        organization: Option<&OrganizationId>,
        query: Q,
    ) -> impl Future<Output = StoreResult<Option<R>>> + Send
    where
        R: Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let work = async move {
            let (_turn, mut connection) = self.checkout_to_read(organization).await?;
            Ok(query.get_result(&mut *connection).await.optional()?)
        };
        async move { in_time(OPERATION_LIMIT, work).await.map_err(store_error) }
    }

    /// Returns the rows that a query finds, as they are stored.
    pub(crate) fn rows<R, Q>(
        &self,
        organization: Option<&OrganizationId>,
        query: Q,
    ) -> impl Future<Output = StoreResult<Vec<R>>> + Send
    where
        R: Send + 'static,
        Q: LoadQuery<'static, Connection, R> + Send + 'static,
    {
        let work = async move {
            let (_turn, mut connection) = self.checkout_to_read(organization).await?;
            Ok(query.load(&mut *connection).await?)
        };
        async move { in_time(OPERATION_LIMIT, work).await.map_err(store_error) }
    }

    /// Runs several queries on one connection.
    pub(crate) async fn ask<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send,
        W: for<'c> Work<'c, T> + Clone + Send + Sync,
    {
        let run = || async {
            let work = work.clone();
            work(&mut *self.checkout().await?).await
        };
        within(OPERATION_LIMIT, run).await
    }

    /// Runs a write that carries no event; each of its statements is a transaction of its own.
    pub(crate) async fn alone<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send,
        W: for<'c> Work<'c, T> + Clone + Send + Sync,
    {
        self.ask(work).await
    }

    pub(crate) async fn checkout(&self) -> Result<PooledConnection, Aborted> {
        Ok(self.pool.checkout().await?)
    }

    /// Returns a connection for a write of this organisation, after waiting for its turn.
    pub(crate) async fn checkout_in_turn(
        &self,
        organization: &OrganizationId,
    ) -> Result<(Turn, PooledConnection), Aborted> {
        let turn = self.writes.take(organization).await;
        Ok((turn, self.checkout().await?))
    }

    /// Returns a connection for a read. A read of an organisation waits for its turn.
    pub(crate) async fn checkout_to_read(
        &self,
        organization: Option<&OrganizationId>,
    ) -> Result<(Option<Turn>, PooledConnection), Aborted> {
        let turn = match organization {
            Some(organization) => Some(self.reads.take(organization).await),
            None => None,
        };
        Ok((turn, self.checkout().await?))
    }

    /// Runs a write of this organisation in one transaction, after waiting for its turn.
    pub(crate) async fn transact<T, W>(&self, organization: &OrganizationId, work: W) -> StoreResult<T>
    where
        T: Send,
        W: for<'c> Work<'c, T> + Clone + Send + Sync,
    {
        self.attempt(organization, work).await.map_err(store_error)
    }

    /// Like [`Self::transact`], for callers that need to know why the work was aborted.
    pub(crate) async fn attempt<T, W>(&self, organization: &OrganizationId, work: W) -> Result<T, Aborted>
    where
        T: Send,
        W: for<'c> Work<'c, T> + Clone + Send + Sync,
    {
        let run = || async {
            let work = work.clone();
            let (_turn, mut connection) = self.checkout_in_turn(organization).await?;
            connection.transaction(async move |connection| work(connection).await).await
        };
        twice_within(OPERATION_LIMIT, run).await
    }

    async fn dedicated(&self) -> Result<Connection, OpenError> {
        self.pool.dedicated().await.map_err(|error| OpenError::Unreachable(Box::new(error)))
    }
}

async fn refuse_unsafe_durability(connection: &mut Connection) -> Result<(), OpenError> {
    for name in ["fsync", "synchronous_commit"] {
        if setting(connection, name).await? == "off" {
            return Err(OpenError::UnsafeDurability { setting: name });
        }
    }
    Ok(())
}

/// The value of a setting of the server.
async fn setting(connection: &mut Connection, name: &str) -> Result<String, OpenError> {
    let value = diesel::select(current_setting(name)).get_result(connection).await;
    value.map_err(|error| OpenError::Unreachable(Box::new(error)))
}
