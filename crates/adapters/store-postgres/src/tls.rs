//! TLS to the database, with rustls on ring and no process-wide default.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use strongroom_server_certificates::{AnyCertificate, provider};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connection_url::TlsMode;
use crate::open_error::OpenError;

/// The connector for a mode; `None` for a connection without TLS.
pub(crate) fn connector(mode: &TlsMode) -> Result<Option<MakeRustlsConnect>, OpenError> {
    let provider = Arc::new(provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(OpenError::Tls)?;
    let config = match mode {
        TlsMode::Disable => return Ok(None),
        TlsMode::VerifyFull { roots } => {
            builder.with_root_certificates(root_store(roots.as_deref())?).with_no_client_auth()
        }
        TlsMode::Require => {
            tracing::warn!(
                "sslmode=require encrypts but does not check who the database is; use verify-full"
            );
            let verifier = Arc::new(AnyCertificate::new(provider));
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
    };
    Ok(Some(MakeRustlsConnect::new(config)))
}

fn root_store(file: Option<&Path>) -> Result<RootCertStore, OpenError> {
    let Some(file) = file else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut store = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file)
        .map_err(|_| OpenError::RootCertificates("cannot be read as a PEM file"))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|_| OpenError::RootCertificates("is not a valid PEM file"))?;
        store.add(certificate).map_err(OpenError::Tls)?;
    }
    if store.is_empty() { Err(OpenError::RootCertificates("holds no certificate")) } else { Ok(store) }
}
