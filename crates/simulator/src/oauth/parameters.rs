//! The parameters of a request. Each must occur once, and only those of the RFC and of the file are allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use strongroom_declared_http::Template;
use url::form_urlencoded;

use super::{Mistake, Visit};
use crate::capture::{self, capture};

/// Parameters that have not been checked yet.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the parameters of a query or a form.
    pub(super) fn of_form(encoded: &[u8]) -> Result<Self, Mistake> {
        let mut found = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded).into_owned() {
            if found.insert(name, value).is_some() {
                return Err("a parameter is there twice".to_owned());
            }
        }
        Ok(Self(found))
    }

    /// Reads the parameters of a body, which is JSON or a form. The URL must have none.
    pub(super) fn of_body(visit: &Visit<'_>, json: bool) -> Result<Self, Mistake> {
        let received = visit.received;
        if !received.query.is_empty() {
            return Err("there are parameters in the URL".to_owned());
        }
        let kind = received.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !json {
            return match kind {
                "application/x-www-form-urlencoded" => Self::of_form(&received.body),
                _ => Err("the body is not sent as a form".to_owned()),
            };
        }
        let read = serde_json::from_slice::<Map<String, Value>>(&received.body);
        let (true, Ok(members)) = (kind == "application/json", read) else {
            return Err("the body is not sent as a JSON object".to_owned());
        };
        let texts = members.into_iter().map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err("a member of the JSON body is no text".to_owned()),
        });
        texts.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Takes a parameter that must be there and not empty.
    pub(super) fn need(&mut self, name: &str) -> Result<String, Mistake> {
        let found = self.take(name).filter(|value| !value.is_empty());
        found.ok_or_else(|| format!("parameter `{name}` is missing or empty"))
    }

    /// Takes a parameter that must be there and have this value.
    pub(super) fn must_be(&mut self, name: &str, text: &str) -> Result<(), Mistake> {
        if self.need(name)? == text { Ok(()) } else { Err(format!("parameter `{name}` is not {text}")) }
    }

    /// Takes the parameters that the file adds. Several templates of one name are alternatives for different
    /// fields. A parameter with a variable may be absent when its field is absent.
    pub(super) fn must_fit(
        &mut self,
        visit: &Visit<'_>,
        templates: &[(String, Template)],
    ) -> Result<(), Mistake> {
        let names: BTreeSet<_> = templates.iter().map(|(name, _)| name).collect();
        for name in names {
            let same = || templates.iter().filter(|(other, _)| other == name).map(|(_, template)| template);
            let Some(value) = self.take(name) else {
                if same().all(|template| template.variables().next().is_some()) {
                    continue;
                }
                return Err(format!("parameter `{name}` is missing"));
            };
            let choices = visit.choices();
            let fits = |template| capture(template, &value, capture::Place::Plain, choices).is_some();
            if !same().any(fits) {
                return Err(format!("parameter `{name}` differs"));
            }
        }
        Ok(())
    }

    /// Checks that no parameter is left.
    pub(super) fn end(self) -> Result<(), Mistake> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err("there is a parameter that the file does not have".to_owned())
        }
    }
}
