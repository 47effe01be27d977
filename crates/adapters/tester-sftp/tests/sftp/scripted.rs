//! SSH servers that do what OpenSSH cannot be configured to do.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, run_stream};
use russh::{Channel, ChannelId, MethodKind, MethodSet, Preferred, cipher, kex};
use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, FileMode, Handle, Name, OpenFlags, Status, StatusCode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How a server treats a client that logs in.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    /// Lets every client in that names a user.
    Open,
    /// Lets every client in that sends a password.
    Accept,
    /// Asks these questions, one round after the other, and then lets every client in.
    Keyboard(Vec<Ask>),
    /// Offers to ask questions, and refuses without asking any.
    NoQuestions,
    /// Requires a key after the password.
    MoreThanPassword,
    /// Closes the connection when it has received the password.
    HangUp,
    /// Sends nothing after it has received the password.
    Silent,
    /// Accepts RSA keys with SHA-1 only.
    RsaWithSha1,
    /// Encrypts with ChaCha20-Poly1305 only, and does not know strict key exchange.
    WithoutStrictExchange,
    /// Sends a long text before it lets every client in.
    Talk,
}

/// A round of questions.
#[derive(Debug, Clone)]
pub(crate) struct Ask(Vec<(Cow<'static, str>, bool)>);

/// What a server does with an SFTP session.
#[derive(Debug, Clone)]
pub(crate) enum Sftp {
    /// Serves a disk with this fault.
    Disk(Disk),
    /// Never answers the request for a session.
    Unanswered,
    /// Sends these bytes once, and then nothing.
    Says(Vec<u8>),
    /// Sends these bytes again and again for ever.
    Repeats(Vec<u8>),
    /// Answers every request by its type and id; the first request has a version in place of the id.
    Answers(fn(u8, u32) -> Vec<u8>),
    /// Opens channels to the client, and serves a disk without a fault beside them.
    OpensChannels,
}

/// The fault of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    Good,
    RefusesToWrite,
    RefusesToRead,
    ReadsOtherBytes,
    NeverAnswersReads,
    RefusesToRemove,
}

/// A running server.
pub(crate) struct Scripted {
    port: u16,
    state: Arc<State>,
}

struct State {
    login: Login,
    sftp: Sftp,
    log: Mutex<Log>,
    asked: Notify,
    left: Notify,
}

#[derive(Default)]
struct Log {
    answers: Vec<String>,
    made: Vec<String>,
    removed: Vec<String>,
    refused_channels: usize,
}

impl Ask {
    pub(crate) fn hidden(question: &'static str) -> Self {
        Self(vec![(question.into(), false)])
    }

    pub(crate) fn shown(question: &'static str) -> Self {
        Self(vec![(question.into(), true)])
    }

    pub(crate) fn nothing() -> Self {
        Self(vec![])
    }
}

impl Scripted {
    pub(crate) async fn start(login: Login) -> Self {
        Self::with_sftp(login, Sftp::Disk(Disk::Good)).await
    }

    pub(crate) async fn with_sftp(login: Login, sftp: Sftp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, left) = (Notify::new(), Notify::new());
        let state = Arc::new(State { login, sftp, log: Mutex::default(), asked, left });
        let mut preferred = Preferred::default();
        if matches!(state.login, Login::RsaWithSha1) {
            preferred.key = Cow::Borrowed(&[Algorithm::Ed25519, Algorithm::Rsa { hash: None }]);
        }
        if matches!(state.login, Login::WithoutStrictExchange) {
            preferred.kex = Cow::Borrowed(&[kex::CURVE25519]);
            preferred.cipher = Cow::Borrowed(&[cipher::CHACHA20_POLY1305]);
        }
        let config = Arc::new(Config {
            preferred,
            keys: vec![PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]))],
            auth_rejection_time: Duration::ZERO,
            max_auth_attempts: 1000,
            ..Config::default()
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let visit = Visit { state: Arc::clone(&shared), round: 0, channels: HashMap::new() };
                let (config, state) = (Arc::clone(&config), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Ok(session) = run_stream(config, socket, visit).await {
                        session.await.ok();
                    }
                    state.left.notify_one();
                });
            }
        });
        Self { port, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until a client asks to log in.
    pub(crate) async fn asked(&self) {
        self.state.asked.notified().await;
    }

    /// Waits until a connection has ended.
    pub(crate) async fn left(&self) {
        self.state.left.notified().await;
    }

    /// The answers to the server's questions.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.state.log.lock().unwrap().answers.clone()
    }

    pub(crate) fn made(&self) -> Vec<String> {
        self.state.log.lock().unwrap().made.clone()
    }

    pub(crate) fn removed(&self) -> Vec<String> {
        self.state.log.lock().unwrap().removed.clone()
    }

    pub(crate) fn refused_channels(&self) -> usize {
        self.state.log.lock().unwrap().refused_channels
    }
}

struct Visit {
    state: Arc<State>,
    round: usize,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

fn refused(methods: &[MethodKind], partial_success: bool) -> Auth {
    Auth::Reject { proceed_with_methods: Some(MethodSet::from(methods)), partial_success }
}

impl Handler for Visit {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, Self::Error> {
        Ok(match self.state.login {
            Login::Open => Auth::Accept,
            Login::Keyboard(_) | Login::NoQuestions => refused(&[MethodKind::KeyboardInteractive], false),
            _ => refused(&[MethodKind::Password, MethodKind::KeyboardInteractive], false),
        })
    }

    async fn auth_password(&mut self, _user: &str, _password: &str) -> Result<Auth, Self::Error> {
        self.state.asked.notify_one();
        match self.state.login {
            Login::MoreThanPassword => Ok(refused(&[MethodKind::PublicKey], true)),
            Login::HangUp => Err(russh::Error::Disconnect),
            Login::Silent => pending().await,
            _ => Ok(Auth::Accept),
        }
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Login::Keyboard(rounds) = &self.state.login else { return Ok(Auth::reject()) };
        let given = response.into_iter().flatten();
        let given = given.map(|answer| String::from_utf8_lossy(&answer).into_owned());
        self.state.log.lock().unwrap().answers.extend(given);
        let round = rounds.get(self.round);
        self.round += 1;
        Ok(round.map_or(Auth::Accept, |ask| Auth::Partial {
            name: "".into(),
            instructions: "".into(),
            prompts: ask.0.clone().into(),
        }))
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(matches!(self.state.login, Login::Talk).then(|| "a long story ".repeat(10_000)))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(channel) = self.channels.remove(&id) else { return Ok(()) };
        let state = Arc::clone(&self.state);
        if matches!(state.sftp, Sftp::Unanswered) {
            self.channels.insert(id, channel);
            return Ok(());
        }
        session.channel_success(id)?;
        let handle = session.handle();
        tokio::spawn(async move {
            match state.sftp.clone() {
                Sftp::OpensChannels => {
                    for _ in 0..20 {
                        if handle.channel_open_session().await.is_err() {
                            state.log.lock().unwrap().refused_channels += 1;
                        }
                    }
                    serve(channel, Disk::Good, state);
                }
                Sftp::Disk(disk) => serve(channel, disk, state),
                other => converse(channel, other).await,
            }
        });
        Ok(())
    }
}

fn serve(channel: Channel<Msg>, disk: Disk, state: Arc<State>) {
    tokio::spawn(russh_sftp::server::run(channel.into_stream(), Serving { disk, state }));
}

async fn converse(channel: Channel<Msg>, sftp: Sftp) {
    let mut stream = channel.into_stream();
    match sftp {
        Sftp::Says(words) => {
            stream.write_all(&words).await.ok();
            pending::<()>().await;
        }
        Sftp::Repeats(words) => while stream.write_all(&words).await.is_ok() {},
        Sftp::Answers(answer) => loop {
            let Ok(length) = stream.read_u32().await else { return };
            let (kind, id) = (stream.read_u8().await.unwrap(), stream.read_u32().await.unwrap());
            let mut rest = vec![0; length as usize - 5];
            stream.read_exact(&mut rest).await.unwrap();
            stream.write_all(&answer(kind, id)).await.ok();
        },
        _ => {}
    }
}

/// A packet of SFTP.
pub(crate) fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 1).unwrap();
    [&length.to_be_bytes()[..], &[kind], body].concat()
}

struct Serving {
    disk: Disk,
    state: Arc<State>,
}

fn done(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() }
}

fn unless<T>(refused: bool, answer: T) -> Result<T, StatusCode> {
    if refused { Err(StatusCode::PermissionDenied) } else { Ok(answer) }
}

impl russh_sftp::server::Handler for Serving {
    type Error = StatusCode;

    fn unimplemented(&self) -> Self::Error {
        StatusCode::OpUnsupported
    }

    async fn realpath(&mut self, id: u32, _path: String) -> Result<Name, Self::Error> {
        Ok(Name { id, files: vec![File::dummy("/")] })
    }

    async fn stat(&mut self, id: u32, _path: String) -> Result<Attrs, Self::Error> {
        let mut attrs = FileAttributes::empty();
        attrs.set_type(FileMode::DIR);
        Ok(Attrs { id, attrs })
    }

    async fn open(
        &mut self,
        id: u32,
        path: String,
        flags: OpenFlags,
        _attrs: FileAttributes,
    ) -> Result<Handle, Self::Error> {
        if flags.contains(OpenFlags::CREATE) {
            self.state.log.lock().unwrap().made.push(path.clone());
        }
        Ok(Handle { id, handle: path })
    }

    async fn close(&mut self, id: u32, _handle: String) -> Result<Status, Self::Error> {
        Ok(done(id))
    }

    async fn write(
        &mut self,
        id: u32,
        _handle: String,
        _offset: u64,
        _data: Vec<u8>,
    ) -> Result<Status, Self::Error> {
        unless(self.disk == Disk::RefusesToWrite, done(id))
    }

    async fn read(&mut self, id: u32, path: String, _offset: u64, _len: u32) -> Result<Data, Self::Error> {
        let name = path.rsplit('/').next().unwrap_or_default().as_bytes().to_vec();
        match self.disk {
            // This answer belongs to no request; what comes after it is still served.
            Disk::NeverAnswersReads => Ok(Data { id: u32::MAX, data: vec![] }),
            Disk::ReadsOtherBytes => Ok(Data { id, data: b"something else".to_vec() }),
            disk => unless(disk == Disk::RefusesToRead, Data { id, data: name }),
        }
    }

    async fn remove(&mut self, id: u32, path: String) -> Result<Status, Self::Error> {
        self.state.log.lock().unwrap().removed.push(path);
        unless(self.disk == Disk::RefusesToRemove, done(id))
    }
}
