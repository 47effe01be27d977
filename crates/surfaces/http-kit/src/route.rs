//! The tables of routes that make up a surface.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use strongroom_domain::Operation;

use crate::call::PublicCall;
use crate::doc::Doc;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::schema::{Parameter, Schema};

/// What a handler answers.
pub type Answer = LocalBoxFuture<'static, Result<HttpResponse, Refusal>>;

/// One operation of a surface.
#[derive(Clone, Copy)]
pub struct Route {
    /// The method of the route.
    pub method: fn() -> Method,
    /// The path template, without the prefixes under which the route is mounted.
    pub path: &'static str,
    /// Who may call the route.
    pub access: Access,
    /// Whether the route takes a body.
    pub body: BodyRule,
    /// Which query parameters the route takes.
    pub query: QueryRule,
    /// What the OpenAPI document says about the route.
    pub doc: &'static Doc,
    /// Whether an answer may be long, so that an organisation may have only a few of them under way.
    pub(crate) is_long: bool,
    /// Whether a GET changes nothing, so that it may be asked by HEAD too.
    pub(crate) is_safe: bool,
}

/// Who may call a route, and what handles it.
#[derive(Clone, Copy)]
pub enum Access {
    /// Principals whom the permission table allows the operation of the endpoint.
    Permitted(&'static dyn Endpoint),
    /// Everybody, without authentication.
    Public(fn(PublicCall) -> Answer),
    /// Peers on this host that no proxy speaks for.
    Host(fn(PublicCall) -> Answer),
}

/// Whether a route takes a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRule {
    /// The route takes no body and does not read one.
    None,
    /// The route takes a JSON object.
    Json,
    /// The route takes no fields: a body may be absent or an empty JSON object.
    Empty,
    /// The route takes the form that our own page sends: `application/x-www-form-urlencoded`.
    Form,
}

/// Which query parameters a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryRule {
    /// Those that its documentation declares. Another one is a wrong shape.
    Declared,
    /// Those that it declares, and others that its handler knows or refuses.
    Judged,
    /// Any: others than the declared ones are passed over. For routes to which providers, browsers and probes
    /// add parameters of their own.
    Any,
}

impl Route {
    const fn permitted(
        method: fn() -> Method,
        path: &'static str,
        endpoint: &'static dyn Endpoint,
        body: BodyRule,
        doc: &'static Doc,
    ) -> Self {
        let (access, query) = (Access::Permitted(endpoint), QueryRule::Declared);
        Self { method, path, access, body, query, doc, is_long: false, is_safe: true }
    }

    /// This route, with answers that may be long: lists and batches.
    #[must_use]
    pub const fn long(self) -> Self {
        Self { is_long: true, ..self }
    }

    /// This route, whose handler knows query parameters beyond those that are declared, and refuses others.
    #[must_use]
    pub const fn judging_its_query(self) -> Self {
        Self { query: QueryRule::Judged, ..self }
    }

    /// This route, to which others add query parameters of their own.
    #[must_use]
    pub const fn with_any_query(self) -> Self {
        Self { query: QueryRule::Any, ..self }
    }

    /// This route, whose GET has an effect. HEAD is refused: programs that look at a link before a person
    /// follows it send it, and would have the effect in the person's place.
    #[must_use]
    pub const fn with_effect(self) -> Self {
        Self { is_safe: false, ..self }
    }

    /// The methods that the route answers to. HEAD is answered as GET is, without the body (RFC 9110, section
    /// 9.3.2).
    pub(crate) fn methods(&self) -> Vec<Method> {
        match (self.method)() {
            Method::GET if self.is_safe => vec![Method::GET, Method::HEAD],
            method => vec![method],
        }
    }

    /// A route that reads.
    pub const fn get(path: &'static str, endpoint: &'static dyn Endpoint, doc: &'static Doc) -> Self {
        Self::permitted(|| Method::GET, path, endpoint, BodyRule::None, doc)
    }

    /// A route that takes a JSON body by POST.
    pub const fn post(path: &'static str, endpoint: &'static dyn Endpoint, doc: &'static Doc) -> Self {
        Self::permitted(|| Method::POST, path, endpoint, BodyRule::Json, doc)
    }

    /// A route that acts on what its path names, by POST and without a body.
    pub const fn act(path: &'static str, endpoint: &'static dyn Endpoint, doc: &'static Doc) -> Self {
        Self::permitted(|| Method::POST, path, endpoint, BodyRule::Empty, doc)
    }

    /// A route that takes a JSON body by PATCH.
    pub const fn patch(path: &'static str, endpoint: &'static dyn Endpoint, doc: &'static Doc) -> Self {
        Self::permitted(|| Method::PATCH, path, endpoint, BodyRule::Json, doc)
    }

    /// A route that takes a JSON body by PUT.
    pub const fn put(path: &'static str, endpoint: &'static dyn Endpoint, doc: &'static Doc) -> Self {
        Self::permitted(|| Method::PUT, path, endpoint, BodyRule::Json, doc)
    }

    /// A route that deletes.
    pub const fn delete(path: &'static str, endpoint: &'static dyn Endpoint, doc: &'static Doc) -> Self {
        Self::permitted(|| Method::DELETE, path, endpoint, BodyRule::None, doc)
    }

    /// A route that needs no authentication.
    pub const fn public(path: &'static str, handler: fn(PublicCall) -> Answer, doc: &'static Doc) -> Self {
        Self {
            method: || Method::GET,
            path,
            access: Access::Public(handler),
            body: BodyRule::None,
            query: QueryRule::Declared,
            doc,
            is_long: false,
            is_safe: true,
        }
    }

    /// A route to which our own page posts its form.
    pub const fn public_form(
        path: &'static str,
        handler: fn(PublicCall) -> Answer,
        doc: &'static Doc,
    ) -> Self {
        Self {
            method: || Method::POST,
            path,
            access: Access::Public(handler),
            body: BodyRule::Form,
            query: QueryRule::Declared,
            doc,
            is_long: false,
            is_safe: true,
        }
    }

    /// A route for peers on this host.
    pub const fn host(path: &'static str, handler: fn(PublicCall) -> Answer, doc: &'static Doc) -> Self {
        Self {
            method: || Method::GET,
            path,
            access: Access::Host(handler),
            body: BodyRule::None,
            query: QueryRule::Declared,
            doc,
            is_long: false,
            is_safe: true,
        }
    }

    /// The part of a request that holds the arguments: `body` or `query`.
    pub(crate) fn part(&self) -> &'static str {
        if self.body == BodyRule::None { "query" } else { "body" }
    }

    /// The operation that a caller must be allowed, unless the route is public.
    pub fn operation(&self) -> Option<Operation> {
        match self.access {
            Access::Permitted(endpoint) => Some(endpoint.operation()),
            Access::Public(_) | Access::Host(_) => None,
        }
    }
}

/// A surface: its routes, where they are mounted, and how it words a refusal.
pub struct Dialect {
    /// The prefixes under which every route is mounted; `""` is the bare path.
    pub prefixes: &'static [&'static str],
    /// The first path segments that belong to this dialect, for answers to unknown routes.
    pub segments: &'static [&'static str],
    /// The routes; of two paths that match a request, the first wins.
    pub routes: &'static [Route],
    /// Words a refusal.
    pub refuse: fn(&Refusal, &RefusedRequest<'_>) -> HttpResponse,
    /// What the OpenAPI document says about the dialect.
    pub doc: &'static DialectDoc,
}

/// What the OpenAPI document says about a dialect.
#[derive(Clone, Copy)]
pub struct DialectDoc {
    /// The name of the dialect in the document.
    pub tag: &'static str,
    /// A sentence about the dialect, for API users.
    pub description: &'static str,
    /// The parameters of the dialect's paths.
    pub path_parameters: &'static [Parameter],
    /// The status of a body of the wrong shape.
    pub wrong_shape: u16,
    /// The body of a refusal with this status.
    pub error: fn(u16) -> Schema,
}

/// The request that a refusal answers.
pub struct RefusedRequest<'a> {
    /// The id that this service gave it.
    pub request_id: &'a str,
    /// The part of the request that holds the arguments: `body` or `query`.
    pub part: &'static str,
    pub(crate) request: &'a HttpRequest,
}

impl RefusedRequest<'_> {
    /// A path parameter; empty when the path has none of that name.
    pub fn path(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }
}
