use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime, alg_id};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::der::{self, PublicKey};

/// The sizes of RSA keys that ring verifies with, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Schemes of keys that are taken although their signatures cannot be verified here: Ed448, and RSA keys
/// that are for PSS only (RFC 8446, section 4.2.3).
const UNVERIFIED: [SignatureScheme; 4] = [
    SignatureScheme::ED448,
    SignatureScheme::Unknown(0x0809),
    SignatureScheme::Unknown(0x080a),
    SignatureScheme::Unknown(0x080b),
];

/// Schemes that only TLS 1.2 knows for handshakes.
const PKCS1: [SignatureScheme; 4] = [
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// Accepts every certificate, as libpq does for `sslmode=require`, whatever its version, time, name and
/// issuer.
///
/// It still checks that the server has the certificate's key. A login with channel binding is bound to the
/// certificate, and somebody in between could otherwise present that of the real server. A key of a kind that
/// cannot be checked here (a curve other than P-256, P-384, P-521 and Ed25519, or RSA outside 2048 to 8192
/// bits) is taken without.
#[derive(Debug)]
pub struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl AnyCertificate {
    /// Makes a verifier that checks signatures with the algorithms of this provider.
    pub fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider }
    }

    /// Whether signatures of this key can be checked.
    fn is_checkable(&self, key: &PublicKey<'_>) -> bool {
        if key.algorithm == alg_id::RSA_ENCRYPTION.as_ref() {
            return der::rsa_bits(key.bits).is_some_and(|bits| RSA_BITS.contains(&bits));
        }
        let all = self.provider.signature_verification_algorithms.all;
        all.iter().any(|algorithm| algorithm.public_key_alg_id().as_ref() == key.algorithm)
    }

    fn check(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
        is_usable: impl Fn(usize) -> bool,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = der::public_key(certificate).ok_or(CertificateError::BadEncoding)?;
        if !self.is_checkable(&key) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let mut schemes = self.provider.signature_verification_algorithms.mapping.iter();
        let algorithms: &[&dyn SignatureVerificationAlgorithm] =
            schemes.find(|(scheme, _)| *scheme == dss.scheme).map(|(_, list)| *list).unwrap_or_default();
        let mut fitting = algorithms.iter().enumerate().filter(|(place, algorithm)| {
            is_usable(*place) && algorithm.public_key_alg_id().as_ref() == key.algorithm
        });
        let is_good = fitting
            .any(|(_, algorithm)| algorithm.verify_signature(key.bits, message, dss.signature()).is_ok());
        if is_good {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(CertificateError::BadSignature.into())
        }
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(message, cert, dss, |_| true)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // TLS 1.3 has no PKCS #1 signatures in its handshake (RFC 8446, section 4.2.3).
        if PKCS1.contains(&dss.scheme) {
            return Err(CertificateError::BadSignature.into());
        }
        // The first algorithm of a scheme is the one that TLS 1.3 means by it.
        self.check(message, cert, dss, |place| place == 0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        schemes.extend(UNVERIFIED);
        schemes
    }
}
