//! `GET /v1/integrations/catalog`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use strongroom_domain::integration::{ConnectAuthType, ConnectCategory};
use strongroom_domain::{ConnectListing, Provider};
use strongroom_http_kit::{
    AnswerBody, Answered, Doc, PublicCall, Refusal, Request, Route, Schema, ok, request, schema_of,
};

use crate::schema;

/// The route is public, because it is no secret which providers can be connected.
pub(crate) const ROUTE: Route =
    Route::public("/v1/integrations/catalog", |call| Box::pin(std::future::ready(handle(&call))), &DOC);

const DOC: Doc = Doc {
    query: &[CatalogQuery::FIELDS],
    refusals: &[400],
    ..Doc::new("Lists the providers that can be connected", &[LISTED])
};

const LISTED: Answered = Answered {
    status: 200,
    description: "The providers in the order of their ids.",
    body: AnswerBody::One(Schema { name: "ConnectCatalog", json: schema_of::<Page<'_>> }),
};

#[derive(Serialize, JsonSchema)]
struct Page<'a> {
    items: Vec<Entry<'a>>,
    /// The number of items.
    total: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[schemars(schema_with = "schema::provider")]
    provider: &'a str,
    display_name: &'a str,
    #[schemars(schema_with = "schema::any_category")]
    category: &'static str,
    description: &'a str,
    #[schemars(schema_with = "schema::auth_type")]
    auth_type: &'static str,
    /// The fields that credentials must have; only with authType api_key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    required_fields: Option<&'a [String]>,
    /// The scopes that are asked for; only with authType oauth2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    scopes: Option<Vec<&'a str>>,
    /// Where the provider is connected, by POST: a path, or a URL when `server.public_url` is set.
    connect_url: String,
}

request! {
    /// Which providers to list.
    struct CatalogQuery {
        /// Only providers of this category.
        category: Option<ConnectCategory>,
    }
}

fn handle(call: &PublicCall) -> Result<HttpResponse, Refusal> {
    let category = call.query::<CatalogQuery>()?.category;
    let all = call.app.catalog.listed();
    let asked =
        all.iter().filter(|(_, listing)| category.is_none_or(|category| category == listing.category));
    let items: Vec<Entry<'_>> = asked.map(|(provider, listing)| Entry::of(call, provider, listing)).collect();
    Ok(ok(&Page { total: items.len(), items }))
}

impl<'a> Entry<'a> {
    fn of(call: &PublicCall, provider: &'a Provider, listing: &'a ConnectListing) -> Self {
        let stored = listing.auth_type == ConnectAuthType::ApiKey;
        Self {
            provider: provider.id.as_str(),
            display_name: &provider.display_name,
            category: listing.category.as_str(),
            description: &provider.description,
            auth_type: listing.auth_type.as_str(),
            required_fields: stored.then_some(listing.required_fields.as_slice()),
            scopes: (listing.auth_type == ConnectAuthType::Oauth2).then(|| scopes(provider)),
            connect_url: call.public_address(&format!("/v1/integrations/{}/connect", provider.id)),
        }
    }
}

/// The scopes that the provider file writes out. A scope with a field in it is known only when the field is.
fn scopes(provider: &Provider) -> Vec<&str> {
    provider.oauth.iter().flat_map(|server| &server.fixed_scopes).map(String::as_str).collect()
}
