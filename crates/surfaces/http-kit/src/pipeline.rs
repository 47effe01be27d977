//! The path of every request: envelope, routing, authentication, permission, body, handler, answer.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use strongroom_application::{Application, Conflict, Failure, Missing, Place, Presented};
use strongroom_domain::audit::Origin;
use strongroom_domain::{Json, OrganizationId};
use strongroom_environment::Ids;
use tokio::time::Instant;
use tracing::Instrument;
use ulid::Ulid;

use crate::body::Account;
use crate::call::PublicCall;
use crate::connections::OpenConnection;
use crate::documentation::Documentation;
use crate::endpoint::Endpoint;
use crate::fields::Fields;
use crate::memory::{Memory, kib};
use crate::metrics::Metrics;
use crate::misshape::{Misshape, MisshapeKind};
use crate::peer::{TrustedProxies, is_local};
use crate::pieces::in_pieces;
use crate::refusal::{Refusal, Transport};
use crate::route::{Access, Answer, BodyRule, Dialect, RefusedRequest, Route};
use crate::unread::Unread;
use crate::{body, peer, pieces, query, unread};

/// The most bytes that all headers of a request may have together, names and values.
const MAX_HEADERS: usize = 16 * 1024;
/// The refusal of an organisation that has many long answers under way.
const TOO_MANY: Failure = Failure::Limited { retry_after: Duration::from_secs(1), allowance: None };
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NO_SNIFF: HeaderName = HeaderName::from_static("x-content-type-options");

/// What requests are served with. A server has one for each listener.
#[derive(Clone)]
pub struct Kit {
    /// The use cases.
    pub app: Application,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub proxies: Arc<TrustedProxies>,
    /// The counters of the server.
    pub metrics: Arc<Metrics>,
    /// The source of request ids.
    pub ids: Arc<dyn Ids>,
    /// Which routes this listener serves.
    pub listener: Listener,
    /// The surfaces. The first one answers for paths that belong to none.
    pub dialects: &'static [&'static Dialect],
    /// The documentation of the surfaces.
    pub documentation: Arc<Documentation>,
    /// The memory for bodies and answers.
    pub memory: Arc<Memory>,
    /// Where callers reach this server, without a slash at its end, when the operator has said so.
    pub public_url: Option<Arc<str>>,
}

/// Which routes a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The listener serves every route but those for this host.
    Api,
    /// The listener serves every route; the routes for this host only to a loopback peer that no proxy speaks
    /// for.
    ApiAndHost,
    /// The listener serves the routes for this host alone, to every peer that reaches it.
    Operations,
}

impl Listener {
    fn serves(self, route: &Route) -> bool {
        match self {
            Self::Api | Self::ApiAndHost => true,
            Self::Operations => matches!(route.access, Access::Host(_)),
        }
    }
}

#[derive(Clone)]
struct RequestId(String);

/// The prefix of its dialect that a request came with.
#[derive(Clone, Copy)]
pub(crate) struct Prefix(pub(crate) &'static str);

/// Registers every route of every dialect, and what answers for all other paths.
pub fn mount(config: &mut web::ServiceConfig, kit: &Kit) {
    config.app_data(web::Data::new(kit.clone()));
    for &dialect in kit.dialects {
        for prefix in dialect.prefixes {
            let mut paths: Vec<&'static str> = Vec::new();
            for route in dialect.routes.iter().filter(|route| kit.listener.serves(route)) {
                if !paths.contains(&route.path) {
                    paths.push(route.path);
                }
            }
            for path in paths {
                config.service(resource(dialect, prefix, path));
            }
        }
    }
    config.default_service(web::to(unknown_route));
}

fn resource(dialect: &'static Dialect, prefix: &'static str, path: &'static str) -> actix_web::Resource {
    let routes: Vec<&'static Route> = dialect.routes.iter().filter(|route| route.path == path).collect();
    let methods: Vec<String> =
        routes.iter().flat_map(|route| route.methods()).map(|method| method.to_string()).collect();
    let allow = methods.join(", ");
    let mut resource = web::resource(format!("{prefix}{path}"));
    for route in routes {
        for method in route.methods() {
            resource =
                resource.route(web::method(method).to(move |request: HttpRequest, payload: web::Payload| {
                    request.extensions_mut().insert(Prefix(prefix));
                    serve(dialect, route, request, payload)
                }));
        }
    }
    resource.default_service(web::to(move |request: HttpRequest| {
        let mut response = (dialect.refuse)(
            &Transport::MethodNotAllowed.into(),
            &RefusedRequest { request_id: &request_id(&request), part: "query", request: &request },
        );
        if let Ok(value) = HeaderValue::from_str(&allow) {
            response.headers_mut().insert(header::ALLOW, value);
        }
        std::future::ready(response)
    }))
}

async fn unknown_route(request: HttpRequest, kit: web::Data<Kit>) -> HttpResponse {
    refuse(&kit, &request, &Failure::NotFound(Missing::Route).into(), &request_id(&request))
}

/// Words a refusal in the dialect that a path belongs to: the first with a prefix and a segment that the path
/// begins with, else the first of all.
fn refuse(kit: &Kit, request: &HttpRequest, refusal: &Refusal, request_id: &str) -> HttpResponse {
    refused(kit.dialects, request, refusal, request_id)
}

/// Refuses a request that no pipeline takes yet, in the words of the dialect to which its path belongs.
pub fn refuse_early(
    dialects: &[&Dialect],
    request: &HttpRequest,
    refusal: &Refusal,
    ids: &dyn Ids,
) -> HttpResponse {
    let id = Ulid(ids.next().as_u128()).to_string();
    let mut response = refused(dialects, request, refusal, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn refused(
    dialects: &[&Dialect],
    request: &HttpRequest,
    refusal: &Refusal,
    request_id: &str,
) -> HttpResponse {
    let owns = |dialect: &&&Dialect| {
        let below = |prefix: &&str| request.path().strip_prefix(*prefix)?.strip_prefix('/');
        let mut segments = dialect.prefixes.iter().filter_map(|prefix| below(prefix)?.split('/').next());
        segments.any(|segment| dialect.segments.contains(&segment))
    };
    match dialects.iter().find(owns).or(dialects.first()) {
        Some(dialect) => (dialect.refuse)(refusal, &RefusedRequest { request_id, part: "query", request }),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn serve(
    dialect: &'static Dialect,
    route: &'static Route,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let asked = request.clone();
    match answer(route, request, payload).await {
        Ok(response) => response,
        Err(refusal) => {
            let (refusal, request_id) = (of_odd_tag(refusal, &asked), &request_id(&asked));
            (dialect.refuse)(&refusal, &RefusedRequest { request_id, part: route.part(), request: &asked })
        }
    }
}

/// Says of a stale revision what was wrong with its tag, when it was not the revision: it would have been
/// refused in any case.
fn of_odd_tag(refusal: Refusal, request: &HttpRequest) -> Refusal {
    let Refusal::Failure(Failure::Conflict(Conflict::StaleRevision)) = refusal else { return refusal };
    let tag = request.headers().get(header::IF_MATCH).map_or(&[][..], HeaderValue::as_bytes).trim_ascii();
    let bare = tag.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    // What begins as a revision, and is none.
    let is_changed = |bare: &[u8]| {
        bare.first().is_some_and(u8::is_ascii_digit)
            && (bare.starts_with(b"0") || !bare.iter().all(u8::is_ascii_digit))
    };
    let conflict = match bare {
        _ if tag.starts_with(b"W/") => Conflict::WeakTag,
        Some(bare) if is_changed(bare) => Conflict::ForeignTag,
        _ => Conflict::StaleRevision,
    };
    Failure::Conflict(conflict).into()
}

async fn answer(
    route: &'static Route,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let Some(kit) = request.app_data::<web::Data<Kit>>().cloned() else {
        return Err(Failure::Internal.into());
    };
    match route.access {
        Access::Permitted(endpoint) => {
            let Call { organization, place, answer } = admit(&kit, route, endpoint, request, payload).await?;
            let response = finish(answer).await?;
            let Some(length) = pieces::length(&response) else { return Ok(response) };
            let held = kit.memory.answers.take(organization.as_str(), kib(length))?;
            Ok(in_pieces(response, (held, place)))
        }
        Access::Host(_) if !serves_host(kit.listener, &request) => {
            Err(Failure::NotFound(Missing::Route).into())
        }
        Access::Public(handler) | Access::Host(handler) => {
            query::check(route, request.query_string())?;
            let origin = origin(&kit, &request);
            let form = match route.body {
                BodyRule::Form => {
                    let owner = origin.source_ip.map(peer::network).unwrap_or_default();
                    let account = Account { memory: &kit.memory, owner: &owner };
                    Some(body::read_form(&request, payload, account).await?)
                }
                BodyRule::None | BodyRule::Json | BodyRule::Empty => None,
            };
            let call = PublicCall {
                app: kit.app.clone(),
                metrics: kit.metrics.clone(),
                documentation: kit.documentation.clone(),
                origin,
                request,
                form,
            };
            Ok(in_pieces(handler(call).await?, ()))
        }
    }
}

fn serves_host(listener: Listener, request: &HttpRequest) -> bool {
    match listener {
        Listener::Operations => true,
        Listener::ApiAndHost => is_local(request),
        Listener::Api => false,
    }
}

fn origin(kit: &Kit, request: &HttpRequest) -> Origin {
    Origin {
        authentication: None,
        request_id: Some(request_id(request)),
        source_ip: kit.proxies.source(request),
    }
}

/// A call that may begin.
struct Call {
    organization: OrganizationId,
    /// The place of a call whose answer may be long.
    place: Option<Place>,
    answer: Answer,
}

/// Authenticates, asks the permission table, and only then reads the body. A caller that has waited, for its
/// body or for its place, is judged again.
async fn admit(
    kit: &Kit,
    route: &'static Route,
    endpoint: &dyn Endpoint,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<Call, Refusal> {
    let caller = kit.app.access.authenticate(presented(&request), origin(kit, &request)).await?;
    let organization = caller.organization().clone();
    let account = Account { memory: &kit.memory, owner: organization.as_str() };
    let mut admitted = endpoint.admit(&kit.app, caller.clone())?;
    query::check(route, request.query_string())?;
    let body = match route.body {
        BodyRule::None | BodyRule::Form => None,
        BodyRule::Json => Some(parse(body::read(&request, payload, account).await?.bytes())?),
        BodyRule::Empty if body::is_absent(&request) => None,
        BodyRule::Empty => {
            let said = parse(body::read(&request, payload, account).await?.bytes())?;
            Fields::of_body(said)?.finish(|| Some(()))?;
            None
        }
    };
    let place = match route.is_long {
        true => Some(kit.memory.long_answers.enter(&organization).await.ok_or(TOO_MANY)?),
        false => None,
    };
    if body.is_some() || place.is_some() {
        admitted = endpoint.admit(&kit.app, kit.app.access.renew(&caller).await?)?;
    }
    Ok(Call { organization, place, answer: admitted(kit.app.clone(), request, body) })
}

fn parse(body: &[u8]) -> Result<Json, Refusal> {
    Json::parse(body).map_err(|rule| {
        let kind = MisshapeKind::NotJson(rule.to_string());
        Refusal::Misshapen(vec![Misshape { location: vec!["body".to_owned()], kind }])
    })
}

/// Runs the handler in a task of its own: a client that hangs up does not leave a use case half done, and
/// a panic is an answer of 500.
async fn finish(answer: Answer) -> Result<HttpResponse, Refusal> {
    let span = tracing::Span::current();
    match actix_web::rt::spawn(answer.instrument(span)).await {
        Ok(result) => result,
        Err(_) => {
            tracing::error!("a handler panicked");
            Err(Failure::Internal.into())
        }
    }
}

/// Reads both headers of authentication. A header that is there twice, is not text or has another scheme
/// makes the whole unreadable: no holder of a token sends one.
fn presented(request: &HttpRequest) -> Presented<'_> {
    let single = |name: &str| {
        let mut values = request.headers().get_all(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                value.to_str().map(|text| Some(text.trim())).map_err(|_| "header_not_text")
            }
            (Some(_), Some(_)) => Err("header_repeated"),
        }
    };
    let bearer = single("authorization").and_then(|header| match header {
        None => Ok(None),
        Some(text) => match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim_start())),
            _ => Err("header_scheme"),
        },
    });
    match (bearer, single("x-api-key")) {
        (Ok(bearer), Ok(api_key)) => Presented::Readable { bearer, api_key },
        (Err(code), _) | (_, Err(code)) => Presented::Unreadable(code),
    }
}

fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Middleware around everything: gives the request its id, refuses oversized headers, sets the headers that
/// every answer has, writes one log line and counts.
pub async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let began = Instant::now();
    let Some(kit) = request.app_data::<web::Data<Kit>>().cloned() else {
        let refused = HttpResponse::InternalServerError().finish();
        return Ok(request.into_response(refused).map_body(|_, body| Unread::default().until_sent(body)));
    };
    let id = Ulid(kit.ids.next().as_u128()).to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = %id, method = known(&method));
    log_callers_id(&request, &span);
    let size: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut request = request;
    let unread = unread::keep(&mut request);
    let response = if size > MAX_HEADERS {
        let refused = refuse(&kit, request.request(), &Transport::HeadersTooLarge.into(), &id);
        request.into_response(refused).map_into_boxed_body()
    } else {
        next.call(request).instrument(span.clone()).await?.map_into_boxed_body()
    };
    let mut response = response.map_body(|_, body| unread.until_sent(body));
    if response.request().conn_data().is_some_and(OpenConnection::is_one_of_too_many) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(NO_SNIFF, HeaderValue::from_static("nosniff"));
    let (route, status) = (response.request().match_pattern(), response.status());
    let took = began.elapsed();
    span.in_scope(|| log_answer(route.as_deref(), status, took));
    kit.metrics.count(method.as_str(), route, status.as_u16(), took);
    Ok(response)
}

fn known(method: &Method) -> &str {
    if method.as_str().len() <= 10 { method.as_str() } else { "other" }
}

/// Logs the caller's own request id, if it is short and plain. Nothing else is done with it.
fn log_callers_id(request: &ServiceRequest, span: &tracing::Span) {
    let value = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    if let Some(id) =
        value.filter(|id| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    {
        span.in_scope(|| tracing::debug!(callers_request_id = id));
    }
}

fn log_answer(route: Option<&str>, status: StatusCode, took: std::time::Duration) {
    let (route, status) = (route.unwrap_or("none"), status.as_u16());
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    match status {
        // A provider is away, or the service is busy: neither is a fault of this program.
        502 | 503 => tracing::warn!(route, status, micros, "answered"),
        500.. => tracing::error!(route, status, micros, "answered"),
        _ => tracing::info!(route, status, micros, "answered"),
    }
}
