use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream from which only a limited number of bytes can be read. Beyond the limit, reading fails with
/// [`io::ErrorKind::FileTooLarge`]. It bounds what the readers above it do not count: TLS handshakes and
/// empty records, interim answers, framing.
pub struct Metered<S> {
    inner: S,
    limit: usize,
    received: Arc<AtomicUsize>,
}

impl<S> Metered<S> {
    /// Lets `limit` bytes through.
    pub fn new(inner: S, limit: usize) -> Self {
        Self { inner, limit, received: Arc::default() }
    }

    /// Returns the counter of the bytes that were read from the peer. It stays valid after the stream has
    /// been moved.
    pub(crate) fn meter(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.received)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let read = buf.filled().len().saturating_sub(before);
        let received = self.received.fetch_add(read, Ordering::Relaxed).saturating_add(read);
        if received > self.limit {
            // A reader that fails after reading must take back what it read; otherwise the readers above it
            // would count wrongly.
            buf.set_filled(before);
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
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
