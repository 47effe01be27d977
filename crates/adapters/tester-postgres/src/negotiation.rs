use strongroom_domain::{Facts, TestCode};
use strongroom_egress::{Metered, TlsStream, handshake};
use strongroom_provider_tester::{Cause, Verdict};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::certificate::{self, Complaint};
use crate::channel_binding::tls_server_end_point;
use crate::finding::{Found, not_postgres};
use crate::settings::Settings;
use crate::tls_mode::{Protection, TlsMode};

/// The message `SSLRequest` (PostgreSQL manual, section 55.7): length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// How many bytes a server may send in one test, TLS included.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// A stream in both directions, with TLS or without.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A connection on which the login may begin.
pub(crate) struct Wire {
    pub(crate) stream: Box<dyn Duplex>,
    pub(crate) protection: Protection,
    pub(crate) binding: Option<Vec<u8>>,
}

/// Sets up TLS as the mode asks. When it ends, no part of the credential has been sent, not even the user
/// name.
pub(crate) async fn negotiate<S>(stream: S, settings: &Settings<'_>, facts: &mut Facts) -> Found<Wire>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = Metered::new(stream, MAX_BYTES);
    let mode = settings.tls.mode;
    let is_offered = mode != TlsMode::Never && is_tls_offered(&mut stream).await?;
    let wire = match is_offered {
        true => encrypt(stream, settings, facts).await?,
        false if mode.may_do_without() => {
            Wire { stream: Box::new(stream), protection: Protection::None, binding: None }
        }
        false => return Err(no_tls()),
    };
    facts.insert("tls", wire.protection.as_str().to_owned());
    Ok(wire)
}

/// Asks the server for TLS. Exactly one byte is read, because any further byte would be part of the TLS
/// handshake (CVE-2021-23222).
async fn is_tls_offered<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Found<bool> {
    let asked = async {
        stream.write_all(&SSL_REQUEST).await?;
        stream.flush().await?;
        stream.read_u8().await
    };
    match asked.await {
        Ok(b'S') => Ok(true),
        Ok(b'N') => Ok(false),
        Ok(_) => Err(not_postgres("the answer to the request for tls is neither yes nor no")),
        Err(_) => Err(not_postgres("closed before it answered the request for tls")),
    }
}

async fn encrypt<S>(stream: S, settings: &Settings<'_>, facts: &mut Facts) -> Found<Wire>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let has_own_ca = !settings.tls.pinned.is_empty();
    let tls_failed = |complaint| tls_failed(complaint, has_own_ca);
    let (config, check) = certificate::config(&settings.tls).map_err(tls_failed)?;
    let (stream, ends_at) = handshake(stream, settings.host, config).await.map_err(|error| {
        let verdict = match (check.and_then(|check| check.complaint()), error.code()) {
            (Some(complaint), _) => tls_failed(complaint),
            (None, TestCode::TlsFailed) => no_agreement(),
            (None, code) => Box::new(Verdict::of(code)),
        };
        Box::new(verdict.because(Cause::Protocol(error.to_string())))
    })?;
    if let Some(text) = ends_at.and_then(in_whole_seconds) {
        facts.insert("tls_certificate_expires_at", text);
    }
    let binding = server_certificate(&stream).and_then(tls_server_end_point);
    Ok(Wire { stream: Box::new(stream), protection: settings.tls.protection(), binding })
}

fn server_certificate<S>(stream: &TlsStream<S>) -> Option<&[u8]> {
    stream.get_ref().1.peer_certificates()?.first().map(AsRef::as_ref)
}

fn in_whole_seconds(time: OffsetDateTime) -> Option<String> {
    let time = time.checked_to_offset(UtcOffset::UTC)?.replace_nanosecond(0).ok()?;
    time.format(&Rfc3339).ok()
}

fn no_tls() -> Box<Verdict> {
    Box::new(
        Verdict::of(TestCode::TlsFailed)
            .saying("The server does not offer TLS.")
            .advising("Turn TLS on at the server.")
            .because(Cause::Protocol("tls: not offered".into())),
    )
}

/// The certificate was not what the handshake failed by.
fn no_agreement() -> Box<Verdict> {
    Box::new(
        Verdict::of(TestCode::TlsFailed)
            .saying("The server offers TLS, and the handshake failed before its certificate counted.")
            .advising(
                "Let the server speak TLS 1.2 or 1.3 with the usual ciphers, and have a certificate with an RSA, ECDSA or Ed25519 key; its log says more (ssl_min_protocol_version, ssl_ciphers, ssl_ecdh_curve, ssl_cert_file). If the port is another service's, correct it.",
            ),
    )
}

/// `has_own_ca` says whether the caller gave certificates in `ssl_ca`.
fn tls_failed(complaint: Complaint, has_own_ca: bool) -> Box<Verdict> {
    let verdict = Verdict::of(TestCode::TlsFailed);
    Box::new(match complaint {
        Complaint::Time => verdict
            .saying("The server's certificate has expired or is not valid yet.")
            .advising("Let the server's operator renew it. Until then only sslmode=require without ssl_ca takes it, which does not check who the server is."),
        Complaint::Name => verdict.saying("The server's certificate is for another host name.").advising(
            "Use a host name that the certificate has as subjectAltName (a common name does not count), or sslmode=verify-ca with the authority in the field ssl_ca.",
        ),
        Complaint::Issuer if has_own_ca => verdict
            .saying("The server's certificate is not signed by an authority in the field ssl_ca.")
            .advising("Give the certificate of the authority that signed it, and those between that the server does not send; `openssl s_client -starttls postgres -showcerts -connect HOST:PORT` shows what it sends."),
        Complaint::Authority => verdict
            .saying("The server has a certificate that is marked as that of an authority.")
            .advising("Give this very certificate as PEM in the field ssl_ca, or let the server have one that is not marked so (basicConstraints CA:FALSE)."),
        Complaint::Purpose => verdict
            .saying("The server's certificate is not made for servers, or has a critical extension that is not known here.")
            .advising("Let the server have a certificate whose extended key usage, if it has one, names serverAuth."),
        Complaint::Algorithm => verdict
            .saying("The key of the server's certificate, or how the certificate is signed, is not verified here.")
            .advising("Let the server have a certificate with an RSA key of 2048 to 8192 bit, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key, signed with SHA-256 or better."),
        Complaint::Issuer => verdict
            .saying("The server's certificate is not signed by an authority that is trusted.")
            .advising("Give the authority's certificate as PEM in the field ssl_ca."),
        Complaint::Version1 => verdict
            .saying("The server has an X.509 version 1 certificate, which has no place for host names and is not verified.")
            .advising(
                "Give the server a certificate of version 3 with its host name as subjectAltName (`openssl req -x509 -addext subjectAltName=DNS:…`). Until then only sslmode=require without ssl_ca takes it, which does not check who the server is.",
            ),
        Complaint::Other => verdict,
    })
}
