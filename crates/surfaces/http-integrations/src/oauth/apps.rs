//! `/integrations/oauth/apps`: the OAuth apps that an organisation has registered itself.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use strongroom_application::{NewOauthApp, ShownOauthApp, to};
use strongroom_domain::{Issuer, OauthAppId, SecretText, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, LOCATION, Moment, ProviderName, Refusal, Route, Schema, body_of,
    created, no_content, ok, request, schema_of,
};

const ALL: &str = "/integrations/oauth/apps";
const ONE: &str = "/integrations/oauth/apps/{app_id}";

pub(crate) const CREATE: Route = Route::post(ALL, &Handle::with(create), &CREATE_DOC);
pub(crate) const LIST: Route = Route::get(ALL, &Handle::with(list), &LIST_DOC).long();
pub(crate) const GET: Route = Route::get(ONE, &Handle::with(get), &GET_DOC);
pub(crate) const UPDATE: Route = Route::patch(ONE, &Handle::with(update), &UPDATE_DOC);
pub(crate) const DELETE: Route = Route::delete(ONE, &Handle::with(delete), &DELETE_DOC);

const APP: Schema = Schema { name: "OauthApp", json: schema_of::<App<'_>> };
const NOT_FOUND: &[u16] = &[400, 404];

const CREATE_DOC: Doc = Doc {
    body: body_of::<NewApp>(),
    refusals: &[409],
    answer_headers: &[LOCATION],
    ..Doc::new(
        "Stores an OAuth app of the organisation, for every provider that shares it",
        &[Answered { status: 201, description: "The app, without its secret.", body: AnswerBody::One(APP) }],
    )
};
const LIST_DOC: Doc = Doc::new(
    "Lists the organisation's OAuth apps",
    &[Answered {
        status: 200,
        description: "The apps in the order of their names.",
        body: AnswerBody::List(APP),
    }],
);
const GET_DOC: Doc = Doc {
    refusals: NOT_FOUND,
    ..Doc::new(
        "Shows an OAuth app",
        &[Answered { status: 200, description: "The app, without its secret.", body: AnswerBody::One(APP) }],
    )
};
const UPDATE_DOC: Doc = Doc {
    body: body_of::<NewSecret>(),
    refusals: NOT_FOUND,
    ..Doc::new(
        "Replaces the client secret of an OAuth app",
        &[Answered { status: 200, description: "The app, without its secret.", body: AnswerBody::One(APP) }],
    )
};
const DELETE_DOC: Doc = Doc {
    refusals: NOT_FOUND,
    ..Doc::new(
        "Removes an OAuth app; its grants are kept, but not refreshed any more",
        &[Answered { status: 204, description: "The app is removed.", body: AnswerBody::None }],
    )
};

/// An OAuth app without its secret.
#[derive(Serialize, JsonSchema)]
struct App<'a> {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    /// The name of the app in provider files.
    app: &'a str,
    client_id: &'a str,
    /// The redirect URI to register at each provider that uses the app.
    redirect_uris: BTreeMap<&'a str, &'a str>,
    #[schemars(with = "Moment")]
    created_at: String,
    #[schemars(with = "Moment")]
    updated_at: String,
    created_by: &'a str,
    /// The issuer of the creator's token; null for API keys, commands and what earlier builds have stored.
    issuer: Option<&'a str>,
}

impl<'a> From<&'a ShownOauthApp> for App<'a> {
    fn from(shown: &'a ShownOauthApp) -> Self {
        let app = &shown.app;
        Self {
            id: app.id.to_string(),
            app: &app.app,
            client_id: &app.client_id,
            redirect_uris: shown.redirect_uris.iter().map(|(id, uri)| (id.as_str(), uri.as_str())).collect(),
            created_at: timestamp::format(app.created_at),
            updated_at: timestamp::format(app.updated_at),
            created_by: &app.created_by,
            issuer: app.issuer.as_ref().map(Issuer::as_str),
        }
    }
}

request! {
    /// An OAuth app that the organisation has registered with a provider itself.
    struct NewApp as "NewOauthApp" {
        /// A provider that uses the app, in any case; the app serves every provider that shares it.
        #[schema({ "examples": ["google", "salesforce"] })]
        provider: ProviderName,
        /// The client id that the provider gave the app.
        #[schema({ "minLength": 1, "maxLength": 512, "pattern": "^[ -~]+$" })]
        client_id: String,
        /// The client secret. A public client has none.
        #[schema({ "minLength": 1, "maxLength": 4_096, "pattern": "^[ -~]+$" })]
        client_secret: Option<SecretText>,
    }
    with json!({ "examples": [
        { "provider": "google", "client_id": "app.example.com", "client_secret": "a-client-secret" },
    ] });
}

request! {
    /// The secret that an OAuth app has from now on.
    struct NewSecret as "OauthAppSecret" {
        /// The client secret.
        #[schema({ "minLength": 1, "maxLength": 4_096, "pattern": "^[ -~]+$" })]
        client_secret: SecretText,
    }
}

async fn create(mut call: Call<to::ManageOauthApps>) -> Result<HttpResponse, Refusal> {
    let NewApp { provider, client_id, client_secret } = call.body()?;
    let new = NewOauthApp { provider: provider.0, client_id, client_secret };
    let shown = call.app.authorizing.create_app(&call.caller, new).await?;
    Ok(created(call.address(&format!("{ALL}/{}", shown.app.id)), &App::from(&shown)))
}

async fn list(call: Call<to::ManageOauthApps>) -> Result<HttpResponse, Refusal> {
    let all = call.app.authorizing.list_apps(&call.caller).await?;
    Ok(ok(&all.iter().map(App::from).collect::<Vec<_>>()))
}

async fn get(call: Call<to::ManageOauthApps>) -> Result<HttpResponse, Refusal> {
    let id = call.path_id("app_id", OauthAppId::parse)?;
    Ok(ok(&App::from(&call.app.authorizing.get_app(&call.caller, id).await?)))
}

async fn update(mut call: Call<to::ManageOauthApps>) -> Result<HttpResponse, Refusal> {
    let id = call.path_id("app_id", OauthAppId::parse)?;
    let secret = call.body::<NewSecret>()?.client_secret;
    Ok(ok(&App::from(&call.app.authorizing.replace_app_secret(&call.caller, id, secret).await?)))
}

async fn delete(call: Call<to::ManageOauthApps>) -> Result<HttpResponse, Refusal> {
    let id = call.path_id("app_id", OauthAppId::parse)?;
    call.app.authorizing.delete_app(&call.caller, id).await?;
    Ok(no_content())
}
