use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};

/// A TLS connection.
pub type TlsStream<S> = tokio_rustls::client::TlsStream<S>;

/// Why TLS could not be set up. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tls: {0}")]
pub struct TlsError(pub String);

/// A configuration that verifies certificates by the public roots, and by more certificates in PEM form when
/// given; then those replace the public ones. TLS 1.2 and 1.3 on ring.
pub fn verifying(_roots_pem: Option<&str>) -> Result<Arc<ClientConfig>, TlsError> {
    Err(TlsError("not there yet".into()))
}

/// Sets TLS up for a host name or IP address, in at most 5 s, and says when the server's certificate ends.
pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<(TlsStream<S>, Option<OffsetDateTime>), TlsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError("no server name".into()))?;
    let connector = tokio_rustls::TlsConnector::from(config);
    let stream = connector.connect(name, stream).await.map_err(|error| TlsError(error.to_string()))?;
    Ok((stream, None))
}
