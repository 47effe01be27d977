//! A guard between the server and the driver. It reads everything that the server sends.
//!
//! The driver answers a request for the password by itself, in whatever form the server asks for, and sends
//! it to that server. So the guard reads the frame of every message (PostgreSQL manual, chapter 55.7: a type
//! byte, a length, and for `R` a code) and fails the read before the driver has seen the request.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, Empty, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// How many bytes a server may send until it is ready for the query, and how long one message may be.
const MAX_LOGIN_BYTES: usize = 256 * 1024;
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// How many rounds of SCRAM a server may ask for, and how long that message may be. The driver has the same
/// limit (`postgres-protocol` since 0.6.12), but does not report that it was reached.
const MAX_ROUNDS: u32 = 100_000;
const MAX_SCRAM_BYTES: usize = 4096;

/// How many bytes the server may send after it is ready for the query.
const MAX_PROBE_BYTES: usize = 64 * 1024;

/// Why the guard ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The server asked for the password in the clear or as MD5, outside verified TLS.
    #[error("the password was asked for in a form that is only sent inside verified tls")]
    PasswordForm,
    /// The server asked for something other than a password.
    #[error("something else than a password was asked for")]
    Method,
    /// The server asked for more rounds of SCRAM than the driver does.
    #[error("too many rounds of scram were asked for")]
    Rounds,
    /// The server sent more than a login and one row need.
    #[error("the server sent too much")]
    TooMuch,
    /// The server sent bytes that are not a message.
    #[error("the server sent no PostgreSQL message")]
    Malformed,
}

/// What the guard has observed, because the driver's errors do not contain it.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    refusal: OnceLock<Refusal>,
    password_asked: OnceLock<()>,
    password_taken: OnceLock<()>,
}

impl Observations {
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }

    /// Whether the server asked for the password. Some servers let every user in without one.
    pub(crate) fn password_was_asked(&self) -> bool {
        self.password_asked.get().is_some()
    }

    /// Whether the server has said that the password is right. A pooler may still refuse the login.
    pub(crate) fn password_was_taken(&self) -> bool {
        self.password_was_asked() && self.password_taken.get().is_some()
    }
}

/// A connected stream with a [`Scanner`] for everything that it receives. To the driver it looks like an
/// established TLS connection, so that channel binding works.
pub(crate) struct Guard<S> {
    inner: S,
    scanner: Scanner,
    binding: Option<Vec<u8>>,
}

impl<S> Guard<S> {
    /// `verified` says whether the stream is verified TLS; `binding` is its channel binding.
    pub(crate) fn new(inner: S, verified: bool, binding: Option<Vec<u8>>) -> (Self, Arc<Observations>) {
        let observations = Arc::new(Observations::default());
        let scanner = Scanner::new(verified, Arc::clone(&observations));
        (Self { inner, scanner, binding }, observations)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let judged = self.scanner.accept(buf.filled().get(before..).unwrap_or_default());
        if let Err(refusal) = judged {
            buf.set_filled(before);
            return Poll::Ready(Err(io::Error::other(refusal)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Guard<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.binding.clone().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// TLS is negotiated before the driver starts, so there is no stream for the driver to connect over.
impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnect<Empty> for Guard<S> {
    type Stream = Self;
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn connect(self, _nothing: Empty) -> Self::Future {
        ready(Ok(self))
    }
}

/// Follows the frames of the server's messages.
struct Scanner {
    verified: bool,
    observations: Arc<Observations>,
    /// How many more bytes the server may send.
    allowance: usize,
    is_ready: bool,
    /// The frame of the current message, as far as it has been read.
    head: Vec<u8>,
    /// How many bytes of its body are still to come.
    body: usize,
    /// The body of `SASLContinue`, as far as it has been read. Other bodies are not kept.
    scram: Option<Vec<u8>>,
}

impl Scanner {
    fn new(verified: bool, observations: Arc<Observations>) -> Self {
        Self {
            verified,
            observations,
            allowance: MAX_LOGIN_BYTES,
            is_ready: false,
            head: Vec::with_capacity(9),
            body: 0,
            scram: None,
        }
    }

    fn accept(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let judged = bytes.iter().try_for_each(|byte| self.accept_byte(*byte));
        if let Err(refusal) = judged {
            self.observations.refusal.get_or_init(|| refusal);
        }
        judged
    }

    fn accept_byte(&mut self, byte: u8) -> Result<(), Refusal> {
        self.allowance = self.allowance.checked_sub(1).ok_or(Refusal::TooMuch)?;
        if self.body > 0 {
            self.body -= 1;
            return self.accept_body_byte(byte);
        }
        self.head.push(byte);
        let body = match *self.head.as_slice() {
            [b'R', l1, l2, l3, l4, c1, c2, c3, c4] => {
                // A length below 8 is too short for the code that was just read.
                let body = length(l1, l2, l3, l4)?.checked_sub(8).ok_or(Refusal::Malformed)?;
                self.judge_request(u32::from_be_bytes([c1, c2, c3, c4]), body)?;
                body
            }
            [b'R', ..] => return Ok(()),
            [kind, l1, l2, l3, l4] => {
                if kind == b'Z' && !self.is_ready {
                    self.is_ready = true;
                    self.allowance = MAX_PROBE_BYTES;
                }
                length(l1, l2, l3, l4)?.saturating_sub(4)
            }
            _ => return Ok(()),
        };
        self.head.clear();
        self.body = body;
        Ok(())
    }

    fn accept_body_byte(&mut self, byte: u8) -> Result<(), Refusal> {
        let Some(scram) = &mut self.scram else { return Ok(()) };
        scram.push(byte);
        if self.body > 0 {
            return Ok(());
        }
        let is_too_much = rounds(scram).is_some_and(|rounds| rounds.is_none_or(|rounds| rounds > MAX_ROUNDS));
        self.scram = None;
        if is_too_much { Err(Refusal::Rounds) } else { Ok(()) }
    }

    /// Checks a code of section 55.7, "Authentication…", and the length of what follows.
    fn judge_request(&mut self, code: u32, body: usize) -> Result<(), Refusal> {
        match code {
            // SASLContinue.
            11 if body > MAX_SCRAM_BYTES => Err(Refusal::TooMuch),
            11 => {
                self.scram = (body > 0).then(Vec::new);
                Ok(())
            }
            // Ok, SASLFinal.
            0 | 12 => {
                self.observations.password_taken.get_or_init(|| ());
                Ok(())
            }
            // CleartextPassword, MD5Password.
            3 | 5 if !self.verified => Err(Refusal::PasswordForm),
            // CleartextPassword and MD5Password inside verified TLS, and SASL.
            3 | 5 | 10 => {
                self.observations.password_asked.get_or_init(|| ());
                Ok(())
            }
            // KerberosV5, SCMCredential, GSS, GSSContinue, SSPI.
            2 | 6..=9 => Err(Refusal::Method),
            _ => Err(Refusal::Malformed),
        }
    }
}

/// The length of a message. It includes itself and not the type byte.
fn length(l1: u8, l2: u8, l3: u8, l4: u8) -> Result<usize, Refusal> {
    match usize::try_from(u32::from_be_bytes([l1, l2, l3, l4])) {
        Ok(0..4) => Err(Refusal::Malformed),
        Ok(length) if length <= MAX_MESSAGE_BYTES => Ok(length),
        _ => Err(Refusal::TooMuch),
    }
}

/// The rounds in `r=…,s=…,i=4096` (RFC 5802, section 5.1), or `None` when the message has none. `Some(None)`
/// means a number that is too large.
fn rounds(message: &[u8]) -> Option<Option<u32>> {
    let rounds = message.split(|byte| *byte == b',').find_map(|part| part.strip_prefix(b"i="))?;
    let digits = str::from_utf8(rounds).ok()?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())
}
