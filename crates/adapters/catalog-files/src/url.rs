//! Reads an address and `hosts`: where a secret may be sent.

use strongroom_declared_http::{OriginTemplate, Template, TemplatePart};
use strongroom_domain::FieldKind;

use crate::problem::Problems;
use crate::scope::Scope;
use crate::template;

/// The keys of a table that describe an address: `url` (or another name), `hosts` and `keep_path`.
pub(crate) struct UrlKeys<'a> {
    /// The full name of the key that holds the address.
    pub(crate) key: &'a str,
    pub(crate) url: &'a str,
    /// The table in which `hosts` and `keep_path` stand.
    pub(crate) table: &'a str,
    pub(crate) hosts: &'a [String],
    pub(crate) keep_path: bool,
}

/// Reads an address. Returns `None` when the URL does not have the right form.
pub(crate) fn read(
    keys: &UrlKeys<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<(OriginTemplate, Template)> {
    let (origin, path) = match split(keys.url) {
        Ok((plain_http, authority, path)) => {
            if keys.keep_path {
                problems
                    .add(format!("{}.keep_path", keys.table), "is only for an url that begins with a field");
            }
            (written(plain_http, authority, keys, scope, problems), path)
        }
        Err(None) => {
            let end = keys.url.find('}').map_or(keys.url.len(), |end| end + 1);
            let (field, path) = keys.url.split_at(end);
            (of_field(field, keys, scope, problems), path)
        }
        Err(Some(reason)) => {
            problems.add(keys.key, reason);
            return None;
        }
    };
    let path = read_path(path, keys.key, scope, problems);
    Some((origin?, path?))
}

/// Splits a URL: whether it is plain HTTP, the authority, and the rest. Returns `Err(None)` for a URL that
/// begins with a field.
fn split(url: &str) -> Result<(bool, &str, &str), Option<&'static str>> {
    let (plain_http, rest) = if let Some(rest) = url.strip_prefix("https://") {
        (false, rest)
    } else if let Some(rest) = url.strip_prefix("http://") {
        (true, rest)
    } else if url.starts_with('{') {
        return Err(None);
    } else {
        return Err(Some("must begin with `https://` or with a field in braces"));
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(Some("must not have a user name or a password"));
    }
    Ok((plain_http, authority, path))
}

fn written(
    plain_http: bool,
    authority: &str,
    keys: &UrlKeys<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<OriginTemplate> {
    let (host, port) = match authority.rsplit_once(':') {
        None => (authority, None),
        Some((host, port)) => match port.parse().ok().filter(|port| *port != 0) {
            Some(port) => (host, Some(port)),
            None => {
                problems.add(keys.key, "must have a port of digits, 1 to 65535, or none");
                return None;
            }
        },
    };
    let host = scope.read(host, keys.key, problems)?;
    scope.require(&host, keys.key, problems);
    let literal_is_good = |part: &TemplatePart| match part {
        TemplatePart::Literal(text) => {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        }
        TemplatePart::Variable { .. } => true,
    };
    if host.0.is_empty() || !host.0.iter().all(literal_is_good) {
        problems.add(keys.key, "must name a host in characters of `a-z0-9-.`");
        return None;
    }
    let hosts = written_hosts(&host, keys, scope, problems);
    Some(OriginTemplate::Host { plain_http, host, port, hosts })
}

/// Returns the hosts that the filled template may have: those that `hosts` lists, or none when the file alone
/// decides the host, or else the literal end of the host.
fn written_hosts(
    host: &Template,
    keys: &UrlKeys<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    let hosts = read_hosts(keys, problems);
    let mut open = Vec::new();
    for name in host.variables() {
        match scope.closed_values(name) {
            Some(values) => {
                if let Some(bad) = values.into_iter().find(|value| !are_labels(value)) {
                    problems.add(
                        keys.key,
                        format!("has `{name}`, whose value `{bad}` is no part of a host name"),
                    );
                }
            }
            None if scope
                .field(name)
                .is_some_and(|field| !matches!(field.kind, FieldKind::Text | FieldKind::Host)) =>
            {
                problems.add(keys.key, format!("has `{name}`, whose type is not for a host name"));
            }
            None => open.push(name),
        }
    }
    if let Some(text) = host.as_literal() {
        if !are_labels(text) {
            problems.add(keys.key, "must name a host");
        } else if !hosts.is_empty() && !hosts.iter().any(|allowed| admits(allowed, text)) {
            problems.add(format!("{}.hosts", keys.table), format!("must admit the host of {}", keys.key));
        }
        return hosts;
    }
    if !keys.hosts.is_empty() || open.is_empty() {
        return hosts;
    }
    let Some(TemplatePart::Literal(end)) = host.0.last() else {
        problems.add(
            keys.key,
            format!("must not end its host with `{}` unless `hosts` says what it may be", open.join("`, `")),
        );
        return hosts;
    };
    match end.find('.').and_then(|dot| end.get(dot..)).filter(|suffix| is_suffix(suffix)) {
        Some(suffix) => vec![suffix.to_owned()],
        None => {
            problems.add(keys.key, "must end its host with a dot and at least two labels, or have `hosts`");
            hosts
        }
    }
}

fn of_field(
    field: &str,
    keys: &UrlKeys<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<OriginTemplate> {
    let template = scope.read(field, keys.key, problems)?;
    scope.require(&template, keys.key, problems);
    let Some(name) = template::sole_variable(&template) else {
        problems.add(keys.key, "must begin with `https://` or with a field in braces");
        return None;
    };
    if scope.field(name).is_some_and(|field| field.kind != FieldKind::Url) {
        problems.add(keys.key, format!("begins with `{name}`, which is not a field of the type url"));
    }
    if keys.hosts.is_empty() {
        problems.add(format!("{}.hosts", keys.table), "must say what the host of the field may be");
    }
    let hosts = read_hosts(keys, problems);
    Some(OriginTemplate::Field { name: name.to_owned(), keep_path: keys.keep_path, hosts })
}

/// Reads `hosts` into the form that requests use, which is empty for `["*"]`.
fn read_hosts(keys: &UrlKeys<'_>, problems: &mut Problems) -> Vec<String> {
    if keys.hosts == ["*"] {
        return Vec::new();
    }
    let mut hosts = Vec::new();
    for text in keys.hosts {
        let host = text.strip_prefix('*').unwrap_or(text);
        let good = if host.len() < text.len() { is_suffix(host) } else { are_labels(host) };
        if good {
            hosts.push(host.to_owned());
        } else {
            let rule =
                "is neither a host name in lower case, nor `*.` and at least two labels, nor `*` alone";
            problems.add(format!("{}.hosts", keys.table), format!("`{text}` {rule}"));
        }
    }
    hosts
}

fn read_path(text: &str, key: &str, scope: &Scope<'_>, problems: &mut Problems) -> Option<Template> {
    let path = scope.read_path(if text.is_empty() { "/" } else { text }, key, problems)?;
    scope.require(&path, key, problems);
    // The characters that a path may have unencoded (RFC 3986, section 3.3), and the percent sign, which
    // begins an encoded one.
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&b);
    let literals: Vec<_> = path
        .0
        .iter()
        .map(|part| match part {
            TemplatePart::Literal(text) => text.as_str(),
            TemplatePart::Variable { .. } => "x",
        })
        .collect();
    let shape = literals.concat();
    if !shape.starts_with('/') || !shape.bytes().all(allowed) {
        problems.add(
            key,
            "must have a path of plain characters after its host; parameters have a table of their own",
        );
        return None;
    }
    if shape.split('/').any(|segment| matches!(segment, "." | "..")) {
        problems.add(key, "must not have `.` or `..` in its path");
    }
    Some(path)
}

/// Whether an entry of an allow-list admits a host.
fn admits(allowed: &str, host: &str) -> bool {
    if allowed.starts_with('.') {
        host.len() > allowed.len() && host.ends_with(allowed)
    } else {
        host == allowed
    }
}

/// Whether a text is a dot and at least two labels, such as `.zendesk.com`.
fn is_suffix(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|labels| labels.contains('.') && are_labels(labels))
}

fn are_labels(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.split('.').all(label)
}
