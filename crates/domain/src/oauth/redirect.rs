//! The places to which people may be sent after a flow.

use url::{Origin, Url, form_urlencoded};

use crate::violation::Rule;

/// Origins with optional paths to which people may be sent back.
#[derive(Debug, Clone)]
pub struct RedirectAllowList(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    origin: Origin,
    path: String,
}

/// A place that the list admits, spelled as the URL library spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectTarget(Url);

impl RedirectAllowList {
    /// Reads origins, each perhaps with a path, separated by commas.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        const RULE: Rule = Rule::fixed(
            "must be a list of origins such as https://app.example.com/settings, without query and fragment",
        );
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
            let url = read(entry).ok().filter(|url| url.query().is_none()).ok_or(RULE)?;
            Ok(Entry { origin: url.origin(), path: url.path().trim_end_matches('/').to_owned() })
        });
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks where a caller wants people to be sent: scheme, host and port are those of an entry, and the
    /// path is the entry's or lies below it at a `/`. The parameters that the outcome is told by are not the
    /// caller's to set: of two values of one name many programs read the first.
    pub fn admit(&self, text: &str) -> Result<RedirectTarget, Rule> {
        let url = read(text)?;
        if sets_a_parameter_of_ours(&url) {
            return Err(Rule::fixed(
                "must not have the parameters credential_id, status, completion_code and error, which are added",
            ));
        }
        let admits = |entry: &Entry| {
            let below = url.path().strip_prefix(entry.path.as_str());
            entry.origin == url.origin() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.0.iter().any(admits) {
            Ok(RedirectTarget(url))
        } else {
            Err(Rule::fixed("must lie at or below an entry of oauth.redirect_allowlist"))
        }
    }
}

/// Whether a program may read one of our parameters in a query. Programs also part queries at `;`, take names
/// in any case, and read `status[]` as `status`.
fn sets_a_parameter_of_ours(url: &Url) -> bool {
    let parts = url.query().unwrap_or_default().split(['&', ';']);
    parts.flat_map(|part| form_urlencoded::parse(part.as_bytes())).any(|(name, _)| {
        let name = name.split('[').next().unwrap_or_default().trim();
        RedirectTarget::PARAMETERS.iter().any(|ours| ours.eq_ignore_ascii_case(name))
    })
}

impl RedirectTarget {
    /// The parameters that are added when a person is sent there.
    pub const PARAMETERS: [&str; 4] = ["credential_id", "status", "completion_code", "error"];

    /// A target that was admitted before it was stored.
    pub fn from_stored(text: &str) -> Option<Self> {
        read(text).ok().map(Self)
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its scheme, host and port.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The URL with more query parameters.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

/// Reads a URL that everything reads alike. A form that browsers and servers read in different ways is
/// refused. So are encoded slashes, backslashes and dots, which a server may decode and then resolve, and `;`
/// in the path: some servers cut it off with what follows, and then resolve `..`.
fn read(text: &str) -> Result<Url, Rule> {
    const RULE: Rule = Rule::fixed(
        "must be an absolute http or https URL without userinfo, fragment, backslash, white space, encoded separators and `;` in its path",
    );
    let odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let written = scheme.is_some_and(|scheme| scheme == "http" || scheme == "https");
    if !written || text.len() > 2_048 || text.contains(odd) || text.contains(":///") {
        return Err(RULE);
    }
    let url = Url::parse(text).map_err(|_| RULE)?;
    let path = url.path().to_ascii_lowercase();
    let encoded =
        [";", "%3b", "%2f", "%5c", "%2e", "%25", "%00", "%0a", "%0d"].iter().any(|code| path.contains(code));
    let dots = text.split(['/', '?', '#']).skip(3).any(|segment| matches!(segment, "." | ".."));
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let userinfo = authority.is_none_or(|authority| authority.contains('@'));
    let plain = !userinfo && !encoded && !dots && !path.contains("//") && url.fragment().is_none();
    if plain && url.host_str().is_some_and(|host| !host.is_empty()) { Ok(url) } else { Err(RULE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_origin_at_or_below_the_path_is_admitted() {
        let list = RedirectAllowList::parse("https://app.example.com/done, http://localhost:3000").unwrap();
        let good = [
            "https://app.example.com/done",
            "https://app.example.com/done/",
            "https://app.example.com/done/oauth?tab=2",
            "https://APP.example.com:443/done",
            "http://localhost:3000",
            "http://localhost:3000/anything",
        ];
        for text in good {
            assert!(list.admit(text).is_ok(), "{text}");
        }
        let corpus = include_str!("redirect_corpus.txt");
        let bad: Vec<_> = corpus.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()).collect();
        assert!(bad.len() >= 60, "the corpus has {} lines", bad.len());
        for line in bad {
            let text = line.replace("\\t", "\t").replace("\\n", "\n").replace("\\0", "\0");
            assert!(list.admit(&text).is_err(), "{line}");
        }
    }

    #[test]
    fn parameters_are_added_to_those_that_are_there() {
        let list = RedirectAllowList::parse("https://app.example.com").unwrap();
        let target = list.admit("https://app.example.com/x?a=1").unwrap();
        assert_eq!(target.with(&[("b", "2 & 3")]), "https://app.example.com/x?a=1&b=2+%26+3");
        for name in RedirectTarget::PARAMETERS {
            assert!(list.admit(&format!("https://app.example.com/x?a=1&{name}=1")).is_err(), "{name}");
        }
        assert!(list.admit("https://app.example.com/x?%73tatus=1").is_err(), "an encoded name");
        assert!(RedirectAllowList::parse("app.example.com").is_err());
        assert!(RedirectAllowList::parse("https://app.example.com/?x=1").is_err());
    }
}
