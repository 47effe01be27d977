//! Raw servers: they read bytes, keep them, and answer with bytes, with or without TLS.

use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// How a server treats one connection.
#[derive(Clone)]
pub(super) enum Behaviour {
    /// Reads the request and answers.
    Answer(Vec<u8>),
    /// Reads the request, waits this many seconds of a stopped clock, starts the clock again, and answers.
    Late(u64, Vec<u8>),
    /// Reads the request, begins an answer and repeats the same bytes for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Reads the request, then sends one byte every 300 ms for ever.
    Drip(Vec<u8>),
    /// Reads everything and never answers.
    Silent,
    /// Closes the connection at once.
    HangUp,
}

/// A server on loopback, which ends when it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    /// Notified when a whole request has been read, or when a silent server has a connection.
    pub(super) reached: Arc<Notify>,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

/// A certificate for 127.0.0.1 as PEM, and the acceptor of a server that uses it.
pub(super) fn certificate() -> (String, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// An answer with this status line and body, as JSON.
pub(super) fn answer(status: &str, body: &str) -> Behaviour {
    answer_with(status, "content-type: application/json\r\n", body)
}

/// An answer with these headers, each with its line end.
pub(super) fn answer_with(status: &str, headers: &str, body: &str) -> Behaviour {
    let length = body.len();
    Behaviour::Answer(
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes(),
    )
}

impl Server {
    /// Starts a server that treats every connection in this way.
    pub(super) async fn behaving(behaviour: Behaviour) -> Self {
        Self::start(behaviour, None).await
    }

    pub(super) async fn start(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (received, reached) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let (kept, notify) = (Arc::clone(&received), Arc::clone(&reached));
        let task = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                match &tls {
                    None => serve(tcp, behaviour.clone(), &kept, &notify).await,
                    Some(acceptor) => {
                        let Ok(stream) = acceptor.accept(tcp).await else { continue };
                        serve(stream, behaviour.clone(), &kept, &notify).await;
                    }
                }
            }
        });
        Self { port, reached, received, task }
    }

    /// What each connection has sent so far.
    pub(super) fn received(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    /// The head and the body of the one request that has come.
    pub(super) fn request(&self) -> (String, String) {
        let received = self.received();
        assert_eq!(received.len(), 1, "requests");
        let (head, body) = received[0].split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<S>(mut stream: S, behaviour: Behaviour, kept: &Mutex<Vec<Vec<u8>>>, reached: &Notify)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let at = {
        let mut kept = kept.lock().unwrap();
        kept.push(Vec::new());
        kept.len() - 1
    };
    if matches!(behaviour, Behaviour::HangUp) {
        return;
    }
    if !matches!(behaviour, Behaviour::Silent) {
        while !is_whole(&kept.lock().unwrap()[at]) {
            if read_some(&mut stream, kept, at).await == 0 {
                return;
            }
        }
    }
    reached.notify_one();
    match behaviour {
        Behaviour::Answer(bytes) => reply(&mut stream, &bytes).await,
        Behaviour::Late(seconds, bytes) => {
            tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
            tokio::time::resume();
            reply(&mut stream, &bytes).await;
        }
        Behaviour::Endless(begin, more) => {
            let mut result = stream.write_all(&begin).await;
            while result.is_ok() {
                result = stream.write_all(&more).await;
            }
        }
        Behaviour::Drip(bytes) => {
            let mut tick = tokio::time::interval(std::time::Duration::from_millis(300));
            for byte in bytes.iter().cycle() {
                tick.tick().await;
                if stream.write_all(&[*byte]).await.and(stream.flush().await).is_err() {
                    break;
                }
            }
        }
        Behaviour::Silent | Behaviour::HangUp => {}
    }
    // Everything that still comes belongs to this connection and is kept too.
    while read_some(&mut stream, kept, at).await > 0 {}
}

async fn reply<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) {
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
}

async fn read_some<S: AsyncRead + Unpin>(stream: &mut S, kept: &Mutex<Vec<Vec<u8>>>, at: usize) -> usize {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.unwrap_or(0);
    kept.lock().unwrap()[at].extend_from_slice(&buffer[..count]);
    count
}

/// Whether the request is complete, judged by its first blank line and its `content-length`.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
        let lengths =
            head.lines().filter_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        body.len() >= lengths.sum()
    })
}
