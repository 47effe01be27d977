//! `GET /integrations/catalog`

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use strongroom_application::to;
use strongroom_domain::provider::TypeRules;
use strongroom_domain::{CredentialType, Field, FieldKind, Provider, ProviderTest};
use strongroom_http_kit::{AnswerBody, Answered, Call, Doc, Handle, Refusal, Route, Schema, ok, schema_of};
use uuid::Uuid;

use crate::schema::spelled;

pub(crate) const ROUTE: Route = Route::get("/integrations/catalog", &Handle::with(handle), &DOC).long();

const DOC: Doc = Doc::new(
    "Lists the providers",
    &[Answered { status: 200, description: "All providers of the catalog.", body: AnswerBody::List(ENTRY) }],
);

const ENTRY: Schema = Schema { name: "CatalogEntry", json: schema_of::<Entry<'_>> };

/// A provider of the catalog.
#[derive(Serialize, JsonSchema)]
struct Entry<'a> {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    category: &'a str,
    provider: &'a str,
    name: &'a str,
    display_name: &'a str,
    description: &'a str,
    #[schemars(schema_with = "spelled::credential_kinds")]
    credential_types: Vec<&'static str>,
    is_plugin: bool,
    credential_providers: Vec<CredentialProvider>,
    #[schemars(extend("enum" = ["protocol", "http", null]))]
    test: Option<&'static str>,
    docs_url: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct CredentialProvider {
    is_oauth: bool,
    #[schemars(schema_with = "spelled::credential_kind")]
    name: &'static str,
    #[schemars(with = "Map<String, Value>")]
    credential_schema: Value,
}

async fn handle(call: Call<to::BrowseCatalog>) -> Result<HttpResponse, Refusal> {
    let providers = call.app.catalog.all(&call.caller);
    let entries: Vec<Entry<'_>> = providers.iter().map(|provider| Entry::from(provider.as_ref())).collect();
    Ok(ok(&entries))
}

impl<'a> From<&'a Provider> for Entry<'a> {
    fn from(provider: &'a Provider) -> Self {
        let of_type = |(kind, rules): (&CredentialType, &TypeRules)| CredentialProvider {
            is_oauth: kind.is_oauth(),
            name: kind.as_str(),
            credential_schema: schema(provider, *kind, rules),
        };
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, provider.id.as_str().as_bytes()).to_string(),
            category: &provider.category,
            provider: provider.id.as_str(),
            name: provider.id.as_str(),
            display_name: &provider.display_name,
            description: &provider.description,
            credential_types: provider.types.keys().map(|kind| kind.as_str()).collect(),
            is_plugin: false,
            credential_providers: provider.types.iter().map(of_type).collect(),
            test: provider.test.as_ref().map(ProviderTest::kind),
            docs_url: provider.docs_url.as_deref(),
        }
    }
}

/// The JSON Schema (draft 2020-12) of one credential type's `credentials` object.
fn schema(provider: &Provider, kind: CredentialType, rules: &TypeRules) -> Value {
    let properties: Map<String, Value> =
        provider.fields_of(kind).map(|field| (field.name.clone(), property(field))).collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": rules.required,
        "additionalProperties": false,
    });
    if let (Some(object), false) = (schema.as_object_mut(), rules.any_of.is_empty()) {
        let groups = rules.any_of.iter().map(|group| json!({ "required": group }));
        object.insert("anyOf".into(), groups.collect());
    }
    schema
}

fn property(field: &Field) -> Value {
    let mut property = match field.kind {
        FieldKind::Integer => json!({ "type": "integer" }),
        FieldKind::Port => json!({ "type": "integer", "minimum": 1, "maximum": 65_535 }),
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::List => json!({ "type": "array", "items": { "type": "string" }, "maxItems": 64 }),
        FieldKind::Url => json!({ "type": "string", "format": "uri" }),
        FieldKind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Text
        | FieldKind::Host
        | FieldKind::PrivateKey
        | FieldKind::CertificatePem
        | FieldKind::PostgresConnectionString => json!({ "type": "string" }),
    };
    if let Some(object) = property.as_object_mut() {
        object.insert("title".into(), field.label.clone().into());
        object.insert("x-secret".into(), field.secret.into());
        object.insert("x-destination".into(), field.destination.into());
        if let Some(pattern) = &field.pattern {
            object.insert("pattern".into(), pattern.as_str().into());
        }
        if !field.choices.is_empty() {
            object.insert("enum".into(), field.choices.clone().into());
        }
        if let Some(example) = &field.example {
            let whole = matches!(field.kind, FieldKind::Integer | FieldKind::Port);
            let number = example.parse::<i64>().ok().filter(|_| whole);
            let value = number.map_or_else(|| example.clone().into(), Value::from);
            object.insert("examples".into(), vec![value].into());
        }
    }
    property
}
