use std::borrow::Cow;
use std::collections::BTreeMap;

use strongroom_domain::{ConfigValue, Content, CredentialType, Field, Provider, SecretText};
use url::Url;

use crate::steps::HttpTest;
use crate::template::{Choice, Template, TemplatePart, VariableForm};
use crate::{Place, Refusal};

/// The fields of a credential as templates use them. It looks variables up and fills templates.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    provider: &'a Provider,
    kind: CredentialType,
    content: &'a Content,
    choices: &'a BTreeMap<String, Choice>,
    words: &'static Words,
    /// Whether secret fields count as absent.
    public_only: bool,
}

/// The rules for a refused field, which depend on the purpose of the request.
#[derive(Debug)]
struct Words {
    missing: &'static str,
    no_choice: &'static str,
}

const TEST: Words =
    Words { missing: "is needed for a test", no_choice: "is none of the values that have a test" };
const GRANT: Words =
    Words { missing: "is required", no_choice: "is none of the values that this provider takes" };

impl<'a> Values<'a> {
    /// Makes the values for a connection test, with the choices of the test.
    pub fn for_test(
        provider: &'a Provider,
        kind: CredentialType,
        content: &'a Content,
        test: &'a HttpTest,
    ) -> Self {
        Self { provider, kind, content, choices: &test.choices, words: &TEST, public_only: false }
    }

    /// Makes the values for requests to the provider's authorization server, with the choices declared for
    /// it.
    pub fn for_grant(
        provider: &'a Provider,
        kind: CredentialType,
        content: &'a Content,
        choices: &'a BTreeMap<String, Choice>,
    ) -> Self {
        Self { provider, kind, content, choices, words: &GRANT, public_only: false }
    }

    /// Treats the credential as if it had no secret, for requests that appear in logs or in a browser's
    /// history.
    #[must_use]
    pub fn public_only(self) -> Self {
        Self { public_only: true, ..self }
    }

    /// Whether the credential has a value for the field; a default does not count.
    pub fn has(&self, name: &str) -> bool {
        self.secret(name).is_some() || self.content.config.get(name).is_some()
    }

    /// Returns the text of a field, or its default.
    pub fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        if let Some(secret) = self.secret(name) {
            return Some(Cow::Borrowed(secret.expose()));
        }
        match self.content.config.get(name) {
            Some(ConfigValue::Text(text)) => Some(Cow::Borrowed(text)),
            Some(ConfigValue::Integer(number)) => Some(Cow::Owned(number.to_string())),
            Some(ConfigValue::Boolean(truth)) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Some(ConfigValue::List(_)) => None,
            None => {
                let field = self.provider.field(name).filter(|field| field.belongs_to(self.kind))?;
                field.default.as_deref().map(Cow::Borrowed)
            }
        }
    }

    /// Fills a template. Returns `None` when one of its variables is absent.
    ///
    /// # Errors
    /// A field whose value does not fit into the place.
    pub fn fill(&self, template: &Template, place: Place) -> Result<Option<SecretText>, Refusal> {
        let mut pieces: Vec<SecretText> = Vec::with_capacity(template.0.len());
        for part in &template.0 {
            let piece = match part {
                TemplatePart::Literal(text) => place.literal(text),
                TemplatePart::Variable { name, form } => {
                    let Some(value) = self.variable(name)? else { return Ok(None) };
                    let refuse = |rule| Refusal::of(self.decider(name), rule);
                    let value = written(value, *form).map_err(refuse)?;
                    let keep_slashes = *form == VariableForm::KeepSlashes;
                    let follows_slash = pieces.last().is_some_and(|piece| piece.expose().ends_with('/'));
                    let value = match value.strip_prefix('/') {
                        Some(rest) if keep_slashes && follows_slash => rest,
                        _ => &*value,
                    };
                    place.value(value, keep_slashes).map_err(refuse)?
                }
            };
            pieces.push(piece);
        }
        let texts: Vec<&str> = pieces.iter().map(SecretText::expose).collect();
        Ok(Some(SecretText::new(texts.concat())))
    }

    /// Fills a template that must have a value.
    ///
    /// # Errors
    /// The errors of [`Self::fill`], and a refusal for a field that is absent.
    pub fn require(&self, template: &Template, place: Place) -> Result<SecretText, Refusal> {
        self.fill(template, place)?
            .ok_or_else(|| Refusal::missing(self.first_field(template), self.words.missing))
    }

    /// Returns the refusal for a field that is absent.
    pub fn missing(&self, name: &str) -> Refusal {
        Refusal::missing(name, self.words.missing)
    }

    /// Returns a refusal that names the first absent field of a template, or its first field when none is
    /// absent.
    pub fn refuse(&self, template: &Template, rule: &'static str) -> Refusal {
        Refusal::of(self.first_field(template), rule)
    }

    /// Returns the secrets of the credential.
    pub fn secrets(&self) -> impl Iterator<Item = &'a str> {
        let public_only = self.public_only;
        self.content.secret.iter().filter(move |_| !public_only).map(|(_, secret)| secret.expose())
    }

    fn first_field<'n>(&'n self, template: &'n Template) -> &'n str {
        let absent = |name: &&str| matches!(self.variable(name), Ok(None));
        let name = template.variables().find(absent).or_else(|| template.variables().next());
        name.map_or("url", |name| self.decider(name))
    }

    fn secret(&self, name: &str) -> Option<&'a SecretText> {
        self.content.secret.get(name).filter(|_| !self.public_only)
    }

    fn variable(&self, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(choice) = self.choices.get(name) else {
            let value = self.field(name);
            return match self.provider.field(name) {
                // The file may have changed since the credential was stored.
                Some(field) if value.as_ref().is_some_and(|value| !is_choice(field, value)) => {
                    Err(Refusal::of(name, "is none of the values that this provider takes"))
                }
                _ => Ok(value),
            };
        };
        let value = match (self.field(&choice.field), &choice.default) {
            (Some(value), _) => value,
            (None, Some(default)) => Cow::Borrowed(default.as_str()),
            (None, None) => return Ok(None),
        };
        choice
            .text(&value)
            .map(|text| Some(Cow::Borrowed(text)))
            .ok_or_else(|| Refusal::of(&choice.field, self.words.no_choice))
    }

    /// Returns the field from which a variable gets its value.
    fn decider<'n>(&'n self, name: &'n str) -> &'n str {
        self.choices.get(name).map_or(name, |choice| &choice.field)
    }
}

/// Returns the part or spelling of a value that a template asks for.
fn written(value: Cow<'_, str>, form: VariableForm) -> Result<Cow<'_, str>, &'static str> {
    match form {
        VariableForm::Plain | VariableForm::KeepSlashes => Ok(value),
        VariableForm::Hyphens => Ok(Cow::Owned(value.replace('_', "-"))),
        VariableForm::Origin => match Url::parse(&value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                Ok(Cow::Owned(url.origin().ascii_serialization()))
            }
            _ => Err("must be an https URL"),
        },
    }
}

fn is_choice(field: &Field, value: &str) -> bool {
    field.choices.is_empty() || field.choices.iter().any(|choice| choice == value)
}
