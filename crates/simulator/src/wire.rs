//! The part of HTTP/1.1 (RFC 9112) that a provider needs: one request on each connection, then an answer that
//! may misbehave.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The longest request line and headers, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The longest body, in bytes.
const MAX_BODY: usize = 256 * 1024;
/// The longest wait for a whole request, and for the client to hang up after its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it was received.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Percent-encoded, from its first `/`.
    pub(crate) path: String,
    /// The part after `?`; empty when there is none.
    pub(crate) query: String,
    /// Names in lower case, values trimmed.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The value of a header that occurs exactly once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// An answer as it is sent when nothing goes wrong.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// How an answer is sent.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// All of it at once.
    Whole(Reply),
    /// One byte each second.
    Slowly(Reply),
    /// 200 with a body that ends only when the client closes the connection.
    Endless,
    /// The inner answer, after this time.
    After(Duration, Box<Answer>),
    /// The connection is closed without an answer.
    Nothing,
}

/// Reads one request.
///
/// # Errors
/// `InvalidData` for a request that a connection test would not send, otherwise the error of the socket.
pub(crate) async fn receive(stream: &mut TcpStream) -> io::Result<Received> {
    timeout(PATIENCE, read(stream)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Sends an answer and closes the connection.
pub(crate) async fn send(stream: &mut TcpStream, mut answer: &Answer, head_only: bool) -> io::Result<()> {
    while let Answer::After(delay, next) = answer {
        sleep(*delay).await;
        answer = next;
    }
    match answer {
        Answer::Nothing | Answer::After(..) => return Ok(()),
        Answer::Whole(reply) => stream.write_all(&bytes_of(reply, head_only)).await?,
        Answer::Slowly(reply) => {
            for byte in bytes_of(reply, head_only) {
                stream.write_all(&[byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
        Answer::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[")
                .await?;
            loop {
                stream.write_all(&[b' '; 16 * 1024]).await?;
            }
        }
    }
    stream.shutdown().await?;
    // With unread bytes left, closing the connection would send a reset, which can overtake the answer.
    let drain = async { while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(PATIENCE, drain).await;
    Ok(())
}

async fn read(stream: &mut TcpStream) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_HEAD {
            return Err(bad("the headers are too long"));
        }
        more(stream, &mut bytes).await?;
    };
    let mut body = bytes.split_off(end + 4);
    let mut received = parse_head(std::str::from_utf8(&bytes).map_err(|_| bad("the headers are no text"))?)?;
    if received.header("transfer-encoding").is_some() {
        return Err(bad("the body has no Content-Length"));
    }
    let length = received.header("content-length").map_or(Ok(0), str::parse);
    let length: usize = length.map_err(|_| bad("Content-Length is no number"))?;
    if length > MAX_BODY {
        return Err(bad("the body is too long"));
    }
    while body.len() < length {
        more(stream, &mut body).await?;
    }
    if body.len() > length {
        return Err(bad("there is more than one request"));
    }
    received.body = body;
    Ok(received)
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn parse_head(head: &str) -> io::Result<Received> {
    let mut lines = head.trim_end().split("\r\n");
    let line: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = line.as_slice() else { return Err(bad("the request line is wrong")) };
    if !target.starts_with('/') {
        return Err(bad("the target has not the origin form"));
    }
    let (path, query) = target.split_once('?').unwrap_or((*target, ""));
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a header has no colon"))?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace()) {
            return Err(bad("a header has no name"));
        }
        Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Ok(Received {
        method: (*method).to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect::<io::Result<_>>()?,
        body: Vec::new(),
    })
}

fn bytes_of(reply: &Reply, head_only: bool) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", reply.body.len()));
    let mut bytes = text.into_bytes();
    if !head_only {
        bytes.extend_from_slice(&reply.body);
    }
    bytes
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Simulated",
    }
}

fn bad(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
