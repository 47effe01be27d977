//! Variables that begin as ours do and are no settings: those that an image or Kubernetes makes are passed
//! over, and those that somebody meant as a setting are refused.

use super::keys;

/// What a variable that is no setting is taken for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A variable of the environment around us, which has nothing to do with settings.
    Foreign,
    /// A setting that was misspelt, with the variables that may have been meant.
    Meant(Vec<String>),
}

/// Judges a variable that is not the variable of a setting.
pub(super) fn judge(variable: &str, value: &str) -> Unknown {
    let rest = variable.trim_start_matches("STRONGROOM_");
    if is_service_link(rest, value) {
        return Unknown::Foreign;
    }
    let is_database = ["postgres://", "postgresql://"].iter().any(|scheme| value.starts_with(scheme));
    let near = match nearest(rest) {
        near if near.is_empty() && is_database => vec![keys::variable("store.url")],
        near => near,
    };
    if near.is_empty() && !rest.contains("__") { Unknown::Foreign } else { Unknown::Meant(near) }
}

/// Whether Kubernetes makes this variable for a Service whose name begins with `strongroom`, or Docker for a
/// link of that name: `…_SERVICE_HOST`, `…_SERVICE_PORT`, `…_SERVICE_PORT_<name>`, `…_PORT` with an address,
/// `…_PORT_<n>_TCP…`.
fn is_service_link(rest: &str, value: &str) -> bool {
    let parts: Vec<&str> = rest.split('_').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let of_port = |tail: &[&str]| match tail {
        ["PORT", number, "TCP" | "UDP" | "SCTP"] => is_number(number),
        ["PORT", number, "TCP" | "UDP" | "SCTP", "PROTO" | "PORT" | "ADDR"] => is_number(number),
        _ => false,
    };
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    (0..parts.len()).any(|from| {
        let tail = parts.get(from..).unwrap_or_default();
        match tail {
            ["SERVICE", "HOST"] => true,
            ["SERVICE", "PORT", ..] => is_number(value),
            ["PORT"] => is_address,
            _ => of_port(tail),
        }
    })
}

/// The variables that may have been meant, at most three: settings that differ in underscores or in few
/// letters, and those whose last part this is.
fn nearest(rest: &str) -> Vec<String> {
    let asked = bare(rest);
    let last = rest.rsplit("__").next().unwrap_or(rest);
    let mut found: Vec<(usize, String)> = Vec::new();
    for name in keys::names() {
        let whole = distance(&asked, &bare(&name));
        let key = name.rsplit('.').next().unwrap_or(&name);
        let is_last = bare(key) == asked || (rest.contains("__") && bare(key) == bare(last));
        let far = match asked.len() {
            0..=4 => 0,
            5..=9 => 1,
            _ => 2,
        };
        if whole <= far || is_last {
            found.push((whole, keys::variable(&name)));
        }
    }
    for alias in keys::ALIASES.iter().filter(|alias| bare(alias) == asked) {
        found.push((0, (*alias).to_owned()));
    }
    if let Some((section, keys)) =
        keys::SECTIONS.iter().find(|(section, _)| asked.starts_with(&bare(section)))
    {
        let meant = keys.iter().filter(|key| asked.ends_with(&bare(key)));
        found.extend(meant.map(|key| (3, keys::variable(&format!("{section}<name>.{key}")))));
    }
    found.sort();
    found.truncate(3);
    found.into_iter().map(|(_, variable)| variable).collect()
}

/// The letters and digits of a name, in one case.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many letters must be put in, left out or replaced to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut diagonal = at;
        let mut before = at + 1;
        let mut next = vec![before];
        for (above, beside) in row.iter().skip(1).zip(other.bytes()) {
            let cost = diagonal + usize::from(letter != beside);
            before = cost.min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_images_and_kubernetes_set_is_passed_over() {
        for (variable, value) in [
            ("STRONGROOM_PORT", "tcp://10.0.0.1:8080"),
            ("STRONGROOM_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("STRONGROOM_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("STRONGROOM_PORT_8080_TCP_PORT", "8080"),
            ("STRONGROOM_PORT_53_UDP_PROTO", "udp"),
            ("STRONGROOM_SERVICE_HOST", "10.0.0.1"),
            ("STRONGROOM_SERVICE_PORT", "8080"),
            ("STRONGROOM_SERVICE_PORT_HTTP", "8080"),
            ("STRONGROOM_SERVER_SERVICE_HOST", "fd00::1"),
            ("STRONGROOM_STORE_PORT", "tcp://10.0.0.1:5432"),
            ("STRONGROOM__METRICS_SERVICE_PORT_HTTP__METRICS", "9090"),
            ("STRONGROOM_VERSION", "1.2.3"),
            ("STRONGROOM_HOME", "/opt/strongroom"),
            ("STRONGROOM_IMAGE_TAG", "latest"),
            ("STRONGROOM_BUILD_DATE", "2026-01-01"),
            ("STRONGROOM_USER", "app"),
        ] {
            assert_eq!(judge(variable, value), Unknown::Foreign, "{variable}");
        }
    }

    #[test]
    fn a_setting_that_is_misspelt_is_named() {
        for (variable, meant) in [
            ("STRONGROOM_SERVER_LISTEN", "STRONGROOM_SERVER__LISTEN"),
            ("STRONGROOM_SERVER__LISTN", "STRONGROOM_SERVER__LISTEN"),
            ("STRONGROOM_LISTEN", "STRONGROOM_SERVER__LISTEN"),
            ("STRONGROOM_VAULT_KEYS", "STRONGROOM_VAULT__KEYS"),
            ("STRONGROOM_KEYS_FILE", "STRONGROOM_VAULT__KEYS_FILE"),
            ("STRONGROOM_DATADIR", "STRONGROOM_DATA_DIR"),
            ("STRONGROOM_DATA__DIR", "STRONGROOM_DATA_DIR"),
            ("STRONGROOM_STORE_URL", "STRONGROOM_STORE__URL"),
            ("STRONGROOM_STORE__POOLSIZE", "STRONGROOM_STORE__POOL_SIZE"),
            ("STRONGROOM_DATABASE_URL", "DATABASE_URL"),
            ("STRONGROOM_PORT", "PORT"),
            ("STRONGROOM_JWT_SECRET", "STRONGROOM_AUTH__JWT_SECRET"),
            ("STRONGROOM_OAUTH_APPS_GOOGLE_CLIENT_ID", "STRONGROOM_OAUTH__APPS__<NAME>__CLIENT_ID"),
            ("STRONGROOM_AUTH_ISSUERS_CORP_JWKS_FILE", "STRONGROOM_AUTH__ISSUERS__<NAME>__JWKS_FILE"),
        ] {
            let Unknown::Meant(near) = judge(variable, "8080") else { panic!("{variable}") };
            assert_eq!(near.first().map(String::as_str), Some(meant), "{variable}: {near:?}");
        }
        assert_eq!(judge("STRONGROOM_NO__SUCH", "x"), Unknown::Meant(Vec::new()));
        let database = judge("STRONGROOM_PG", "postgres://u:p@h/d");
        assert_eq!(database, Unknown::Meant(vec!["STRONGROOM_STORE__URL".to_owned()]));
    }
}
