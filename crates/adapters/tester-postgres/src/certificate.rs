use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use strongroom_server_certificates::{AnyCertificate, is_authority, is_version_1, provider};

use crate::settings::TlsSettings;
use crate::tls_mode::TlsMode;

/// A TLS configuration that verifies as far as the mode asks and keeps no session for a later connection.
/// When the mode verifies, the check that it returns has the reason of a refusal.
pub(crate) fn config(
    tls: &TlsSettings,
) -> Result<(Arc<ClientConfig>, Option<Arc<CertificateCheck>>), Complaint> {
    let provider = Arc::new(provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|_| Complaint::Other)?.dangerous();
    let (builder, check) = if tls.mode.verifies() {
        let check = CertificateCheck::new(tls, provider)?;
        (builder.with_custom_certificate_verifier(check.clone()), Some(check))
    } else {
        (builder.with_custom_certificate_verifier(Arc::new(AnyCertificate::new(provider))), None)
    };
    let mut config = builder.with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok((Arc::new(config), check))
}

/// The reason why a server's certificate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// It is not valid yet, or has expired.
    Time,
    /// It is for other names.
    Name,
    /// No trusted authority signed it.
    Issuer,
    /// It is that of an authority, which is verified as a server's only when the caller gives it.
    Authority,
    /// It is made for something else than servers, or has a critical extension that is not known here.
    Purpose,
    /// Its key, or how it or one of the chain is signed, is not verified here.
    Algorithm,
    /// It is of X.509 version 1, which the library that verifies chains does not read.
    Version1,
    /// Something else.
    Other,
}

/// Verifies a server's certificate for a mode that verifies it. It keeps the reason of a refusal, because the
/// error of the handshake is only text.
#[derive(Debug)]
pub(crate) struct CertificateCheck {
    mode: TlsMode,
    provider: Arc<CryptoProvider>,
    chain: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
    complaint: OnceLock<Complaint>,
}

impl CertificateCheck {
    fn new(tls: &TlsSettings, provider: Arc<CryptoProvider>) -> Result<Arc<Self>, Complaint> {
        let roots = Arc::clone(&tls.roots);
        let chain = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        let chain = chain.map_err(|_| Complaint::Other)?;
        let pinned = tls.pinned.clone();
        Ok(Arc::new(Self { mode: tls.mode, provider, chain, pinned, complaint: OnceLock::new() }))
    }

    /// The certificate was good, and what is signed with its key cannot be verified.
    fn refuse_key(&self) {
        self.complaint.get_or_init(|| Complaint::Algorithm);
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
        match self.chain.verify_server_cert(end_entity, intermediates, name, &[], now) {
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
                self.complaint.get_or_init(|| match complaint(&error) {
                    Complaint::Other if is_version_1(end_entity) => Complaint::Version1,
                    Complaint::Other if is_authority(end_entity) => Complaint::Authority,
                    complaint => complaint,
                });
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
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms).inspect_err(|_| self.refuse_key())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms).inspect_err(|_| self.refuse_key())
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
        Error::InvalidCertificate(
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } | Bad::UnhandledCriticalExtension,
        ) => Complaint::Purpose,
        Error::InvalidCertificate(
            Bad::UnsupportedSignatureAlgorithmContext { .. }
            | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => Complaint::Algorithm,
        _ => Complaint::Other,
    }
}
