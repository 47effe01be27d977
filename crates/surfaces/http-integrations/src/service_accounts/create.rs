//! `POST /service-accounts`

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{NewServiceAccount, to};
use strongroom_domain::Reach;
use strongroom_domain::service_account::AccountName;
use strongroom_http_kit::{
    Answered, Call, Content, Doc, Fields, Handle, LOCATION, Refusal, Route, Schema, created, name_schema,
    or_null,
};

use super::{
    Account, SERVICE_ACCOUNT, credential_ids, credential_ids_schema, description, description_schema,
    providers, providers_schema, scopes, scopes_schema,
};

pub(crate) const ROUTE: Route = Route::post("/service-accounts", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    body: Some(Schema { name: "NewServiceAccount", json: new_account }),
    answer_headers: &[LOCATION],
    ..Doc::new(
        "Makes a service account",
        &[Answered { status: 201, description: "It is made.", content: Content::One(SERVICE_ACCOUNT) }],
    )
};

async fn handle(mut call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let new = read(call.body()?)?;
    let account = call.app.access.create_account(&call.caller, new).await?;
    Ok(created(format!("/service-accounts/{}", account.id), &Account::from(&account)))
}

fn read(mut body: Fields) -> Result<NewServiceAccount, Refusal> {
    if !body.has("name") {
        body.required::<String>("name");
    }
    let name = body.parsed("name", AccountName::parse);
    let description = body.parsed("description", description);
    let scopes = scopes(&mut body);
    let reach = Reach {
        providers: providers(&mut body, "providers"),
        credentials: credential_ids(&mut body, "credential_ids"),
    };
    body.finish(|| Some(NewServiceAccount { name: name?, description, scopes, reach }))
}

fn new_account() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": name_schema(),
            "description": or_null(description_schema()),
            "scopes": or_null(scopes_schema()),
            "providers": or_null(providers_schema()),
            "credential_ids": or_null(credential_ids_schema()),
        },
        "required": ["name"],
        "additionalProperties": false,
        "examples": [{ "name": "importer", "scopes": ["credentials:read", "secrets:read"] }],
    })
}
