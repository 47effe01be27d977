//! Tests of handshakes with correct and hostile TLS servers.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, HandshakeKind, ServerConfig, SupportedProtocolVersion};
use strongroom_domain::TestCode;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::tls::{verifying, verifying_also};
use crate::{Egress, EgressSettings, TlsError, handshake};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn config(&self) -> Arc<ClientConfig> {
        verifying_also(&self.pem).unwrap()
    }

    /// A server configuration with a certificate for this name.
    fn server(&self, name: &str, edit: impl Fn(&mut CertificateParams)) -> ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server(certificate.der().to_vec(), &key, &[&rustls::version::TLS13, &rustls::version::TLS12])
    }
}

fn server(
    certificate: Vec<u8>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)
        .unwrap()
}

/// Returns the result of a handshake with a server. When it fails, the client must have sent nothing but TLS
/// records of the handshake: the server then reads no byte of an application.
async fn shake(
    host: &str,
    config: Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> Result<(HandshakeKind, Option<OffsetDateTime>), TlsError> {
    let (ours, theirs) = tokio::io::duplex(16 * 1024);
    let acceptor = TlsAcceptor::from(Arc::clone(server));
    let peer = tokio::spawn(async move {
        let mut read = Vec::new();
        if let Ok(mut stream) = acceptor.accept(theirs).await {
            // It is an error here when the client closes without a TLS closure alert, as it should be.
            drop(stream.read_to_end(&mut read).await);
        }
        read
    });
    let result = match handshake(ours, host, config).await {
        Ok((mut stream, ends)) => {
            let kind = stream.get_ref().1.handshake_kind().unwrap();
            stream.write_all(b"canary").await.unwrap();
            stream.shutdown().await.unwrap();
            drop(stream.read_to_end(&mut Vec::new()).await);
            Ok((kind, ends))
        }
        Err(error) => Err(error),
    };
    let expected: &[u8] = if result.is_ok() { b"canary" } else { b"" };
    assert_eq!(peer.await.unwrap(), expected);
    result
}

/// The reason of a TLS failure. Silence or a broken connection fails the test.
fn failure(error: TlsError) -> String {
    assert_eq!(error.code(), TestCode::TlsFailed, "{error}");
    match error {
        TlsError::Failed(reason) => reason.into_owned(),
        other => panic!("no failure of TLS: {other}"),
    }
}

async fn refused(host: &str, config: Arc<ClientConfig>, server: ServerConfig) -> String {
    failure(shake(host, config, &Arc::new(server)).await.unwrap_err())
}

#[tokio::test]
async fn a_good_server_is_known_by_name_or_address_and_its_certificate_has_an_end() {
    let authority = Authority::new();
    // A certificate writes years before 2050 with two digits, and later years with four (RFC 5280 4.1.2.5).
    for (year, name) in [(2049, "db.example"), (2050, "db.example"), (2199, "127.0.0.1")] {
        let ends = date_time_ymd(year, 2, 3);
        let server = Arc::new(authority.server(name, |params| params.not_after = ends));
        let (_, read) = shake(name, authority.config(), &server).await.unwrap();
        assert_eq!(read, Some(ends));
    }
    let server = Arc::new(authority.server("db.example", |_| {}));
    for host in ["DB.example.", "db.example."] {
        shake(host, authority.config(), &server).await.unwrap();
    }
}

#[tokio::test]
async fn both_versions_are_spoken() {
    let authority = Authority::new();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["db.example".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = server(certificate.der().to_vec(), &key, &[version]);
        shake("db.example", authority.config(), &Arc::new(server)).await.unwrap();
    }
}

#[tokio::test]
async fn sessions_are_not_resumed() {
    let authority = Authority::new();
    let config = authority.config();
    let server = Arc::new(authority.server("db.example", |_| {}));
    for _ in 0..3 {
        let (kind, _) = shake("db.example", Arc::clone(&config), &server).await.unwrap();
        assert_ne!(kind, HandshakeKind::Resumed);
    }
}

#[tokio::test]
async fn certificates_that_do_not_hold_are_refused_before_anything_is_said() {
    let authority = Authority::new();
    let config = || authority.config();
    let expired = authority.server("db.example", |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    assert_eq!(refused("db.example", config(), expired).await, "the certificate has expired");
    let early = authority.server("db.example", |params| params.not_before = date_time_ymd(2400, 1, 1));
    assert_eq!(refused("db.example", config(), early).await, "the certificate is not valid yet");
    let other = authority.server("other.example", |_| {});
    assert_eq!(refused("db.example", config(), other).await, "the certificate is for another host");
    let nameless = authority.server("db.example", |params| params.subject_alt_names.clear());
    assert_eq!(refused("db.example", config(), nameless).await, "the certificate is for another host");
    let named = authority.server("db.example", |_| {});
    assert_eq!(refused("127.0.0.1", config(), named).await, "the certificate is for another host");
    let stranger = Authority::new().server("db.example", |_| {});
    assert_eq!(
        refused("db.example", config(), stranger).await,
        "the certificate is not from a trusted issuer"
    );
    let for_clients = authority.server("db.example", |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(refused("db.example", config(), for_clients).await, "the certificate is not for servers");
}

#[tokio::test]
async fn self_signed_certificates_are_refused() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["db.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let server = server(certificate.der().to_vec(), &key, &[&rustls::version::TLS13]);
    let reason = refused("db.example", verifying().unwrap(), server).await;
    assert_eq!(reason, "the certificate is not from a trusted issuer");
}

#[tokio::test]
async fn given_roots_are_trusted_as_well() {
    let authority = Authority::new();
    let server = Arc::new(authority.server("db.example", |_| {}));
    let egress = Egress::new(&EgressSettings::default()).unwrap();
    shake("db.example", egress.tls(), &server).await.unwrap_err();
    shake("db.example", egress.with_roots(&authority.pem).unwrap().tls(), &server).await.unwrap();
    let other = verifying_also(&Authority::new().pem).unwrap();
    shake("db.example", other, &server).await.unwrap_err();
    let both = format!("{}\n{}", Authority::new().pem, authority.pem);
    shake("db.example", verifying_also(&both).unwrap(), &server).await.unwrap();
}

#[tokio::test]
async fn what_is_not_tls_is_refused() {
    // The greetings of an SSH server, a mail server and an HTTP server, an alert, and the ServerHello of TLS
    // 1.0.
    let tls_1_0 = [&[0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let cases = [
        (b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(), "the server does not speak TLS"),
        (b"220 mail.example ESMTP\r\n".to_vec(), "the server does not speak TLS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "the server does not speak TLS"),
        (vec![0x15, 3, 3, 0, 2, 2, 40], "the server refused the handshake"),
        (tls_1_0, ""),
    ];
    for (greeting, reason) in cases {
        let reached = failure(greeted_with(greeting).await);
        assert!(reached.starts_with(reason), "{reached}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_says_nothing_of_its_tls() {
    // The server closes at once, within the header of a record, and within a record.
    for greeting in [&[][..], &[0x16, 3], &[0x16, 3, 3, 0, 42, 2]] {
        let broken = greeted_with(greeting.to_vec()).await;
        assert_eq!(broken, TlsError::Broken(std::io::ErrorKind::UnexpectedEof));
        assert_eq!(broken.code(), TestCode::ProviderError);
        assert_eq!(
            broken.to_string(),
            "tls: the connection broke during the handshake: unexpected end of file"
        );
    }
    let (ours, theirs) = tokio::io::duplex(16 * 1024);
    drop(theirs);
    let broken = handshake(ours, "db.example", verifying().unwrap()).await.unwrap_err();
    assert_eq!(broken, TlsError::Broken(std::io::ErrorKind::BrokenPipe));
}

/// Returns the error of a handshake with a server that sends a greeting and closes.
async fn greeted_with(greeting: Vec<u8>) -> TlsError {
    let (ours, mut theirs) = tokio::io::duplex(16 * 1024);
    let peer = tokio::spawn(async move {
        theirs.write_all(&greeting).await.unwrap();
        theirs.shutdown().await.unwrap();
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).await.unwrap();
        read
    });
    let error = handshake(ours, "db.example", verifying().unwrap()).await.unwrap_err();
    let read = peer.await.unwrap();
    assert_eq!(read.first(), Some(&0x16), "a handshake record and nothing else");
    error
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_costs_five_seconds() {
    let (ours, _theirs) = tokio::io::duplex(16 * 1024);
    let began = tokio::time::Instant::now();
    let error = handshake(ours, "db.example", verifying().unwrap()).await.unwrap_err();
    assert_eq!((&error, error.code()), (&TlsError::Silence, TestCode::Timeout));
    assert_eq!(error.to_string(), "tls: no handshake within 5 s");
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[test]
fn roots_that_cannot_be_read_are_told_apart() {
    let good = Authority::new().pem;
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases = [
        (String::new(), "the given roots hold no PEM block named CERTIFICATE"),
        ("not pem".into(), "the given roots hold no PEM block named CERTIFICATE"),
        (KeyPair::generate().unwrap().serialize_pem(), "the given roots hold no PEM block named CERTIFICATE"),
        (bad.into(), "certificate 1 of the given roots cannot be read"),
        (format!("{good}{bad}"), "certificate 2 of the given roots cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n".into(), "certificate 1 of the given roots cannot be read"),
    ];
    for (pem, reason) in cases {
        assert_eq!(verifying_also(&pem).err(), Some(TlsError::Failed(reason.into())));
    }
}
