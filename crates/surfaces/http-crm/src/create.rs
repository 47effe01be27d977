//! `POST /integration-credentials/`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde_json::{Value, json};
use strongroom_application::{StoreCrmCredential, to};
use strongroom_domain::CrmContent;
use strongroom_http_kit::{
    Answered, Call, Content, Doc, ETAG, Fields, Handle, LOCATION, Refusal, Route, Schema,
};

use crate::object::{CREDENTIAL, shown};
use crate::request::{Filled, Free, metadata_schema, provider, text_schema};

pub(crate) const ROUTE: Route = route("/integration-credentials/");

pub(crate) const WITHOUT_SLASH: Route = route("/integration-credentials");

const fn route(path: &'static str) -> Route {
    Route::post(path, const { &Handle::with(handle) }, &DOC)
}

static DOC: Doc = Doc {
    body: Some(Schema { name: "CrmNewCredential", json: schema }),
    refusals: &[409],
    answer_headers: &[LOCATION, ETAG],
    ..Doc::new(
        "Stores the credential of a CRM",
        &[Answered { status: 201, description: "It is stored.", content: Content::One(CREDENTIAL) }],
    )
};

async fn handle(mut call: Call<to::CreateCredential>) -> Result<HttpResponse, Refusal> {
    let new = read(call.body()?)?;
    let stored = call.app.crm.store(&call.caller, new).await?;
    let mut response = shown(StatusCode::CREATED, &stored)?;
    let location = format!("/integration-credentials/{}", stored.credential.id);
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

fn read(mut body: Fields) -> Result<StoreCrmCredential, Refusal> {
    let provider = body.required::<Filled>("provider");
    let dsn = body.required::<Filled>("dsn");
    let access_token = body.required::<Filled>("access_token");
    let metadata = body.optional::<Free>("metadata");
    body.finish(|| {
        Some(StoreCrmCredential {
            provider: provider?.0.expose().to_owned(),
            content: CrmContent {
                dsn: dsn?.0,
                access_token: access_token?.0,
                metadata: metadata.map(|free| free.0).unwrap_or_default(),
            },
        })
    })
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "provider": provider(),
            "dsn": text_schema(),
            "access_token": text_schema(),
            "metadata": metadata_schema(),
        },
        "required": ["provider", "dsn", "access_token"],
        "additionalProperties": false,
        "examples": [{
            "provider": "hubspot",
            "dsn": "https://api.hubapi.com",
            "access_token": "EXAMPLE",
            "metadata": { "portal_id": "12345678" },
        }],
    })
}
