use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use strongroom_domain::TestCode;
use strongroom_server_certificates::{not_after, provider};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::host::Host;

/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// A TLS connection.
pub type TlsStream<S> = tokio_rustls::client::TlsStream<S>;

/// Why TLS could not be set up. The text is for the log; it holds nothing that the server sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The server did not finish the handshake in time.
    #[error("tls: no handshake within 5 s")]
    Silence,
    /// The server closed the connection, or the network failed.
    #[error("tls: the connection broke during the handshake: {0}")]
    Broken(io::ErrorKind),
    /// The server does not speak TLS, or not the versions that are asked for, or its certificate does not
    /// verify.
    #[error("tls: {0}")]
    Failed(Cow<'static, str>),
}

impl TlsError {
    /// Returns the code of a connection test that ends with this error. Only [`TlsError::Failed`] is a
    /// finding about the server's TLS.
    pub const fn code(&self) -> TestCode {
        match self {
            Self::Silence => TestCode::Timeout,
            Self::Broken(_) => TestCode::ProviderError,
            Self::Failed(_) => TestCode::TlsFailed,
        }
    }
}

/// A configuration that verifies certificates against the public roots, with TLS 1.2 and 1.3 on ring.
/// Sessions are never resumed: a ticket would connect the tests of one organisation with those of another.
pub(crate) fn verifying() -> Result<Arc<ClientConfig>, TlsError> {
    configuration(public_roots())
}

/// Verifies against the public roots and the certificates of a PEM text.
pub(crate) fn verifying_also(pem: &str) -> Result<Arc<ClientConfig>, TlsError> {
    configuration(with_pem(public_roots(), pem)?)
}

/// Sets up TLS for a host name or IP address within 5 s, and returns when the server's certificate ends.
///
/// # Errors
/// [`TlsError`] distinguishes a peer that is silent or closed the connection from one whose TLS or
/// certificate is not acceptable.
pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<(TlsStream<S>, Option<OffsetDateTime>), TlsError> {
    let connecting = TlsConnector::from(config).connect(server_name(host)?, stream);
    let connected = tokio::time::timeout(HANDSHAKE_LIMIT, connecting).await;
    let stream = connected.map_err(|_| TlsError::Silence)?.map_err(|error| in_words(&error))?;
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let ends = leaf.and_then(|leaf| not_after(leaf));
    Ok((stream, ends))
}

fn configuration(roots: RootCertStore) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|_| TlsError::Failed("ring supports neither TLS 1.2 nor 1.3".into()))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn with_pem(mut roots: RootCertStore, pem: &str) -> Result<RootCertStore, TlsError> {
    let mut added = 0_usize;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        added += 1;
        certificate
            .ok()
            .and_then(|certificate| roots.add(certificate).ok())
            .ok_or_else(|| format!("certificate {added} of the given roots cannot be read"))
            .map_err(|reason| TlsError::Failed(reason.into()))?;
    }
    if added == 0 {
        return Err(TlsError::Failed("the given roots hold no PEM block named CERTIFICATE".into()));
    }
    Ok(roots)
}

fn server_name(host: &str) -> Result<ServerName<'static>, TlsError> {
    let name = match Host::parse(host) {
        Ok(Host::Ip(ip)) => Some(ServerName::from(ip)),
        Ok(Host::Name(name)) => ServerName::try_from(name).ok(),
        Err(_) => None,
    };
    name.ok_or_else(|| TlsError::Failed("the host is not one that a certificate can name".into()))
}

/// Describes a failure in fixed words, because the text of the library would quote the certificate.
fn in_words(error: &io::Error) -> TlsError {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return TlsError::Broken(error.kind());
    };
    let reason = match error {
        rustls::Error::InvalidCertificate(problem) => describe_certificate(problem),
        rustls::Error::AlertReceived(_) => "the server refused the handshake",
        rustls::Error::PeerIncompatible(_) => "the server offers neither TLS 1.2 nor 1.3 as we speak them",
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS",
        rustls::Error::NoCertificatesPresented => "the server has no certificate",
        _ => "the server broke the rules of TLS",
    };
    TlsError::Failed(reason.into())
}

fn describe_certificate(problem: &CertificateError) -> &'static str {
    match problem {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another host"
        }
        // Two issuers can have the same name and different keys; then the signature does not match.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate is not from a trusted issuer"
        }
        CertificateError::Revoked => "the certificate has been revoked",
        CertificateError::BadEncoding => "the certificate cannot be read",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not for servers"
        }
        _ => "the certificate does not verify",
    }
}
