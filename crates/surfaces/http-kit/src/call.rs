//! A request on its way to a use case.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header;
use strongroom_application::{Application, Caller, Failure};
use strongroom_domain::{CredentialId, Json, Rule};

use crate::fields::Fields;
use crate::metrics::Metrics;
use crate::openapi::Documentation;

/// A call of a principal whom the permission table allows the route's operation.
pub struct Call {
    /// The use cases.
    pub app: Application,
    /// Who is asking.
    pub caller: Caller,
    pub(crate) request: HttpRequest,
    pub(crate) body: Option<Json>,
}

/// A call of anybody.
pub struct PublicCall {
    /// The use cases.
    pub app: Application,
    /// The server's counters.
    pub metrics: Arc<Metrics>,
    /// What the server tells about its surfaces.
    pub documentation: Arc<Documentation>,
    pub(crate) request: HttpRequest,
}

impl PublicCall {
    /// The query's parameters.
    pub fn query(&self) -> Fields {
        Fields::of_query(self.request.query_string())
    }
}

impl Call {
    /// A path parameter.
    pub fn path(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The path parameter `credential_id`, in either spelling.
    pub fn credential_id(&self) -> Result<CredentialId, Failure> {
        self.path_id("credential_id", CredentialId::parse)
    }

    /// The query's parameters.
    pub fn query(&self) -> Fields {
        Fields::of_query(self.request.query_string())
    }

    /// The path that was asked for, for links to further pages.
    pub fn request_path(&self) -> &str {
        self.request.path()
    }

    /// The raw query, for the same.
    pub fn query_string(&self) -> &str {
        self.request.query_string()
    }

    /// The body's fields. The body can be taken once.
    pub fn body(&mut self) -> Result<Fields, Failure> {
        Fields::of_body(self.body.take().unwrap_or(Json::Null))
    }

    /// The revision in `If-Match` (RFC 9110, section 13.1.1). A weak or foreign tag never matches, so it
    /// is a revision that no credential has.
    pub fn if_match(&self) -> Result<Option<u64>, Failure> {
        let Some(value) = self.request.headers().get(header::IF_MATCH) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        let tag = text.strip_prefix("W/").unwrap_or(text);
        let bare = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let bare = bare
            .ok_or_else(|| Failure::invalid(Rule::fixed("must be one quoted entity tag").on("If-Match")))?;
        if bare.contains('"') {
            return Err(Failure::invalid(Rule::fixed("must be one quoted entity tag").on("If-Match")));
        }
        let revision = bare.parse().ok().filter(|_| tag.len() == text.len());
        Ok(Some(revision.unwrap_or(0)))
    }

    /// Whether `If-None-Match` names this version, or any.
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
