//! Keeps the socket in the hands of the test.
//!
//! `russh` moves its end of a connection into a task of its own, which may outlive the test. So it gets one
//! end of a pipe, and the test itself carries the bytes: dropped, the socket is closed at once, and the pipe
//! ends the task.

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// How many bytes wait in the pipe.
const PIPE_BYTES: usize = 64 * 1024;
/// What a server may send in all, in bytes. A test takes some 10 KiB.
const SERVER_MAY_SEND: u64 = 512 * 1024;

/// Has a conversation over a stream; to the conversation, one that sends too much has hung up.
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
        // How a copy ends does not matter: either way that direction is over.
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
