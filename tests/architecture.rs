//! The dependency rule of docs/ARCHITECTURE.md, read from cargo's own metadata.

use std::collections::BTreeMap;

use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, MetadataCommand};

/// Where a crate stands, by its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ring {
    Domain,
    Port,
    Application,
    Adapter,
    Kit,
    Surface,
    Composition,
    Server,
    /// What provider files declare about HTTP, filled into requests. It does no IO.
    Declarations,
    /// Reads provider files: an adapter that may use what they declare about HTTP.
    Catalog,
    /// May do what an adapter may, send what provider files declare, and use the one crate that opens
    /// outgoing sockets.
    Caller,
    Testing,
    /// Plays the providers that the catalog declares.
    Simulator,
    Tests,
}

impl Ring {
    fn of(folder: &str) -> Self {
        match folder.split('/').collect::<Vec<_>>().as_slice() {
            ["crates", "domain"] => Self::Domain,
            ["crates", "ports", _] => Self::Port,
            ["crates", "application"] => Self::Application,
            ["crates", "adapters", name] if name.starts_with("tester-") || *name == "oauth-http" => {
                Self::Caller
            }
            ["crates", "adapters", "declared-http"] => Self::Declarations,
            ["crates", "adapters", "catalog-files"] => Self::Catalog,
            ["crates", "adapters", _] => Self::Adapter,
            ["crates", "surfaces", "http-kit"] => Self::Kit,
            ["crates", "surfaces", _] => Self::Surface,
            ["crates", "strongroom"] => Self::Composition,
            ["crates", "server"] => Self::Server,
            ["crates", "testing", "provider-simulator"] => Self::Simulator,
            ["crates", "testing", _] => Self::Testing,
            ["tests"] => Self::Tests,
            other => panic!("{other:?} has no place in the architecture"),
        }
    }

    /// What a crate of this ring may use of the workspace, beside itself.
    fn may_use(self, other: Self, name: &str) -> bool {
        let allowed: &[Self] = match self {
            Self::Domain => &[],
            Self::Port | Self::Declarations => &[Self::Domain],
            Self::Catalog => &[Self::Domain, Self::Port, Self::Declarations],
            Self::Application | Self::Adapter => &[Self::Domain, Self::Port],
            Self::Caller if name == "strongroom-egress" => return true,
            Self::Caller => &[Self::Domain, Self::Port, Self::Declarations],
            Self::Simulator => &[Self::Domain, Self::Port, Self::Declarations, Self::Catalog],
            Self::Kit => &[Self::Domain, Self::Port, Self::Application],
            Self::Surface => &[Self::Domain, Self::Port, Self::Application, Self::Kit],
            Self::Composition => {
                &[Self::Domain, Self::Port, Self::Application, Self::Adapter, Self::Catalog, Self::Caller]
            }
            Self::Server => &[Self::Domain, Self::Application, Self::Kit, Self::Surface, Self::Composition],
            Self::Testing => &[Self::Domain, Self::Port, Self::Testing],
            Self::Tests => return true,
        };
        allowed.contains(&other)
    }
}

fn crates() -> BTreeMap<String, (String, Vec<String>)> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let root = metadata.workspace_root.clone();
    let packages = metadata.workspace_packages();
    packages
        .iter()
        .map(|package| {
            let folder = package.manifest_path.parent().unwrap().strip_prefix(&root).unwrap().to_string();
            let normal =
                package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
            let ours = normal
                .map(|dependency| dependency.name.clone())
                .filter(|name| name.starts_with("strongroom"));
            (package.name.to_string(), (folder, ours.collect()))
        })
        .collect()
}

#[test]
fn arrows_point_inward_only() {
    let crates = crates();
    let mut forbidden = Vec::new();
    for (name, (folder, dependencies)) in &crates {
        for dependency in dependencies {
            let (other, _) = &crates[dependency];
            if !Ring::of(folder).may_use(Ring::of(other), dependency) {
                forbidden.push(format!("{name} ({folder}) uses {dependency} ({other})"));
            }
        }
    }
    assert!(forbidden.is_empty(), "{forbidden:#?}");
}

#[test]
fn every_crate_is_named_in_the_architecture_document_and_no_other_is() {
    let document = include_str!("../docs/ARCHITECTURE.md");
    let crates = crates();
    for (name, (folder, _)) in &crates {
        assert!(
            document.contains(&format!("`{folder}`")),
            "docs/ARCHITECTURE.md does not name `{folder}` ({name})"
        );
    }
    let named = document.split('`').filter(|part| part.starts_with("crates/") && !part.ends_with(".rs"));
    for folder in named {
        let known =
            crates.values().any(|(known, _)| known == folder || known.starts_with(&format!("{folder}/")));
        assert!(known, "docs/ARCHITECTURE.md names `{folder}`, which is no crate");
    }
}

#[test]
fn every_crate_says_what_it_is_for_in_its_first_line() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (name, (folder, _)) in crates() {
        let candidates = ["src/lib.rs", "src/main.rs", "main.rs"];
        let file =
            candidates.iter().map(|file| root.join(&folder).join(file)).find(|file| file.exists()).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 30,
            "{name}: {} begins with {first:?}",
            file.display()
        );
    }
}

#[test]
fn no_locked_crate_is_below_its_floor_and_no_banned_one_is_there() {
    let deny: toml::Table = include_str!("../deny.toml").parse().unwrap();
    let lock: toml::Table = include_str!("../Cargo.lock").parse().unwrap();
    let locked: Vec<(&str, Version)> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            (package["name"].as_str().unwrap(), package["version"].as_str().unwrap().parse().unwrap())
        })
        .collect();
    let rules = deny["bans"]["deny"].as_array().unwrap();
    assert!(rules.len() >= 20, "the floors are gone");
    for rule in rules.iter().map(|rule| rule["crate"].as_str().unwrap()) {
        let (name, floor) = rule.split_once("@<").map_or((rule, None), |(name, floor)| (name, Some(floor)));
        let floor = floor.map(|floor| floor.parse::<Version>().unwrap());
        for (_, version) in locked.iter().filter(|(locked, _)| *locked == name) {
            assert!(floor.as_ref().is_some_and(|floor| version >= floor), "{name} {version} breaks {rule}");
        }
    }
}

/// The crates of others that the inner rings may use: types, encodings of data, and what an async trait
/// needs. None of them opens a socket, a file or a database, and none speaks HTTP.
fn may_depend_on(ring: Ring) -> Option<&'static [&'static str]> {
    match ring {
        // `serde_json` reads and writes data: what somebody has sent, and the canonical form of public
        // fields.
        Ring::Domain => Some(&[
            "base64",
            "percent-encoding",
            "regex",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "time",
            "ulid",
            "url",
            "uuid",
            "zeroize",
        ]),
        Ring::Port => Some(&["async-trait", "mockall", "thiserror", "time", "tokio", "uuid"]),
        Ring::Application => Some(&[
            "async-trait",
            "base64",
            "futures-util",
            "thiserror",
            "time",
            "tokio",
            "tracing",
            "uuid",
            "zeroize",
        ]),
        _ => None,
    }
}

#[test]
fn domain_ports_and_application_depend_on_what_is_listed_and_on_nothing_else() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let mut unlisted = Vec::new();
    let mut looked_at = 0;
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().unwrap().strip_prefix(&metadata.workspace_root).unwrap();
        let Some(listed) = may_depend_on(Ring::of(folder.as_str())) else { continue };
        looked_at += 1;
        let product =
            package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        let others = product.map(|dependency| dependency.name.as_str());
        let others = others.filter(|name| !name.starts_with("strongroom") && !listed.contains(name));
        unlisted.extend(others.map(|name| format!("{folder} depends on {name}")));
    }
    assert!(looked_at >= 7, "{looked_at}");
    assert!(unlisted.is_empty(), "{unlisted:#?}");
}

/// Words of HTTP: the types of its libraries, the names of its headers and methods, and its status codes.
const WORDS_OF_HTTP: [&str; 20] = [
    "http::",
    "actix",
    "hyper",
    "reqwest",
    "StatusCode",
    "HeaderName",
    "HeaderValue",
    "HeaderMap",
    "HttpRequest",
    "HttpResponse",
    "HttpMethod",
    "Method::",
    "status_code",
    "\"Authorization\"",
    "\"Content-Type\"",
    "\"content-type\"",
    "\"application/",
    "\"Bearer",
    "\"GET\"",
    "\"POST\"",
];

/// The words of HTTP in a source file, its comments and the tests at its end left aside.
fn words_of_http(text: &str) -> Vec<&'static str> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    WORDS_OF_HTTP.into_iter().filter(|word| code.iter().any(|line| line.contains(word))).collect()
}

#[test]
fn domain_ports_and_application_do_not_know_http() {
    assert_eq!(
        words_of_http("/// A StatusCode.\nfn of(code: StatusCode)"),
        ["StatusCode"],
        "the search finds"
    );
    assert!(words_of_http("//! Method::GET\nfn of() {}").is_empty());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for ring in ["crates/domain", "crates/ports", "crates/application"] {
        let files = crate::support::server::bytes_below(&root.join(ring));
        assert!(files.len() > 5, "{ring}");
        for (path, bytes) in files {
            let place = path.strip_prefix(root).unwrap().display().to_string();
            let is_test = place.contains("/tests/") || place.ends_with("/tests.rs");
            if place.ends_with(".rs") && !is_test {
                let text = String::from_utf8(bytes).unwrap();
                found.extend(words_of_http(&text).into_iter().map(|word| format!("{place} says {word}")));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Ways to open an outgoing connection, or to have a library open one.
const WAYS: [&str; 19] = [
    "TcpStream::connect",
    "TcpSocket",
    "UdpSocket",
    "UnixStream::connect",
    "UnixDatagram",
    "TcpStream as",
    "lookup_host",
    "ToSocketAddrs",
    "to_socket_addrs",
    "reqwest",
    "hyper::client",
    "hyper_util::client",
    "hickory",
    "ureq",
    "awc::",
    "isahc",
    "client::connect(",
    "tokio_postgres::connect(",
    ".connect(NoTls",
];

/// The ways that a source file uses, its tests left aside.
fn ways_used(text: &str) -> Vec<&'static str> {
    // Tests at the end of a file; a `mod tests;` above the code cuts nothing off.
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    WAYS.into_iter().filter(|way| code.contains(way)).collect()
}

#[test]
fn only_egress_and_the_store_open_outgoing_sockets() {
    assert_eq!(ways_used("#[cfg(test)]\nmod tests;\nuse reqwest::Client;"), ["reqwest"], "the search finds");
    assert!(ways_used("#[cfg(test)]\nmod tests {\nuse reqwest::Client;").is_empty());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let may = ["crates/adapters/egress", "crates/adapters/store-postgres"];
    let mut found = Vec::new();
    for (path, bytes) in crate::support::server::bytes_below(&root.join("crates")) {
        let place = path.strip_prefix(root).unwrap().display().to_string();
        let is_test = place.contains("/tests/") || place.ends_with("/tests.rs");
        let elsewhere =
            may.iter().any(|folder| place.starts_with(folder)) || place.starts_with("crates/testing/");
        if place.ends_with(".rs") && place.contains("/src/") && !is_test && !elsewhere {
            let text = String::from_utf8(bytes).unwrap();
            found.extend(ways_used(&text).into_iter().map(|way| format!("{place} uses {way}")));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_egress_depends_on_what_connects_by_itself() {
    const CONNECTING: [&str; 14] = [
        "hyper",
        "hyper-util",
        "hickory-resolver",
        "hickory-net",
        "hickory-proto",
        "reqwest",
        "ureq",
        "awc",
        "isahc",
        "curl",
        "attohttpc",
        "surf",
        "socket2",
        "mio",
    ];
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().unwrap().strip_prefix(&metadata.workspace_root).unwrap();
        if folder == "crates/adapters/egress" || folder.starts_with("crates/testing") {
            continue;
        }
        let normal =
            package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        for dependency in normal {
            let connects = CONNECTING.contains(&dependency.name.as_str());
            assert!(!connects, "{folder} depends on {}", dependency.name);
        }
    }
}

#[test]
fn no_statement_is_put_together_from_text() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for store in ["store-sqlite", "store-postgres"] {
        let files =
            crate::support::server::bytes_below(&root.join("crates/adapters").join(store).join("src"));
        assert!(files.len() > 10);
        for (path, bytes) in files {
            let text = String::from_utf8(bytes).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let runs_sql = code.contains("diesel");
            for way in ["format!(", "push_str(", "concat!("].into_iter().filter(|_| runs_sql) {
                assert!(!code.contains(way), "{} uses {way}", path.display());
            }
        }
    }
}
