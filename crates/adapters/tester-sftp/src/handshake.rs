use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, Handle};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Disconnect, Preferred, SshId, cipher, compression, kex, mac};
use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, Verdict};
use tokio::io::DuplexStream;

use crate::deadlines::Deadlines;
use crate::ending::{Ending, cut_off, fault};
use crate::gatekeeper::{Gatekeeper, Seen};
use crate::settings::Settings;

/// How long identification, key exchange and the check of the host key may take together.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long the end of the session may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// The key exchanges. Those that a server can make expensive are left out: groups of the server's own choice
/// (RFC 4419) and groups of 6144 bits and more.
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// The ciphers. ChaCha20-Poly1305 and CBC are left out: the Terrapin attack (CVE-2023-48795) needs them, on a
/// server without strict key exchange.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];

/// An SSH session with a server whose host key has been checked.
pub(crate) struct SshSession {
    /// The library's handle of the session.
    pub(crate) handle: Handle<Gatekeeper>,
    /// What the session has learnt about the server.
    pub(crate) seen: Arc<Seen>,
}

/// Exchanges identification and keys, and checks the host key. Nothing about the user is sent.
///
/// # Errors
/// `host_key_mismatch` when the key is not the pinned one, `timeout`, `provider_error`.
pub(crate) async fn shake_hands(
    stream: DuplexStream,
    settings: &Settings,
    seen: &Arc<Seen>,
    deadlines: &Deadlines,
) -> Result<SshSession, Ending> {
    let gatekeeper = Gatekeeper::new(settings.host_key_fingerprint.clone(), Arc::clone(seen));
    let connecting = async {
        client::connect_stream(Arc::new(config()), stream, gatekeeper)
            .await
            .map_err(|error| refusal(&error, seen))
    };
    let handle = deadlines.within(TIME_LIMIT, connecting).await?;
    Ok(SshSession { handle, seen: Arc::clone(seen) })
}

impl SshSession {
    /// Ends the session properly, because a broken connection could look like an incident to the server.
    pub(crate) async fn close(mut self) {
        let leave = async {
            self.handle.disconnect(Disconnect::ByApplication, "", "").await.ok();
            if !self.handle.is_closed() {
                (&mut self.handle).await.ok();
            }
        };
        // When the server does not react, the socket is still closed with the test.
        tokio::time::timeout(FAREWELL, leave).await.ok();
    }
}

fn config() -> client::Config {
    client::Config {
        client_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Strongroom")),
        window_size: 128 * 1024,
        channel_buffer_size: 8,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Borrowed(HOST_KEYS),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(&[compression::NONE]),
        },
        ..client::Config::default()
    }
}

fn refusal(error: &russh::Error, seen: &Seen) -> Ending {
    match error {
        russh::Error::UnknownKey if seen.refused_host_key() => Verdict::of(TestCode::HostKeyMismatch)
            .advising(
                "Ask the server's operator whether this is a key of the server: it may have been replaced, or be one of several. If so, store the new fingerprint, else do not connect.",
            )
            .into(),
        russh::Error::NoCommonAlgo { .. } => Verdict::of(TestCode::ProviderError)
            .saying("The server offers only algorithms that are not safe enough.")
            .advising(
                "Enable a modern key exchange, cipher and host key on the server: curve25519-sha256, AES-GCM or AES-CTR, and Ed25519, ECDSA, or RSA with SHA-2.",
            )
            .because(Cause::Protocol(fault(error).to_owned()))
            .into(),
        russh::Error::Version => Verdict::of(TestCode::ProviderError)
            .saying("The server does not speak SSH.")
            .advising("Check host and port.")
            .because(Cause::Protocol(fault(error).to_owned()))
            .into(),
        _ => cut_off(error),
    }
}
