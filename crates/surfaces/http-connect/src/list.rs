//! `GET /v1/integrations`

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use strongroom_application::{ConnectedCredential, ListIntegrations, to};
use strongroom_domain::{ConfigValue, IntegrationStatus, PublicConfig, Rule, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, Handle, Moment, ProviderName, Refusal, Request, Route, Schema, ok,
    request, schema_of,
};

use crate::schema;

pub(crate) const ROUTE: Route = Route::get("/v1/integrations", &Handle::with(handle), &DOC).long();

const DOC: Doc = Doc {
    query: &[ListQuery::FIELDS],
    refusals: &[400],
    ..Doc::new("Lists connections, including those that were disconnected", &[LISTED])
};

const LISTED: Answered = Answered {
    status: 200,
    description: "The connections in the order of their providers' ids.",
    body: AnswerBody::One(Schema { name: "ConnectIntegrations", json: schema_of::<Page<'_>> }),
};

#[derive(Serialize, JsonSchema)]
struct Page<'a> {
    items: Vec<Item<'a>>,
    /// The number of items.
    total: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[schemars(schema_with = "schema::integration_id")]
    integration_id: String,
    #[schemars(schema_with = "schema::provider")]
    provider: &'a str,
    #[schemars(schema_with = "schema::any_status")]
    status: &'static str,
    /// The user or the service account that connected it.
    connected_by: &'a str,
    #[schemars(with = "Moment")]
    connected_at: String,
    /// The scopes that the provider granted, where the credential tells them.
    scopes: Vec<&'a str>,
}

async fn handle(call: Call<to::ListCredentials>) -> Result<HttpResponse, Refusal> {
    let query = read(&call)?;
    let found = call.app.connections.list(&call.caller, query).await?;
    let items: Vec<Item<'_>> = found.iter().map(Item::from).collect();
    Ok(ok(&Page { total: items.len(), items }))
}

request! {
    /// Which connections to list.
    struct ListQuery {
        /// Only connections in this status.
        status: Option<IntegrationStatus>,
        /// Only the connection of this provider of the catalog, in any case.
        #[schema({ "examples": ["datadog"] })]
        provider: Option<ProviderName>,
    }
}

fn read<O>(call: &Call<O>) -> Result<ListIntegrations, Refusal> {
    let mut query = call.query_fields();
    let asked = ListQuery::take(&mut query);
    let (status, sent) = asked.map_or((None, None), |asked| (asked.status, asked.provider));
    let provider = query.judged("provider", sent, |name| {
        let found = call.app.catalog.find(&name.0).map(|provider| provider.id.clone());
        found.ok_or(Rule::fixed("must be a provider of the catalog"))
    });
    query.finish(|| Some(ListIntegrations { status, provider }))
}

impl<'a> From<&'a ConnectedCredential> for Item<'a> {
    fn from(connected: &'a ConnectedCredential) -> Self {
        let (integration, credential) = (&connected.integration, connected.credential.as_ref());
        Self {
            integration_id: integration.id.to_string(),
            provider: integration.provider.as_str(),
            status: connected.status().as_str(),
            connected_by: &integration.connected_by,
            connected_at: timestamp::format(integration.connected_at),
            scopes: credential.map(|credential| scopes(&credential.config)).unwrap_or_default(),
        }
    }
}

/// The scopes in the fields `scope` and `scopes`, each once. RFC 6749, section 3.3, separates them by spaces;
/// some providers use commas.
fn scopes(config: &PublicConfig) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for value in ["scope", "scopes"].into_iter().filter_map(|name| config.get(name)) {
        match value {
            ConfigValue::Text(text) => found.extend(text.split([' ', ',']).filter(|scope| !scope.is_empty())),
            ConfigValue::List(items) => found.extend(items.iter().map(String::as_str)),
            ConfigValue::Integer(_) | ConfigValue::Boolean(_) => {}
        }
    }
    let mut known = BTreeSet::new();
    found.retain(|scope| known.insert(*scope));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, ConfigValue)]) -> Vec<String> {
        let mut config = PublicConfig::default();
        for (name, value) in fields {
            config.insert(*name, value.clone());
        }
        scopes(&config).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn scopes_come_from_a_text_or_a_list_under_either_name() {
        for name in ["scope", "scopes"] {
            let text = ConfigValue::Text(" repo,read:org  user ".into());
            assert_eq!(of(&[(name, text)]), ["repo", "read:org", "user"]);
            assert_eq!(of(&[(name, ConfigValue::List(vec!["a b".into(), "c".into()]))]), ["a b", "c"]);
            assert!(of(&[(name, ConfigValue::Text(String::new()))]).is_empty());
            assert!(of(&[(name, ConfigValue::Integer(1))]).is_empty());
        }
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn a_scope_that_is_told_twice_is_shown_once() {
        let both = [
            ("scope", ConfigValue::Text("repo user".into())),
            ("scopes", ConfigValue::List(vec!["user".into(), "gist".into()])),
        ];
        assert_eq!(of(&both), ["repo", "user", "gist"]);
    }
}
