//! Turns stored fields into the shape that CRM clients know.

use super::{CrmContent, CrmMapping, DSN, METADATA, Metadata};
use crate::config::ConfigValue;
use crate::credential::Credential;
use crate::json::Json;
use crate::oauth::TOKEN_EXPIRY;
use crate::secret::{SecretPayload, SecretText};
use crate::timestamp;
use crate::violation::Rule;

impl CrmContent {
    /// Puts the content together from a stored credential. The parts that only this shape needs are taken out
    /// of the payload, so that it keeps only fields of the provider.
    ///
    /// # Errors
    /// A sealed remainder that is not a JSON object.
    pub fn of(
        mapping: &CrmMapping,
        credential: &Credential,
        payload: &mut SecretPayload,
    ) -> Result<Self, Rule> {
        let token = mapping.token_field(credential.credential_type);
        let mut metadata = match payload.remove(METADATA) {
            None => Metadata::new(),
            Some(text) => match Json::parse(text.expose().as_bytes())? {
                Json::Object(fields) => fields.into_iter().collect(),
                _ => return Err(Rule::fixed("must be an object")),
            },
        };
        let sealed_dsn = payload.remove(DSN);
        let dsn_fills_field = sealed_dsn.is_none();
        let dsn = sealed_dsn.unwrap_or_else(|| match credential.config.get(&mapping.dsn) {
            Some(ConfigValue::Text(text)) => SecretText::new(text.clone()),
            _ => SecretText::new(String::new()),
        });
        let is_dsn = |name: &str| dsn_fills_field && name == mapping.dsn;
        for (name, value) in credential.config.iter().filter(|(name, _)| !is_dsn(name)) {
            metadata.insert(name.to_owned(), value.into());
        }
        for (name, value) in payload.iter().filter(|(name, _)| *name != token) {
            metadata.insert(name.to_owned(), Json::Text(value.duplicate()));
        }
        show_token_end(credential, &mut metadata);
        let access_token =
            payload.get(token).map_or_else(|| SecretText::new(String::new()), SecretText::duplicate);
        Ok(Self { dsn, access_token, metadata })
    }
}

/// Shows the end of the token: the text that the client sent while it still names the stored end, else the
/// stored end.
fn show_token_end(credential: &Credential, metadata: &mut Metadata) {
    let Some(end) = credential.access_token_expires_at else { return };
    let sent = match metadata.get(TOKEN_EXPIRY) {
        Some(Json::Text(text)) => timestamp::parse(text.expose()).ok(),
        _ => None,
    };
    if sent != Some(end) {
        metadata.insert(TOKEN_EXPIRY.into(), Json::Text(SecretText::new(timestamp::format(end))));
    }
}
