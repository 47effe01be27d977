//! Keeps the body of a request until its answer was sent.
//!
//! When a handler answers without reading the body, the server below would go on reading a chunked one for as
//! long as the caller sends, and into memory. It closes the connection instead while the body is still held.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header;
use futures_util::{Stream, stream};

use crate::pieces::Holding;

type Held = Rc<RefCell<Pin<Box<Payload>>>>;

/// A body that may not have been read to its end.
#[derive(Default)]
pub(crate) struct Unread(
    #[expect(dead_code, reason = "held until it is dropped, never read here")] Option<Held>,
);

/// Takes hold of a request's body, if it has one, and leaves the request one that reads from it.
pub(crate) fn keep(request: &mut ServiceRequest) -> Unread {
    let headers = request.headers();
    if !headers.contains_key(header::TRANSFER_ENCODING) && !headers.contains_key(header::CONTENT_LENGTH) {
        return Unread(None);
    }
    let held: Held = Rc::new(RefCell::new(Box::pin(request.take_payload())));
    let reading = held.clone();
    let stream = stream::poll_fn(move |context| reading.borrow_mut().as_mut().poll_next(context));
    request.set_payload(Payload::Stream { payload: Box::pin(stream) });
    Unread(Some(held))
}

impl Unread {
    /// Ties the request's body to its answer's.
    pub(crate) fn until_sent(self, body: BoxBody) -> Holding<Self> {
        Holding::until_sent(self, body)
    }
}
