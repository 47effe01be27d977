//! `GET /service-accounts`

use actix_web::HttpResponse;
use serde_json::json;
use strongroom_application::to;
use strongroom_http_kit::{Answered, Call, Content, Doc, Handle, Parameter, Refusal, Route, ok};

use super::{Account, SERVICE_ACCOUNT};
use crate::credentials::list::page_size;
use crate::schema;

pub(crate) const ROUTE: Route = Route::get("/service-accounts", &Handle::with(handle), &DOC);

const DOC: Doc = Doc {
    query: &[
        Parameter {
            name: "offset",
            description: "How many to pass over.",
            schema: || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0 }),
        },
        schema::LIMIT,
    ],
    ..Doc::new(
        "Lists service accounts, newest first",
        &[Answered { status: 200, description: "A page of them.", content: Content::List(SERVICE_ACCOUNT) }],
    )
};

async fn handle(call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let mut query = call.query();
    let offset = query.optional("offset").unwrap_or(0);
    let limit = query.parsed("limit", |text| page_size(text, 500)).unwrap_or(100);
    query.finish(|| Some(()))?;
    let accounts = call.app.access.list_accounts(&call.caller, offset, limit).await?;
    let objects: Vec<Account<'_>> = accounts.iter().map(Account::from).collect();
    Ok(ok(&objects))
}
