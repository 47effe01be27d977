//! `PATCH /service-accounts/{service_account_id}`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{ChangeServiceAccount, to};
use strongroom_domain::ServiceAccountStatus;
use strongroom_domain::service_account::AccountName;
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Fields, Handle, Refusal, Route, Schema, name_schema, ok, or_null,
};

use super::{
    Account, SERVICE_ACCOUNT, account_id, credential_ids, credential_ids_schema, description,
    description_schema, providers, providers_schema, scopes, scopes_schema,
};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::patch("/service-accounts/{service_account_id}", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "ServiceAccountChange", json: account_change }),
    refusals: &[404],
    ..Doc::new(
        "Changes a service account",
        &[Answered { status: 200, description: "It is changed.", content: Content::One(SERVICE_ACCOUNT) }],
    )
};

async fn handle(mut call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let id = account_id(&call)?;
    let change = read(call.body()?)?;
    let account = call.app.access.change_account(&call.caller, id, change).await?;
    Ok(ok(&Account::from(&account)))
}

fn read(mut body: Fields) -> Result<ChangeServiceAccount, Refusal> {
    let name = body.parsed("name", AccountName::parse);
    let description = body.nullable("description", |body, name| body.parsed(name, description));
    let scopes = scopes(&mut body);
    let providers = body.nullable("providers", providers);
    let credentials = body.nullable("credential_ids", credential_ids);
    let status = body.choice("status", ServiceAccountStatus::parse);
    body.finish(|| Some(ChangeServiceAccount { name, description, scopes, providers, credentials, status }))
}

fn account_change() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": or_null(name_schema()),
            "description": or_null(description_schema()),
            "scopes": or_null(scopes_schema()),
            "providers": or_null(providers_schema()),
            "credential_ids": or_null(credential_ids_schema()),
            "status": or_null(schema::account_status()),
        },
        "additionalProperties": false,
    })
}
