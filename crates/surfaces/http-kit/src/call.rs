//! A request on its way to a use case.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, web};
use strongroom_application::{Application, Failure, Permitted};
use strongroom_domain::audit::Origin;
use strongroom_domain::{CredentialId, Json, Rule, SecretText};

use crate::body::Body;
use crate::documentation::Documentation;
use crate::fields::Fields;
use crate::metrics::Metrics;
use crate::pipeline::{Kit, Prefix};
use crate::refusal::Refusal;
use crate::request::{Request, RequestBody};

/// A call of a principal whom the permission table allows the operation `O`.
pub struct Call<O> {
    /// The use cases.
    pub app: Application,
    /// The principal who is asking, with the proof that it may.
    pub caller: Permitted<O>,
    pub(crate) request: HttpRequest,
    pub(crate) body: Option<Json>,
}

/// The headers in which browsers say that nobody looks at the answer yet.
const PREFETCH: [&str; 6] =
    ["sec-purpose", "purpose", "x-moz", "x-purpose", "sec-fetch-purpose", "x-fetch-purpose"];

/// A call that needs no authentication.
pub struct PublicCall {
    /// The use cases.
    pub app: Application,
    /// The server's counters.
    pub metrics: Arc<Metrics>,
    /// What the server tells about its surfaces.
    pub documentation: Arc<Documentation>,
    /// Where the request came from, for the audit trail.
    pub origin: Origin,
    pub(crate) request: HttpRequest,
    pub(crate) form: Option<Body>,
}

/// Parameters as a stranger sent them: any of them may be a secret.
#[derive(Debug, Default)]
pub struct Parameters {
    /// The first value of each name.
    pub values: BTreeMap<String, SecretText>,
    /// Whether a name was there twice.
    pub repeated: bool,
}

impl PublicCall {
    /// A path parameter; empty when the path has none of that name.
    pub fn path(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The prefix of its surface that the request came with.
    pub fn prefix(&self) -> &'static str {
        prefix_of(&self.request)
    }

    /// A path of the API as clients reach it: below the public URL, when there is one.
    pub fn public_address(&self, path: &str) -> String {
        address_of(&self.request, "", path)
    }

    /// All parameters of the query, declared or not.
    pub fn parameters(&self) -> Parameters {
        let mut read = Parameters::default();
        for (name, value) in url::form_urlencoded::parse(self.request.query_string().as_bytes()) {
            let value = SecretText::new(value.into_owned());
            if read.values.contains_key(&*name) {
                read.repeated = true;
            } else {
                read.values.insert(name.into_owned(), value);
            }
        }
        read
    }

    /// The form, as declared. Fields beyond that are passed over.
    pub fn form<B: RequestBody>(&self) -> Result<B, Refusal> {
        B::read(Fields::of_form(self.form.as_ref().map(Body::bytes).unwrap_or_default()))
    }

    /// The `Origin` that a browser sends (RFC 6454, section 7); `None` also when the header cannot be read or
    /// is there twice.
    pub fn page_origin(&self) -> Option<String> {
        let mut values = self.request.headers().get_all(header::ORIGIN);
        let (Some(only), None) = (values.next(), values.next()) else { return None };
        only.to_str().ok().map(str::to_owned)
    }

    /// Whether a browser, or something before it, fetches the page ahead of its visitor: `Sec-Purpose` and
    /// `Purpose` of browsers, and the older `X-Moz` and `X-Purpose`.
    pub fn is_prefetch(&self) -> bool {
        PREFETCH.into_iter().any(|name| {
            let values = self.request.headers().get_all(name).filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split([',', ';'])).any(|word| {
                let word = word.trim_matches([' ', '"']);
                ["prefetch", "prerender", "preview"].iter().any(|known| word.eq_ignore_ascii_case(known))
            })
        })
    }

    /// The query, as declared. The route's [`QueryRule`](crate::QueryRule) says what becomes of others.
    pub fn query<Q: Request>(&self) -> Result<Q, Refusal> {
        Q::read(Fields::of_query(self.request.query_string()))
    }
}

/// The prefix of its surface that a request came with.
fn prefix_of(request: &HttpRequest) -> &'static str {
    request.extensions().get::<Prefix>().map_or("", |prefix| prefix.0)
}

fn address_of(request: &HttpRequest, prefix: &str, path: &str) -> String {
    let base = request.app_data::<web::Data<Kit>>().and_then(|kit| kit.public_url.clone());
    format!("{}{prefix}{path}", base.as_deref().unwrap_or_default())
}

impl<O> Call<O> {
    /// A path parameter.
    pub fn path(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The path parameter `credential_id`, in either spelling.
    pub fn credential_id(&self) -> Result<CredentialId, Failure> {
        self.path_id("credential_id", CredentialId::parse)
    }

    /// The query, as declared. The route's [`QueryRule`](crate::QueryRule) says what becomes of others.
    pub fn query<Q: Request>(&self) -> Result<Q, Refusal> {
        Q::read(self.query_fields())
    }

    /// The parameters of the query, for what a declaration alone cannot say.
    pub fn query_fields(&self) -> Fields {
        Fields::of_query(self.request.query_string())
    }

    /// The address of the path that was asked for, for links to further pages.
    pub fn own_address(&self) -> String {
        address_of(&self.request, "", self.request.path())
    }

    /// The address of a path of this surface: below the public URL when that is set, and under the prefix
    /// that the request came with.
    pub fn address(&self, path: &str) -> String {
        address_of(&self.request, prefix_of(&self.request), path)
    }

    /// The raw query, for links to further pages.
    pub fn query_string(&self) -> &str {
        self.request.query_string()
    }

    /// The body, as declared. It can be taken once.
    pub fn body<B: RequestBody>(&mut self) -> Result<B, Refusal> {
        B::read(self.body_fields()?)
    }

    /// The fields of the body, for what a declaration alone cannot say. The body can be taken once.
    pub fn body_fields(&mut self) -> Result<Fields, Refusal> {
        Fields::of_body(self.body.take().unwrap_or(Json::Null))
    }

    /// The revision in `If-Match` (RFC 9110, section 13.1.1). A weak or foreign tag never matches, so it
    /// is a revision that no credential has; the refusal says so.
    pub fn if_match(&self) -> Result<Option<u64>, Failure> {
        let malformed = || Failure::invalid(Rule::fixed("must be one quoted entity tag").on("If-Match"));
        let mut values = self.request.headers().get_all(header::IF_MATCH);
        let text = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(only), None) => only.to_str().unwrap_or_default().trim(),
            (Some(_), Some(_)) => return Err(malformed()),
        };
        if text == "*" {
            return Ok(None);
        }
        let tag = text.strip_prefix("W/").unwrap_or(text);
        let bare = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
        if bare.contains('"') {
            return Err(malformed());
        }
        // A tag is compared as it was handed out: `"02"` and `"+2"` are tags of nothing.
        let revision = bare.parse().ok().filter(|revision: &u64| revision.to_string() == bare);
        Ok(Some(revision.filter(|_| tag.len() == text.len()).unwrap_or(0)))
    }

    /// Tells whether `If-None-Match` names this version, or any version.
    pub fn none_match(&self, version: u64) -> bool {
        let tag = format!("\"{version}\"");
        let values =
            self.request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .map(|value| value.trim().trim_start_matches("W/"))
            .any(|value| value == tag || value == "*")
    }

    /// A path parameter that must be an id.
    pub fn path_id<T>(&self, name: &str, parse: fn(&str) -> Result<T, Rule>) -> Result<T, Failure> {
        parse(self.path(name)).map_err(|rule| Failure::invalid(rule.on(name)))
    }
}
