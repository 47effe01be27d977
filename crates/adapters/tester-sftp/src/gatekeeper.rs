use std::sync::{Arc, OnceLock};

use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::{Algorithm, HashAlg, PublicKeyOrCertificate};
use russh::{Channel, Disconnect, cipher};
use strongroom_domain::Facts;
use strongroom_domain::connection_test::HOST_KEY_FINGERPRINT;

/// What the SSH session has learnt about the server.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    something_else: OnceLock<()>,
    host_key: OnceLock<String>,
    host_key_algorithm: OnceLock<Algorithm>,
    software: OnceLock<&'static str>,
    refused_host_key: OnceLock<()>,
    lacks_strict_exchange: OnceLock<()>,
    farewell: OnceLock<Farewell>,
}

/// How the server ended the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It refused a login and offers no other way to log in.
    NoMethodLeft,
    /// It counted too many refused logins.
    TooManyFailures,
    /// It refused a login in the form of a disconnection, without a count.
    NoMoreMethods,
    /// It ended in any other way.
    Closed,
}

/// Decides for the SSH session which server is accepted, and refuses the channels that a server may ask a
/// client for.
pub(crate) struct Gatekeeper {
    pinned: Option<String>,
    seen: Arc<Seen>,
}

impl Seen {
    /// The facts for the report.
    pub(crate) fn facts(&self) -> Facts {
        let host_key = self.host_key.get().map(|key| (HOST_KEY_FINGERPRINT, key.clone()));
        let software = self.software.get().map(|name| ("server_version", (*name).to_owned()));
        host_key.into_iter().chain(software).collect()
    }

    /// The server has begun with something else than its identification. That is not SSH, unless an
    /// identification follows (RFC 4253, section 4.2).
    pub(crate) fn hear_something_else(&self) {
        self.something_else.get_or_init(|| ());
    }

    /// Whether the server has begun with something else.
    pub(crate) fn heard_something_else(&self) -> bool {
        self.something_else.get().is_some()
    }

    /// Whether the server has presented a host key that is not the expected one.
    pub(crate) fn refused_host_key(&self) -> bool {
        self.refused_host_key.get().is_some()
    }

    /// The algorithm of the host key that the server has presented.
    pub(crate) fn host_key_algorithm(&self) -> Option<&Algorithm> {
        self.host_key_algorithm.get()
    }

    /// Whether the session was given up because its cipher is safe only with strict key exchange.
    pub(crate) fn lacks_strict_exchange(&self) -> bool {
        self.lacks_strict_exchange.get().is_some()
    }

    /// How the session ended, once it has ended.
    pub(crate) fn farewell(&self) -> Option<Farewell> {
        self.farewell.get().copied()
    }
}

impl Gatekeeper {
    /// Makes a gatekeeper that accepts only the pinned key, or any key when none is pinned.
    pub(crate) fn new(pinned: Option<String>, seen: Arc<Seen>) -> Self {
        Self { pinned, seen }
    }
}

impl Handler for Gatekeeper {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        // For a certificate, the key inside it is compared, because the authorities that sign host keys are
        // not known here.
        let shown = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        // Keys are exchanged again during a session; the host key must be the same each time.
        let first = self.seen.host_key.get_or_init(|| shown.clone());
        self.seen.host_key_algorithm.get_or_init(|| key.public_key().algorithm());
        let right = *self.pinned.as_ref().unwrap_or(first) == shown;
        if !right {
            self.seen.refused_host_key.get_or_init(|| ());
        }
        Ok(right)
    }

    async fn kex_done(
        &mut self,
        _shared_secret: Option<&[u8]>,
        names: &russh::Names,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        // Without strict key exchange, packets before the login can be cut away unseen under this cipher
        // (Terrapin, CVE-2023-48795).
        if names.cipher == cipher::CHACHA20_POLY1305 && !names.strict_kex() {
            self.seen.lacks_strict_exchange.get_or_init(|| ());
            return Err(russh::Error::Disconnect);
        }
        if session.remote_sshid().starts_with(b"SSH-2.0-OpenSSH") {
            self.seen.software.get_or_init(|| "OpenSSH");
        }
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Self::Error>) -> Result<(), Self::Error> {
        let farewell = match &reason {
            DisconnectReason::Error(russh::Error::NoAuthMethod) => Farewell::NoMethodLeft,
            // OpenSSH says this only in its text; its code is that of a protocol error.
            DisconnectReason::ReceivedDisconnect(last)
                if last.message.contains("oo many authentication failures") =>
            {
                Farewell::TooManyFailures
            }
            DisconnectReason::ReceivedDisconnect(last)
                if matches!(last.reason_code, Disconnect::NoMoreAuthMethodsAvailable) =>
            {
                Farewell::NoMoreMethods
            }
            _ => Farewell::Closed,
        };
        self.seen.farewell.get_or_init(|| farewell);
        match reason {
            DisconnectReason::ReceivedDisconnect(_) => Ok(()),
            DisconnectReason::Error(error) => Err(error),
        }
    }

    // These are channels that the server opens. The library accepts them unless told otherwise, and refuses
    // one whose handle is dropped.

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _channel: Channel<Msg>,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _connected_address: &str,
        _connected_port: u32,
        _originator_address: &str,
        _originator_port: u32,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host: &str,
        _port: u32,
        _originator_address: &str,
        _originator_port: u32,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _socket_path: &str,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator_address: &str,
        _originator_port: u32,
        _refused: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }
}
