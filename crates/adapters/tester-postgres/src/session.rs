use std::future::poll_fn;
use std::sync::Arc;

use strongroom_domain::Facts;
use tokio::io::Empty;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::{Client, Config, Connection, SimpleQueryMessage};

use crate::finding::{Found, Stage, failure, no_answer};
use crate::guard::{Guard, Observations};
use crate::negotiation::{Duplex, Wire};
use crate::settings::Settings;
use crate::tls_mode::Protection;

/// The name of the connection in the server's list.
const APPLICATION_NAME: &str = "strongroom";

/// The statements are one message, so that they work through poolers that may use another server connection
/// for each transaction.
const PROBE: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '3s'; SELECT 1; COMMIT";

type Link = Connection<Empty, Guard<Box<dyn Duplex>>>;

/// A connection that is logged in.
pub(crate) struct Session {
    client: Client,
    link: Link,
    observations: Arc<Observations>,
}

impl Session {
    /// Logs in once.
    pub(crate) async fn log_in(wire: Wire, settings: &Settings<'_>, facts: &mut Facts) -> Found<Self> {
        let verified = wire.protection == Protection::Verified;
        let (guard, observations) = Guard::new(wire.stream, verified, wire.binding);
        let mut config = Config::new();
        config
            .user(settings.username)
            .password(settings.password.expose())
            .dbname(settings.database)
            .application_name(APPLICATION_NAME)
            // The guard stands for the TLS stream; `Direct` means that the driver does not ask for TLS again.
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct);
        let connected = config.connect_raw(tokio::io::empty(), guard).await;
        let (client, link) = connected.map_err(|error| {
            let is_postgres = wire.protection != Protection::None || observations.password_was_asked();
            let password_taken = observations.password_was_taken();
            failure(&error, observations.refusal(), Stage::Login { is_postgres, password_taken })
        })?;
        if let Some(version) = link.parameter("server_version").and_then(major_version) {
            facts.insert("server_version", version);
        }
        Ok(Self { client, link, observations })
    }

    /// Whether the server asked for the password.
    pub(crate) fn password_was_asked(&self) -> bool {
        self.observations.password_was_asked()
    }

    /// Queries one row and ends the session.
    pub(crate) async fn probe(self) -> Found<()> {
        let Self { client, link, observations } = self;
        let question = async move {
            let answer = client.simple_query(PROBE).await;
            drop(client);
            answer
        };
        let (answer, ()) = tokio::join!(question, drive(link));
        let messages = answer.map_err(|error| failure(&error, observations.refusal(), Stage::Probe))?;
        let first_row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let value = first_row.and_then(|row| row.try_get(0).ok().flatten());
        if value == Some("1") { Ok(()) } else { Err(no_answer("SELECT 1 was not answered with 1")) }
    }
}

/// Moves messages until the connection ends, which it does once the client is dropped. Notices are discarded:
/// if the connection ran as a future of its own, the driver would log them.
async fn drive(mut link: Link) {
    while let Some(Ok(_)) = poll_fn(|cx| link.poll_message(cx)).await {}
}

/// Returns `15` for `15.4 (Debian 15.4-1)` and `9.6` for `9.6.24`: since 10 the first number is the major
/// version.
fn major_version(text: &str) -> Option<String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next()?.parse::<u16>().ok();
    let first = number()?;
    if first >= 10 { Some(first.to_string()) } else { number().map(|second| format!("{first}.{second}")) }
}
