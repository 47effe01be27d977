mod merging;
mod providers;
mod round_trip;
mod showing;

use serde_json::{Map, Value, json};

use super::{CrmContent, Metadata};
use crate::json::Json;
use crate::secret::SecretText;

/// Content as a client sends it.
fn content(dsn: &str, token: &str, metadata: Value) -> CrmContent {
    CrmContent { dsn: text(dsn), access_token: text(token), metadata: fields(&metadata) }
}

fn text(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn fields(object: &Value) -> Metadata {
    match Json::parse(object.to_string().as_bytes()).unwrap() {
        Json::Object(fields) => fields.into_iter().collect(),
        _ => panic!("no object"),
    }
}

/// Content as a client reads it.
fn shown(content: &CrmContent) -> Value {
    let metadata: Map<String, Value> =
        content.metadata.iter().map(|(name, value)| (name.clone(), value_of(value))).collect();
    let (dsn, access_token) = (content.dsn.expose(), content.access_token.expose());
    json!({ "dsn": dsn, "access_token": access_token, "metadata": metadata })
}

fn value_of(json: &Json) -> Value {
    serde_json::to_value(json.expose()).unwrap()
}
