//! `GET /integrations/credentials` and `GET /integrations/credentials/provider/{provider}`

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use serde_json::{Value, json};
use strongroom_application::{Failure, ListCredentials, to};
use strongroom_domain::{CredentialId, CredentialName, CredentialStatus, Json, ProviderId, Rule, Slot};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Cursor, Doc, Fault, Fields, FromJson, Handle, Paging, ProviderName, Refusal,
    Request, Route, ok, request,
};

use crate::metadata::{CREDENTIAL, Metadata};
use crate::schema;

pub(crate) const ROUTE: Route = Route::get("/integrations/credentials", &Handle::with(handle), &DOC).long();

pub(crate) const BY_PROVIDER: Route = Route::get(
    "/integrations/credentials/provider/{provider}",
    &Handle::with(handle_provider),
    &BY_PROVIDER_DOC,
)
.long();

const DOC: Doc = Doc {
    query: &[OfProvider::FIELDS, Filter::FIELDS, Paging::FIELDS],
    answer_headers: &[schema::LINK],
    refusals: &[400],
    ..Doc::new("Lists credentials, newest first", ANSWERS)
};

const BY_PROVIDER_DOC: Doc = Doc {
    summary: "Lists credentials of a provider, newest first",
    query: &[Filter::FIELDS, Paging::FIELDS],
    ..DOC
};

const ANSWERS: &[Answered] =
    &[Answered { status: 200, description: "A page of credentials.", body: AnswerBody::List(CREDENTIAL) }];

request! {
    /// The provider, where the path does not name it.
    struct OfProvider {
        /// Only credentials of this provider.
        #[schema({ "examples": ["sftp", "postgresql"] })]
        provider: Option<ProviderName>,
    }
}

request! {
    /// Which credentials to list.
    struct Filter {
        /// Only credentials with this status.
        status: Option<CredentialStatus>,
        /// Only credentials with this name.
        name: Option<CredentialName>,
        /// Only the credential that holds this slot.
        slot: Option<AnySlot>,
    }
}

/// A slot to look for. Slots of the dialects can be looked for as well, though clients cannot take them.
struct AnySlot(Slot);

impl FromJson for AnySlot {
    fn from_json(json: Json) -> Result<Self, Fault> {
        let text = String::from_json(json)?;
        let slot = match text.strip_prefix(Slot::CRM) {
            Some(provider) => ProviderId::parse(provider).map(|_| Slot::from_stored(text))?,
            None => Slot::parse(&text)?,
        };
        Ok(Self(slot))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^([A-Za-z0-9._-]{1,64}|crm/[A-Za-z0-9_]{1,64})$" })
    }
}

async fn handle(call: Call<to::ListCredentials>) -> Result<HttpResponse, Refusal> {
    let mut query = call.query_fields();
    let sent = OfProvider::take(&mut query).and_then(|sent| sent.provider);
    let provider = query.judged("provider", sent, |name| known_provider(&call, &name.0));
    let query = read(query, provider)?;
    answer(call, query).await
}

async fn handle_provider(call: Call<to::ListCredentials>) -> Result<HttpResponse, Refusal> {
    let provider = known_provider(&call, call.path("provider"));
    let provider = provider.map_err(|rule| Failure::invalid(rule.on("provider")))?;
    let query = read(call.query_fields(), Some(provider))?;
    answer(call, query).await
}

fn known_provider<O>(call: &Call<O>, name: &str) -> Result<ProviderId, Rule> {
    let found = call.app.catalog.find(name).map(|provider| provider.id.clone());
    found.ok_or(Rule::fixed("must be a provider of the catalog"))
}

fn read(mut query: Fields, provider: Option<ProviderId>) -> Result<ListCredentials, Refusal> {
    let (filter, page) = (Filter::take(&mut query), Paging::take(&mut query));
    let (Filter { status, name, slot }, page) = query.finish(|| filter.zip(page))?;
    let after = page.position(|text| CredentialId::parse(text).ok())?;
    Ok(ListCredentials { provider, status, name, slot: slot.map(|slot| slot.0), after, limit: page.limit() })
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

fn next_page<O>(call: &Call<O>, cursor: &str) -> String {
    let kept =
        url::form_urlencoded::parse(call.query_string().as_bytes()).filter(|(name, _)| name != "cursor");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("cursor", cursor)
        .finish();
    format!("{}?{query}", call.own_address())
}
