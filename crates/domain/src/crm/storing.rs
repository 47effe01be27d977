//! Splits what a CRM client sent into fields of the provider and a sealed remainder.

use super::plain::is_plain_dsn;
use super::{ACCESS_TOKEN, CrmContent, CrmMapping, DSN, MAX_METADATA_BYTES, METADATA, REFRESH_TOKEN};
use crate::config::ConfigValue;
use crate::content::{Checked, Content, MAX_PUBLIC_BYTES, MAX_VALUE_BYTES, check_value};
use crate::credential_type::CredentialType;
use crate::json::{self, Json};
use crate::oauth::TOKEN_EXPIRY;
use crate::provider::{Field, FieldKind, Provider};
use crate::secret::{SecretPayload, SecretText};
use crate::timestamp;
use crate::violation::{Rule, Violation};

impl CrmContent {
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
        if split.content.secret.bytes() > SecretPayload::MAX_BYTES {
            violations
                .push(Rule::fixed("must be at most 256 KiB as JSON, dsn and tokens included").on(METADATA));
        }
        if violations.is_empty() { Ok((kind, split.content)) } else { Err(violations) }
    }

    /// What is wrong for every provider: texts that are missing or too long, and metadata that are too large
    /// as a whole.
    fn violations(&self) -> Vec<Violation> {
        const LENGTH: Rule = Rule::fixed("must be at most 32 KiB");
        let mut violations = Vec::new();
        for (name, text) in [(DSN, &self.dsn), (ACCESS_TOKEN, &self.access_token)] {
            if text.is_empty() {
                violations.push(Rule::REQUIRED.on(name));
            }
            if is_too_long(text) {
                violations.push(LENGTH.on(name));
            }
        }
        for (name, _) in self.metadata.iter().filter(|(_, value)| value.any_text(&is_too_long)) {
            violations.push(LENGTH.on(format!("{METADATA}.{name}")));
        }
        let sizes =
            self.metadata.iter().map(|(name, value)| (name.len() + value.text_bytes(), value.count()));
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

/// Content while it is split into fields and remainder.
struct Split<'a> {
    provider: &'a Provider,
    mapping: &'a CrmMapping,
    kind: CredentialType,
    content: Content,
    remainder: Vec<(String, Json)>,
}

impl Split<'_> {
    /// Takes a dsn. Returns whether it fills the provider's field: then it is a URL that the provider
    /// accepts, without userinfo, query and fragment. Any other dsn is stored as a secret, as a whole.
    fn take_dsn(&mut self, dsn: SecretText) -> bool {
        let field = self.provider.field(&self.mapping.dsn).filter(|_| is_plain_dsn(dsn.expose()));
        let fits = |field: &Field| check_value(field, Json::Text(dsn.duplicate())).is_ok();
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
            check_value(field, Json::Text(token.duplicate())).map_err(|rule| rule.on(ACCESS_TOKEN))?;
        }
        self.content.secret.insert(name, token);
        Ok(())
    }

    /// Takes one metadata value. It becomes a field where there is one of its name whose rules it keeps;
    /// otherwise it goes into the remainder.
    fn take(&mut self, name: String, value: Json) -> Result<(), Violation> {
        let public = self.mapping.is_public(&name, &value);
        match (self.provider.field(&name), &value) {
            (Some(field), Json::Text(text))
                if field.secret && field.belongs_to(self.kind) && !text.is_empty() =>
            {
                let submitted = Json::Text(text.duplicate());
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
                Ok(value) if value.text_bytes() <= MAX_PUBLIC_BYTES => {
                    self.content.config.insert(name, value)
                }
                _ => self.remainder.push((name, value)),
            },
            _ => self.remainder.push((name, value)),
        }
        Ok(())
    }

    /// Takes a public value into a field. Returns whether the field now holds exactly the value that was
    /// sent.
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
        match check_value(field, value.duplicate()) {
            Ok(Checked::Public(kept)) if Json::from(&kept).says_the_same_as(value) => {
                self.content.config.insert(field.name.as_str(), kept);
                true
            }
            _ => false,
        }
    }
}

fn is_too_long(text: &SecretText) -> bool {
    text.len() > MAX_VALUE_BYTES
}
