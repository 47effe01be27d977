//! `GET /integrations/{provider}/callback`, also with the id of an organisation's own app, and the POST of
//! the page that it shows. The routes here answer browsers.

use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::{CallbackRefused, ConfirmAuthorization, Confirmed, ReceiveCallback, Received};
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Json, Rule, SecretText};
use strongroom_http_kit::{
    AnswerBody, Answered, Doc, Fault, FromJson, PublicCall, Refusal, RequestField, Route, body_of, one_of,
    request,
};

use super::page;

const PATH: &str = "/integrations/{provider}/callback";
const PATH_OF_APP: &str = "/integrations/{provider}/callback/{app_id}";

pub(crate) const ROUTE: Route =
    Route::public(PATH, |call| Box::pin(receive(call)), &DOC).with_any_query().with_effect();
pub(crate) const OF_APP: Route =
    Route::public(PATH_OF_APP, |call| Box::pin(receive(call)), &DOC).with_any_query().with_effect();
pub(crate) const CONFIRM: Route =
    Route::public_form(PATH, |call| Box::pin(confirm(call)), &CONFIRM_DOC).with_any_query();
pub(crate) const CONFIRM_OF_APP: Route =
    Route::public_form(PATH_OF_APP, |call| Box::pin(confirm(call)), &CONFIRM_DOC).with_any_query();

const ANSWERS: &[Answered] = &[
    Answered {
        status: 200,
        description: "A page that tells the person how the flow goes on or has ended.",
        body: AnswerBody::Other(page::HTML),
    },
    Answered {
        status: 204,
        description: "The page was fetched ahead of its visitor. The state is not used up.",
        body: AnswerBody::None,
    },
    Answered { status: 303, description: "The browser is sent back to the client.", body: AnswerBody::None },
];

const DOC: Doc = Doc {
    query: &[&[
        parameter("code", "The authorization code that the provider grants."),
        parameter("state", "The state of the flow."),
    ]],
    refusals: &[400],
    own_refusals: &[(400, PAGE), (503, PAGE)],
    ..Doc::new("Takes a provider's answer from a person's browser", ANSWERS)
};

const CONFIRM_DOC: Doc = Doc {
    body: body_of::<Confirmation>(),
    refusals: &[400, 403],
    own_refusals: &[(400, PAGE), (403, PAGE), (503, PAGE)],
    ..Doc::new("Takes the answer that a person gives on the page of the callback", ANSWERS)
};

const PAGE: AnswerBody = AnswerBody::Other(page::HTML);

/// A parameter that a provider may send. The use case judges what else it sends, and whether anything is
/// repeated.
const fn parameter(name: &'static str, description: &'static str) -> RequestField {
    RequestField { name, description, required: false, schema: String::schema }
}

request! {
    /// What a person answers on our own page.
    struct Confirmation as "ConfirmAuthorization" {
        /// The state of the flow.
        state: SecretText,
        /// The one-time token of the page.
        token: SecretText,
        /// Whether the grant is the person's own: `disown` throws away what was granted.
        answer: Verdict,
    }
    with json!({ "additionalProperties": true });
}

/// Whether a grant is the person's own.
struct Verdict(bool);

impl FromJson for Verdict {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match String::from_json(json)?.as_str() {
            "connect" => Ok(Self(true)),
            "disown" => Ok(Self(false)),
            _ => Err(Fault::wrong_value(&Rule::fixed("must be one of: connect, disown"))),
        }
    }

    fn schema() -> Value {
        one_of(["connect", "disown"])
    }
}

async fn receive(call: PublicCall) -> Result<HttpResponse, Refusal> {
    if call.is_prefetch() {
        // The state is used up by the visit of the person alone.
        return Ok(HttpResponse::NoContent().finish());
    }
    let parameters = call.parameters();
    let received = ReceiveCallback {
        provider: call.path("provider").to_owned(),
        app: app_of(&call),
        parameters: parameters.values,
        repeated: parameters.repeated,
        origin: call.origin.clone(),
    };
    let received = call.app.authorizing.receive_callback(received).await;
    Ok(received.map_or_else(|refused| refusal(&refused), |received| going_on(&received)))
}

fn going_on(received: &Received) -> HttpResponse {
    match received {
        Received::Confirm(asked) => page::confirm(asked),
        Received::Redirect(url) => page::redirect(url.expose()),
        Received::Code { credential_id, completion_code } => {
            page::code(credential_id, completion_code.expose())
        }
    }
}

async fn confirm(call: PublicCall) -> Result<HttpResponse, Refusal> {
    let Ok(Confirmation { state, token, answer: Verdict(connect) }) = call.form() else {
        return Ok(page::refused(CallbackProblem::UnknownState));
    };
    let asked = ConfirmAuthorization {
        provider: call.path("provider").to_owned(),
        state,
        token,
        connect,
        page_origin: call.page_origin(),
        origin: call.origin.clone(),
    };
    let confirmed = call.app.authorizing.confirm(asked).await;
    Ok(confirmed.map_or_else(|refused| refusal(&refused), |confirmed| ended(&confirmed)))
}

fn ended(confirmed: &Confirmed) -> HttpResponse {
    match (&confirmed.redirect, &confirmed.credential) {
        (Some(url), _) => page::redirect(url),
        (None, Some(_)) => page::connected(),
        (None, None) => page::refused(CallbackProblem::Disowned),
    }
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
