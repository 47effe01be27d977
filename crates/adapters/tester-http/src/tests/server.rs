//! Raw servers: they read bytes, keep them, and answer with bytes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How a server treats one connection.
#[derive(Clone)]
pub(super) enum Behaviour {
    /// Reads the request and answers.
    Answer(Vec<u8>),
    /// Reads the request, begins an answer and repeats the same bytes for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Reads the request, then sends one byte every 300 ms for ever.
    Drip(Vec<u8>),
    /// Reads the request and never answers.
    Silent,
    /// Closes the connection at once.
    HangUp,
}

/// A server on loopback, which ends when it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server that answers the first connection with the first text, the second with the second, and
    /// so on. Then it starts again.
    pub(super) async fn answering<const N: usize>(answers: [&str; N]) -> Self {
        Self::behaving(answers.map(|answer| Behaviour::Answer(answer.as_bytes().to_vec())).to_vec()).await
    }

    pub(super) async fn behaving(behaviours: Vec<Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let task = tokio::spawn(async move {
            for behaviour in behaviours.into_iter().cycle() {
                let (stream, _) = listener.accept().await.unwrap();
                let at = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(Vec::new());
                    kept.len() - 1
                };
                serve(stream, behaviour, &kept, at).await;
            }
        });
        Self { port, received, task }
    }

    /// What each connection has sent so far.
    pub(super) fn received(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, kept: &Mutex<Vec<Vec<u8>>>, at: usize) {
    if matches!(behaviour, Behaviour::HangUp) {
        return;
    }
    read_request(&mut stream, kept, at).await;
    match behaviour {
        Behaviour::Answer(bytes) => {
            drop(stream.write_all(&bytes).await);
            drop(stream.shutdown().await);
            // Everything that still comes belongs to this connection and is kept too.
            read_on(&mut stream, kept, at).await;
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
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
            }
        }
        Behaviour::Silent => read_on(&mut stream, kept, at).await,
        Behaviour::HangUp => {}
    }
}

/// Reads until the request is complete, judged by its first blank line and its `content-length`.
async fn read_request(stream: &mut TcpStream, kept: &Mutex<Vec<Vec<u8>>>, at: usize) {
    while !is_whole(&kept.lock().unwrap()[at]) {
        if read_some(stream, kept, at).await == 0 {
            return;
        }
    }
}

async fn read_on(stream: &mut TcpStream, kept: &Mutex<Vec<Vec<u8>>>, at: usize) {
    while read_some(stream, kept, at).await > 0 {}
}

async fn read_some(stream: &mut TcpStream, kept: &Mutex<Vec<Vec<u8>>>, at: usize) -> usize {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.unwrap_or(0);
    kept.lock().unwrap()[at].extend_from_slice(&buffer[..count]);
    count
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() >= content_length(head))
}

/// The length that a head announces.
pub(super) fn content_length(head: &str) -> usize {
    let lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    lengths.sum()
}
