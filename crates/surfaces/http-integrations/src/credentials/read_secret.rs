//! `GET /integrations/credentials/{credential_id}/credentials`, its alias `…/secrets`, and
//! `GET /integrations/slots/{slot}/credentials`

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use strongroom_application::{OpenedCredential, Selector, to};
use strongroom_domain::content::TOKEN_EXPIRY;
use strongroom_domain::crm::{DSN, METADATA};
use strongroom_domain::{CrmContent, Rule, Slot, timestamp};
use strongroom_http_kit::{
    Answered, Call, Content, Doc, ETAG, Fields, Handle, Parameter, Refusal, Route, Schema, ok_secret,
    or_null, with_etag,
};

use crate::metadata::{PublicValue, public_value};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::get("/integrations/credentials/{credential_id}/credentials", &Handle::with(handle), &DOC);

pub(crate) const ALIAS: Route =
    Route::get("/integrations/credentials/{credential_id}/secrets", &Handle::with(handle), &DOC);

pub(crate) const BY_SLOT: Route =
    Route::get("/integrations/slots/{slot}/credentials", &Handle::with(handle_slot), &BY_SLOT_DOC);

const DOC: Doc = Doc {
    query: &[
        Parameter {
            name: "fields",
            description: "Only these fields of `credentials`, with commas between them.",
            schema: || json!({ "type": "string" }),
        },
        schema::MIN_VALIDITY,
    ],
    headers: &[schema::IF_NONE_MATCH],
    answer_headers: &[ETAG],
    refusals: &[400, 404, 409, 502],
    ..Doc::new(
        "Reads a secret; an access token that is about to end is refreshed first",
        &[
            Answered { status: 200, description: "The secret.", content: Content::One(OPENED) },
            Answered { status: 304, description: "The caller has this version.", content: Content::None },
        ],
    )
};

const BY_SLOT_DOC: Doc = Doc { summary: "Reads the secret of a slot's holder", ..DOC };

async fn handle(call: Call<to::ReadSecrets>) -> Result<HttpResponse, Refusal> {
    let asked = asked(&call)?;
    let selector = Selector::Id(call.credential_id()?);
    let opened = call.app.credentials.read(&call.caller, selector, asked.min_validity).await?;
    answer(&call, &opened, asked.only)
}

async fn handle_slot(call: Call<to::ReadSecrets>) -> Result<HttpResponse, Refusal> {
    let (slot, asked) = (call.path_id("slot", Slot::parse)?, asked(&call)?);
    let opened = call.app.credentials.read(&call.caller, Selector::Slot(slot), asked.min_validity).await?;
    answer(&call, &opened, asked.only)
}

/// What the query says.
struct Asked {
    /// The only fields to show; all, when absent.
    only: Option<BTreeSet<String>>,
    min_validity: Option<Duration>,
}

fn asked<O>(call: &Call<O>) -> Result<Asked, Refusal> {
    let mut query = call.query();
    let fields: Option<String> = query.optional("fields");
    let min_validity = min_validity(&mut query);
    let only = fields.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
    query.finish(|| Some(Asked { only, min_validity }))
}

/// How much life a token must have, at most a day.
pub(crate) fn min_validity(fields: &mut Fields) -> Option<Duration> {
    let seconds: u32 = fields.optional("min_validity")?;
    if seconds > 86_400 {
        fields.broken("min_validity", Rule::fixed("must be at most 86400 seconds"));
    }
    Some(Duration::from_secs(seconds.into()))
}

/// `If-None-Match` is decided last: the read is permitted and on record by now.
fn answer<O>(
    call: &Call<O>,
    opened: &OpenedCredential,
    only: Option<BTreeSet<String>>,
) -> Result<HttpResponse, Refusal> {
    let version = opened.credential.version;
    if call.none_match(version) {
        return Ok(with_etag(HttpResponse::NotModified().finish(), version));
    }
    let body = Opened { opened, only };
    Ok(with_etag(ok_secret(StatusCode::OK, &body, body.size_hint())?, version))
}

/// A credential with its secret, as it leaves.
pub(crate) struct Opened<'a> {
    pub(crate) opened: &'a OpenedCredential,
    /// The only fields to show, when the caller named some.
    pub(crate) only: Option<BTreeSet<String>>,
}

impl Opened<'_> {
    /// An upper bound of the body's size: JSON writes a byte with at most six.
    pub(crate) fn size_hint(&self) -> usize {
        let secret: usize =
            self.opened.secret.iter().map(|(name, value)| name.len() + value.len() * 6 + 8).sum();
        let crm = self.opened.crm.as_ref().map_or(0, CrmContent::max_written_bytes);
        1_024 + secret + crm + self.opened.credential.config.to_canonical_json().len() * 2
    }

    fn shows(&self, field: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(field))
    }

    fn expires_at(&self) -> Option<String> {
        let credential = &self.opened.credential;
        let end = match credential.credential_type.is_oauth() {
            true => credential.access_token_expires_at,
            false => credential.expires_at,
        };
        end.map(timestamp::format)
    }
}

impl Serialize for Opened<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let credential = &self.opened.credential;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &credential.id.to_string())?;
        map.serialize_entry("provider", credential.provider.as_str())?;
        map.serialize_entry("credential_type", credential.credential_type.as_str())?;
        map.serialize_entry("version", &credential.version)?;
        map.serialize_entry("expires_at", &self.expires_at())?;
        map.serialize_entry("credentials", &Values(self))?;
        map.end()
    }
}

/// All fields, secret and public.
struct Values<'a>(&'a Opened<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let credential = &self.0.opened.credential;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in credential.config.iter().filter(|(name, _)| self.0.shows(name)) {
            map.serialize_entry(name, &PublicValue(value))?;
        }
        for (name, value) in self.0.opened.secret.iter().filter(|(name, _)| self.0.shows(name)) {
            map.serialize_entry(name, value.expose())?;
        }
        let token_end = credential.access_token_expires_at.filter(|_| self.0.shows(TOKEN_EXPIRY));
        if let Some(end) = token_end {
            map.serialize_entry(TOKEN_EXPIRY, &timestamp::format(end))?;
        }
        if let Some(content) = &self.0.opened.crm {
            if self.0.shows(DSN) {
                map.serialize_entry(DSN, content.dsn.expose())?;
            }
            if self.0.shows(METADATA) {
                map.serialize_entry(METADATA, &content.expose_metadata())?;
            }
        }
        map.end()
    }
}

pub(crate) const OPENED: Schema = Schema { name: "OpenedCredential", json: opened_credential };

fn opened_credential() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "provider": { "type": "string" },
            "credential_type": schema::credential_type(),
            "version": { "type": "integer", "minimum": 1 },
            "expires_at": or_null(schema::moment()),
            "credentials": {
                "type": "object",
                "description": "All fields, secret and public.",
                "properties": {
                    "dsn": { "type": "string", "description": "As CRM clients know it." },
                    "metadata": { "type": "object", "description": "As CRM clients know it." },
                },
                "additionalProperties": public_value(),
            },
        },
        "required": ["id", "provider", "credential_type", "version", "expires_at", "credentials"],
    })
}
