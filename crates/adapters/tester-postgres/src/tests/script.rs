use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The next action of a scripted server. The server ends when the script ends or when the other side closes.
#[derive(Clone)]
pub(crate) enum Act {
    /// Waits for `SSLRequest`.
    TlsRequest,
    /// Waits for the startup message, which has a length and no type.
    Startup,
    /// Waits for a message with a type.
    Message,
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends the first continuation of SCRAM, made from the client's nonce.
    Scram(fn(&str) -> String),
    /// Sends these bytes again and again for ever.
    Flood(Vec<u8>),
    /// Sends these bytes again and again for ever, one byte every 100 ms.
    Trickle(Vec<u8>),
    /// Notifies the test that the script has come this far.
    Tell(Arc<Notify>),
    /// Sends nothing until the other side closes.
    Hang,
}

/// A server that plays a script to its first client.
pub(crate) struct Script {
    pub(crate) port: u16,
    play: JoinHandle<Vec<u8>>,
}

impl Script {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acts = acts.into_iter().collect();
        let play = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut caller = Caller { stream, received: Vec::new() };
            caller.play(acts).await.ok();
            caller.received
        });
        Self { port, play }
    }

    /// Everything that was sent to it, once the client has closed or the script is over.
    pub(crate) async fn received(self) -> Vec<u8> {
        tokio::time::timeout(Duration::from_secs(2), self.play)
            .await
            .expect("the caller is still there")
            .unwrap()
    }
}

struct Caller {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Caller {
    async fn play(&mut self, mut acts: VecDeque<Act>) -> std::io::Result<()> {
        while let Some(act) = acts.pop_front() {
            match act {
                Act::TlsRequest => self.receive(8).await?,
                Act::Startup => self.receive_framed(0).await?,
                Act::Message => self.receive_framed(1).await?,
                Act::Send(bytes) => self.stream.write_all(&bytes).await?,
                Act::Scram(answer) => {
                    let text = answer(&self.nonce());
                    self.stream.write_all(&authentication(11, text.as_bytes())).await?;
                }
                Act::Flood(bytes) => loop {
                    self.stream.write_all(&bytes).await?;
                },
                Act::Trickle(bytes) => {
                    for byte in bytes.iter().cycle() {
                        self.stream.write_all(&[*byte]).await?;
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
                Act::Tell(seen) => seen.notify_one(),
                Act::Hang => self.receive(usize::MAX).await?,
            }
        }
        self.stream.shutdown().await?;
        self.receive(usize::MAX).await
    }

    async fn receive(&mut self, count: usize) -> std::io::Result<()> {
        for _ in 0..count {
            let byte = self.stream.read_u8().await?;
            self.received.push(byte);
        }
        Ok(())
    }

    async fn receive_framed(&mut self, kind: usize) -> std::io::Result<()> {
        let start = self.received.len() + kind;
        self.receive(kind + 4).await?;
        let length = u32::from_be_bytes(self.received[start..].try_into().unwrap());
        self.receive(length as usize - 4).await
    }

    /// The nonce of `n,,n=,r=…`, which is the end of the last message.
    fn nonce(&self) -> String {
        let text = String::from_utf8_lossy(&self.received);
        text.rsplit("r=").next().unwrap().to_owned()
    }
}

/// A message of a server.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// The head of a message with a false length.
pub(crate) fn liar(kind: u8, length: u32) -> Vec<u8> {
    [&[kind][..], &length.to_be_bytes(), b"MMMM"].concat()
}

pub(crate) fn authentication(code: u32, body: &[u8]) -> Vec<u8> {
    message(b'R', &[&code.to_be_bytes()[..], body].concat())
}

pub(crate) fn error(state: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SFATAL\0VFATAL\0C{state}\0M{text}\0\0").as_bytes())
}

pub(crate) fn notice() -> Vec<u8> {
    message(b'N', b"SNOTICE\0VNOTICE\0C00000\0Mnotice-canary\0\0")
}

pub(crate) fn parameter(name: &str, value: &str) -> Vec<u8> {
    message(b'S', format!("{name}\0{value}\0").as_bytes())
}

/// The messages from `AuthenticationOk` to `ReadyForQuery`.
pub(crate) fn welcome() -> Vec<u8> {
    [authentication(0, b""), parameter("server_version", "16.3 (canary)"), ready()].concat()
}

pub(crate) fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

/// A row description with this many columns.
pub(crate) fn columns(count: u16) -> Vec<u8> {
    let column = [&b"c\0"[..], &[0; 6], &25_u32.to_be_bytes(), &[0xff; 2], &[0xff; 4], &[0; 2]].concat();
    message(b'T', &[&count.to_be_bytes()[..], &column.repeat(count.into())].concat())
}

/// A row with one value.
pub(crate) fn row(value: &str) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_be_bytes();
    message(b'D', &[&1_u16.to_be_bytes()[..], &length, value.as_bytes()].concat())
}

pub(crate) fn complete() -> Vec<u8> {
    message(b'C', b"SELECT 1\0")
}

/// The answer of a correct server to the probe.
pub(crate) fn answer() -> Vec<u8> {
    let parts = [complete(), complete(), columns(1), row("1"), complete(), complete(), ready()];
    parts.concat()
}
