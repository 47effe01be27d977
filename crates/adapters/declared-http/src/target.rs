use std::net::Ipv6Addr;

use strongroom_domain::SecretText;
use url::{Host, Position, Url};

use crate::steps::OriginTemplate;
use crate::template::{Template, TemplatePart};
use crate::{Place, Refusal, Values};

/// The address of a request: built from templates, then compared with what the provider file allows.
#[derive(Debug)]
pub struct Target {
    /// Whether it is `http`, without TLS.
    pub plain_http: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The value of the header `Host`.
    pub authority: String,
    /// The TCP port.
    pub port: u16,
    /// Whether the provider file alone decides the port, which egress then allows.
    pub port_is_fixed: bool,
    /// The field whose value is the origin, when a field gives it.
    pub field: Option<String>,
    /// The whole URL.
    pub url: SecretText,
    /// Path and query of the URL.
    pub path_and_query: SecretText,
}

impl Target {
    /// Builds the address of a request. A query parameter with an absent variable is left out.
    ///
    /// # Errors
    /// The field that is missing, or whose value would lead to another address.
    pub fn of(
        origin: &OriginTemplate,
        path: &Template,
        query: &[(String, Template)],
        values: &Values<'_>,
    ) -> Result<Self, Refusal> {
        let refuse = |rule| match origin {
            OriginTemplate::Host { host, .. } => values.refuse(host, rule),
            OriginTemplate::Field { name, .. } => Refusal::of(name, rule),
        };
        let base = base(origin, values)?;
        let own = values.require(path, Place::Path)?;
        let whole = SecretText::new([base.path.as_str(), own.expose()].concat());
        check_path(whole.expose()).map_err(|rule| values.refuse(path, rule))?;
        let query = pairs(query, values)?;
        let query = (!query.is_empty()).then_some(query);

        let mut url = base.url;
        url.set_path(whole.expose());
        url.set_query(query.as_ref().map(SecretText::expose));
        url.set_fragment(None);
        // The URL library could have read the text as another URL.
        let same = url.host_str() == Some(base.host.as_str())
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == whole.expose()
            && url.query() == query.as_ref().map(SecretText::expose);
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let (true, Some(port)) = (same, port) else { return Err(refuse("does not fit into the address")) };
        let host = base.host.strip_suffix('.').unwrap_or(&base.host);
        if !base.hosts.is_empty() && !base.hosts.iter().any(|allowed| admits(allowed, host)) {
            return Err(refuse("leads to a host that is not this provider's"));
        }
        let path_and_query = SecretText::new(url[Position::BeforePath..Position::AfterQuery].to_owned());
        Ok(Self {
            plain_http: url.scheme() == "http",
            host: host.trim_matches(['[', ']']).to_owned(),
            authority: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            port,
            port_is_fixed: matches!(origin, OriginTemplate::Host { .. }),
            field: match origin {
                OriginTemplate::Host { .. } => None,
                OriginTemplate::Field { name, .. } => Some(name.clone()),
            },
            url: SecretText::new(url.into()),
            path_and_query,
        })
    }
}

/// Scheme, host and port as a URL, and the hosts that are allowed.
struct Base<'a> {
    url: Url,
    /// The host, to compare with the one of the final URL.
    host: String,
    /// The path that comes before the request's own path.
    path: String,
    hosts: &'a [String],
}

fn base<'a>(origin: &'a OriginTemplate, values: &Values<'_>) -> Result<Base<'a>, Refusal> {
    match origin {
        OriginTemplate::Host { plain_http, host, port, hosts } => {
            let text = host_text(host, hosts, values)?;
            let scheme = if *plain_http { "http" } else { "https" };
            let refuse = || values.refuse(host, "does not fit into the address");
            let mut url = Url::parse(&format!("{scheme}://{text}/")).map_err(|_| refuse())?;
            url.set_port(*port).map_err(|()| refuse())?;
            Ok(Base { url, host: text, path: String::new(), hosts })
        }
        OriginTemplate::Field { name, keep_path, hosts } => {
            const URL: &str = "must be an https URL";
            let refuse = || Refusal::of(name, URL);
            let text = values.field(name).ok_or_else(|| values.missing(name))?;
            let url = Url::parse(&text).map_err(|_| refuse())?;
            let host = match (url.scheme(), url.host()) {
                ("http" | "https", Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_))) => url.host_str(),
                _ => None,
            };
            let host = host.ok_or_else(refuse)?.to_owned();
            check_field_url(&text, &url).map_err(|rule| Refusal::of(name, rule))?;
            let path = if *keep_path { url.path().trim_end_matches('/').to_owned() } else { String::new() };
            Ok(Base { url, host, path, hosts })
        }
    }
}

/// Returns the host of a template. It may be an IPv6 address when the template is a single variable and any
/// host is allowed.
fn host_text(host: &Template, hosts: &[String], values: &Values<'_>) -> Result<String, Refusal> {
    if let ([TemplatePart::Variable { name, .. }], []) = (host.0.as_slice(), hosts)
        && let Some(address) = values.field(name).and_then(|text| text.parse::<Ipv6Addr>().ok())
    {
        return Ok(format!("[{address}]"));
    }
    Ok(values.require(host, Place::Host)?.expose().to_owned())
}

/// Pairs as `application/x-www-form-urlencoded`; those with an absent variable are left out.
///
/// # Errors
/// A field whose value does not fit.
pub fn pairs(pairs: &[(String, Template)], values: &Values<'_>) -> Result<SecretText, Refusal> {
    let mut written = Vec::new();
    for (name, template) in pairs {
        if let Some(value) = values.fill(template, Place::Parameter)? {
            let name = Place::Parameter.literal(name);
            written.push(SecretText::new([name.expose(), "=", value.expose()].concat()));
        }
    }
    let texts: Vec<&str> = written.iter().map(SecretText::expose).collect();
    Ok(SecretText::new(texts.join("&")))
}

/// Refuses parts of a field's URL that would be dropped silently: a query, a fragment, and segments that the
/// URL library has already resolved (it reads a backslash as a slash).
fn check_field_url(text: &str, url: &Url) -> Result<(), &'static str> {
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must be a URL without query and fragment");
    }
    let path = text.split_once("://").and_then(|(_, rest)| rest.split_once(['/', '\\']));
    match path {
        Some((_, path)) if path.split(['/', '\\']).any(is_dots) => Err(DOTS),
        _ => Ok(()),
    }
}

/// Checks that a path begins with a slash and has no segment `.` or `..`, encoded or not (WHATWG URL, section
/// 4.4).
fn check_path(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') || path.split('/').any(is_dots) {
        return Err(DOTS);
    }
    Ok(())
}

const DOTS: &str = "must not have `.` or `..` as a part of a path";

fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().as_str(), "." | ".." | "%2e" | "%2e." | ".%2e" | "%2e%2e")
}

/// Whether an entry of an allow-list admits a host: the name itself, or a suffix that begins with a dot.
fn admits(allowed: &str, host: &str) -> bool {
    if allowed.starts_with('.') {
        host.len() > allowed.len() && host.ends_with(allowed)
    } else {
        host == allowed
    }
}
