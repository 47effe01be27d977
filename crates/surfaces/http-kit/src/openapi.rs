//! Writes the OpenAPI document (OpenAPI 3.1.0, JSON Schema draft 2020-12) from the route tables.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use strongroom_domain::Operation;
use strongroom_domain::permission::PERMISSIONS;

use crate::doc::AnswerBody;
use crate::route::{Access, BodyRule, Dialect, QueryRule, Route};
use crate::schema::{ALLOWANCE, Parameter, Schema};

/// A route as the document shows it.
#[derive(Clone, Copy)]
pub struct Documented {
    /// The surface of the route.
    pub dialect: &'static Dialect,
    /// The route.
    pub route: &'static Route,
}

/// The routes of the document: all but those for this host, and of two whose paths differ in a trailing slash
/// only the first.
pub fn documented(dialects: &[&'static Dialect]) -> Vec<Documented> {
    let mut found: Vec<Documented> = Vec::new();
    for dialect in dialects {
        for route in dialect.routes.iter().filter(|route| !matches!(route.access, Access::Host(_))) {
            let new = Documented { dialect, route };
            if !found.iter().any(|known| known.id() == new.id() && known.bare_path() == new.bare_path()) {
                found.push(new);
            }
        }
    }
    found
}

/// Every schema that the document keeps by name, once for each use of it.
pub fn schemas(dialects: &[&'static Dialect]) -> Vec<Schema> {
    let mut found = Vec::new();
    for documented in documented(dialects) {
        let doc = documented.route.doc;
        found.extend(doc.body);
        found.extend(doc.answers.iter().filter_map(|answer| answer.body.schema()));
        found.extend(doc.own_refusals.iter().filter_map(|(_, body)| body.schema()));
        found.extend(documented.worded_by_dialect().map(|status| (documented.dialect.doc.error)(status)));
    }
    found
}

/// Where the surfaces of a document are reached.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServedAt<'a> {
    /// The URL of the server, without a slash at its end; empty when it is not known.
    pub url: &'a str,
    /// The prefix under which the document is asked for.
    pub prefix: &'a str,
}

impl ServedAt<'_> {
    fn servers(self, prefix: &str) -> Value {
        let url = format!("{}{prefix}", self.url);
        json!([{ "url": if url.is_empty() { "/" } else { &url }, "description": "This server" }])
    }
}

/// The document of these surfaces, with paths under the first prefix of each. A surface that is not served
/// under the prefix that the document is asked for under has servers of its own.
pub fn document(dialects: &[&'static Dialect], version: &str, place: ServedAt<'_>) -> Value {
    let routes = documented(dialects);
    let mut paths: Map<String, Value> = Map::new();
    for documented in &routes {
        let is_there = documented.dialect.prefixes.contains(&place.prefix) || place.prefix.is_empty();
        let own = if is_there { json!({}) } else { json!({ "servers": place.servers("") }) };
        let operations = paths.entry(documented.path()).or_insert(own);
        if let Some(operations) = operations.as_object_mut() {
            operations.insert(documented.method().to_ascii_lowercase(), documented.operation());
        }
    }
    let named = schemas(dialects).into_iter().map(|schema| (schema.name.to_owned(), (schema.json)()));
    let refusals = routes.iter().flat_map(|documented| {
        let dialect = documented.dialect;
        documented.worded_by_dialect().map(|status| (refusal_name(dialect, status), refusal(dialect, status)))
    });
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Strongroom",
            "version": version,
            "description": "A vault for credentials. Every answer has `X-Request-Id` and `Cache-Control: no-store`; times are RFC 3339 in UTC.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": place.servers(place.prefix),
        "tags": dialects.iter().map(|dialect| tag(dialect)).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": named.collect::<Map<_, _>>(),
            "responses": refusals.collect::<Map<_, _>>(),
            "headers": shared_headers(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A JWT of a trusted issuer, or an API key." },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key of a service account." },
            },
        },
    })
}

/// The headers that answers of many routes have.
fn shared_headers() -> Map<String, Value> {
    let ulid = json!({ "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$" });
    let seconds = json!({ "type": "integer", "minimum": 1 });
    let fixed = [
        ("RequestId", header("The id that the service gave the request, a ULID.", ulid)),
        ("RetryAfter", header("How many seconds to wait before asking again.", seconds)),
        ("Authenticate", header("The scheme to authenticate with.", json!({ "type": "string" }))),
    ];
    let fixed = fixed.into_iter().map(|(name, header)| (name.to_owned(), header));
    fixed.chain(ALLOWANCE.iter().map(headed)).collect()
}

fn tag(dialect: &Dialect) -> Value {
    let others: Vec<String> = dialect.prefixes.iter().skip(1).map(|prefix| format!("`{prefix}`")).collect();
    let also = match others.is_empty() {
        true => String::new(),
        false => format!(" Every path is also served under {}.", others.join(", ")),
    };
    json!({ "name": dialect.doc.tag, "description": format!("{}{also}", dialect.doc.description) })
}

fn header(description: &str, schema: Value) -> Value {
    json!({ "description": description, "schema": schema })
}

fn headed(parameter: &Parameter) -> (String, Value) {
    (parameter.name.to_owned(), header(parameter.description, (parameter.schema)()))
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

impl Documented {
    /// The path of the route, under the first prefix of its surface.
    pub fn path(&self) -> String {
        format!("{}{}", self.dialect.prefixes.first().copied().unwrap_or_default(), self.route.path)
    }

    /// The method of the route, in capitals.
    pub fn method(&self) -> String {
        (self.route.method)().to_string()
    }

    /// The `operationId`, made of method and path.
    pub fn id(&self) -> String {
        let (path, mut id) = (self.path(), self.method().to_ascii_lowercase());
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let word = segment.replace('{', "by_").replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            id.push('_');
            id.push_str(word.trim_end_matches('_'));
        }
        id
    }

    /// The names of the path parameters, in the order of the path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.route.path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
    }

    /// Every status that a refusal by this route can have.
    pub fn refusals(&self) -> BTreeSet<u16> {
        let (route, mut statuses) = (self.route, BTreeSet::from([431, 500, 503]));
        if route.operation().is_some() {
            statuses.extend([401, 403]);
        }
        if route.body != BodyRule::None {
            statuses.extend([400, 408, 413, 415]);
        }
        if route.body != BodyRule::None || route.query != QueryRule::Any || !route.doc.query.is_empty() {
            statuses.insert(self.dialect.doc.wrong_shape);
        }
        statuses.extend(route.doc.refusals);
        statuses.extend(route.doc.own_refusals.iter().map(|(status, _)| status));
        statuses
    }

    fn bare_path(&self) -> String {
        self.path().trim_end_matches('/').to_owned()
    }

    fn worded_by_dialect(&self) -> impl Iterator<Item = u16> {
        let own = self.route.doc.own_refusals;
        self.refusals().into_iter().filter(move |status| !own.iter().any(|(known, _)| known == status))
    }

    fn operation(&self) -> Value {
        let (route, mut operation) = (self.route, Map::new());
        operation.insert("operationId".into(), self.id().into());
        operation.insert("tags".into(), json!([self.dialect.doc.tag]));
        operation.insert("summary".into(), route.doc.summary.into());
        operation.insert("description".into(), who_may(route.operation()).into());
        operation.insert("parameters".into(), self.parameters());
        operation.extend(self.body().map(|body| ("requestBody".to_owned(), body)));
        operation.insert("responses".into(), self.responses());
        let security = match route.operation() {
            Some(_) => json!([{ "bearer": [] }, { "apiKey": [] }]),
            None => json!([]),
        };
        operation.insert("security".into(), security);
        Value::Object(operation)
    }

    fn parameters(&self) -> Value {
        let known = self.dialect.doc.path_parameters;
        let of_path = self.path_parameters().filter_map(|name| known.iter().find(|known| known.name == name));
        let of_path = of_path.map(|parameter| written(parameter, "path"));
        let of_query =
            self.route.doc.query.iter().copied().flatten().map(|field| {
                described(field.name, "query", field.required, field.description, (field.schema)())
            });
        let of_headers = self.route.doc.headers.iter().map(|parameter| written(parameter, "header"));
        of_path.chain(of_query).chain(of_headers).collect()
    }

    fn body(&self) -> Option<Value> {
        let named = || {
            let named = self.route.doc.body.map(|schema| reference("schemas", schema.name));
            named.unwrap_or_else(|| json!({ "type": "object" }))
        };
        let (required, media_type, schema) = match self.route.body {
            BodyRule::None => return None,
            BodyRule::Json => (true, "application/json", named()),
            BodyRule::Form => (true, "application/x-www-form-urlencoded", named()),
            BodyRule::Empty => (false, "application/json", json!({ "type": "object", "maxProperties": 0 })),
        };
        Some(json!({ "required": required, "content": { media_type: { "schema": schema } } }))
    }

    fn responses(&self) -> Value {
        let doc = self.route.doc;
        let mut headers = every_answers_headers();
        headers.extend(doc.answer_headers.iter().map(headed));
        let answers = doc.answers.iter().map(|answer| {
            let described = json!({ "description": answer.description, "headers": headers });
            (answer.status.to_string(), with_content(described, answer.body))
        });
        let own = doc.own_refusals.iter().map(|(status, body)| {
            let described =
                json!({ "description": meaning(self.dialect, *status), "headers": refusal_headers(*status) });
            (status.to_string(), with_content(described, *body))
        });
        let worded = self.worded_by_dialect();
        let refusals = worded
            .map(|status| (status.to_string(), reference("responses", &refusal_name(self.dialect, status))));
        Value::Object(refusals.chain(own).chain(answers).collect())
    }
}

fn written(parameter: &Parameter, place: &str) -> Value {
    described(parameter.name, place, place == "path", parameter.description, (parameter.schema)())
}

fn described(name: &str, place: &str, required: bool, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema })
}

fn with_content(mut response: Value, body: AnswerBody) -> Value {
    let (media_type, schema) = match body {
        AnswerBody::None => return response,
        AnswerBody::One(schema) => ("application/json", reference("schemas", schema.name)),
        AnswerBody::List(schema) => {
            ("application/json", json!({ "type": "array", "items": reference("schemas", schema.name) }))
        }
        AnswerBody::Other(media_type) => (media_type, json!({})),
    };
    if let Some(object) = response.as_object_mut() {
        object.insert("content".into(), json!({ media_type: { "schema": schema } }));
    }
    response
}

fn every_answers_headers() -> Map<String, Value> {
    Map::from_iter([("X-Request-Id".to_owned(), reference("headers", "RequestId"))])
}

fn refusal_headers(status: u16) -> Map<String, Value> {
    let mut headers = every_answers_headers();
    if status == 401 {
        headers.insert("WWW-Authenticate".into(), reference("headers", "Authenticate"));
    }
    if matches!(status, 429 | 502 | 503) {
        headers.insert("Retry-After".into(), reference("headers", "RetryAfter"));
    }
    if status == 429 {
        let told = ALLOWANCE.map(|told| (told.name.to_owned(), reference("headers", told.name)));
        headers.extend(told);
    }
    headers
}

fn refusal_name(dialect: &Dialect, status: u16) -> String {
    let tag: String = dialect.doc.tag.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{tag}{status}")
}

fn refusal(dialect: &Dialect, status: u16) -> Value {
    let described = json!({ "description": meaning(dialect, status), "headers": refusal_headers(status) });
    with_content(described, AnswerBody::One((dialect.doc.error)(status)))
}

const fn meaning(dialect: &Dialect, status: u16) -> &'static str {
    match status {
        400 => "The request breaks a rule; the body names each field and the rule.",
        401 => "The request has no token or key, or no valid one.",
        403 => "The caller is not allowed to do this.",
        404 => "The resource does not exist, or belongs to another organisation.",
        408 => "The body did not arrive within 15 seconds.",
        409 => "The present state of the resource does not allow this.",
        412 => "The resource has another revision than `If-Match` names.",
        413 => "The body is larger than 256 KiB.",
        415 => "The body is not `application/json`, or is encoded.",
        422 if dialect.doc.wrong_shape != 422 => "The provider refused the credential.",
        422 => "The request has the wrong shape, or the provider refused the credential.",
        429 => {
            "Too many requests; try again later. `X-RateLimit-*` is there when the limit is the caller's own."
        }
        431 => "The headers are larger than 16 KiB.",
        500 => "Internal error. Quote `X-Request-Id` when you report it.",
        502 => "The provider did not answer.",
        503 => "The service is temporarily unavailable; try again.",
        _ => "The request was refused.",
    }
}

/// A sentence that says who may call an operation, from the permission table.
fn who_may(operation: Option<Operation>) -> String {
    let Some(operation) = operation else {
        return "Allowed for everybody, without authentication.".to_owned();
    };
    let Some(row) = PERMISSIONS.iter().find(|row| row.operation == operation) else {
        return "Allowed for nobody.".to_owned();
    };
    let mut who: Vec<String> = Vec::new();
    who.extend(row.admin.then(|| "admins".to_owned()));
    who.extend(row.member.then(|| "members".to_owned()));
    if !row.scopes.is_empty() {
        let scopes: Vec<String> = row.scopes.iter().map(|scope| format!("`{}`", scope.as_str())).collect();
        who.push(format!("service accounts with {}", scopes.join(" or ")));
    }
    format!("Allowed for {}.", who.join(", "))
}

#[cfg(test)]
mod tests;
