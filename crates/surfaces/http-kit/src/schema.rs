//! JSON Schemas (draft 2020-12) of what goes over the wire.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// The schema of a type as it is written: a field that is always written is required, and there is no other
/// field than those of the type. It refers to nothing outside itself.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    RecursiveTransform(close).transform(&mut schema);
    schema.to_value()
}

fn close(schema: &mut schemars::Schema) {
    let open = schema.get("properties").is_some() && schema.get("additionalProperties").is_none();
    if let Some(object) = schema.as_object_mut().filter(|_| open) {
        object.insert("additionalProperties".into(), false.into());
    }
}

/// A time of an answer: RFC 3339 in UTC. Stands in the schema of a wire type for the text that is there.
pub struct Moment;

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// One of these texts.
pub fn one_of(texts: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "type": "string", "enum": texts.into_iter().collect::<Vec<_>>() })
}

/// The same schema, or `null`; for schemas that name one `type`.
#[must_use]
pub fn or_null(mut schema: Value) -> Value {
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some(kind) = object.get("type").cloned() {
        object.insert("type".into(), json!([kind, "null"]));
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.push(Value::Null);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Serialize, JsonSchema)]
    struct Wire<'a> {
        always: Option<&'a str>,
        #[schemars(with = "Option<Moment>")]
        at: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sometimes: Option<u64>,
        #[serde(flatten)]
        more: More,
    }

    #[derive(Serialize, JsonSchema)]
    struct More {
        inner: Vec<Inner>,
    }

    #[derive(Serialize, JsonSchema)]
    struct Inner {
        x: bool,
    }

    #[test]
    fn the_schema_of_a_wire_type_is_closed_and_knows_what_may_be_absent_or_null() {
        let schema = schema_of::<Wire<'_>>();
        assert_eq!(schema["required"], json!(["always", "at", "inner"]));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["at"], json!({ "type": ["string", "null"], "format": "date-time" }));
        assert_eq!(schema["properties"]["inner"]["items"]["additionalProperties"], false);
        assert!(schema.get("$schema").is_none() && schema.get("title").is_none());
    }

    #[test]
    fn a_choice_that_may_be_null_has_null_among_its_values() {
        let schema = or_null(one_of(["a", "b"]));
        assert_eq!(schema, json!({ "type": ["string", "null"], "enum": ["a", "b", null] }));
    }
}
