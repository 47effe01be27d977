//! The variables that a step or an endpoint may use, and which of them are sure to have a value.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_declared_http::{Choice, Template};
use strongroom_domain::{CredentialType, Field, FieldKind};

use crate::names::{Rules, field_of};
use crate::problem::Problems;
use crate::template;

/// What a provider file offers to templates: fields, types and choices.
pub(crate) struct Names<'a> {
    pub(crate) fields: &'a [Field],
    pub(crate) types: &'a Rules,
    pub(crate) choices: &'a BTreeMap<String, Choice>,
}

/// The names that templates may use for credentials of some types.
pub(crate) struct Scope<'a> {
    names: &'a Names<'a>,
    kinds: Vec<CredentialType>,
    needs: &'a [String],
    own: &'static [&'static str],
}

impl<'a> Scope<'a> {
    pub(crate) fn of(names: &'a Names<'a>, types: &BTreeSet<CredentialType>, needs: &'a [String]) -> Self {
        let kinds = names.types.keys().filter(|kind| types.is_empty() || types.contains(kind)).copied();
        Self { names, kinds: kinds.collect(), needs, own: &[] }
    }

    /// This scope with more variables, which are sure to have a value. A field of such a name is used
    /// instead.
    pub(crate) fn with_own(&self, own: &'static [&'static str]) -> Self {
        Self { names: self.names, kinds: self.kinds.clone(), needs: self.needs, own }
    }

    /// Reads a template and checks its variables.
    pub(crate) fn read(&self, text: &str, key: &str, problems: &mut Problems) -> Option<Template> {
        let template = self.read_path(text, key, problems)?;
        if template::keeps_slashes(&template) {
            problems.add(key, "has a `{+…}`, which is only for the path of `url`");
        }
        Some(template)
    }

    /// Reads a template in a place where `{+name}` is allowed.
    pub(crate) fn read_path(&self, text: &str, key: &str, problems: &mut Problems) -> Option<Template> {
        match template::parse(text) {
            Ok(template) => {
                self.check(&template, key, problems);
                Some(template)
            }
            Err(reason) => {
                problems.add(key, reason);
                None
            }
        }
    }

    /// Reports variables that may be absent in a place where a value must be sent.
    pub(crate) fn require(&self, template: &Template, key: &str, problems: &mut Problems) {
        for name in template.variables().filter(|name| self.knows(name) && !self.is_sure(name)) {
            problems.add(
                key,
                format!(
                    "needs `{name}`, which may be absent: require it, give it a default or name it in `needs`"
                ),
            );
        }
    }

    /// Returns the field of this name when every type may have it.
    pub(crate) fn field(&self, name: &str) -> Option<&'a Field> {
        let belongs = |kind: &CredentialType| field_of(self.names.fields, *kind, name).is_some();
        self.names.fields.iter().find(|field| field.name == name && self.kinds.iter().all(belongs))
    }

    /// Whether one of the types may have the field.
    pub(crate) fn some_type_has(&self, name: &str) -> bool {
        self.kinds.iter().any(|kind| field_of(self.names.fields, *kind, name).is_some())
    }

    /// Whether the scope includes credentials of this type.
    pub(crate) fn is_for(&self, kind: CredentialType) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether a variable is a secret field.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.field(name).is_some_and(|field| field.secret)
    }

    /// The values of a variable whose values are all written in the file.
    pub(crate) fn closed_values(&self, name: &str) -> Option<Vec<&'a str>> {
        if let Some(choice) = self.names.choices.get(name) {
            return Some(choice.texts().collect());
        }
        let field = self.field(name)?;
        (!field.choices.is_empty()).then(|| field.choices.iter().map(String::as_str).collect())
    }

    fn check(&self, template: &Template, key: &str, problems: &mut Problems) {
        for name in template.variables() {
            if self.names.choices.contains_key(name) {
                continue;
            }
            match self.field(name) {
                None if self.own.contains(&name) => {}
                None => {
                    problems.add(key, format!("names `{name}`, which is not a field of these types"));
                }
                Some(field) if !is_one_line(field.kind) => {
                    problems.add(key, format!("names `{name}`, whose type is not for templates"));
                }
                Some(_) => {}
            }
        }
        let is_url = |name: &str| self.field(name).is_some_and(|field| field.kind == FieldKind::Url);
        for name in template::origins(template).filter(|name| !is_url(name)) {
            problems.add(key, format!("has `{{{name}.origin}}`, which is only for a field of the type url"));
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.names.choices.contains_key(name) || self.field(name).is_some_and(|field| is_one_line(field.kind))
    }

    fn is_sure(&self, name: &str) -> bool {
        match self.names.choices.get(name) {
            Some(choice) => choice.default.is_some() || self.is_sure_field(&choice.field),
            None => self.is_sure_field(name),
        }
    }

    fn is_sure_field(&self, name: &str) -> bool {
        let required = |kind: &CredentialType| {
            self.names.types.get(kind).is_some_and(|rules| {
                let in_every_group = || rules.any_of.iter().all(|group| group.iter().any(|one| one == name));
                rules.required.iter().any(|one| one == name) || (!rules.any_of.is_empty() && in_every_group())
            })
        };
        let defaulted = || self.field(name).is_some_and(|field| field.default.is_some());
        self.needs.iter().any(|one| one == name) || defaulted() || self.kinds.iter().all(required)
    }
}

/// Whether a template can hold a value of this kind. A key file or a list has no single form in a request.
fn is_one_line(kind: FieldKind) -> bool {
    match kind {
        FieldKind::Text
        | FieldKind::Integer
        | FieldKind::Boolean
        | FieldKind::Port
        | FieldKind::Host
        | FieldKind::Url => true,
        FieldKind::List
        | FieldKind::Timestamp
        | FieldKind::PrivateKey
        | FieldKind::CertificatePem
        | FieldKind::PostgresConnectionString => false,
    }
}
