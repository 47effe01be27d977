//! Sends long answers in pieces, so that a client that does not read holds one copy of its answer at most,
//! and so that the memory of an answer is known to be held until its last piece has gone.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use zeroize::Zeroizing;

/// How many bytes a piece has. An answer that is no longer is not counted.
pub(crate) const PIECE: usize = 16 * 1024;
/// The memory with which the first piece of an answer begins.
const FIRST: usize = 1024;

/// A body that is sent in pieces.
#[derive(Default)]
struct InPieces {
    rest: VecDeque<Bytes>,
    left: usize,
}

/// A body with what it holds until it is sent.
pub(crate) struct Holding<T> {
    body: BoxBody,
    _held: T,
}

impl<T> Holding<T> {
    /// Keeps something until a body is sent.
    pub(crate) fn until_sent(held: T, body: BoxBody) -> Self {
        Self { body, _held: held }
    }
}

/// Collects a body in pieces that are never moved, and are wiped after they were sent. Not only those with
/// secrets are: a long body in one buffer would be copied each time the buffer grows.
#[derive(Default)]
pub(crate) struct WipedPieces {
    full: InPieces,
    piece: Zeroizing<Vec<u8>>,
}

struct Wiped(Zeroizing<Vec<u8>>);

/// How many bytes a long answer has; `None` for a short one.
pub(crate) fn length(response: &HttpResponse) -> Option<usize> {
    match response.body().size() {
        BodySize::Sized(size) => usize::try_from(size).ok().filter(|size| *size > PIECE),
        BodySize::None | BodySize::Stream => None,
    }
}

/// Makes a long answer go in pieces, and holds `held` until the last one has gone.
pub(crate) fn in_pieces<T: Unpin + 'static>(response: HttpResponse, held: T) -> HttpResponse {
    if length(&response).is_none() {
        return response;
    }
    response.map_body(|_, body| {
        let body = match body.try_into_bytes() {
            Ok(whole) => BoxBody::new(InPieces { left: whole.len(), rest: VecDeque::from([whole]) }),
            Err(body) => body,
        };
        BoxBody::new(Holding::until_sent(held, body))
    })
}

impl MessageBody for InPieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.left as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let Some(mut first) = self.rest.pop_front() else { return Poll::Ready(None) };
        let piece = first.split_to(first.len().min(PIECE));
        if !first.is_empty() {
            self.rest.push_front(first);
        }
        self.left -= piece.len();
        Poll::Ready(Some(Ok(piece)))
    }
}

impl<T: Unpin> MessageBody for Holding<T> {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

impl WipedPieces {
    /// The body of all that was written.
    pub(crate) fn into_body(mut self) -> BoxBody {
        self.finish_piece(0);
        match self.full.rest.len() {
            0 | 1 => BoxBody::new(self.full.rest.pop_front().unwrap_or_default()),
            _ => BoxBody::new(self.full),
        }
    }

    /// Puts the piece that is full to the others, and begins one of this size.
    fn finish_piece(&mut self, next: usize) {
        let piece = std::mem::replace(&mut self.piece, Zeroizing::new(Vec::with_capacity(next)));
        if !piece.is_empty() {
            self.full.left += piece.len();
            self.full.rest.push_back(Bytes::from_owner(Wiped(piece)));
        }
    }
}

impl Write for WipedPieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == self.piece.capacity() {
            let next = (2 * self.piece.capacity()).clamp(FIRST, PIECE);
            self.finish_piece(next);
        }
        let room = self.piece.capacity() - self.piece.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.piece.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    fn written(length: usize) -> (Vec<u8>, BoxBody) {
        let text: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut pieces = WipedPieces::default();
        // In parts of odd lengths, as a serializer writes.
        text.chunks(37).for_each(|part| pieces.write_all(part).unwrap());
        (text, pieces.into_body())
    }

    #[actix_web::test]
    async fn a_body_of_any_length_goes_as_it_was_written() {
        for length in [0, 1, FIRST, FIRST + 1, 3 * FIRST, PIECE, 10 * PIECE + 7] {
            let (text, body) = written(length);
            assert_eq!(body.size(), BodySize::Sized(length as u64));
            let response = in_pieces(HttpResponse::Ok().body(body), ());
            assert_eq!(to_bytes(response.into_body()).await.unwrap(), text, "{length}");
            let response = in_pieces(HttpResponse::Ok().body(text.clone()), ());
            assert_eq!(to_bytes(response.into_body()).await.unwrap(), text, "{length}");
        }
    }

    #[actix_web::test]
    async fn the_memory_of_a_long_answer_is_held_until_its_last_piece_is_taken() {
        let memory = crate::memory::Memory::default();
        let most = 4 * 1024;
        let held = memory.answers.take("acme", most).unwrap();
        let (_, body) = written(3 * PIECE);
        let mut body = in_pieces(HttpResponse::Ok().body(body), held).into_body();
        let mut pieces = 0;
        loop {
            let piece = std::future::poll_fn(|context| Pin::new(&mut body).poll_next(context)).await;
            let Some(piece) = piece else { break };
            assert!(piece.unwrap().len() <= PIECE);
            assert!(memory.answers.take("acme", 1).is_err());
            pieces += 1;
        }
        assert!(pieces >= 3);
        drop(body);
        assert!(memory.answers.take("acme", most).is_ok());
    }
}
