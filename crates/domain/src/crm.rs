//! The shape in which CRM clients know a credential: a destination, a token and free metadata.
//!
//! What they send is stored as fields of the provider wherever it is one, so that the other dialects, tests
//! and refreshes find it there. What is no field, or does not keep the field's rules, is kept beside them in
//! a sealed remainder, and the whole is put together again on the way out.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::config::ConfigValue;
use crate::content::{Checked, Content, MAX_VALUE_BYTES, SubmittedValue, TOKEN_EXPIRY, check_value};
use crate::credential::Credential;
use crate::json::{self, Json};
use crate::provider::{CredentialType, Field, FieldKind, Provider};
use crate::secret::{SecretPayload, SecretText};
use crate::timestamp;
use crate::violation::{Rule, Violation};

/// What stands where a secret is not shown. No value may contain it, so that one that was read masked is
/// never written back.
pub const MASK: &str = "********";

/// The longest metadata, as JSON, in bytes.
pub const MAX_METADATA_BYTES: usize = 256 * 1024;

/// The field of a payload that holds a dsn which is no plain URL. No provider may have a field of that name.
pub const DSN: &str = "dsn";
/// The field of a payload that holds, as JSON, the metadata that fill no field. Reserved like [`DSN`].
pub const METADATA: &str = "metadata";

const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";

/// How a provider's fields appear to CRM clients: `[dialects.crm]` of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmMapping {
    /// The public URL field that `dsn` fills.
    pub dsn: String,
    /// The secret field that `access_token` fills when the credential is an `api_key`.
    pub token: String,
    /// Metadata that are not secret; everything else is.
    pub public_metadata: BTreeSet<String>,
    /// Metadata that decide where the secret is sent.
    pub destination_metadata: BTreeSet<String>,
}

impl CrmMapping {
    fn token_field(&self, kind: CredentialType) -> &str {
        if kind.is_oauth() { ACCESS_TOKEN } else { &self.token }
    }
}

/// Free metadata by name.
pub type Metadata = BTreeMap<String, Json>;

/// A credential as CRM clients know it.
#[derive(Debug)]
pub struct CrmContent {
    /// Where the CRM is.
    pub dsn: SecretText,
    /// What opens it.
    pub access_token: SecretText,
    /// Everything else.
    pub metadata: Metadata,
}

/// The fields that an update sends; absent ones stay.
#[derive(Debug, Default)]
pub struct CrmPatch {
    /// A new destination.
    pub dsn: Option<SecretText>,
    /// A new token.
    pub access_token: Option<SecretText>,
    /// A JSON Merge Patch (RFC 7396) of the metadata.
    pub metadata: Option<Metadata>,
}

impl CrmPatch {
    /// Whether nothing is sent.
    pub const fn is_empty(&self) -> bool {
        self.dsn.is_none() && self.access_token.is_none() && self.metadata.is_none()
    }

    /// Every value that contains the mask: somebody has read it masked and sends it back.
    pub fn masks(&self) -> Vec<Violation> {
        masks(self.dsn.as_ref(), self.access_token.as_ref(), self.metadata.as_ref())
    }
}

impl CrmContent {
    /// Every value that contains the mask: somebody has read it masked and sends it back.
    pub fn masks(&self) -> Vec<Violation> {
        masks(Some(&self.dsn), Some(&self.access_token), Some(&self.metadata))
    }

    /// Puts a stored credential together, and takes what only this shape needs out of the payload, so that
    /// fields of the provider are left there.
    ///
    /// # Errors
    /// A sealed remainder that is not what was written.
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

    /// Splits new content into fields of the provider and a sealed remainder.
    ///
    /// The credential is an `oauth2` grant when the metadata hold a refresh token, else an `api_key`.
    ///
    /// # Errors
    /// Every violation; none holds a value.
    pub fn into_content(
        self,
        provider: &Provider,
        mapping: &CrmMapping,
    ) -> Result<(CredentialType, Content), Vec<Violation>> {
        let mut violations = self.violations();
        let kind = match self.metadata.get(REFRESH_TOKEN) {
            Some(Json::Text(text)) if !text.is_empty() => CredentialType::Oauth2,
            _ => CredentialType::ApiKey,
        };
        let mut split = Split { provider, mapping, kind, content: Content::default(), remainder: Vec::new() };
        let dsn_fills_field = split.take_dsn(self.dsn);
        for (name, value) in self.metadata {
            let filled = name == mapping.token_field(kind) || (dsn_fills_field && name == mapping.dsn);
            match filled {
                true => split.remainder.push((name, value)),
                false => violations.extend(split.take(name, value).err()),
            }
        }
        violations.extend(split.take_token(self.access_token).err());
        let remainder = Json::Object(split.remainder);
        if !matches!(&remainder, Json::Object(fields) if fields.is_empty()) {
            match remainder.to_text() {
                Ok(text) => split.content.secret.insert(METADATA, text),
                Err(rule) => violations.push(rule.on(METADATA)),
            }
        }
        if violations.is_empty() { Ok((kind, split.content)) } else { Err(violations) }
    }

    /// Applies an update.
    ///
    /// The destination is the whole `dsn` and the metadata that the provider file marks so. With another
    /// destination the stored secrets are dropped, unless they are sent again: nobody can have a secret that
    /// they do not know sent to a place of their choice.
    ///
    /// # Errors
    /// Another destination without a token.
    pub fn merge(self, patch: &CrmPatch, mapping: &CrmMapping) -> Result<Self, Violation> {
        let moved = self.is_moved_by(patch, mapping);
        if moved && patch.access_token.is_none() {
            let rule = Rule::fixed("field is required when dsn or another destination changes");
            return Err(rule.on(ACCESS_TOKEN));
        }
        let mut metadata = self.metadata;
        metadata.retain(|name, _| !moved || mapping.public_metadata.contains(name));
        if let Some(patch) = &patch.metadata {
            let fields = patch.iter().map(|(name, value)| (name.as_str(), value));
            metadata = json::merge_fields(metadata.into_iter().collect(), fields).into_iter().collect();
        }
        let or = |new: &Option<SecretText>, old: SecretText| new.as_ref().map_or(old, SecretText::duplicate);
        Ok(Self {
            dsn: or(&patch.dsn, self.dsn),
            access_token: or(&patch.access_token, self.access_token),
            metadata,
        })
    }

    fn is_moved_by(&self, patch: &CrmPatch, mapping: &CrmMapping) -> bool {
        let other_dsn = patch.dsn.as_ref().is_some_and(|dsn| dsn.expose() != self.dsn.expose());
        let sent = patch.metadata.iter().flatten();
        let mut destinations = sent.filter(|(name, _)| mapping.destination_metadata.contains(*name));
        other_dsn
            || destinations.any(|(name, new)| match (self.metadata.get(name), new) {
                (None, Json::Null) => false,
                (None, _) => true,
                (Some(old), new) => !old.says_the_same_as(new),
            })
    }

    /// The same with the mask in place of every secret: the token, what of the dsn may hold one, and every
    /// metadata value that the provider file does not name as public, leaf by leaf.
    #[must_use]
    pub fn masked(self, mapping: &CrmMapping) -> Self {
        let metadata =
            self.metadata.into_iter().map(|(name, value)| match mapping.public_metadata.contains(&name) {
                true => (name, without_userinfo(value)),
                false => (name, masked(value)),
            });
        Self {
            dsn: SecretText::new(masked_dsn(self.dsn.expose())),
            access_token: SecretText::new(MASK.to_owned()),
            metadata: metadata.collect(),
        }
    }

    /// What is wrong whatever the provider: texts that are missing, texts and wholes that are too long.
    fn violations(&self) -> Vec<Violation> {
        const LENGTH: Rule = Rule::fixed("must be at most 32 KiB");
        let mut violations = Vec::new();
        for (name, text) in [(DSN, &self.dsn), (ACCESS_TOKEN, &self.access_token)] {
            if text.is_empty() {
                violations.push(Rule::fixed("field is required").on(name));
            }
            if is_too_long(text) {
                violations.push(LENGTH.on(name));
            }
        }
        for (name, _) in self.metadata.iter().filter(|(_, value)| value.any_text(&is_too_long)) {
            violations.push(LENGTH.on(format!("{METADATA}.{name}")));
        }
        let sizes =
            self.metadata.iter().map(|(name, value)| (name.len() + value.length() + 4, value.count()));
        let (bytes, values) = sizes.fold((0, 1), |(bytes, values), (b, v)| (bytes + b, values + v));
        let wide = self.metadata.len() > json::MAX_FIELDS || self.metadata.values().any(Json::is_too_wide);
        let deep = self.metadata.values().any(|value| value.depth() >= json::MAX_DEPTH - 1);
        if bytes > MAX_METADATA_BYTES || values > json::MAX_VALUES || wide || deep {
            const RULE: Rule =
                Rule::fixed("must be at most 256 KiB with 4096 values, 64 fields in an object and 30 levels");
            violations.push(RULE.on(METADATA));
        }
        violations
    }
}

/// The end of the token as it was sent, as long as it is the one that holds.
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

/// Content on its way from one shape to the other.
struct Split<'a> {
    provider: &'a Provider,
    mapping: &'a CrmMapping,
    kind: CredentialType,
    content: Content,
    remainder: Vec<(String, Json)>,
}

impl Split<'_> {
    /// Takes a dsn, and tells whether it fills the provider's field: a URL of the provider without userinfo
    /// and query. Any other one is secret as a whole.
    fn take_dsn(&mut self, dsn: SecretText) -> bool {
        let plain = Url::parse(dsn.expose()).is_ok_and(|url| url.query().is_none());
        let field = self.provider.field(&self.mapping.dsn).filter(|_| plain);
        let fits = |field: &Field| check_value(field, SubmittedValue::Text(dsn.duplicate())).is_ok();
        if field.is_some_and(fits) {
            self.content.config.insert(self.mapping.dsn.as_str(), ConfigValue::Text(dsn.expose().to_owned()));
            return true;
        }
        self.content.secret.insert(DSN, dsn);
        false
    }

    fn take_token(&mut self, token: SecretText) -> Result<(), Violation> {
        let name = self.mapping.token_field(self.kind);
        if let Some(field) = self.provider.field(name) {
            check_value(field, SubmittedValue::Text(token.duplicate()))
                .map_err(|rule| rule.on(ACCESS_TOKEN))?;
        }
        self.content.secret.insert(name, token);
        Ok(())
    }

    /// Takes one metadata value: as a field where it is one and keeps its rules, else into the remainder.
    fn take(&mut self, name: String, value: Json) -> Result<(), Violation> {
        let public = self.mapping.public_metadata.contains(&name) && !value.any_text(&has_userinfo);
        match (self.provider.field(&name), &value) {
            (Some(field), Json::Text(text))
                if field.secret && field.belongs_to(self.kind) && !text.is_empty() =>
            {
                let submitted = SubmittedValue::Text(text.duplicate());
                check_value(field, submitted).map_err(|rule| rule.on(format!("{METADATA}.{name}")))?;
                self.content.secret.insert(name, text.duplicate());
            }
            (Some(field), _) if public => {
                let kept = self.take_public(field, &value);
                if !kept {
                    self.remainder.push((name, value));
                }
            }
            (None, _) if public => match ConfigValue::try_from(&value) {
                Ok(value) => self.content.config.insert(name, value),
                Err(_) => self.remainder.push((name, value)),
            },
            _ => self.remainder.push((name, value)),
        }
        Ok(())
    }

    /// Tells whether a public value is now a field, letter by letter.
    fn take_public(&mut self, field: &Field, value: &Json) -> bool {
        if let Json::Text(text) = value {
            if text.is_empty() {
                return false;
            }
            if field.kind == FieldKind::Timestamp && field.name == TOKEN_EXPIRY && self.kind.is_oauth() {
                self.content.access_token_expires_at = timestamp::parse(text.expose()).ok();
                return false;
            }
        }
        match check_value(field, value.duplicate().into()) {
            Ok(Checked::Public(kept)) if Json::from(&kept).says_the_same_as(value) => {
                self.content.config.insert(field.name.as_str(), kept);
                true
            }
            _ => false,
        }
    }
}

fn masks(
    dsn: Option<&SecretText>,
    access_token: Option<&SecretText>,
    metadata: Option<&Metadata>,
) -> Vec<Violation> {
    const RULE: Rule = Rule::fixed("must not contain the mask that stands for a secret");
    let is_mask = |text: &SecretText| text.expose().contains(MASK);
    let mut places: Vec<String> = Vec::new();
    for (name, text) in [(DSN, dsn), (ACCESS_TOKEN, access_token)] {
        places.extend(text.filter(|text| is_mask(text)).map(|_| name.to_owned()));
    }
    let masked = metadata.into_iter().flatten().filter(|(_, value)| value.any_text(&is_mask));
    places.extend(masked.map(|(name, _)| format!("{METADATA}.{name}")));
    places.into_iter().map(|place| RULE.on(place)).collect()
}

fn is_too_long(text: &SecretText) -> bool {
    text.len() > MAX_VALUE_BYTES
}

fn masked(value: Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.into_iter().map(masked).collect()),
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (name, masked(value))).collect())
        }
        _ => Json::Text(SecretText::new(MASK.to_owned())),
    }
}

/// A URL with a password in it is no public value, whatever its name.
fn has_userinfo(text: &SecretText) -> bool {
    Url::parse(text.expose()).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn without_userinfo(value: Json) -> Json {
    match value {
        Json::Text(text) if has_userinfo(&text) => Json::Text(SecretText::new(masked_dsn(text.expose()))),
        Json::Array(items) => Json::Array(items.into_iter().map(without_userinfo).collect()),
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (name, without_userinfo(value))).collect())
        }
        other => other,
    }
}

/// Scheme, host, port and path of a URL; a dsn that is no URL with a host is masked whole.
fn masked_dsn(dsn: &str) -> String {
    let url = Url::parse(dsn).ok().filter(|url| url.has_host() && !url.cannot_be_a_base());
    let Some(url) = url else { return MASK.to_owned() };
    let userinfo = !url.username().is_empty() || url.password().is_some();
    if !userinfo && url.query().is_none() && url.fragment().is_none() {
        return dsn.to_owned();
    }
    let userinfo = if userinfo { format!("{MASK}@") } else { String::new() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let mut shown = format!("{}://{userinfo}{host}{port}{}", url.scheme(), url.path());
    for (mark, part) in [('?', url.query()), ('#', url.fragment())] {
        if part.is_some() {
            shown.push(mark);
            shown.push_str(MASK);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
