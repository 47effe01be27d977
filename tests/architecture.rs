//! The dependency rule of docs/ARCHITECTURE.md, checked with cargo's own metadata.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, MetadataCommand};

/// The ring of a crate, decided by its folder.
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
    /// Reads the certificates of servers, for those who connect. It does no IO.
    Certificates,
    /// Reads provider files: an adapter that may use what they declare about HTTP.
    Catalog,
    /// May do what an adapter may, send what provider files declare, and use the one crate that opens
    /// outgoing sockets.
    Caller,
    /// May do what an adapter may, and use the rows that both stores share.
    Store,
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
            ["crates", "adapters", "server-certificates"] => Self::Certificates,
            ["crates", "adapters", "catalog-files"] => Self::Catalog,
            ["crates", "adapters", "store-postgres" | "store-sqlite"] => Self::Store,
            ["crates", "adapters", _] => Self::Adapter,
            ["crates", "surfaces", "http-kit"] => Self::Kit,
            ["crates", "surfaces", _] => Self::Surface,
            ["crates", "strongroom"] => Self::Composition,
            ["crates", "server"] => Self::Server,
            ["crates", "simulator"] => Self::Simulator,
            ["crates", "testing", _] => Self::Testing,
            ["tests"] => Self::Tests,
            other => panic!("{other:?} has no place in the architecture"),
        }
    }

    /// Whether a crate of this ring may use that crate of the workspace.
    fn may_use(self, other: Self, name: &str) -> bool {
        let allowed: &[Self] = match self {
            Self::Domain | Self::Certificates => &[],
            Self::Adapter | Self::Caller | Self::Store if other == Self::Certificates => return true,
            Self::Port | Self::Declarations => &[Self::Domain],
            Self::Catalog => &[Self::Domain, Self::Port, Self::Declarations],
            Self::Adapter | Self::Caller if name == "strongroom-ssh-keys" => return true,
            Self::Application | Self::Adapter => &[Self::Domain, Self::Port],
            Self::Caller if name == "strongroom-egress" => return true,
            Self::Caller => &[Self::Domain, Self::Port, Self::Declarations],
            Self::Store if name == "strongroom-store-rows" => return true,
            Self::Store => &[Self::Domain, Self::Port],
            Self::Simulator => &[Self::Domain, Self::Port, Self::Declarations, Self::Catalog],
            Self::Kit => &[Self::Domain, Self::Port, Self::Application],
            Self::Surface => &[Self::Domain, Self::Port, Self::Application, Self::Kit],
            Self::Composition => &[
                Self::Domain,
                Self::Port,
                Self::Application,
                Self::Adapter,
                Self::Catalog,
                Self::Caller,
                Self::Store,
            ],
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
fn no_crate_is_there_twice_but_those_that_deny_toml_lists() {
    /// Crates for other systems than those that deny.toml checks.
    const ELSEWHERE: [&str; 2] = ["wasi", "windows-sys"];
    let deny: toml::Table = include_str!("../deny.toml").parse().unwrap();
    let lock: toml::Table = include_str!("../Cargo.lock").parse().unwrap();
    let mut versions: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let version = package["version"].as_str().unwrap().parse().unwrap();
        versions.entry(package["name"].as_str().unwrap()).or_default().push(version);
    }
    let twice = versions.iter_mut().filter(|(name, all)| all.len() > 1 && !ELSEWHERE.contains(name));
    let older: Vec<String> = twice
        .flat_map(|(name, all)| {
            all.sort();
            all.pop();
            all.iter()
                .map(|old| format!("{name}@{}.{}.{}", old.major, old.minor, old.patch))
                .collect::<Vec<_>>()
        })
        .collect();
    let skipped = deny["bans"]["skip"].as_array().unwrap();
    let skipped: Vec<&str> = skipped.iter().map(|entry| entry["crate"].as_str().unwrap()).collect();
    assert_eq!(older, skipped, "what is locked twice, and what deny.toml lists");
}

#[test]
fn a_library_that_is_not_tested_has_no_tests() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let mut untested = 0;
    for package in metadata.workspace_packages() {
        let library = package.targets.iter().find(|target| target.is_lib() && !target.test);
        let Some(library) = library else { continue };
        untested += 1;
        for (path, bytes) in
            crate::support::server::bytes_below(library.src_path.parent().unwrap().as_std_path())
        {
            let text = String::from_utf8(bytes).unwrap();
            let has_tests = ["#[test]", "#[tokio::test", "proptest!"].iter().any(|mark| text.contains(mark));
            assert!(!has_tests, "{} is never run: {} says `test = false`", path.display(), package.name);
        }
    }
    assert!(untested > 0, "the search finds nothing");
}

#[test]
fn every_recipe_is_a_script_and_every_script_a_recipe() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let recipes = include_str!("../justfile");
    let called = recipes.lines().filter_map(|line| line.strip_prefix("    scripts/"));
    let called: Vec<&str> = called.filter_map(|line| line.split(' ').next()).collect();
    for script in &called {
        assert!(root.join("scripts").join(script).is_file(), "scripts/{script} is missing");
    }
    // These are used by other scripts and are not called directly.
    let parts = ["environment", "slowest", "api-fuzz.txt"];
    for entry in std::fs::read_dir(root.join("scripts")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(called.contains(&name.as_str()) || parts.contains(&name.as_str()), "no recipe calls {name}");
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
    for rule in rules {
        let name = rule.get("name").or(rule.get("crate")).unwrap().as_str().unwrap();
        let floor = rule.get("version").map(|version| version.as_str().unwrap().strip_prefix('<').unwrap());
        let floor = floor.map(|floor| floor.parse::<Version>().unwrap());
        for (_, version) in locked.iter().filter(|(locked, _)| *locked == name) {
            assert!(floor.as_ref().is_some_and(|floor| version >= floor), "{name} {version} breaks {rule}");
        }
    }
}

/// The third-party crates that the inner rings may use: types, encodings of data, and what an async trait
/// needs. None of them opens a socket, a file or a database, and none implements HTTP.
fn may_depend_on(ring: Ring) -> Option<&'static [&'static str]> {
    match ring {
        // `serde_json` reads and writes data: the JSON that a client sends, and the canonical form of public
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

/// Words that belong to HTTP: the types of its libraries, the names of its headers and methods, and its
/// status codes.
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

/// Returns the words of HTTP in a source file, without its comments and the tests at its end.
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

/// Returns which of these ways a source file uses, without its tests.
fn ways_used(text: &str) -> Vec<&'static str> {
    // This removes the tests at the end of a file. A `mod tests;` above the code removes nothing.
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
    for folder in ["store-sqlite/src", "store-postgres/src", "store-rows/src", "store-rows/repositories"] {
        let files = crate::support::server::bytes_below(&root.join("crates/adapters").join(folder));
        assert!(files.len() > 8);
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

/// The folders of the application, each with the folders that it may use.
const DESKS: [(&str, &[&str]); 11] = [
    ("ground", &[]),
    ("access", &["ground"]),
    ("audit", &["ground"]),
    ("catalog", &["ground"]),
    ("authorizing", &["ground"]),
    ("refreshing", &["ground"]),
    ("connection_tests", &["ground", "refreshing"]),
    ("credentials", &["ground", "refreshing", "connection_tests"]),
    ("crm", &["ground", "refreshing", "credentials"]),
    ("connections", &["ground", "authorizing", "catalog", "connection_tests", "credentials"]),
    ("upkeep", &["ground", "refreshing", "connection_tests"]),
];

/// Maps each name that `lib.rs` exports to its folder, so that `use crate::Name` does not hide a dependency.
fn handed_out(lib: &str) -> BTreeMap<&str, &str> {
    let mut owners = BTreeMap::new();
    for statement in lib.split("pub use ").skip(1) {
        let Some((folder, names)) = statement.split(';').next().unwrap().split_once("::") else { continue };
        for name in names.trim_matches(['{', '}', '\n', ' ']).split(',').map(str::trim) {
            owners.insert(name, folder);
        }
    }
    owners
}

/// Returns the folders whose names a source file uses.
fn folders_used<'a>(text: &'a str, owners: &BTreeMap<&str, &'a str>) -> BTreeSet<&'a str> {
    let mut used = BTreeSet::new();
    for path in text.split("crate::").skip(1) {
        let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(path.len());
        let names = match path.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').map(str::trim).collect(),
            None => vec![&path[..end]],
        };
        let folder = |name: &&'a str| owners.get(name).copied().unwrap_or(name);
        used.extend(names.iter().map(folder).filter(|name| DESKS.iter().any(|(desk, _)| desk == name)));
    }
    used
}

#[test]
fn a_desk_of_the_application_knows_only_those_below_it() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = root.join("crates/application/src");
    let lib = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let owners = handed_out(&lib);
    assert_eq!(owners["Credentials"], "credentials", "the search finds what lib.rs hands out");
    let mut found = BTreeMap::<String, usize>::new();
    let mut forbidden = Vec::new();
    for (path, bytes) in crate::support::server::bytes_below(&source) {
        let place = path.strip_prefix(&source).unwrap().display().to_string();
        let Some((desk, _)) = place.split_once('/') else {
            *found.entry(String::new()).or_default() += 1;
            continue;
        };
        *found.entry(desk.to_owned()).or_default() += 1;
        let (_, below) =
            DESKS.iter().find(|(known, _)| *known == desk).unwrap_or_else(|| panic!("{desk} is no desk"));
        let text = String::from_utf8(bytes).unwrap();
        let used = folders_used(&text, &owners);
        let others = used.iter().filter(|used| **used != desk && !below.contains(used));
        forbidden.extend(others.map(|other| format!("{place} uses {other}")));
    }
    assert!(forbidden.is_empty(), "{forbidden:#?}");
    assert!(found[""] <= 4, "a use case lies outside of its desk's folder");
    assert!(DESKS.iter().all(|(desk, _)| found.contains_key(*desk)), "a desk is gone: {found:?}");
}

#[test]
fn a_desk_of_the_application_holds_at_most_nine_ports_and_there_are_ten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = root.join("crates/application/src");
    for (desk, _) in DESKS {
        let text = std::fs::read_to_string(source.join(desk).join("mod.rs")).unwrap();
        let ports = text.matches(": Arc<dyn ").count() + text.matches(": Testers,").count();
        assert!(ports <= 9, "{desk} holds {ports} ports");
    }
    let lib = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let application = lib.split("pub struct Application {").nth(1).unwrap().split('}').next().unwrap();
    assert_eq!(application.matches("pub ").count(), 10, "{application}");
}

#[test]
fn the_walks_of_the_architecture_document_name_files_and_functions_that_are_there() {
    let document = include_str!("../docs/ARCHITECTURE.md");
    let walks = document.split("## A walk: a credential is stored").nth(1).expect("the walks");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // The text in backticks, and the prose between: a function directly follows its file.
    let parts: Vec<&str> = walks.split('`').collect();
    let (mut functions, mut wrong) = (0, Vec::new());
    for step in
        parts[1..].windows(3).step_by(2).filter(|step| step[0].ends_with(".rs") && step[0].contains('/'))
    {
        let (file, between, function) = (step[0], step[1], step[2]);
        let Ok(text) = std::fs::read_to_string(root.join(file)) else {
            wrong.push(format!("{file} is not there"));
            continue;
        };
        if between.trim().is_empty() {
            functions += 1;
            let defines = |next| text.contains(&format!("fn {function}{next}"));
            if !defines('(') && !defines('<') {
                wrong.push(format!("{file} has no function {function}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(functions > 20, "the walks are gone: {functions}");
}
