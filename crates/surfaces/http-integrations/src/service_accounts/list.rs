//! `GET /service-accounts`

use actix_web::HttpResponse;
use strongroom_application::to;
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, PageSize, Refusal, Request, Route, ok, request,
};

use super::{Account, SERVICE_ACCOUNT};

pub(crate) const ROUTE: Route = Route::get("/service-accounts", &Handle::with(handle), &DOC).long();

const DOC: Doc = Doc {
    query: &[AccountsQuery::FIELDS],
    ..Doc::new(
        "Lists service accounts, newest first",
        &[Answered {
            status: 200,
            description: "A page of service accounts.",
            body: AnswerBody::List(SERVICE_ACCOUNT),
        }],
    )
};

request! {
    /// Which service accounts to list.
    struct AccountsQuery {
        /// How many accounts to pass over.
        #[schema({ "default": 0 })]
        offset: Option<u32>,
        /// The most accounts to answer.
        limit: Option<PageSize>,
    }
}

async fn handle(call: Call<to::ManageServiceAccounts>) -> Result<HttpResponse, Refusal> {
    let AccountsQuery { offset, limit } = call.query()?;
    let (offset, limit) = (offset.unwrap_or(0), limit.unwrap_or_default().0);
    let accounts = call.app.access.list_accounts(&call.caller, offset, limit).await?;
    let objects: Vec<Account<'_>> = accounts.iter().map(Account::from).collect();
    Ok(ok(&objects))
}
