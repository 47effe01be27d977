//! `GET /integrations/{provider}/callback`, the same with the id of an organisation's own app, and the POST of the
//! page that it shows. All of them answer browsers.

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{CallbackRefused, ConfirmAuthorization, ReceiveCallback, Received};
use strongroom_domain::SecretText;
use strongroom_domain::oauth::CallbackProblem;
use strongroom_http_kit::{Answered, Content, Doc, Parameter, PublicCall, Refusal, Route, Schema};

use super::page;

const PATH: &str = "/integrations/{provider}/callback";
const PATH_OF_APP: &str = "/integrations/{provider}/callback/{app_id}";

pub(crate) const ROUTE: Route = Route::public(PATH, |call| Box::pin(receive(call)), &DOC);
pub(crate) const OF_APP: Route = Route::public(PATH_OF_APP, |call| Box::pin(receive(call)), &DOC);
pub(crate) const CONFIRM: Route = Route::public_form(PATH, |call| Box::pin(confirm(call)), &CONFIRM_DOC);
pub(crate) const CONFIRM_OF_APP: Route =
    Route::public_form(PATH_OF_APP, |call| Box::pin(confirm(call)), &CONFIRM_DOC);

const ANSWERS: &[Answered] = &[
    Answered { status: 200, description: "A page.", content: Content::Other(page::HTML) },
    Answered { status: 303, description: "The browser is sent back.", content: Content::None },
];

const DOC: Doc = Doc {
    query: &[
        Parameter { name: "code", description: "What the provider grants.", schema: text },
        Parameter { name: "state", description: "The state of the flow.", schema: text },
    ],
    refusals: &[400],
    own_refusals: &[(400, PAGE), (503, PAGE)],
    ..Doc::new("Takes a provider's answer from a person's browser", ANSWERS)
};

const CONFIRM_DOC: Doc = Doc {
    body: Some(Schema { name: "ConfirmAuthorization", json: confirmation }),
    refusals: &[400, 403],
    own_refusals: &[(400, PAGE), (403, PAGE), (503, PAGE)],
    ..Doc::new("Takes a person's answer from our own page", ANSWERS)
};

const PAGE: Content = Content::Other(page::HTML);

fn text() -> Value {
    json!({ "type": "string" })
}

fn confirmation() -> Value {
    json!({
        "type": "object",
        "properties": {
            "state": { "type": "string" },
            "token": { "type": "string" },
            "answer": { "type": "string", "enum": ["connect", "disown"] },
        },
        "required": ["state", "token", "answer"],
    })
}

async fn receive(call: PublicCall) -> Result<HttpResponse, Refusal> {
    let parameters = call.parameters();
    let received = ReceiveCallback {
        provider: call.path("provider").to_owned(),
        app: app_of(&call),
        parameters: parameters.values,
        repeated: parameters.repeated,
        origin: call.origin.clone(),
    };
    Ok(match call.app.authorizing.receive_callback(received).await {
        Ok(Received::Confirm(asked)) => page::confirm(&asked),
        Ok(Received::Redirect(url)) => page::redirect(url.expose()),
        Ok(Received::Code { credential_id, completion_code }) => {
            page::code(&credential_id, completion_code.expose())
        }
        Err(refused) => refusal(&refused),
    })
}

async fn confirm(call: PublicCall) -> Result<HttpResponse, Refusal> {
    let mut form = call.form();
    let mut take = |name: &str| form.values.remove(name).unwrap_or_else(|| SecretText::new(String::new()));
    let (state, token, answer) = (take("state"), take("token"), take("answer"));
    let connect = match answer.expose() {
        "connect" => true,
        "disown" => false,
        _ => return Ok(page::refused(CallbackProblem::UnknownState)),
    };
    let asked = ConfirmAuthorization {
        provider: call.path("provider").to_owned(),
        state,
        token,
        connect,
        page_origin: call.page_origin(),
        origin: call.origin.clone(),
    };
    Ok(match call.app.authorizing.confirm(asked).await {
        Ok(confirmed) => match (confirmed.redirect, confirmed.credential) {
            (Some(url), _) => page::redirect(&url),
            (None, Some(_)) => page::connected(),
            (None, None) => page::refused(CallbackProblem::Disowned),
        },
        Err(refused) => refusal(&refused),
    })
}

fn refusal(refused: &CallbackRefused) -> HttpResponse {
    match &refused.redirect {
        Some(url) => page::redirect(url),
        None => page::refused(refused.problem),
    }
}

fn app_of(call: &PublicCall) -> Option<String> {
    Some(call.path("app_id")).filter(|id| !id.is_empty()).map(str::to_owned)
}
