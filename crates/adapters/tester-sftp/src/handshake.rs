use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, GexParams, Handle};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Disconnect, Preferred, SshId, cipher, compression, kex, mac};
use strongroom_domain::TestCode;
use strongroom_egress::CheckedStream;
use strongroom_provider_tester::{Cause, Progress, Verdict};

use crate::deadlines::Deadlines;
use crate::ending::{Ending, cut_off, fault};
use crate::gatekeeper::{Gatekeeper, Seen};
use crate::leash::Leash;
use crate::offers;
use crate::server::Server;
use crate::settings::Settings;

/// How long identification, key exchange and the check of the host key may take together.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long the end of the session may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// The key exchanges, the dearest ones last. A group of the server's own choice (RFC 4419) has at most
/// [`MAX_GROUP_BITS`]. The largest group costs 0.4 s of a core.
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::DH_G15_SHA512,
    kex::DH_GEX_SHA256,
    kex::DH_G17_SHA512,
    kex::DH_G18_SHA512,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

/// The smallest, preferred and largest group that a server may choose, in bits.
const GROUP_BITS: (usize, usize, usize) = (2048, 3072, MAX_GROUP_BITS);
const MAX_GROUP_BITS: usize = 4096;

const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// The ciphers. CBC is left out: the Terrapin attack (CVE-2023-48795) needs it or ChaCha20-Poly1305, on a
/// server without strict key exchange. The latter comes last, and the session is given up unless the exchange
/// was strict.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
    cipher::CHACHA20_POLY1305,
];

const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];

/// How many keys of different algorithms a server can have, one more handshake to learn that there are no
/// others, and one that is repeated.
const MAX_HANDSHAKES: usize = 7;

/// How long to wait before a server that hung up is asked once more.
const MOMENT: Duration = Duration::from_millis(300);

/// An SSH session with a server whose host key has been checked.
pub(crate) struct SshSession {
    /// The library's handle of the session.
    pub(crate) handle: Handle<Gatekeeper>,
    /// What the session has learnt about the server.
    pub(crate) seen: Arc<Seen>,
}

/// Exchanges identification and keys, and checks the host key. Nothing about the user is sent.
///
/// A server may have several host keys and shows the one of the algorithm that is asked for. When a pinned
/// key is not the one that it shows first, the server is asked again for its other keys, each on a connection
/// of its own: what OpenSSH does in one, because it knows the algorithm of a key that it knows.
///
/// # Errors
/// `host_key_mismatch` when none of the keys that the server shows is the pinned one, `timeout`,
/// `provider_error`. A server that is too slow to show its other keys is a mismatch, in words of its own:
/// nobody in between may hide one by standing still.
pub(crate) async fn shake_hands(
    first: CheckedStream,
    server: &Server<'_>,
    settings: &Settings,
    seen: &mut Arc<Seen>,
    progress: &Arc<Progress>,
    deadlines: &Deadlines,
) -> Result<(SshSession, Leash), Ending> {
    let mut wanted = HOST_KEYS.to_vec();
    let attempt = shake_once(first, settings, &wanted, Arc::clone(seen), progress);
    let ended = deadlines.within(TIME_LIMIT, attempt).await;
    let mut last = Arc::clone(seen);
    let mut may_repeat = last.refused_host_key();
    for _ in 1..MAX_HANDSHAKES {
        if let Some(shown) = last.host_key_algorithm() {
            wanted.retain(|other| !of_one_key(shown, other));
        }
        if !seen.refused_host_key() || wanted.is_empty() {
            break;
        }
        last = Arc::default();
        let again = async {
            let stream = server.connect().await?;
            shake_once(stream, settings, &wanted, Arc::clone(&last), progress).await
        };
        match deadlines.within(TIME_LIMIT, again).await {
            Ok(right) => {
                *seen = last;
                return Ok(right);
            }
            Err(_) if last.refused_host_key() => {}
            Err(ending) if ending.is_timeout() => return ended.map_err(too_slow_to_tell),
            // OpenSSH hangs up on new connections while others are at this stage (MaxStartups), and counts
            // one that has just ended for a moment.
            Err(ending) if may_repeat && ending.is_cut_off() => {
                may_repeat = false;
                tokio::time::sleep(MOMENT).await;
            }
            Err(_) => break,
        }
    }
    ended
}

/// The first key is not the pinned one, and nothing is known about the others.
fn too_slow_to_tell(ending: Ending) -> Ending {
    match ending {
        Ending::Verdict(verdict) => verdict
            .saying("The server showed a host key that is not the pinned one, and was too slow to show its others.")
            .advising("Test again later. If the message stays, ask the server's operator whether the key that the report shows is a key of the server.")
            .into(),
        untested => untested,
    }
}

/// Whether one key can have both algorithms, as an RSA key has with each hash.
fn of_one_key(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
}

async fn shake_once(
    stream: CheckedStream,
    settings: &Settings,
    host_keys: &[Algorithm],
    seen: Arc<Seen>,
    progress: &Arc<Progress>,
) -> Result<(SshSession, Leash), Ending> {
    let speaking = Arc::clone(progress);
    let hearing = Arc::clone(&seen);
    let (mut leash, ours) = Leash::on(stream, move |is_ssh| match is_ssh {
        true => speaking.server_speaks(),
        false => hearing.hear_something_else(),
    });
    let gatekeeper = Gatekeeper::new(settings.host_key_fingerprint.clone(), Arc::clone(&seen));
    let config = Arc::new(config(host_keys)?);
    let connected = leash.during(client::connect_stream(config, ours, gatekeeper)).await;
    let handle = connected.map_err(|error| refusal(&error, &seen))?;
    Ok((SshSession { handle, seen }, leash))
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

fn config(host_keys: &[Algorithm]) -> Result<client::Config, Ending> {
    let (least, preferred, most) = GROUP_BITS;
    Ok(client::Config {
        client_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Strongroom")),
        window_size: 128 * 1024,
        channel_buffer_size: 8,
        gex: GexParams::new(least, preferred, most).map_err(|error| cut_off(&error))?,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Owned(host_keys.to_vec()),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(&[compression::NONE]),
        },
        ..client::Config::default()
    })
}

/// Another service answers.
pub(crate) fn no_ssh() -> Ending {
    Verdict::of(TestCode::ProviderError)
        .because(Cause::Protocol(fault(&russh::Error::Version).to_owned()))
        .saying("The server does not speak SSH.")
        .advising("Check host and port: another service answers there.")
        .into()
}

fn refusal(error: &russh::Error, seen: &Seen) -> Ending {
    let verdict = |code: TestCode| Verdict::of(code).because(Cause::Protocol(fault(error).to_owned()));
    match error {
        russh::Error::UnknownKey if seen.refused_host_key() => Verdict::of(TestCode::HostKeyMismatch)
            .advising(
                "Ask the server's operator whether the key that the report shows is a key of the server: it may have been replaced. If so, store its fingerprint, else do not connect. Its other keys were looked at too, as far as it showed them.",
            )
            .into(),
        _ if seen.lacks_strict_exchange() => verdict(TestCode::ProviderError)
            .saying("The server encrypts with ChaCha20-Poly1305 only, and lacks the strict key exchange that makes it safe (CVE-2023-48795).")
            .advising("Update the SSH server, or enable AES-GCM or AES-CTR on it.")
            .into(),
        russh::Error::NoCommonAlgo { kind, ours, theirs } => {
            let (message, hint) = offers::nothing_in_common(kind, ours, theirs);
            verdict(TestCode::ProviderError).saying(message).advising(hint).into()
        }
        russh::Error::Version => no_ssh(),
        _ => cut_off(error),
    }
}
