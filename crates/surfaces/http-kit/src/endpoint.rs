//! What handles an authenticated call: a handler whose type says what its caller must be admitted to.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use strongroom_application::{Application, Caller, Failure, to};
use strongroom_domain::{Json, Operation};

use crate::call::Call;
use crate::refusal::Refusal;
use crate::route::Answer;

/// The handler of a route for principals, with its type of permission forgotten so that routes of all kinds
/// stand in one table.
pub trait Endpoint: Sync {
    /// The operation that a caller must be admitted to.
    fn operation(&self) -> Operation;

    /// Admits a caller, before its body is read.
    ///
    /// # Errors
    /// `Forbidden`, which is put on record.
    fn admit(&self, app: &Application, caller: Caller) -> Result<Admitted, Failure>;
}

/// A call that was admitted and waits for its request and body.
pub type Admitted = Box<dyn FnOnce(Application, HttpRequest, Option<Json>) -> Answer>;

/// An `async fn(Call<O>)` as an endpoint that admits to `O`.
pub struct Handle<O, F> {
    handler: F,
    operation: std::marker::PhantomData<fn() -> O>,
}

impl<O, F> Handle<O, F> {
    /// Makes an endpoint of a handler. The type of its call decides what a caller is admitted to.
    pub const fn with<A>(handler: F) -> Self
    where
        F: Fn(Call<O>) -> A,
    {
        Self { handler, operation: std::marker::PhantomData }
    }
}

impl<O, F, A> Endpoint for Handle<O, F>
where
    O: to::Admission,
    F: Fn(Call<O>) -> A + Copy + Sync + 'static,
    A: Future<Output = Result<HttpResponse, Refusal>> + 'static,
{
    fn operation(&self) -> Operation {
        O::OPERATION
    }

    fn admit(&self, app: &Application, caller: Caller) -> Result<Admitted, Failure> {
        let (caller, handler) = (app.access.admit::<O>(caller)?, self.handler);
        Ok(Box::new(move |app, request, body| Box::pin(handler(Call { app, caller, request, body }))))
    }
}
