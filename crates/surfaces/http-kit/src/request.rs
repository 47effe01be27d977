//! Requests declared once: the type of a body or a query is how it is read, what it must be and how it is
//! documented.

use serde_json::{Map, Value, json};

use crate::fields::Fields;
use crate::from_json::FromJson;
use crate::refusal::Refusal;
use crate::schema::{Schema, extended, or_null};

/// A body or a query, as [`request!`](crate::request) declares it.
pub trait Request: Sized {
    /// The fields, in the order of the declaration.
    const FIELDS: &'static [RequestField];

    /// Takes the fields. Everything that is wrong with them is noted in `fields`; a required field that is
    /// absent or wrong leaves nothing to answer with.
    fn take(fields: &mut Fields) -> Option<Self>;

    /// Takes the fields, and refuses the request if anything was wrong with them.
    ///
    /// # Errors
    /// Like [`Fields::finish`].
    fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let read = Self::take(&mut fields);
        fields.finish(|| read)
    }
}

/// A request that is a body, and so has a place among the schemas of the OpenAPI document.
pub trait RequestBody: Request {
    /// The name of the schema in the document.
    const NAME: &'static str;
    /// What the body is, in a sentence for API users.
    const DESCRIPTION: &'static str;

    /// What the document says beyond the fields, such as an example or which fields need each other.
    fn beyond_fields() -> Value;

    /// The schema of the body.
    fn schema() -> Value {
        let fields = Self::FIELDS.iter();
        let properties: Map<_, _> = fields.map(|field| (field.name.to_owned(), field.property())).collect();
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        let required = Self::FIELDS.iter().filter(|field| field.required);
        let required: Vec<&str> = required.map(|field| field.name).collect();
        if !required.is_empty() {
            schema = extended(schema, json!({ "required": required }));
        }
        if !Self::DESCRIPTION.is_empty() {
            schema = extended(schema, json!({ "description": Self::DESCRIPTION }));
        }
        extended(schema, Self::beyond_fields())
    }
}

/// A body for [`Doc::body`](crate::Doc::body).
pub const fn body_of<B: RequestBody>() -> Option<Schema> {
    Some(Schema { name: B::NAME, json: B::schema })
}

/// A field of a request.
#[derive(Clone, Copy)]
pub struct RequestField {
    /// The name of the field on the wire.
    pub name: &'static str,
    /// What the field means, in a sentence for API users.
    pub description: &'static str,
    /// Whether the field must be there.
    pub required: bool,
    /// The schema of its value when it is there.
    pub schema: fn() -> Value,
}

impl RequestField {
    /// The field as a property of a body, where one that may be absent may be `null` as well.
    fn property(&self) -> Value {
        let schema = (self.schema)();
        let schema = if self.required { schema } else { or_null(schema) };
        match self.description {
            "" => schema,
            description => extended(schema, json!({ "description": description })),
        }
    }
}

/// How a field of a request may be absent, by the type that holds it: a plain value must be there, an
/// `Option` is `None` when the field is absent or `null`, and an `Option<Option<_>>` tells the one from the
/// other.
pub trait Presence: Sized {
    /// What is read when the field is there.
    type Value: FromJson;
    /// Whether the field must be there.
    const REQUIRED: bool;

    /// Takes the field.
    fn take(fields: &mut Fields, name: &str) -> Option<Self>;
}

impl<T: FromJson> Presence for T {
    type Value = T;
    const REQUIRED: bool = true;

    fn take(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.required(name)
    }
}

impl<T: FromJson> Presence for Option<T> {
    type Value = T;
    const REQUIRED: bool = false;

    fn take(fields: &mut Fields, name: &str) -> Option<Self> {
        Some(fields.optional(name))
    }
}

impl<T: FromJson> Presence for Option<Option<T>> {
    type Value = T;
    const REQUIRED: bool = false;

    fn take(fields: &mut Fields, name: &str) -> Option<Self> {
        Some(fields.names(name).then(|| fields.optional(name)))
    }
}

/// Declares a body or a query as a struct, a line for each field:
///
/// ```ignore
/// request! {
///     /// A credential to store.
///     pub(crate) struct NewCredential as "NewCredential" {
///         /// How it authenticates.
///         credential_type: CredentialType,
///         /// A provider of the catalog, in any case.
///         #[schema({ "examples": ["sftp"] })]
///         provider: ProviderName,
///         /// When it stops working.
///         expires_at as "expiresAt": Option<OffsetDateTime>,
///     }
///     with json!({ "examples": [{ "provider": "sftp", "credential_type": "api_key" }] });
/// }
/// ```
///
/// From the struct follow the reading ([`Request`]), in which everything wrong is gathered, and the
/// documentation: its comments are the descriptions, the types bring schemas along ([`FromJson`]), and
/// [`Presence`] says what an `Option` means. `as` in the head makes a [`RequestBody`] of that name in the
/// OpenAPI document; `as` at a field gives it another name on the wire; `#[schema]` adds to the schema of its
/// type what the use case asks for besides; `with` adds to the whole.
#[macro_export]
macro_rules! request {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $type:ident $(as $schema:literal)? {
            $( $(#[doc = $doc:literal])* $(#[schema($more:tt)])? $field:ident $(as $wire:literal)?: $value:ty ),+ $(,)?
        }
        $(with $beyond:expr;)?
    ) => {
        $(#[doc = $about])*
        $vis struct $type { $( $(#[doc = $doc])* $vis $field: $value, )+ }

        impl $crate::Request for $type {
            const FIELDS: &'static [$crate::RequestField] = &[ $( $crate::RequestField {
                name: $crate::request!(@name $field $($wire)?),
                description: concat!($($doc),*).trim_ascii(),
                required: <$value as $crate::Presence>::REQUIRED,
                schema: $crate::request!(@schema $value, $($more)?),
            } ),+ ];

            fn take(fields: &mut $crate::Fields) -> Option<Self> {
                $( let $field = $crate::Presence::take(fields, $crate::request!(@name $field $($wire)?)); )+
                Some(Self { $( $field: $field? ),+ })
            }
        }

        $crate::request!(@body $type, [$($schema)?], [$($about),*], [$($beyond)?]);
    };

    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $wire:literal) => { $wire };

    (@schema $value:ty,) => { <<$value as $crate::Presence>::Value as $crate::FromJson>::schema };
    (@schema $value:ty, $more:tt) => {
        || $crate::extended(
            <<$value as $crate::Presence>::Value as $crate::FromJson>::schema(),
            ::serde_json::json!($more),
        )
    };

    (@body $type:ident, [], [$($about:literal),*], []) => {};
    (@body $type:ident, [$schema:literal], [$($about:literal),*], []) => {
        $crate::request!(@body $type, [$schema], [$($about),*], [::serde_json::Value::Null]);
    };
    (@body $type:ident, [$schema:literal], [$($about:literal),*], [$beyond:expr]) => {
        impl $crate::RequestBody for $type {
            const NAME: &'static str = $schema;
            const DESCRIPTION: &'static str = concat!($($about),*).trim_ascii();

            fn beyond_fields() -> ::serde_json::Value {
                $beyond
            }
        }
    };
}
