use strongroom_egress::{CheckedStream, Destination, Egress, Purpose, Session};

use crate::ending::Ending;
use crate::settings::Settings;

/// The server of a test. All connections to it are counted once, and its name is resolved once.
pub(crate) struct Server<'a> {
    connections: Session,
    destination: Destination<'a>,
}

impl<'a> Server<'a> {
    pub(crate) fn of(settings: &'a Settings, egress: &Egress) -> Self {
        let destination = Destination {
            purpose: Purpose::Sftp,
            host: &settings.host,
            port: settings.port,
            port_is_fixed: false,
        };
        Self { connections: egress.session(), destination }
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<CheckedStream, Ending> {
        let connected = self.connections.connect(&self.destination).await;
        connected.map_err(|error| error.verdict().map_or_else(Ending::Untested, Ending::from))
    }
}
