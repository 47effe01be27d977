//! Compares a request with the step of the provider file from which it was made.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_declared_http::{HttpBody, HttpMethod, HttpStep, HttpTest, OriginTemplate, Template};
use strongroom_domain::Provider;
use url::form_urlencoded;

use crate::capture::{Choices, Place, Values, capture, merge};
use crate::sigv4::{self, Signed};
use crate::wire::Received;

/// The text that stands for the host in a path when the file takes the origin from a field.
pub(crate) const FIELD_ORIGIN: &str = "-";

/// A step, with the provider and the test that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) test: &'a HttpTest,
    pub(crate) step: &'a HttpStep,
}

/// The values in a request that fits its step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrived {
    /// Fields and choices by name.
    pub(crate) values: Values,
    /// The data of the signature, when the step is signed.
    pub(crate) signed: Option<Signed>,
}

impl Expected<'_> {
    /// Reads the values out of a request to `/<host><path>`.
    ///
    /// # Errors
    /// The difference from the file, without any value.
    pub(crate) fn check(&self, received: &Received, host: &str, path: &str) -> Result<Arrived, String> {
        let mut values = Values::new();
        self.check_target(received, host, path, &mut values)?;
        let query = form_urlencoded::parse(received.query.as_bytes()).into_owned().collect();
        self.check_pairs("query parameter", &self.step.query, query, &mut values)?;
        self.check_headers(received, &mut values)?;
        self.check_basic(received, &mut values)?;
        self.check_body(received, &mut values)?;
        let signed = self.check_signature(received, &values)?;
        Ok(Arrived { values, signed })
    }

    fn check_target(
        &self,
        received: &Received,
        host: &str,
        path: &str,
        values: &mut Values,
    ) -> Result<(), String> {
        if received.method != method(self.step.method) {
            return Err(format!("the method is not {}", method(self.step.method)));
        }
        add(values, target(&self.step.origin, &self.step.path, (host, path), &self.test.choices)?)
    }

    /// Checks the pairs of a query or a form: the pairs of the file must be there, each once, and no others.
    fn check_pairs(
        &self,
        what: &str,
        templates: &[(String, Template)],
        mut pairs: Vec<(String, String)>,
        values: &mut Values,
    ) -> Result<(), String> {
        for (name, template) in templates {
            match pairs.iter().position(|(key, _)| key == name) {
                Some(at) => {
                    let (_, value) = pairs.swap_remove(at);
                    let found = capture(template, &value, Place::Plain, &self.test.choices);
                    add(values, found.ok_or_else(|| format!("{what} `{name}` differs"))?)?;
                }
                None if self.may_be_absent(template) => {}
                None => return Err(format!("{what} `{name}` is missing")),
            }
        }
        if pairs.is_empty() { Ok(()) } else { Err(format!("there is a {what} that the file does not have")) }
    }

    fn check_headers(&self, received: &Received, values: &mut Values) -> Result<(), String> {
        if received.header("host").is_none() {
            return Err("header `host` must be there once".to_owned());
        }
        if received.headers.iter().any(|(name, _)| name == "cookie" || name.starts_with("proxy-")) {
            return Err("a cookie or a header for a proxy was sent".to_owned());
        }
        for (name, template) in &self.step.headers {
            let Some(name) = literal(name) else {
                self.check_named_by_field(name, template, received, values)?;
                continue;
            };
            // Several templates of one header are alternatives for different fields.
            let same =
                |other: &Template| literal(other).is_some_and(|other| other.eq_ignore_ascii_case(&name));
            let mut alternatives = self.step.headers.iter().filter(|(other, _)| same(other));
            match received.header(&name.to_ascii_lowercase()) {
                Some(value) => {
                    let found = alternatives
                        .find_map(|(_, template)| capture(template, value, Place::Plain, &self.test.choices));
                    add(values, found.ok_or_else(|| format!("header `{name}` differs"))?)?;
                }
                None if alternatives.any(|(_, template)| self.may_be_absent(template)) => {}
                None => return Err(format!("header `{name}` is missing, or there twice")),
            }
        }
        Ok(())
    }

    /// Checks a header whose name comes from a field. It is looked for among the headers that no client sends
    /// by itself.
    fn check_named_by_field(
        &self,
        name: &Template,
        value: &Template,
        received: &Received,
        values: &mut Values,
    ) -> Result<(), String> {
        const USUAL: [&str; 6] =
            ["host", "user-agent", "accept", "connection", "content-type", "content-length"];
        let declared = |header: &str| {
            let names = self.step.headers.iter().filter_map(|(name, _)| literal(name));
            names.into_iter().any(|name| name.eq_ignore_ascii_case(header))
        };
        let mut others =
            received.headers.iter().filter(|(name, _)| !USUAL.contains(&name.as_str()) && !declared(name));
        let found = others.find_map(|(_, text)| capture(value, text, Place::Plain, &self.test.choices));
        match found {
            Some(found) => add(values, found),
            None if self.may_be_absent(name) || self.may_be_absent(value) => Ok(()),
            None => Err("a header whose name comes from a field is missing".to_owned()),
        }
    }

    fn check_basic(&self, received: &Received, values: &mut Values) -> Result<(), String> {
        let Some((username, password)) = &self.step.basic else { return Ok(()) };
        let header = received.header("authorization").ok_or("header `authorization` is missing")?;
        let pair = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok());
        let pair = pair.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
        let (user, pass) = pair.ok_or("header `authorization` is not Basic (RFC 7617)")?;
        add(
            values,
            capture(username, user, Place::Plain, &self.test.choices).ok_or("the user name differs")?,
        )?;
        add(
            values,
            capture(password, pass, Place::Plain, &self.test.choices)
                .ok_or("the password has not the file's form")?,
        )
    }

    fn check_body(&self, received: &Received, values: &mut Values) -> Result<(), String> {
        let kind = received.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match &self.step.body {
            HttpBody::None if received.body.is_empty() => Ok(()),
            HttpBody::None => Err("there is a body".to_owned()),
            HttpBody::Json(text) => {
                let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
                match read(&received.body) {
                    _ if !kind.ends_with("json") => Err("the body is not sent as JSON".to_owned()),
                    Some(body) if Some(&body) == read(text.as_bytes()).as_ref() => Ok(()),
                    _ => Err("the JSON body differs".to_owned()),
                }
            }
            HttpBody::Form(_) if kind != "application/x-www-form-urlencoded" => {
                Err("the body is not sent as a form".to_owned())
            }
            HttpBody::Form(templates) => {
                let pairs = form_urlencoded::parse(&received.body).into_owned().collect();
                self.check_pairs("form field", templates, pairs, values)
            }
        }
    }

    fn check_signature(&self, received: &Received, values: &Values) -> Result<Option<Signed>, String> {
        let Some(aws) = &self.step.aws_sigv4 else { return Ok(None) };
        let signed = sigv4::verify(received, sigv4::SECRET)?;
        if signed.service != aws.service {
            return Err("the credential scope names another service".to_owned());
        }
        let region = capture(&aws.region, &signed.region, Place::Plain, &self.test.choices);
        let region = region.ok_or("the credential scope names another region")?;
        add(&mut values.clone(), region)?;
        Ok(Some(signed))
    }

    /// Whether a pair is left out for some of the credentials that the step is for.
    fn may_be_absent(&self, template: &Template) -> bool {
        template.variables().any(|name| {
            let name = self.test.choices.get(name).map_or(name, |choice| choice.field.as_str());
            let defaulted = self.provider.field(name).is_some_and(|field| field.default.is_some());
            let needed = self.step.conditions.needs.iter().any(|needed| needed == name);
            let mut types =
                self.provider.types.iter().filter(|(kind, _)| self.step.conditions.are_for(**kind));
            !defaulted && !needed && types.any(|(_, rules)| !rules.required.iter().any(|field| field == name))
        })
    }
}

/// The values in `<host><path>`, when the text was made with these templates.
pub(crate) fn target(
    origin: &OriginTemplate,
    path_template: &Template,
    (host, path): (&str, &str),
    choices: &Choices,
) -> Result<Values, String> {
    let found = match origin {
        OriginTemplate::Field { .. } => (host == FIELD_ORIGIN).then(Values::new),
        OriginTemplate::Host { host: template, port, .. } => {
            let port = port.map_or_else(String::new, |port| format!(":{port}"));
            host.strip_suffix(&port).and_then(|host| capture(template, host, Place::Path, choices))
        }
    };
    let mut values = found.ok_or("the host differs")?;
    add(&mut values, capture(path_template, path, Place::Path, choices).ok_or("the path differs")?)?;
    Ok(values)
}

/// The spelling of the method in a request line.
pub(crate) const fn method(method: HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Head => "HEAD",
    }
}

fn add(values: &mut Values, found: Values) -> Result<(), String> {
    merge(values, found).map_err(|name| format!("`{name}` has two different values"))
}

/// The text of a template without variables.
fn literal(template: &Template) -> Option<String> {
    use strongroom_declared_http::TemplatePart;
    let parts = template.0.iter().map(|part| match part {
        TemplatePart::Literal(text) => Some(text.as_str()),
        TemplatePart::Variable { .. } => None,
    });
    parts.collect()
}
