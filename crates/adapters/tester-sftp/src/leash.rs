//! Keeps the socket under the control of the test.
//!
//! `russh` moves its end of a connection into a task of its own, which may outlive the test. So `russh` gets
//! one end of a pipe, and the test itself copies the bytes. When the test is dropped, the socket is closed at
//! once, and the end of the pipe ends the task.

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// How many bytes wait in the pipe.
const PIPE_BYTES: usize = 64 * 1024;
/// How much a server may send in total, in bytes. A test needs about 10 KiB.
const SERVER_MAY_SEND: u64 = 512 * 1024;

/// Runs `talk` over a stream. When the server sends too much, it looks to `talk` as if the server had closed.
pub(crate) async fn hold<S, T>(stream: S, talk: impl AsyncFnOnce(DuplexStream) -> T) -> T
where
    S: AsyncRead + AsyncWrite,
{
    let (ours, theirs) = io::duplex(PIPE_BYTES);
    let talk = talk(ours);
    tokio::select! {
        biased;
        never = carry(stream, theirs) => match never {},
        outcome = talk => outcome,
    }
}

enum Never {}

async fn carry(server: impl AsyncRead + AsyncWrite, pipe: DuplexStream) -> Never {
    let (from_server, mut to_server) = io::split(server);
    let (mut from_us, mut to_us) = io::split(pipe);
    let inbound = async {
        // How a copy ends does not matter: in every case that direction is over.
        io::copy(&mut from_server.take(SERVER_MAY_SEND), &mut to_us).await.ok();
        to_us.shutdown().await.ok();
    };
    let outbound = async {
        io::copy(&mut from_us, &mut to_server).await.ok();
        to_server.shutdown().await.ok();
    };
    tokio::join!(inbound, outbound);
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_sends_for_ever_is_cut_off_after_half_a_mebibyte() {
        let (ours, mut theirs) = io::duplex(PIPE_BYTES);
        let flood = async { while theirs.write_all(&[b'x'; 4096]).await.is_ok() {} };
        let listen = hold(ours, async |pipe: DuplexStream| {
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
