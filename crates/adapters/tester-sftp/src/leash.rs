//! Keeps the socket under the control of the test.
//!
//! `russh` moves its end of a connection into a task of its own, which may outlive the test. So `russh` gets
//! one end of a pipe, and the test itself copies the bytes. When the test is dropped, the socket is closed at
//! once, and the end of the pipe ends the task.

use std::pin::Pin;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// How many bytes wait in the pipe.
const PIPE_BYTES: usize = 64 * 1024;
/// How much a server may send in total, in bytes. A test needs about 10 KiB.
const SERVER_MAY_SEND: u64 = 512 * 1024;

/// A stream under control. When it is dropped, the socket is closed.
pub(crate) struct Leash {
    carrying: Pin<Box<dyn Future<Output = Never> + Send>>,
}

impl Leash {
    /// Takes a stream, and returns the end of the pipe for the library. When the server sends too much, it
    /// looks as if the server had closed. `hears` is told whether what the server begins with is SSH (RFC
    /// 4253, section 4.2), unless it says nothing.
    pub(crate) fn on<S>(stream: S, hears: impl FnOnce(bool) + Send + 'static) -> (Self, DuplexStream)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (ours, theirs) = io::duplex(PIPE_BYTES);
        (Self { carrying: Box::pin(carry(stream, theirs, hears)) }, ours)
    }

    /// Carries the bytes while `talk` runs.
    pub(crate) async fn during<T>(&mut self, talk: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            never = &mut self.carrying => match never {},
            outcome = talk => outcome,
        }
    }
}

enum Never {}

async fn carry(server: impl AsyncRead + AsyncWrite, pipe: DuplexStream, hears: impl FnOnce(bool)) -> Never {
    let (from_server, mut to_server) = io::split(server);
    let (mut from_us, mut to_us) = io::split(pipe);
    let inbound = async {
        let mut from_server = from_server.take(SERVER_MAY_SEND);
        // How a copy ends does not matter: in every case that direction is over.
        if let Ok(Some(is_ssh)) = copy_greeting(&mut from_server, &mut to_us).await {
            hears(is_ssh);
        }
        io::copy(&mut from_server, &mut to_us).await.ok();
        to_us.shutdown().await.ok();
    };
    let outbound = async {
        io::copy(&mut from_us, &mut to_server).await.ok();
        to_server.shutdown().await.ok();
    };
    tokio::join!(inbound, outbound);
    std::future::pending().await
}

/// Copies until the beginning of an identification has come or cannot come, and returns whether it has.
/// `None` when the server says nothing, or only that it takes no connection.
async fn copy_greeting(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Option<bool>> {
    let mut heard = Vec::new();
    let mut chunk = [0; 512];
    while heard.len() < GREETING.len() && GREETING.starts_with(&heard) {
        let count = from.read(&mut chunk).await?;
        let bytes = chunk.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        to.write_all(bytes).await?;
        heard.extend_from_slice(bytes);
    }
    if heard.is_empty() || REFUSALS.iter().any(|refusal| heard.starts_with(refusal)) {
        return Ok(None);
    }
    Ok(Some(heard.starts_with(GREETING)))
}

const GREETING: &[u8] = b"SSH-";
/// What OpenSSH says before it hangs up on a client that it does not take now.
const REFUSALS: [&[u8]; 2] = [b"Exceeded MaxStartups", b"Not allowed at this time"];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_sends_for_ever_is_cut_off_after_half_a_mebibyte() {
        let (ours, mut theirs) = io::duplex(PIPE_BYTES);
        let flood = async { while theirs.write_all(&[b'x'; 4096]).await.is_ok() {} };
        let (mut leash, pipe) = Leash::on(ours, |is_ssh| assert!(!is_ssh));
        let listen = leash.during(async {
            let mut heard = Vec::new();
            pipe.take(1024 * 1024).read_to_end(&mut heard).await.map(|_| heard.len())
        });
        let heard = tokio::select! {
            () = flood => panic!("the server's side was closed"),
            heard = listen => heard,
        };
        assert_eq!(heard.unwrap(), 512 * 1024);
    }
}
