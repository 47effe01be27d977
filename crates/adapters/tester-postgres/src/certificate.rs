use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::settings::TlsSettings;
use crate::tls_mode::TlsMode;

/// The reason why a server's certificate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// It is not valid yet, or has expired.
    Time,
    /// It is for other names.
    Name,
    /// No trusted authority signed it.
    Issuer,
    /// Something else.
    Other,
}

/// Verifies a server's certificate as far as the mode asks. It keeps the reason of a refusal, because the
/// error of the handshake is only text.
#[derive(Debug)]
pub(crate) struct CertificateCheck {
    mode: TlsMode,
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
    pinned: Vec<CertificateDer<'static>>,
    complaint: OnceLock<Complaint>,
}

impl CertificateCheck {
    pub(crate) fn new(tls: &TlsSettings) -> Result<Arc<Self>, Complaint> {
        let provider = Arc::new(ring::default_provider());
        let chain = if tls.mode.verifies() {
            let roots = Arc::clone(&tls.roots);
            let built = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
            Some(built.map_err(|_| Complaint::Other)?)
        } else {
            None
        };
        let pinned = tls.pinned.clone();
        Ok(Arc::new(Self { mode: tls.mode, provider, chain, pinned, complaint: OnceLock::new() }))
    }

    /// A TLS configuration with this check. It keeps no session for a later connection.
    pub(crate) fn config(self: &Arc<Self>) -> Result<Arc<ClientConfig>, Complaint> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(|_| Complaint::Other)?;
        let verifier = Arc::clone(self);
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = builder.with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    /// The reason of a refusal, if there was one.
    pub(crate) fn complaint(&self) -> Option<Complaint> {
        self.complaint.get().copied()
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(chain) = &self.chain else { return Ok(()) };
        match chain.verify_server_cert(end_entity, intermediates, name, &[], now) {
            Ok(_) => Ok(()),
            // The chain is checked before the name, so it is valid when only the name is wrong.
            Err(error) if self.mode == TlsMode::VerifyCa && complaint(&error) == Complaint::Name => Ok(()),
            // The server presents an authority's certificate as its own. webpki refuses that
            // (`CaUsedAsEndEntity`) after it has checked the time. This certificate is one of those that the
            // caller gave, so it needs no chain.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.pinned.contains(end_entity) =>
            {
                let parsed = ParsedCertificate::try_from(end_entity)?;
                if self.mode == TlsMode::VerifyFull { verify_server_name(&parsed, name) } else { Ok(()) }
            }
            Err(error) => Err(error),
        }
    }
}

impl ServerCertVerifier for CertificateCheck {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.verify(end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => {
                self.complaint.get_or_init(|| complaint(&error));
                Err(error)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn complaint(error: &Error) -> Complaint {
    use CertificateError as Bad;
    match error {
        Error::InvalidCertificate(
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. },
        ) => Complaint::Time,
        Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            Complaint::Name
        }
        Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => Complaint::Issuer,
        _ => Complaint::Other,
    }
}
