//! Tests of permissions (security.md, rows 4 and 29), for every route, role, scope and way to authenticate.

use std::collections::BTreeSet;

use reqwest::Method;
use strongroom_domain::Operation;

use crate::support::client::{raw, sftp};
use crate::support::routes::{self, Targets};
use crate::support::{Character, World};

/// The table of api.md, written down a second time, so that a change of the first one makes this test fail.
fn allowed(operation: Operation) -> (bool, bool, &'static [&'static str]) {
    match operation {
        Operation::ListCredentials | Operation::GetCredential | Operation::BrowseCatalog => {
            (true, true, &["credentials:read"])
        }
        Operation::CreateCredential
        | Operation::AuthorizeCredential
        | Operation::RefreshCredential
        | Operation::UpdateCredential
        | Operation::DeleteCredential
        | Operation::TestCredential => (true, true, &["credentials:write"]),
        Operation::ReadSecrets => (false, false, &["secrets:read"]),
        Operation::ShowCrmCredentials => (true, true, &["credentials:read", "secrets:read"]),
        Operation::ManageIntegrations => (true, false, &["credentials:write"]),
        Operation::ManageServiceAccounts
        | Operation::ManageApiKeys
        | Operation::ManageOauthApps
        | Operation::QueryAudit
        | Operation::VerifyAudit => (true, false, &[]),
    }
}

/// Whether the caller with this name may do this operation.
type Expectation = fn(Operation, &str) -> bool;

#[tokio::test(flavor = "multi_thread")]
async fn every_role_and_scope_may_do_what_the_table_says_and_nothing_else() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let scopes = ["credentials:read", "credentials:write", "secrets:read"];
    let mut callers: Vec<(String, Character, Expectation)> = vec![
        ("admin".into(), Character::admin_of("acme"), |operation, _| allowed(operation).0),
        ("member".into(), Character::member_of("acme"), |operation, _| allowed(operation).1),
        ("guest".into(), Character::guest_of("acme"), |_, _| false),
        ("unknown role".into(), Character::user("acme", "x", &["owner", "ADMIN", "root"]), |_, _| false),
        ("service without scope".into(), Character::service_of("acme", ""), |_, _| false),
        (
            "service with foreign scope".into(),
            Character::service_of("acme", "admin secrets:write"),
            |_, _| false,
        ),
    ];
    for scope in scopes {
        let holds: Expectation = |operation, scope| allowed(operation).2.contains(&scope);
        callers.push((scope.into(), Character::service_of("acme", scope), holds));
        callers.push((scope.into(), admin.hire(&[scope]).await, holds));
    }
    for request in routes::protected(&Targets::nowhere()) {
        for (name, character, may) in &callers {
            let client = server.client(character.clone());
            let reply = client.send(request.method.clone(), &request.path, request.body.clone(), &[]).await;
            let place = format!("{name}: {} {} {}", request.method, request.template, reply.text);
            assert_ne!(reply.status, 401, "{place}");
            assert_eq!(reply.status != 403, may(request.operation, name), "{place}");
        }
        let anonymous = server.client(Character::Anonymous);
        let reply = anonymous.send(request.method.clone(), &request.path, request.body.clone(), &[]).await;
        assert_eq!(reply.status, 401, "{} {}", request.method, request.template);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_listed_routes_are_public() {
    const CALLBACKS: [&str; 2] =
        ["/integrations/{provider}/callback", "/integrations/{provider}/callback/{app_id}"];
    let pages =
        ["/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/v1/integrations/catalog"];
    let known: Vec<(String, &str)> = ["GET", "POST"]
        .into_iter()
        .flat_map(|method| CALLBACKS.map(|path| (method.to_owned(), path)))
        .chain(pages.map(|path| ("GET".to_owned(), path)))
        .collect();
    assert_eq!(routes::public(), known);
    let world = World::embedded();
    let server = world.setup.start().await;
    let anonymous = server.client(Character::Anonymous);
    for path in pages {
        assert_eq!(anonymous.get(path).await.status, 200, "{path}");
    }
    for path in ["/integrations/google/callback?code=x&state=y", "/integrations/google/callback/x?state=y"] {
        assert_eq!(anonymous.get(path).await.status, 400, "a state is the key to {path}");
    }
    let forwarded = anonymous.send(Method::GET, "/metrics", None, &[("X-Forwarded-For", "127.0.0.1")]).await;
    assert_eq!(forwarded.status, 404, "metrics are for peers that no proxy speaks for");
    for path in ["/setup", "/admin", "/init", "/swagger", "/v1", "/", "/integrations", "/.env"] {
        assert_eq!(anonymous.get(path).await.status, 404, "{path}");
    }
}

/// The address on record is the one that the nearest untrusted hop has, and a header of a caller is no hop.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_a_header_is_believed_of_trusted_proxies_only() {
    let cases = [
        ("", "203.0.113.7", "127.0.0.1"),
        ("192.0.2.0/24", "203.0.113.7", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.0/8", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.0/8,203.0.113.0/24", "198.51.100.1, 203.0.113.7", "198.51.100.1"),
        ("127.0.0.0/8", "203.0.113.7, nonsense", "127.0.0.1"),
    ];
    for (trusted, header, expected) in cases {
        let world = World::embedded().with("STRONGROOM_SERVER__TRUSTED_PROXIES", trusted);
        let server = world.setup.start().await;
        let admin = server.client(Character::admin_of("acme"));
        let header = [("X-Forwarded-For", header)];
        let stored =
            admin.send(Method::POST, "/integrations/credentials", Some(sftp("hunter2")), &header).await;
        assert_eq!(stored.status, 201, "{}", stored.text);
        let trail = admin.get("/integrations/audit?action=credential.created").await.json();
        assert_eq!(trail["items"][0]["source_ip"], expected, "{trusted}: {header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_gets_around_authentication_or_roles() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let (_, member) = Character::member_of("acme").header().unwrap();
    let member = format!("Authorization: {member}\r\n");
    let paths = [
        ("GET", format!("/integrations/credentials/{id}/credentials")),
        ("GET", format!("/integrations/credentials/{id}/secrets")),
        ("GET", "/service-accounts".into()),
        ("GET", "/integrations/audit".into()),
        ("DELETE", "/v1/integrations/datadog/connect".into()),
    ];
    for (method, path) in &paths {
        let spellings = spellings(path);
        assert!(spellings.len() >= 500, "only {} spellings", spellings.len());
        for spelling in spellings {
            for authorization in ["", member.as_str()] {
                let extra = "X-HTTP-Method-Override: GET\r\nX-Original-URL: /health/live\r\n";
                let request = format!(
                    "{method} {spelling} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}{extra}\r\n"
                );
                let answer = raw(server.address(), request.as_bytes());
                assert!(!answer.starts_with("HTTP/1.1 2"), "{spelling:?}: {answer}");
            }
        }
    }
}

/// Variants of the path with added slashes, dots, percent-encodings, cases and suffixes, one or two at a
/// time.
fn spellings(path: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([path.to_owned()]);
    let inserts =
        ["/", "/./", "/../", "/x/../", "%2f", "%2F", "%252f", "\\", "%5c", ";", ";a=b", "%00", "%20", "."];
    let slashes: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    for at in &slashes {
        for insert in inserts {
            found.insert(format!("{}{insert}{}", &path[..*at], &path[at + 1..]));
            found.insert(format!("{}{insert}{}", &path[..=*at], &path[at + 1..]));
        }
    }
    let odd: Vec<String> = found.iter().cloned().collect();
    found.extend(odd.iter().flat_map(|one| {
        ["/", "?a=b", "%00", ";x", "/..", "%23", "\\", "&a"].map(|suffix| format!("{one}{suffix}"))
    }));
    for (at, letter) in path.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric()) {
        found.insert(format!("{}%{:02x}{}", &path[..at], letter as u32, &path[at + 1..]));
        found.insert(format!("{}{}{}", &path[..at], letter.to_ascii_uppercase(), &path[at + 1..]));
    }
    let suffixes = [
        "/",
        "//",
        "/.",
        "/..",
        "?",
        "??",
        "#",
        ".json",
        ";",
        "%20",
        "%09",
        "/health/live",
        "?access=admin",
        "..;/",
    ];
    for prefix in ["", "/", "//", "/.", "/health/live/..", "/api", "/API", "/api/api", "/x/..", "http://x"] {
        for suffix in suffixes {
            for one in [path.to_owned(), path.to_uppercase(), path.replacen("credentials", ":id", 1)] {
                found.insert(format!("{prefix}{one}{suffix}"));
            }
        }
    }
    found
}
