//! Turns what a caller sent in `credentials` into what is stored: public config and secret payload.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use url::Url;

use crate::config::{ConfigValue, PublicConfig};
use crate::connection_string::{ConnectionString, parse_host};
use crate::connection_test::HOST_KEY_FINGERPRINT;
use crate::credential_type::CredentialType;
use crate::crm::MASK;
use crate::json::Json;
use crate::oauth::TOKEN_EXPIRY;
use crate::provider::{Field, FieldKind, Provider, TypeRules};
use crate::secret::{SecretPayload, SecretText};
use crate::violation::{Rule, Violation};
use crate::{certificates, host_key, pem, shape, timestamp};

/// The longest value of one field, in bytes.
pub const MAX_VALUE_BYTES: usize = 32 * 1024;
/// The longest value of a public field, in bytes: all texts of a list together. Lists of credentials show
/// public values.
pub const MAX_PUBLIC_BYTES: usize = 4 * 1024;
/// The longest list of certificates, in bytes. The one that AWS publishes for all its regions has 165,407
/// (read in November 2026), and a request body has 256 KiB. Pages of credentials are limited by bytes.
pub const MAX_CERTIFICATES_BYTES: usize = 192 * 1024;

/// The `credentials` object as it was sent. `null` and the empty text count as missing.
pub type Submission = BTreeMap<String, Json>;

/// Checked content of a credential, ready to be sealed.
#[derive(Debug, Default)]
pub struct Content {
    /// Fields that are not secret.
    pub config: PublicConfig,
    /// Fields that are secret.
    pub secret: SecretPayload,
    /// When the access token in the content ends (OAuth types and client credentials).
    pub access_token_expires_at: Option<OffsetDateTime>,
    /// When the refresh token ends; absent when the provider does not say it.
    pub grant_expires_at: Option<OffsetDateTime>,
    /// What the person who submitted the content should know about it, in sentences that begin with the label
    /// of a field. Empty for content that comes from the store.
    pub notes: Vec<String>,
}

impl Provider {
    /// Checks a submission against this provider's fields and splits it into public and secret.
    ///
    /// # Errors
    /// All violations at once, so that a person corrects them in one go. A connection string is parsed only
    /// when there are no others. No violation holds a value.
    pub fn accept(&self, kind: CredentialType, submission: Submission) -> Result<Content, Vec<Violation>> {
        let Some(rules) = self.types.get(&kind) else {
            let taken: Vec<_> = self.types.keys().map(|kind| kind.as_str()).collect();
            let rule = Rule::naming(format!("must be one of: {} for this provider", taken.join(", ")));
            return Err(vec![rule.on("credential_type")]);
        };
        let mut content = Content::default();
        let mut violations = Vec::new();
        let present = |value: &Json| match value {
            Json::Null => false,
            Json::Text(text) => !text.is_empty(),
            _ => true,
        };
        let submission: Submission = submission.into_iter().filter(|(_, value)| present(value)).collect();
        check_presence(rules, &submission, &mut violations);
        for (name, value) in submission {
            match self.field(&name).filter(|field| field.belongs_to(kind)) {
                None => violations.push(Rule::fixed("is not a field of this provider and type").on(name)),
                Some(field) => {
                    if let Err(rule) = content.take(field, kind, value) {
                        violations.push(rule.on(name));
                    }
                }
            }
        }
        if violations.is_empty() { content.expand_connection_string(self) } else { Err(violations) }
    }
}

fn check_presence(rules: &TypeRules, submission: &Submission, violations: &mut Vec<Violation>) {
    let missing = |name: &String| !submission.contains_key(name);
    violations.extend(
        rules.required.iter().filter(|name| missing(name)).map(|name| Rule::REQUIRED.on(name.as_str())),
    );
    // Of several alternatives, the one that is closest to complete decides which fields are reported as
    // missing.
    let lacking =
        rules.any_of.iter().map(|group| group.iter().filter(|name| missing(name)).collect::<Vec<_>>());
    if let Some(closest) = lacking.min_by_key(Vec::len) {
        let rule = || match rules.any_of.as_slice() {
            [_] => Rule::REQUIRED,
            groups => {
                let groups: Vec<_> = groups.iter().map(|group| group.join(" + ")).collect();
                Rule::missing(format!("is required (one of: {})", groups.join("; ")))
            }
        };
        violations.extend(closest.into_iter().map(|name| rule().on(name.as_str())));
    }
}

impl Content {
    /// Returns a second copy, which is wiped on drop like the first.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let mut secret = SecretPayload::default();
        self.secret.iter().for_each(|(name, text)| secret.insert(name, text.duplicate()));
        Self {
            config: self.config.clone(),
            secret,
            access_token_expires_at: self.access_token_expires_at,
            grant_expires_at: self.grant_expires_at,
            notes: self.notes.clone(),
        }
    }

    fn take(&mut self, field: &Field, kind: CredentialType, value: Json) -> Result<(), Rule> {
        if let Json::Text(text) = &value
            && field.kind.is_pem()
        {
            let note = |note: &str| format!("{}: {note}", field.label);
            match field.kind {
                FieldKind::CertificatePem => self.notes.extend(certificates::note(text).map(note)),
                _ => self.notes.extend(pem::note(text).map(note)),
            }
        }
        let value = check_value(field, value)?;
        let has_token = kind.is_oauth() || kind == CredentialType::ClientCredentials;
        if field.kind == FieldKind::Timestamp && field.name == TOKEN_EXPIRY && has_token {
            if let Checked::Public(ConfigValue::Text(text)) = &value {
                self.access_token_expires_at = timestamp::parse(text).ok();
            }
            return Ok(());
        }
        match value {
            Checked::Secret(text) => self.secret.insert(field.name.as_str(), text),
            Checked::Public(value) => self.config.insert(field.name.as_str(), value),
        }
        Ok(())
    }

    /// A connection string takes precedence over the separate fields and fills them.
    fn expand_connection_string(mut self, provider: &Provider) -> Result<Self, Vec<Violation>> {
        let is_string = |field: &&Field| field.kind == FieldKind::PostgresConnectionString;
        let Some(field) = provider.fields.iter().find(is_string) else { return Ok(self) };
        let Some(text) = self.secret.get(&field.name) else { return Ok(self) };
        let parsed =
            ConnectionString::parse(text.expose()).map_err(|rule| vec![rule.on(field.name.as_str())])?;
        self.config.insert("host", ConfigValue::Text(parsed.host));
        self.config.insert("port", ConfigValue::Integer(i64::from(parsed.port.unwrap_or(5432))));
        self.config.insert("database", ConfigValue::Text(parsed.database));
        self.config.insert("username", ConfigValue::Text(parsed.username));
        if let Some(mode) = parsed.sslmode {
            self.config.insert("sslmode", ConfigValue::Text(mode));
        }
        if let Some(password) = parsed.password {
            self.secret.insert("password", password);
        }
        Ok(self)
    }
}

impl Field {
    /// Checks a value by the rules of the field alone, as [`Provider::accept`] does.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self, value: Json) -> Result<(), Rule> {
        match check_value(self, value)? {
            Checked::Secret(text) if self.kind == FieldKind::PostgresConnectionString => {
                ConnectionString::parse(text.expose()).map(drop)
            }
            Checked::Secret(_) | Checked::Public(_) => Ok(()),
        }
    }
}

/// A value that keeps its field's rules.
pub(crate) enum Checked {
    Secret(SecretText),
    Public(ConfigValue),
}

/// Checks a value by the rules of its field.
pub(crate) fn check_value(field: &Field, value: Json) -> Result<Checked, Rule> {
    const TEXT: Rule = Rule::fixed("must be a text");
    let whole = |low: i64, high: i64, rule: Rule, value: &Json| {
        let number = match value {
            Json::Integer(number) => Some(*number),
            Json::Text(text) => decimal(text.expose()),
            _ => None,
        };
        number.filter(|number| (low..=high).contains(number)).ok_or(rule)
    };
    match field.kind {
        FieldKind::Port => {
            let port = whole(1, 65_535, Rule::fixed("must be a port, 1 to 65535"), &value)?;
            Ok(Checked::Public(ConfigValue::Integer(port)))
        }
        FieldKind::Integer => {
            let limit = (1 << 53) - 1;
            let number = whole(-limit, limit, Rule::fixed("must be a whole number"), &value)?;
            Ok(Checked::Public(ConfigValue::Integer(number)))
        }
        FieldKind::Boolean => match value {
            Json::Boolean(truth) => Ok(Checked::Public(ConfigValue::Boolean(truth))),
            _ => Err(Rule::fixed("must be true or false")),
        },
        FieldKind::List => match value {
            Json::Array(items) if items.len() <= 64 => check_list(&items),
            _ => Err(LIST),
        },
        _ => {
            let Json::Text(text) = value else { return Err(TEXT) };
            let text = canonical(field, taken_from_address(field, text))?;
            check_text(field, &text)?;
            if field.secret && text.expose() == MASK {
                return Err(Rule::fixed("must not be the mask that stands for a secret"));
            }
            Ok(match field.secret {
                true => Checked::Secret(text),
                false if field.kind == FieldKind::Host => {
                    Checked::Public(ConfigValue::Text(parse_host(text.expose())?))
                }
                false => Checked::Public(ConfigValue::Text(text.expose().to_owned())),
            })
        }
    }
}

/// The value of a field whose whole address was pasted. A URL that keeps the field's rules stays as it is,
/// and one without TLS is not made one with it.
fn taken_from_address(field: &Field, text: SecretText) -> SecretText {
    let is_plain = || text.expose().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"));
    if field.kind == FieldKind::Url && (is_plain() || check_text(field, &text).is_ok()) {
        return text;
    }
    let value = field.addresses.iter().find_map(|address| address.value_of(text.expose()));
    value.map_or(text, SecretText::new)
}

const LIST: Rule = Rule::fixed("must be a list of at most 64 texts");

fn check_list(items: &[Json]) -> Result<Checked, Rule> {
    let texts = items.iter().map(|item| match item {
        Json::Text(text) => Ok(text),
        _ => Err(LIST),
    });
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let bytes = texts.iter().map(|text| text.len()).sum::<usize>();
    check_length(bytes, MAX_PUBLIC_BYTES)?;
    Ok(Checked::Public(ConfigValue::List(texts.into_iter().map(|text| text.expose().to_owned()).collect())))
}

const TOO_MANY_CERTIFICATES: Rule = Rule::fixed(
    "must be at most 192 KiB; give the certificate of the authority that signed the server's instead of a bundle of all, or leave it out when that is a public one",
);

fn decimal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}

fn check_length(bytes: usize, longest: usize) -> Result<(), Rule> {
    match bytes > longest {
        true => Err(Rule::naming(format!("must be at most {} KiB", longest / 1024))),
        false => Ok(()),
    }
}

/// Returns the one spelling in which a value is kept. All but texts in PEM form and fingerprints of host keys
/// are kept as they are.
fn canonical(field: &Field, text: SecretText) -> Result<SecretText, Rule> {
    match field.kind {
        FieldKind::CertificatePem => Ok(certificates::tidy(&text)),
        FieldKind::PrivateKey => Ok(pem::tidy(&text)),
        FieldKind::Text if field.name == HOST_KEY_FINGERPRINT => {
            host_key::canonical(text.expose()).map(SecretText::new)
        }
        _ => Ok(text),
    }
}

fn check_text(field: &Field, text: &SecretText) -> Result<(), Rule> {
    let several_lines = field.kind.is_pem();
    let longest = match field.kind {
        FieldKind::CertificatePem => MAX_CERTIFICATES_BYTES,
        FieldKind::PrivateKey | FieldKind::PostgresConnectionString => MAX_VALUE_BYTES,
        _ if field.secret => MAX_VALUE_BYTES,
        _ => MAX_PUBLIC_BYTES,
    };
    check_length(text.len(), longest).map_err(|rule| match field.kind {
        FieldKind::CertificatePem => TOO_MANY_CERTIFICATES,
        _ => rule,
    })?;
    let value = text.expose();
    if value.chars().any(|c| c.is_control() && !(several_lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(if several_lines { pem::BINARY } else { shape::control_characters(value) });
    }
    match field.kind {
        FieldKind::CertificatePem => certificates::check(value),
        FieldKind::PrivateKey => pem::check_private_key(value),
        _ => {
            let keeps = |value: &str| check_form(field, value).is_ok();
            check_form(field, value).map_err(|rule| shape::explained(rule, field, value, keeps))
        }
    }
}

/// Checks a text of one line by its field's pattern, choices and kind.
fn check_form(field: &Field, value: &str) -> Result<(), Rule> {
    if field.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(value)) {
        return Err(Rule::fixed("does not have the form that this provider expects"));
    }
    if !field.choices.is_empty() && !field.choices.iter().any(|choice| choice == value) {
        return Err(Rule::naming(format!("must be one of: {}", field.choices.join(", "))));
    }
    match field.kind {
        FieldKind::Host => parse_host(value).map(drop).map_err(|_| HOST),
        FieldKind::Url => check_url(value),
        FieldKind::Timestamp => timestamp::parse(value).map(drop),
        _ => Ok(()),
    }
}

const HOST: Rule = Rule::fixed(
    "must be the name or the IP address of one host, without scheme, port, path, user name and blanks",
);

/// Accepts only URLs that every parser reads alike. Parsers differ on backslashes and on white space around a
/// URL, and the client that uses the URL may have another parser than this check.
fn check_url(value: &str) -> Result<(), Rule> {
    let plain = !value.contains(|c: char| c == '\\' || c.is_whitespace());
    let good = plain
        && Url::parse(value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
        });
    let rule =
        Rule::fixed("must be an http or https URL without userinfo, fragment, white space and backslash");
    if good { Ok(()) } else { Err(rule) }
}
