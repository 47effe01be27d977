//! `GET /integrations/credentials/{credential_id}/credentials`, its alias `…/secrets`, and
//! `GET /integrations/slots/{slot}/credentials`

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use strongroom_application::{Failure, OpenedCredential};
use strongroom_domain::content::TOKEN_EXPIRY;
use strongroom_domain::{Operation, Slot};
use strongroom_http_kit::{Call, Route, ok_secret, timestamp};

use crate::metadata::{PublicValue, tagged};

pub(crate) const ROUTE: Route =
    Route::get("/integrations/credentials/{credential_id}/credentials", Operation::ReadSecrets, |call| {
        Box::pin(handle(call))
    });

pub(crate) const ALIAS: Route =
    Route::get("/integrations/credentials/{credential_id}/secrets", Operation::ReadSecrets, |call| {
        Box::pin(handle(call))
    });

pub(crate) const BY_SLOT: Route =
    Route::get("/integrations/slots/{slot}/credentials", Operation::ReadSecrets, |call| {
        Box::pin(handle_slot(call))
    });

async fn handle(call: Call) -> Result<HttpResponse, Failure> {
    let only = only(&call)?;
    let opened = call.app.read_secret(&call.caller, call.credential_id()?).await?;
    answer(&call, &opened, only)
}

async fn handle_slot(call: Call) -> Result<HttpResponse, Failure> {
    let (slot, only) = (call.path_id("slot", Slot::parse)?, only(&call)?);
    let opened = call.app.read_secret_by_slot(&call.caller, slot).await?;
    answer(&call, &opened, only)
}

/// The fields that `?fields=` asks for; all, without it.
fn only(call: &Call) -> Result<Option<BTreeSet<String>>, Failure> {
    let mut query = call.query();
    let fields: Option<String> = query.optional("fields");
    query.finish(|| Some(fields.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect())))
}

/// `If-None-Match` is decided last: the read is permitted and on record by now.
fn answer(
    call: &Call,
    opened: &OpenedCredential,
    only: Option<BTreeSet<String>>,
) -> Result<HttpResponse, Failure> {
    let version = opened.credential.version;
    if call.none_match(version) {
        return Ok(tagged(HttpResponse::NotModified().finish(), version));
    }
    let body = Opened { opened, only };
    Ok(tagged(ok_secret(StatusCode::OK, &body, body.size_hint())?, version))
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
        1_024 + secret + self.opened.credential.config.to_canonical_json().len() * 2
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
        end.map(timestamp)
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
            map.serialize_entry(TOKEN_EXPIRY, &timestamp(end))?;
        }
        map.end()
    }
}
