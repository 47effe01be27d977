//! `PUT /integration-credentials/{credential_id}`

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};
use strongroom_application::{UpdateCrmCredential, to};
use strongroom_domain::CrmPatch;
use strongroom_http_kit::{
    Answered, Call, Content, Doc, ETAG, Fields, Handle, IF_MATCH, Refusal, Route, Schema, or_null,
};

use crate::object::{CREDENTIAL, shown};
use crate::request::{Filled, Free, credential_id, metadata_schema, provider, text_schema};

pub(crate) const ROUTE: Route =
    Route::put("/integration-credentials/{credential_id}", &Handle::with(handle), &DOC);

static DOC: Doc = Doc {
    headers: &[IF_MATCH],
    body: Some(Schema { name: "CrmCredentialChange", json: schema }),
    refusals: &[404, 409, 412],
    answer_headers: &[ETAG],
    ..Doc::new(
        "Changes a credential in part",
        &[Answered { status: 200, description: "It is changed.", content: Content::One(CREDENTIAL) }],
    )
};

async fn handle(mut call: Call<to::UpdateCredential>) -> Result<HttpResponse, Refusal> {
    let (id, expected_revision) = (credential_id(&call)?, call.if_match()?);
    let change = read(call.body()?, expected_revision)?;
    let changed = call.app.crm.update(&call.caller, id, change).await?;
    shown(StatusCode::OK, &changed)
}

fn read(mut body: Fields, expected_revision: Option<u64>) -> Result<UpdateCrmCredential, Refusal> {
    let provider = body.optional::<Filled>("provider");
    let dsn = body.optional::<Filled>("dsn");
    let access_token = body.optional::<Filled>("access_token");
    let metadata = body.optional::<Free>("metadata");
    body.finish(|| {
        Some(UpdateCrmCredential {
            provider: provider.map(|text| text.0.expose().to_owned()),
            patch: CrmPatch {
                dsn: dsn.map(|text| text.0),
                access_token: access_token.map(|text| text.0),
                metadata: metadata.map(|free| free.0),
            },
            expected_revision,
        })
    })
}

fn schema() -> Value {
    json!({
        "type": "object",
        "description": "Fields that are not sent, or null, stay. `metadata` is a JSON Merge Patch (RFC 7396).",
        "properties": {
            "provider": or_null(provider()),
            "dsn": or_null(text_schema()),
            "access_token": or_null(text_schema()),
            "metadata": metadata_schema(),
        },
        "additionalProperties": false,
    })
}
