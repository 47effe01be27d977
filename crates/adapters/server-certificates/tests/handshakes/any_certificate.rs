use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection, SupportedProtocolVersion,
};
use strongroom_server_certificates::{AnyCertificate, provider};

#[derive(Debug)]
struct Presented(Arc<CertifiedKey>);

impl ResolvesServerCert for Presented {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

fn key_pair(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

/// Shakes hands with a server that presents the certificate of one key and signs with another.
fn handshake(
    certified: &KeyPair,
    signer: &KeyPair,
    version: &'static SupportedProtocolVersion,
) -> Result<(), Error> {
    let provider = Arc::new(provider());
    let certificate =
        CertificateParams::new(["db.example".to_owned()]).unwrap().self_signed(certified).unwrap();
    let signer = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signer.serialize_der()));
    let presented = CertifiedKey::new(vec![certificate.der().clone()], any_supported_type(&signer).unwrap());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Presented(Arc::new(presented))));
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate::new(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("elsewhere.example").unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    while client.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn any_certificate_is_taken_from_the_server_that_has_its_key_and_from_no_other() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
        for version in [&TLS12, &TLS13] {
            let (own, other) = (key_pair(algorithm), key_pair(algorithm));
            assert_eq!(handshake(&own, &own, version), Ok(()), "{algorithm:?} {version:?}");
            let refused = handshake(&own, &other, version);
            assert!(matches!(refused, Err(Error::InvalidCertificate(_))), "{version:?} {refused:?}");
        }
    }
}
