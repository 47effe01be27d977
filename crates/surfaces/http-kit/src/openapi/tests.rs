use actix_web::HttpResponse;
use serde_json::{Value, json};
use strongroom_application::to;

use super::{ServedAt, document, documented};
use crate::call::Call;
use crate::doc::{AnswerBody, Answered, Doc};
use crate::endpoint::Handle;
use crate::refusal::Refusal;
use crate::route::{Dialect, DialectDoc, Route};
use crate::schema::{Parameter, Schema};

const THING: Schema = Schema { name: "Thing", json: || json!({ "type": "object" }) };
const NOT_READY: Schema = Schema { name: "NotReady", json: || json!({ "type": "object" }) };
const OK: &[Answered] = &[Answered { status: 200, description: "Done.", body: AnswerBody::One(THING) }];
const ID: Parameter = Parameter { name: "id", description: "An id.", schema: || json!({ "type": "string" }) };

static CREATE: Doc = Doc { body: Some(THING), refusals: &[404, 429], ..Doc::new("Makes a thing", OK) };
static ACT: Doc = Doc::new("Acts", OK);
static READY: Doc = Doc { own_refusals: &[(503, AnswerBody::One(NOT_READY))], ..Doc::new("Tells", OK) };

async fn create(_: Call<to::CreateCredential>) -> Result<HttpResponse, Refusal> {
    unreachable!("the document is made without a call")
}

async fn verify(_: Call<to::VerifyAudit>) -> Result<HttpResponse, Refusal> {
    unreachable!("the document is made without a call")
}

static TOY: Dialect = Dialect {
    prefixes: &["/v9", "/api/v9"],
    segments: &["v9"],
    routes: &[
        Route::post("/things", &Handle::with(create), &CREATE),
        Route::post("/things/", &Handle::with(create), &CREATE),
        Route::act("/things/{id}/act", &Handle::with(verify), &ACT),
        Route::public("/ready", |_| unreachable!(), &READY).with_any_query(),
        Route::host("/counters", |_| unreachable!(), &ACT),
    ],
    refuse: |_, _| HttpResponse::NotFound().finish(),
    doc: &DialectDoc {
        tag: "Toy things",
        description: "A toy.",
        path_parameters: &[ID],
        wrong_shape: 422,
        error: |_| THING,
    },
};

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn refusals_follow_from_access_and_body_and_from_what_the_use_case_can_end_with() {
    let document = document(&[&TOY], "1.2.3", ServedAt::default());
    let paths = &document["paths"];
    assert_eq!(
        statuses(&paths["/v9/things"]["post"]),
        ["200", "400", "401", "403", "404", "408", "413", "415", "422", "429", "431", "500", "503"]
    );
    assert_eq!(statuses(&paths["/v9/ready"]["get"]), ["200", "431", "500", "503"]);
    assert_eq!(document["info"]["version"], "1.2.3");
}

#[test]
fn routes_for_this_host_and_second_spellings_stay_out() {
    let shown: Vec<String> = documented(&[&TOY]).iter().map(|documented| documented.id()).collect();
    assert_eq!(shown, ["post_v9_things", "post_v9_things_by_id_act", "get_v9_ready"]);
}

#[test]
fn an_operation_says_who_may_call_it_and_how() {
    let document = document(&[&TOY], "1.2.3", ServedAt::default());
    let create = &document["paths"]["/v9/things"]["post"];
    assert_eq!(
        create["description"],
        "Allowed for admins, members, service accounts with `credentials:write`."
    );
    assert_eq!(create["security"], json!([{ "bearer": [] }, { "apiKey": [] }]));
    assert_eq!(create["requestBody"]["required"], true);
    let act = &document["paths"]["/v9/things/{id}/act"]["post"];
    assert_eq!(act["description"], "Allowed for admins.");
    assert_eq!(act["requestBody"]["required"], false);
    assert_eq!(act["parameters"][0]["in"], "path");
    let ready = &document["paths"]["/v9/ready"]["get"];
    assert_eq!(
        (&ready["security"], ready["description"].as_str()),
        (&json!([]), Some("Allowed for everybody, without authentication."))
    );
}

#[test]
fn a_route_may_word_a_refusal_in_its_own_way() {
    let document = document(&[&TOY], "1.2.3", ServedAt::default());
    let own = &document["paths"]["/v9/ready"]["get"]["responses"]["503"];
    assert_eq!(own["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/NotReady");
    let shared = &document["paths"]["/v9/things"]["post"]["responses"]["503"];
    assert_eq!(shared["$ref"], "#/components/responses/Toythings503");
    assert!(document["components"]["responses"]["Toythings503"]["headers"]["Retry-After"].is_object());
    assert!(document["tags"][0]["description"].as_str().unwrap().contains("`/api/v9`"));
}

#[test]
fn a_limit_is_told_in_the_headers_of_what_is_beyond_it() {
    let document = document(&[&TOY], "1.2.3", ServedAt::default());
    let headers = &document["components"]["responses"]["Toythings429"]["headers"];
    for name in ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"] {
        let pointer = headers[name]["$ref"].as_str().unwrap().trim_start_matches('#');
        assert!(document.pointer(pointer).unwrap()["schema"].is_object(), "{name}");
    }
}
