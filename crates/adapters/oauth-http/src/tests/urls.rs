use strongroom_authorization_server::{AuthorizationRequest, AuthorizationServer, AuthorizationUrl};
use strongroom_declared_http::{Endpoint, OauthRequests, OriginTemplate};
use strongroom_domain::{CredentialType, Violation};
use strongroom_egress::{Egress, EgressSettings};
use url::Url;

use super::provider::{
    REDIRECT, adapter, adapter_at, declared, endpoint, oauth, remote, subject, subject_of, template,
};

const STATE: &str = "kL9-state_of.43~chars";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn request(scope: Option<&str>) -> AuthorizationRequest<'_> {
    AuthorizationRequest {
        client_id: "the app&id=1",
        redirect_uri: REDIRECT,
        scope,
        state: STATE,
        code_challenge: CHALLENGE,
    }
}

fn built(oauth: OauthRequests, scope: Option<&str>) -> Result<AuthorizationUrl, Violation> {
    adapter(oauth).authorization_url(&subject(), &request(scope))
}

fn query(url: &str) -> Vec<(String, String)> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn scopes_of_a_caller_do_not_lose_the_refresh_token() {
    let scope = |offline: &str, wanted: Option<&str>| {
        let mut oauth = oauth(1);
        oauth.scopes = vec![template("openid"), template(offline)];
        built(oauth, wanted).unwrap().scope
    };
    for offline in ["offline_access", "offline", "offline.access", "refresh_token"] {
        assert_eq!(scope(offline, Some("files.read")), format!("files.read {offline}"));
        let named = format!("{offline} files.read");
        assert_eq!(scope(offline, Some(&named)), named);
    }
    assert_eq!(scope("email", Some("files.read")), "files.read");
}

#[test]
fn a_person_is_sent_for_a_code_with_state_and_challenge() {
    let mut oauth = oauth(1);
    oauth.authorize = remote("{tenant}.acme.com", "/{tenant}/authorize");
    oauth.authorize_parameters = declared(&[
        ("access_type", "offline"),
        ("login", "{tenant}&x"),
        ("absent", "{address}"),
        ("state", "fixed"),
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
    ]);
    let built = built(oauth, None).unwrap();
    assert!(
        built.url.starts_with("https://jane.acme.com/jane/authorize?response_type=code&"),
        "{}",
        built.url
    );
    let expected = [
        ("response_type", "code"),
        ("client_id", "the app&id=1"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email"),
        ("state", STATE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("login", "jane&x"),
    ];
    assert_eq!(query(&built.url), pairs(&expected));
    assert_eq!(built.scope, "openid email");
}

#[test]
fn a_server_without_pkce_gets_no_challenge() {
    let mut oauth = oauth(1);
    oauth.pkce = false;
    assert!(!built(oauth, None).unwrap().url.contains("challenge"));
}

#[test]
fn scopes_are_written_as_the_file_says_and_those_of_a_caller_replace_them() {
    let mut oauth = oauth(1);
    oauth.scope_separator = ",".to_owned();
    oauth.scope_parameter = Some("user_scope".to_owned());
    oauth.scopes = vec![template("https://{tenant}.acme.com/.default"), template("b")];
    let of = |scope| built(oauth.clone(), scope).unwrap();
    assert_eq!(of(None).scope, "https://jane.acme.com/.default,b");
    assert_eq!(of(Some(" read  write:all ")).scope, "read,write:all");
    assert_eq!(of(Some(" ")).scope, of(None).scope);
    assert!(query(&of(Some("x y")).url).contains(&("user_scope".to_owned(), "x,y".to_owned())));
    for scope in ["a\"b", "a\\b", "a\tb", "a\nb", "ü", "a\u{7f}"] {
        let violation = built(oauth.clone(), Some(scope)).unwrap_err();
        assert_eq!(violation.field, "scope", "{scope:?}");
    }
    oauth.scopes = vec![template("{address}")];
    let violation = built(oauth, None).unwrap_err();
    assert!(violation.field == "address" && violation.rule.asks_for_a_value(), "{violation}");
}

#[test]
fn a_server_that_takes_no_scope_is_asked_for_none() {
    let mut oauth = oauth(1);
    oauth.scope_parameter = None;
    let built = |scope| built(oauth.clone(), scope);
    let without = built(None).unwrap();
    assert!(without.scope.is_empty() && !without.url.contains("scope"), "{}", without.url);
    assert_eq!(built(Some("x")).unwrap_err().field, "scope");
}

#[test]
fn a_url_leads_to_the_provider_and_holds_no_secret() {
    let mut oauth = oauth(1);
    oauth.authorize_parameters = declared(&[("key", "{key}")]);
    oauth.authorize = remote("{tenant}.acme.com", "/");
    assert!(!built(oauth.clone(), None).unwrap().url.contains("key"));
    for tenant in ["evil.com/", "x@evil.com", "..", "a b", "evil.com\\"] {
        let subject = subject_of(CredentialType::Oauth2, &[("tenant", tenant)]);
        let violation = adapter(oauth.clone()).authorization_url(&subject, &request(None)).unwrap_err();
        assert_eq!(violation.field, "tenant");
    }
    oauth.authorize = remote("acme.com", "/{key}");
    let violation = built(oauth.clone(), None).unwrap_err();
    assert!(violation.field == "key" && violation.rule.asks_for_a_value(), "{violation}");

    let hosts = vec!["acme.com".to_owned()];
    let origin = OriginTemplate::Field { name: "address".to_owned(), keep_path: false, hosts };
    oauth.authorize = Endpoint { origin, path: template("/authorize") };
    for (address, good) in [("https://acme.com", true), ("https://evil.com", false), ("data:x", false)] {
        let subject = subject_of(CredentialType::Oauth2, &[("address", address)]);
        let built = adapter(oauth.clone()).authorization_url(&subject, &request(None));
        assert_eq!(built.is_ok(), good, "{address}");
    }
}

#[test]
fn a_person_is_sent_over_tls_except_in_a_rehearsal() {
    let mut oauth = oauth(1);
    oauth.authorize = endpoint(8080, "/authorize");
    assert!(built(oauth.clone(), None).unwrap().url.starts_with("http://127.0.0.1:8080/authorize?"));
    let strict = adapter_at(Egress::new(&EgressSettings::default()).unwrap(), oauth);
    let violation = strict.authorization_url(&subject(), &request(None)).unwrap_err();
    assert_eq!(violation.field, "authorize_url");
}

#[test]
fn the_issuer_is_what_the_file_says() {
    let mut oauth = oauth(1);
    assert_eq!(adapter(oauth.clone()).issuer(&subject()).unwrap(), None);
    oauth.issuer = Some(template("https://acme.com/{tenant}/v2.0"));
    let issuer = adapter(oauth.clone()).issuer(&subject()).unwrap();
    assert_eq!(issuer.as_deref(), Some("https://acme.com/jane/v2.0"));
    let bare = subject_of(CredentialType::Oauth2, &[]);
    assert_eq!(adapter(oauth).issuer(&bare).unwrap_err().field, "tenant");
}
