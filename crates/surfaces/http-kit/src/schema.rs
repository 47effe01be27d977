//! JSON Schemas (draft 2020-12) of what goes over the wire, in every dialect alike.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use strongroom_domain::TextForm;

/// A parameter of a path, a query or a header.
#[derive(Clone, Copy)]
pub struct Parameter {
    /// The name of the parameter.
    pub name: &'static str,
    /// What the parameter means, in a sentence for API users.
    pub description: &'static str,
    /// The JSON Schema of the value.
    pub schema: fn() -> Value,
}

/// A JSON Schema (draft 2020-12) that the document keeps once, under a name.
#[derive(Clone, Copy)]
pub struct Schema {
    /// The name of the schema among the components, in PascalCase; no other dialect uses it.
    pub name: &'static str,
    /// Writes the schema, which holds other schemas by value and so can be read alone.
    pub json: fn() -> Value,
}

/// The revision that the caller has seen (RFC 9110, section 13.1.1).
pub const IF_MATCH: Parameter = Parameter {
    name: "If-Match",
    description: "The `ETag` that the caller has seen. The answer is 412 when the resource has another one.",
    schema: || json!({ "type": "string", "pattern": "^(\\*|(W/)?\"[!#-~]*\")$" }),
};

/// The entity tag of a single credential.
pub const ETAG: Parameter = Parameter {
    name: "ETag",
    description: "The revision of the credential; of a secret, its version.",
    schema: || json!({ "type": "string", "pattern": "^\"[0-9]+\"$" }),
};

/// The header that tells where a new resource is.
pub const LOCATION: Parameter = Parameter {
    name: "Location",
    description: "The path of the resource that was created.",
    schema: || json!({ "type": "string", "format": "uri-reference" }),
};

/// The headers with what is left of the limit on connection tests, as [`crate::with_allowance`] writes them.
pub const ALLOWANCE: [Parameter; 3] = [
    Parameter {
        name: "X-RateLimit-Limit",
        description: "How many connection tests are allowed within a minute.",
        schema: whole,
    },
    Parameter {
        name: "X-RateLimit-Remaining",
        description: "How many connection tests are left.",
        schema: whole,
    },
    Parameter {
        name: "X-RateLimit-Reset",
        description: "When the next connection test is allowed, in Unix seconds.",
        schema: whole,
    },
];

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// The schema of a text of this form.
pub fn form(form: TextForm) -> Value {
    let facts = [("pattern", form.pattern), ("format", form.format)];
    let facts = facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?.into())));
    let schema = extended(json!({ "type": "string" }), Value::Object(facts.collect()));
    match form.example {
        Some(example) => extended(schema, json!({ "examples": [example] })),
        None => schema,
    }
}

/// This schema with what another one says besides; where both say something, the other one counts.
#[must_use]
pub fn extended(mut schema: Value, more: Value) -> Value {
    if let (Some(schema), Value::Object(more)) = (schema.as_object_mut(), more) {
        schema.extend(more);
    }
    schema
}

/// The schema of an id as answers spell it: a prefix such as `crd_`, and a ULID.
pub fn prefixed_id_schema(prefix: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{prefix}[0-7][0-9A-HJKMNP-TV-Z]{{25}}$") })
}

/// The schema of a type of answers. A field that is always written is required, and further fields are
/// allowed, because answers may gain some. The schema refers to nothing outside itself.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// A time in an answer, RFC 3339 in UTC. It stands in for the text field in the schema of a type of answers.
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

/// The schema of a text that is one of these.
pub fn one_of(texts: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "type": "string", "enum": texts.into_iter().collect::<Vec<_>>() })
}

/// The schema of what this one allows, and of `null`.
#[must_use]
pub fn or_null(mut schema: Value) -> Value {
    let Some(object) = schema.as_object_mut() else { return schema };
    match object.get_mut("type") {
        Some(Value::Array(kinds)) => kinds.push("null".into()),
        Some(kind) => *kind = json!([kind, "null"]),
        None => {}
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
    fn the_schema_of_a_wire_type_is_open_and_knows_what_may_be_absent_or_null() {
        let schema = schema_of::<Wire<'_>>();
        assert_eq!(schema["required"], json!(["always", "at", "inner"]));
        assert!(schema.get("additionalProperties").is_none());
        assert_eq!(schema["properties"]["at"], json!({ "type": ["string", "null"], "format": "date-time" }));
        assert_eq!(schema["properties"]["inner"]["items"]["required"], json!(["x"]));
        assert!(schema.get("$schema").is_none() && schema.get("title").is_none());
    }

    #[test]
    fn a_choice_that_may_be_null_has_null_among_its_values() {
        let schema = or_null(one_of(["a", "b"]));
        assert_eq!(schema, json!({ "type": ["string", "null"], "enum": ["a", "b", null] }));
    }
}
