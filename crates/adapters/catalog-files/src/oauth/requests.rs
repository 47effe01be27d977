//! Reads what is sent to an authorization server: addresses, parameters and scopes.

use std::collections::BTreeSet;

use strongroom_declared_http::{ClientAuthentication, Endpoint, OriginTemplate, Template, TemplatePart};

use crate::problem::Problems;
use crate::scope::Scope;
use crate::url::{self, UrlKeys};

/// The parameters of RFC 6749 and RFC 7636. The service writes them itself, in the same way for every
/// provider.
const OURS: [&str; 12] = [
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "state",
    "code_challenge",
    "code_challenge_method",
    "code",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "scope",
];

/// A table that declares requests: `[oauth]` or `[oauth.client_credentials]`.
pub(super) struct Requests<'a> {
    pub(super) table: &'static str,
    pub(super) hosts: &'a [String],
    pub(super) scope: Scope<'a>,
}

impl<'a> Requests<'a> {
    /// These requests with more variables, which are no fields and whose values the service knows.
    pub(super) fn with_own(&self, own: &'static [&'static str]) -> Requests<'a> {
        Requests { table: self.table, hosts: self.hosts, scope: self.scope.with_own(own) }
    }

    /// Reads an address.
    pub(super) fn endpoint(&self, name: &str, url: &str, problems: &mut Problems) -> Option<Endpoint> {
        let key = format!("{}.{name}", self.table);
        let keys = UrlKeys { key: &key, url, table: "oauth", hosts: self.hosts, keep_path: false };
        let (origin, path) = url::read(&keys, &self.scope, problems)?;
        let endpoint = Endpoint { origin, path };
        self.check_public(variables_of(&endpoint), &key, problems);
        Some(endpoint)
    }

    /// Reads an address that may be left out.
    pub(super) fn optional_endpoint(
        &self,
        name: &str,
        url: Option<&String>,
        problems: &mut Problems,
    ) -> Option<Endpoint> {
        url.and_then(|url| self.endpoint(name, url, problems))
    }

    /// Reads a template.
    pub(super) fn template(&self, key: &str, text: &str, problems: &mut Problems) -> Option<Template> {
        let template = self.scope.read(text, key, problems)?;
        self.check_public(template.variables(), key, problems);
        Some(template)
    }

    /// Reads a table of parameters. It must not name the parameters that the service writes itself, except
    /// `own`.
    pub(super) fn parameters<'p>(
        &self,
        name: &str,
        pairs: impl IntoIterator<Item = (&'p String, &'p String)>,
        own: Option<&str>,
        problems: &mut Problems,
    ) -> Vec<(String, Template)> {
        let mut read = Vec::new();
        for (parameter, text) in pairs {
            let key = format!("{}.{name}.{parameter}", self.table);
            if parameter == "response_mode" {
                problems.add(key.as_str(), "must not be there: codes come back in the query only");
            } else if own != Some(parameter) && OURS.contains(&parameter.as_str()) {
                problems.add(key.as_str(), "must not be there: it is written for every provider alike");
            } else if !is_parameter(parameter) {
                problems.add(key.as_str(), "must be 1 to 64 characters of `A-Za-z0-9_.-`");
            }
            if let Some(template) = self.template(&key, text, problems) {
                read.push((parameter.clone(), template));
            }
        }
        read
    }

    /// Reads `client_authentication`, which is `basic` unless it says otherwise.
    pub(super) fn client_authentication(
        &self,
        text: Option<&str>,
        problems: &mut Problems,
    ) -> Option<ClientAuthentication> {
        let Some(text) = text else { return Some(ClientAuthentication::Basic) };
        let key = format!("{}.client_authentication", self.table);
        problems.read_text(&key, text, ClientAuthentication::parse)
    }

    fn check_public<'t>(&self, variables: impl Iterator<Item = &'t str>, key: &str, problems: &mut Problems) {
        for name in variables.filter(|name| self.scope.is_secret(name)) {
            problems.add(key, format!("names `{name}`, which is a secret field"));
        }
    }
}

/// Reads `scope_separator`: a space unless the provider wants a comma.
pub(super) fn read_separator(text: Option<String>, problems: &mut Problems) -> String {
    let separator = text.unwrap_or_else(|| " ".to_owned());
    if ![" ", ","].contains(&separator.as_str()) {
        problems.add("oauth.scope_separator", "must be a space or a comma");
    }
    separator
}

/// Reads `scopes`: each is one scope of RFC 6749, section 3.3.
pub(super) fn read_scopes(
    texts: &[String],
    separator: &str,
    requests: &Requests<'_>,
    problems: &mut Problems,
) -> Vec<Template> {
    let mut seen = BTreeSet::new();
    let mut scopes = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let key = format!("oauth.scopes[{at}]");
        let Some(scope) = requests.template(&key, text, problems) else { continue };
        let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') && !separator.contains(c);
        let good = |part: &TemplatePart| match part {
            TemplatePart::Literal(text) => text.chars().all(allowed),
            TemplatePart::Variable { .. } => true,
        };
        if scope.0.is_empty() || !scope.0.iter().all(good) {
            problems.add(
                key.as_str(),
                "must be one scope, without spaces, quotes, backslashes and the separator",
            );
        }
        if !seen.insert(text) {
            problems.add(key.as_str(), format!("repeats `{text}`"));
        }
        scopes.push(scope);
    }
    scopes
}

/// Reads `scope_parameter`: `scope` unless it says otherwise, and none when it is empty.
pub(super) fn read_scope_parameter(
    text: Option<String>,
    scopes: &[Template],
    problems: &mut Problems,
) -> Option<String> {
    const KEY: &str = "oauth.scope_parameter";
    let text = text.unwrap_or_else(|| "scope".to_owned());
    if text.is_empty() {
        if !scopes.is_empty() {
            problems.add(KEY, "must not be empty beside `scopes`, which could not be sent");
        }
        return None;
    }
    if (text != "scope" && OURS.contains(&text.as_str())) || text == "response_mode" || !is_parameter(&text) {
        problems.add(KEY, "must be a parameter of its own, of `A-Za-z0-9_.-`");
    }
    Some(text)
}

/// Whether a text can name a query parameter that comes back with a code. The parameters that come with every
/// code are refused.
pub(super) fn is_callback_parameter(name: &str) -> bool {
    is_parameter(name) && !OURS.contains(&name) && !matches!(name, "iss" | "error" | "error_description")
}

/// The variables of an address.
pub(super) fn variables_of(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    let (host, field) = match &endpoint.origin {
        OriginTemplate::Host { host, .. } => (Some(host), None),
        OriginTemplate::Field { name, .. } => (None, Some(name.as_str())),
    };
    host.into_iter().flat_map(Template::variables).chain(field).chain(endpoint.path.variables())
}

/// Whether a text can name a parameter.
pub(super) fn is_parameter(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}
