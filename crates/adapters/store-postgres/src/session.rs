//! What a connection keeps for as long as it lasts: limits that the server enforces, and prepared statements.
//! A pooler that gives each transaction another connection of the server breaks both.

use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::open_error::OpenError;
use crate::pool::{Connector, NoConnection};

/// The limits. They are not sent as `options` when a connection starts, because poolers refuse those.
const LIMITS: &str = "SET statement_timeout = '3s'; SET lock_timeout = '2s'; \
                      SET idle_in_transaction_session_timeout = '10s'; \
                      SET default_transaction_isolation = 'read committed'";

/// How often it is looked whether two connections share one of the server. A pooler may hand out another one
/// by chance while others use it.
const LOOKS: usize = 3;

/// How long a look may take. With a pool of one connection in session mode the second client waits.
const LOOK_LIMIT: Duration = Duration::from_secs(2);

/// Sets the limits of a new connection.
pub(crate) async fn limit(connection: &mut AsyncPgConnection) -> Result<(), diesel::result::Error> {
    connection.batch_execute(LIMITS).await
}

/// Refuses a pooler that does not keep a connection of the server for each of ours. Nothing is set or
/// prepared before it is known, because that would stay in connections of others.
pub(crate) async fn refuse_shared_connections(connector: &Connector) -> Result<(), OpenError> {
    let unreachable = |error: NoConnection| OpenError::Unreachable(Box::new(error));
    let mut connector = connector.clone();
    connector.config.application_name("strongroom-look");
    let first = connector.bare().await.map_err(unreachable)?;
    // Without a second connection nothing can be told, and the pool reports why there is none.
    let Ok(second) = connector.bare().await else { return Ok(()) };
    let look = tokio::time::timeout(LOOK_LIMIT, are_shared(&first, &second));
    match look.await {
        Ok(Ok(true)) => Err(OpenError::SharedConnections),
        // PgBouncer answers `BEGIN` with an error when it hands out connections for statements.
        Ok(Err(error))
            if error.as_db_error().is_some_and(|error| error.message().contains("statement pooling")) =>
        {
            Err(OpenError::SharedConnections)
        }
        _ => Ok(()),
    }
}

/// Whether two clients are served by one process of the server, or one client by several.
async fn are_shared(first: &Client, second: &Client) -> Result<bool, tokio_postgres::Error> {
    // Poolers that share connections until a client changes its session (Amazon RDS Proxy) stop to do so now.
    // PgBouncer keeps this setting for each of its clients.
    first.batch_execute("SET TIME ZONE 'UTC'").await?;
    second.batch_execute("SET TIME ZONE 'UTC'").await?;
    let own = process(first).await?;
    for _ in 0..LOOKS {
        second.batch_execute("BEGIN").await?;
        // In a pool with a single connection the first client would wait for the second.
        if process(second).await? == own || process(first).await? != own {
            return Ok(true);
        }
        second.batch_execute("ROLLBACK").await?;
    }
    Ok(false)
}

/// The process of the server that serves this client now.
async fn process(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    let messages = client.simple_query("SELECT pg_backend_pid()").await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
