//! `GET /integrations/credentials` and `GET /integrations/credentials/provider/{provider}`

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use serde_json::json;
use strongroom_application::{Failure, ListCredentials, to};
use strongroom_domain::{CredentialId, CredentialName, CredentialStatus, ProviderId, Rule, Slot};
use strongroom_http_kit::{
    Answered, Call, Content, Cursor, Doc, Handle, Parameter, Refusal, Route, name_schema, ok, one_of,
};

use crate::metadata::{CREDENTIAL, Metadata};
use crate::schema;

pub(crate) const ROUTE: Route = Route::get("/integrations/credentials", &Handle::with(handle), &DOC);

pub(crate) const BY_PROVIDER: Route = Route::get(
    "/integrations/credentials/provider/{provider}",
    &Handle::with(handle_provider),
    &BY_PROVIDER_DOC,
);

const DOC: Doc = Doc {
    query: &[
        Parameter { name: "provider", description: "Only of this provider.", schema: schema::provider },
        STATUS,
        NAME,
        SLOT,
        schema::LIMIT,
        schema::CURSOR,
    ],
    answer_headers: &[schema::LINK],
    refusals: &[400],
    ..Doc::new("Lists credentials, newest first", ANSWERS)
};

const BY_PROVIDER_DOC: Doc = Doc {
    query: &[STATUS, NAME, SLOT, schema::LIMIT, schema::CURSOR],
    ..Doc { summary: "Lists credentials of a provider, newest first", ..DOC }
};

const ANSWERS: &[Answered] =
    &[Answered { status: 200, description: "A page of them.", content: Content::List(CREDENTIAL) }];

const STATUS: Parameter = Parameter {
    name: "status",
    description: "Only with this status.",
    schema: || one_of(CredentialStatus::ALL.map(CredentialStatus::as_str)),
};
const NAME: Parameter = Parameter { name: "name", description: "Only with this name.", schema: name_schema };
const SLOT: Parameter = Parameter {
    name: "slot",
    description: "Only the holder of this slot.",
    schema: || json!({ "type": "string", "pattern": "^([A-Za-z0-9._-]{1,64}|crm/[A-Za-z0-9_]{1,64})$" }),
};

async fn handle(call: Call<to::ListCredentials>) -> Result<HttpResponse, Refusal> {
    let query = read(&call, None)?;
    answer(call, query).await
}

async fn handle_provider(call: Call<to::ListCredentials>) -> Result<HttpResponse, Refusal> {
    let provider = call.app.catalog.find(call.path("provider"));
    let provider = provider.ok_or_else(|| Failure::invalid(Rule::fixed(UNKNOWN).on("provider")))?;
    let query = read(&call, Some(provider.id.clone()))?;
    answer(call, query).await
}

async fn answer(call: Call<to::ListCredentials>, query: ListCredentials) -> Result<HttpResponse, Refusal> {
    let (page, more) = call.app.credentials.list(&call.caller, query).await?;
    let objects: Vec<Metadata<'_>> = page.iter().map(Metadata::from).collect();
    let mut response = ok(&objects);
    if let Some(last) = page.last().filter(|_| more) {
        let link = format!("<{}>; rel=\"next\"", next_page(&call, &Cursor::encode(last.id)));
        if let Ok(value) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    Ok(response)
}

const UNKNOWN: &str = "must be a provider of the catalog";

/// A provider in the path goes before one in the query.
fn read<O>(call: &Call<O>, of_path: Option<ProviderId>) -> Result<ListCredentials, Refusal> {
    let mut query = call.query();
    let asked = query.parsed("provider", |text| {
        let found = call.app.catalog.find(text).map(|provider| provider.id.clone());
        found.ok_or(Rule::fixed(UNKNOWN))
    });
    let provider = of_path.or(asked);
    let status = query.choice("status", CredentialStatus::parse);
    let name = query.parsed("name", CredentialName::parse);
    let slot = query.parsed("slot", slot_in_query);
    let limit = query.parsed("limit", |text| page_size(text, 500)).unwrap_or(100);
    let cursor: Option<String> = query.optional("cursor");
    let after = match cursor {
        Some(text) => Some(Cursor::decode(&text, |position| CredentialId::parse(position).ok())?),
        None => None,
    };
    query.finish(|| Some(ListCredentials { provider, status, name, slot, after, limit }))
}

/// Slots of the dialects can be looked for by hand, though not taken.
fn slot_in_query(text: &str) -> Result<Slot, Rule> {
    match text.strip_prefix("crm/") {
        Some(provider) => ProviderId::parse(provider).map(|_| Slot::from_stored(text.to_owned())),
        None => Slot::parse(text),
    }
}

/// A page size of 1 to `most`.
pub(crate) fn page_size(text: &str, most: u32) -> Result<u32, Rule> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let size = text.parse().ok().filter(|size| digits && (1..=most).contains(size));
    size.ok_or_else(|| Rule::naming(format!("must be a whole number from 1 to {most}")))
}

fn next_page<O>(call: &Call<O>, cursor: &str) -> String {
    let kept =
        url::form_urlencoded::parse(call.query_string().as_bytes()).filter(|(name, _)| name != "cursor");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("cursor", cursor)
        .finish();
    format!("{}?{query}", call.request_path())
}
