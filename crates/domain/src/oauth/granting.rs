//! Turns the answer of a token endpoint into the content of a credential.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::config::PublicConfig;
use crate::content::{Checked, Content, Submission, check_value};
use crate::credential_type::CredentialType;
use crate::json::Json;
use crate::oauth::schedule::{Validity, refresh_at};
use crate::oauth::{ACCESS_TOKEN, OauthServer, REFRESH_TOKEN, TOKEN_EXPIRY};
use crate::provider::{Field, Provider};
use crate::secret::SecretText;
use crate::violation::{Rule, Violation};

const SCOPE: &str = "scope";
const TOKEN_TYPE: &str = "token_type";
/// The longest life of a token that is believed: 10 years of 365 days.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The account that a grant is for, as the provider names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The provider's permanent id of the account, at most 256 characters.
    pub id: String,
    /// A name that a person recognises, such as an e-mail address.
    pub name: Option<String>,
}

/// A successful answer of a token endpoint (RFC 6749, section 5.1).
#[derive(Debug)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: SecretText,
    /// The refresh token, if the answer has one. Without it the old one stays in place (section 6).
    pub refresh_token: Option<SecretText>,
    /// How long the access token lives; unknown when the server does not say it in a usable form.
    pub lifetime: Option<Duration>,
    /// When the access token ends, when the server or the token states a time.
    pub ends_at: Option<OffsetDateTime>,
    /// How long the refresh token lives; unknown when the server does not say it.
    pub refresh_lifetime: Option<Duration>,
    /// The scope that was granted. Without it, the scope is the one that was requested (section 5.1).
    pub scope: Option<String>,
    /// The type of the token, as the server wrote it.
    pub token_type: Option<String>,
    /// Fields that arrived with the token, by their names in the provider file; not yet checked.
    pub fields: BTreeMap<String, String>,
    /// The account, when the answer names it.
    pub account: Option<Account>,
}

/// Content that a grant has filled.
#[derive(Debug)]
pub struct Granted {
    /// The content to store.
    pub content: Content,
    /// When the background refreshes the token; absent when there is no way to do so.
    pub refresh_at: Option<OffsetDateTime>,
    /// Whether less was granted than asked for.
    pub narrowed: bool,
    /// Whether there is a new access token. It is `false` when the token that came breaks a rule.
    pub is_new: bool,
}

impl Granted {
    /// Puts the result of a refresh over other content of the same grant: content in which a caller changed
    /// something beside the tokens while they were refreshed.
    #[must_use]
    pub fn put_over(&self, server: &OauthServer, mut other: Content) -> Content {
        for name in [ACCESS_TOKEN, REFRESH_TOKEN] {
            if let Some(token) = self.content.secret.get(name) {
                other.secret.insert(name, token.duplicate());
            }
        }
        for name in server.response_fields.iter().map(String::as_str).chain([SCOPE, TOKEN_TYPE]) {
            if let Some(value) = self.content.config.get(name) {
                other.config.insert(name, value.clone());
            }
        }
        other.access_token_expires_at = self.content.access_token_expires_at;
        other.grant_expires_at = self.content.grant_expires_at;
        other
    }
}

impl Provider {
    /// Puts the answer for a new grant into `base`, the content that the credential has or that the caller
    /// gave. `requested` is the scope that was asked for. `when` is the present time and the jitter, a number
    /// between 0 and 1.
    ///
    /// # Errors
    /// Fields that arrived with the token and break the rules of the provider file, such as a host that is
    /// not the provider's; fields that had to arrive and did not.
    pub fn take_grant(
        &self,
        kind: CredentialType,
        base: Content,
        response: TokenResponse,
        requested: &str,
        when: (OffsetDateTime, f64),
    ) -> Result<Granted, Vec<Violation>> {
        let (granted, mut violations) = self.take_refresh(kind, base, response, requested, when);
        let content = &granted.content;
        let missing =
            |name: &&String| content.config.get(name).is_none() && content.secret.get(name).is_none();
        let required = self.types.get(&kind).map(|rules| rules.required.as_slice()).unwrap_or_default();
        violations.extend(required.iter().filter(missing).map(|name| Rule::REQUIRED.on(name.as_str())));
        if violations.is_empty() { Ok(granted) } else { Err(violations) }
    }

    /// Takes the answer to a refresh into `base`. The answer is never refused, because the old tokens may be
    /// worth nothing by now. What breaks a rule is left out and returned as a violation. Without a new access
    /// token the old one counts as ended.
    pub fn take_refresh(
        &self,
        kind: CredentialType,
        mut base: Content,
        response: TokenResponse,
        requested: &str,
        (now, jitter): (OffsetDateTime, f64),
    ) -> (Granted, Vec<Violation>) {
        let mut violations = Vec::new();
        // The end of a refresh token that came without one is not known. Without a new token the old one
        // goes on.
        let is_other = |token: &SecretText| {
            base.secret.get(REFRESH_TOKEN).is_none_or(|old| old.expose() != token.expose())
        };
        base.grant_expires_at = match (response.refresh_lifetime, &response.refresh_token) {
            (Some(life), _) => Some(now + life),
            (None, Some(token)) if is_other(token) => None,
            (None, _) => base.grant_expires_at,
        };
        let texts = response.fields.into_iter().map(|(name, text)| (name, SecretText::new(text)));
        let tokens = [(ACCESS_TOKEN.to_owned(), response.access_token)].into_iter();
        let refreshed = response.refresh_token.map(|token| (REFRESH_TOKEN.to_owned(), token));
        for (name, text) in texts.chain(tokens).chain(refreshed) {
            if let Err(rule) = self.put_text(&mut base, kind, &name, text) {
                violations.push(rule.on(name));
            }
        }
        let narrowed = response.scope.as_deref().is_some_and(|granted| is_narrower(granted, requested));
        let granted =
            response.scope.filter(|scope| !scope.is_empty()).unwrap_or_else(|| requested.to_owned());
        for (name, text) in [(SCOPE, Some(granted)), (TOKEN_TYPE, response.token_type)] {
            // A value that does not fit is dropped, because the credential does not need it. The scope of
            // client credentials stays as it is, because the next request asks for it.
            if let Some(text) = text.filter(|text| kind.is_oauth() && !text.is_empty()) {
                self.put_text(&mut base, kind, name, SecretText::new(text)).ok();
            }
        }
        let assumed = self.oauth.as_ref().and_then(|server| server.assumed_lifetime);
        let is_new = violations.iter().all(|violation| violation.field != ACCESS_TOKEN);
        let until = |end: OffsetDateTime| {
            Duration::try_from(end - now)
                .ok()
                .filter(|life| !life.is_zero())
                .map(|life| life.min(LONGEST_LIFE))
        };
        let life = response.lifetime.or_else(|| response.ends_at.and_then(until)).or(assumed);
        let life = if is_new { life } else { Some(Duration::ZERO) };
        let ends_at = life.map(|life| now + life);
        base.access_token_expires_at = ends_at;
        let can_refresh =
            is_new && (kind == CredentialType::ClientCredentials || base.secret.get(REFRESH_TOKEN).is_some());
        let at = |ends_at| refresh_at(Validity { ends_at, issued_at: Some(now) }, now, jitter);
        let refresh_at = ends_at.filter(|_| can_refresh).map(at);
        (Granted { refresh_at, content: base, narrowed, is_new }, violations)
    }

    /// The field of that name, when a caller may give it as a flow begins: a public one that does not arrive
    /// with the token.
    fn input(&self, server: &OauthServer, name: &str) -> Option<&Field> {
        let known =
            self.field(name).filter(|field| field.belongs_to(server.credential_type) && !field.secret);
        let arrives = server.response_fields.contains(name) || server.callback_fields.contains_key(name);
        let of_token = matches!(name, TOKEN_EXPIRY | SCOPE | TOKEN_TYPE);
        let is_input = server.inputs.iter().any(|input| input == name);
        known.filter(|_| !of_token && (!arrives || is_input))
    }

    /// The names of the public fields that a caller may give as a flow begins.
    pub fn inputs_of<'a>(&'a self, server: &'a OauthServer) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().map(|field| field.name.as_str());
        named.filter(|name| self.input(server, name).is_some())
    }

    /// Checks the public fields that a caller gives when a flow begins, such as a tenant.
    ///
    /// # Errors
    /// Every field that is missing, is none that a caller may give here, or breaks its rule.
    pub fn accept_inputs(
        &self,
        server: &OauthServer,
        given: Submission,
    ) -> Result<PublicConfig, Vec<Violation>> {
        let mut content = Content::default();
        let mut violations = Vec::new();
        for (name, value) in given {
            let Some(field) = self.input(server, &name) else {
                violations.push(Rule::fixed("is no field that this provider asks for here").on(name));
                continue;
            };
            let empty = matches!(&value, Json::Text(text) if text.is_empty());
            match check_value(field, value) {
                _ if empty => {}
                Ok(Checked::Public(value)) => content.config.insert(name, value),
                Ok(Checked::Secret(_)) => {}
                Err(rule) => violations.push(rule.on(name)),
            }
        }
        let refused: Vec<_> = violations.iter().map(|violation| violation.field.clone()).collect();
        let missing = |name: &&String| content.config.get(name).is_none() && !refused.contains(name);
        let missing = server.inputs.iter().filter(missing);
        violations.extend(missing.map(|name| Rule::REQUIRED.on(name.as_str())));
        if violations.is_empty() { Ok(content.config) } else { Err(violations) }
    }

    /// Puts a text into the field of that name, when it keeps the field's rules.
    ///
    /// # Errors
    /// The rule that the text breaks, or that credentials of this type have no such field.
    pub fn put_text(
        &self,
        content: &mut Content,
        kind: CredentialType,
        name: &str,
        text: SecretText,
    ) -> Result<(), Rule> {
        let field = self.field(name).filter(|field| field.belongs_to(kind));
        let field = field.ok_or(Rule::fixed("is not a field of this provider and type"))?;
        match check_value(field, Json::Text(text))? {
            Checked::Secret(text) => content.secret.insert(name, text),
            Checked::Public(value) => content.config.insert(name, value),
        }
        Ok(())
    }
}

/// Whether the grant lacks a scope that was requested. Scopes are compared as words, separated by spaces or
/// commas. `offline_access` is not compared: it asks for a refresh token, and several servers do not list it
/// among the granted scopes.
fn is_narrower(granted: &str, requested: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let granted = words(granted);
    words(requested).iter().any(|word| word != "offline_access" && !granted.contains(word))
}
