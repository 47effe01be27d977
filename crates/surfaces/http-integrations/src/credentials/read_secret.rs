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
use strongroom_domain::crm::{DSN, METADATA};
use strongroom_domain::oauth::TOKEN_EXPIRY;
use strongroom_domain::{CredentialType, Json, Rule, Slot, timestamp};
use strongroom_http_kit::{
    AnswerBody, Answered, Call, Doc, ETAG, Fault, FromJson, Handle, Refusal, Request, Route, Schema,
    extended, ok_secret, or_null, request, with_etag,
};
use time::OffsetDateTime;

use crate::metadata::{PublicValue, public_value};
use crate::schema;

pub(crate) const ROUTE: Route =
    Route::get("/integrations/credentials/{credential_id}/credentials", &Handle::with(handle), &DOC);

pub(crate) const ALIAS: Route =
    Route::get("/integrations/credentials/{credential_id}/secrets", &Handle::with(handle), &DOC);

pub(crate) const BY_SLOT: Route =
    Route::get("/integrations/slots/{slot}/credentials", &Handle::with(handle_slot), &BY_SLOT_DOC);

const DOC: Doc = Doc {
    query: &[SecretQuery::FIELDS],
    headers: &[schema::IF_NONE_MATCH],
    answer_headers: &[ETAG],
    refusals: &[400, 404, 409, 502],
    ..Doc::new(
        "Reads a secret; an access token that is about to end is refreshed first",
        &[
            Answered {
                status: 200,
                description: "The credential with its secret.",
                body: AnswerBody::One(OPENED),
            },
            Answered {
                status: 304,
                description: "The caller has the present version already.",
                body: AnswerBody::None,
            },
        ],
    )
};

const BY_SLOT_DOC: Doc = Doc { summary: "Reads the secret of a slot's holder", ..DOC };

request! {
    /// Which part of a secret to read, and how long an access token in it must be valid.
    struct SecretQuery {
        /// The fields of `credentials` to answer, separated by commas; all of them when absent.
        fields: Option<String>,
        /// The time in seconds that an access token must still be valid for. A token with less is refreshed
        /// first, as long as a fresh one can have that much.
        min_validity: Option<MinValidity>,
    }
}

/// A time that an access token must still be valid for, at most a day.
pub(crate) struct MinValidity(pub(crate) Duration);

impl MinValidity {
    const MOST: u32 = 86_400;
}

impl FromJson for MinValidity {
    fn from_json(json: Json) -> Result<Self, Fault> {
        match u32::from_json(json)? {
            seconds @ 0..=Self::MOST => Ok(Self(Duration::from_secs(seconds.into()))),
            _ => Err(Rule::fixed("must be at most 86400 seconds").into()),
        }
    }

    fn schema() -> Value {
        extended(u32::schema(), json!({ "maximum": Self::MOST }))
    }
}

async fn handle(call: Call<to::ReadSecrets>) -> Result<HttpResponse, Refusal> {
    let (query, id) = (call.query::<SecretQuery>()?, call.credential_id()?);
    answer(call, Selector::Id(id), query).await
}

async fn handle_slot(call: Call<to::ReadSecrets>) -> Result<HttpResponse, Refusal> {
    let (slot, query) = (call.path_id("slot", Slot::parse)?, call.query::<SecretQuery>()?);
    answer(call, Selector::Slot(slot), query).await
}

/// Reads and answers. `If-None-Match` is compared last, after the read was permitted and put on record.
async fn answer(
    call: Call<to::ReadSecrets>,
    selector: Selector,
    query: SecretQuery,
) -> Result<HttpResponse, Refusal> {
    let min_validity = query.min_validity.map(|seconds| seconds.0);
    let opened = call.app.credentials.read(&call.caller, selector, min_validity).await?;
    let version = opened.credential.version;
    if call.none_match(version) {
        return Ok(with_etag(HttpResponse::NotModified().finish(), version));
    }
    let only = query.fields.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
    let body = Opened { opened: &opened, only };
    Ok(with_etag(ok_secret(StatusCode::OK, &body)?, version))
}

/// A credential with its secret, as the answer shows it.
pub(crate) struct Opened<'a> {
    pub(crate) opened: &'a OpenedCredential,
    /// The fields to show, when the caller named some; else all are shown.
    pub(crate) only: Option<BTreeSet<String>>,
}

impl Opened<'_> {
    fn shows(&self, field: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(field))
    }

    fn expires_at(&self) -> Option<String> {
        let credential = &self.opened.credential;
        let end = match credential.credential_type.is_oauth() {
            true => credential.access_token_expires_at,
            false => credential.ends_at(),
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

/// All fields of a credential, secret and public.
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
            "credential_type": CredentialType::schema(),
            "version": { "type": "integer", "minimum": 1 },
            "expires_at": or_null(OffsetDateTime::schema()),
            "credentials": {
                "type": "object",
                "description": "All fields, secret and public.",
                "properties": {
                    "dsn": { "type": "string", "description": "What clients of the CRM dialect know under this name." },
                    "metadata": { "type": "object", "description": "What clients of the CRM dialect know under this name." },
                },
                "additionalProperties": public_value(),
            },
        },
        "required": ["id", "provider", "credential_type", "version", "expires_at", "credentials"],
    })
}
