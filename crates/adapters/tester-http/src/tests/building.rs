use std::sync::LazyLock;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use strongroom_declared_http::{Refusal, Values};
use strongroom_domain::CredentialType;
use time::macros::datetime;
use url::Url;

use super::provider::{RULES, Tested, content, first_step, one_step, provider, test_of};
use crate::request::{Prepared, prepare};

/// Builds the first step with these fields and the token.
fn build<T>(
    provider: &Tested,
    fields: &[(&str, &str)],
    look: impl Fn(Result<Prepared<'_>, Refusal>) -> T,
) -> T {
    let content = content(provider, &[&[("token", "good-token")], fields].concat());
    let values = Values::for_test(provider, CredentialType::ApiKey, &content, test_of(provider));
    look(prepare(first_step(provider), &values, datetime!(2026-01-05 10:00 UTC)))
}

fn address(provider: &Tested, fields: &[(&str, &str)]) -> Result<String, String> {
    build(provider, fields, |built| match built {
        Ok(built) => Ok(built.target.url.expose().to_owned()),
        Err(refusal) => Err(refusal.to_string()),
    })
}

#[test]
fn variables_stand_in_an_address_as_one_label_one_segment_or_one_value() {
    let provider = one_step(
        "needs = [\"tenant\", \"plan\"]\nurl = \"https://{tenant}.acme.com/v1/{plan}/x\"\nquery = { p = \"a b{plan}\", q = \"{second}\" }",
    );
    let built = |tenant, plan| address(&provider, &[("tenant", tenant), ("plan", plan)]);
    assert_eq!(built("Jane", "free").unwrap(), "https://jane.acme.com/v1/free/x?p=a%20bfree");
    assert_eq!(built("j", "a/b?c#d").unwrap(), "https://j.acme.com/v1/a%2Fb%3Fc%23d/x?p=a%20ba%2Fb%3Fc%23d");
    assert_eq!(built("j", "ü").unwrap(), "https://j.acme.com/v1/%C3%BC/x?p=a%20b%C3%BC");
    for tenant in ["evil.com/", "x@evil.com", "evil.com:80", "..", "", "a_b", "ü", "evil.com\\", "a b", "%2e"]
    {
        let refusal = built(tenant, "free").unwrap_err();
        assert_eq!(refusal, "The field `tenant` must be a part of a host name.", "{tenant}");
    }
    for plan in ["..", "."] {
        let refusal = built("j", plan).unwrap_err();
        assert_eq!(refusal, "The field `plan` must not have `.` or `..` as a part of a path.");
    }
    assert_eq!(built("j", "a\rb").unwrap_err(), "The field `plan` must not contain control characters.");
}

#[test]
fn a_path_of_several_segments_stays_one_but_leads_nowhere_else() {
    let provider = one_step("needs = [\"path\"]\nurl = \"https://acme.com/api/{+path}\"");
    let built = |path| address(&provider, &[("path", path)]);
    assert_eq!(built("/users/me").unwrap(), "https://acme.com/api/users/me");
    assert_eq!(built("users/a b").unwrap(), "https://acme.com/api/users/a%20b");
    assert_eq!(built("%2e%2e/x").unwrap(), "https://acme.com/api/%252e%252e/x");
    for path in ["../x", "a/../x", "a/..", "./x", "x?y", "x#y"] {
        assert!(built(path).is_err(), "{path}");
    }
}

#[test]
fn the_host_of_a_field_must_be_on_the_list() {
    let provider = one_step(
        "needs = [\"address\"]\nurl = \"{address}/me\"\nhosts = [\"*.acme.com\", \"acme.com\"]\nkeep_path = true",
    );
    let built = |text| address(&provider, &[("address", text)]);
    assert_eq!(built("https://acme.com").unwrap(), "https://acme.com/me");
    assert_eq!(built("https://A.b.ACME.com/base/").unwrap(), "https://a.b.acme.com/base/me");
    for text in [
        "https://evil.com",
        "https://evilacme.com",
        "https://acme.com.evil.com",
        "https://a.acme.com@evil.com",
        "https://.acme.com",
        "https://evil.com/.acme.com",
        "https://evil.com#.acme.com",
        "https://evil.com\\.acme.com",
        "ftp://a.acme.com",
        "https://user@a.acme.com",
        "acme.com",
        "https://a.acme.com:0",
        "https://acme.com。evil.com",
        "https://127.0.0.1",
        "https://[::1]",
    ] {
        let refusal = built(text).unwrap_err();
        assert!(refusal.starts_with("The field `address` "), "{text}: {refusal}");
    }
}

#[test]
fn a_query_and_dots_in_the_address_of_a_field_are_refused_and_not_dropped() {
    for keep_path in ["true", "false"] {
        let provider = one_step(&format!(
            "needs = [\"address\"]\nurl = \"{{address}}/me\"\nhosts = [\"*\"]\nkeep_path = {keep_path}"
        ));
        let built = |text| address(&provider, &[("address", text)]);
        for text in
            ["https://acme.com/?q=1", "https://acme.com?", "https://acme.com/a#b", "https://acme.com/a#"]
        {
            let refusal = built(text).unwrap_err();
            assert_eq!(refusal, "The field `address` must be a URL without query and fragment.", "{text}");
        }
        for text in [
            "https://acme.com/a/../b",
            "https://acme.com/..",
            "https://acme.com/./b",
            "https://acme.com/%2e%2E/b",
            "https://acme.com\\..\\b",
        ] {
            let refusal = built(text).unwrap_err();
            assert_eq!(
                refusal, "The field `address` must not have `.` or `..` as a part of a path.",
                "{text}"
            );
        }
        assert!(built("https://acme.com/a..b/.well-known/").is_ok());
    }
}

#[test]
fn an_origin_and_hyphens_are_what_a_template_asks_for() {
    let provider = provider(&format!(
        r#"
        [[test.step]]
        method = "POST"
        needs = ["address", "tenant"]
        url = "https://{{tenant.hyphens}}.acme.com/"
        form = {{ scope = "{{address.origin}}/.default", token = "{{token}}" }}
        {RULES}
        "#
    ));
    let built = |tenant, text| {
        build(&provider, &[("tenant", tenant), ("address", text)], |built| {
            built.map(|built| (built.target.host, String::from_utf8(built.request.body().to_vec()).unwrap()))
        })
    };
    for text in ["https://ORG.crm.com", "https://org.crm.com/", "https://org.crm.com:443/api/v9?x=1"] {
        let (host, body) = built("my_org-a_b.eu-1", text).unwrap();
        assert_eq!(host, "my-org-a-b.eu-1.acme.com");
        assert_eq!(body, "scope=https%3A%2F%2Forg.crm.com%2F.default&token=good-token");
    }
    assert_eq!(built("a", "data:x").unwrap_err().field, "address");
}

#[test]
fn any_host_may_be_an_address_and_keeps_its_port() {
    let by_url = one_step("needs = [\"address\"]\nurl = \"{address}\"\nhosts = [\"*\"]");
    let look = |built: Result<Prepared<'_>, Refusal>| {
        let target = built.unwrap().target;
        (target.host, target.authority, target.port, target.port_is_fixed)
    };
    let found = build(&by_url, &[("address", "https://[2001:db8::1]:8443/")], look);
    assert_eq!(found, ("2001:db8::1".into(), "[2001:db8::1]:8443".into(), 8443, false));
    let by_name = one_step("needs = [\"tenant\"]\nurl = \"https://{tenant}:9443/\"\nhosts = [\"*\"]");
    let found = build(&by_name, &[("tenant", "2001:DB8::1")], look);
    assert_eq!(found, ("2001:db8::1".into(), "[2001:db8::1]:9443".into(), 9443, true));
    let found = build(&by_name, &[("tenant", "Git.Example.com.")], look);
    assert_eq!(found, ("git.example.com".into(), "git.example.com:9443".into(), 9443, true));
    for tenant in ["0x7f.1", "2130706433", "127.1", "0177.0.0.1"] {
        assert!(address(&by_name, &[("tenant", tenant)]).is_err(), "{tenant}");
    }
}

#[test]
fn a_choice_decides_a_host_and_an_unknown_value_is_refused_by_the_name_of_its_field() {
    let provider = provider(&format!(
        r#"
        [test.choices.api_host]
        field = "region"
        values = {{ us = "api.acme.com", eu = "api.eu.acme.com" }}
        [test.choices.word]
        field = "region"
        values = {{ us = "Bearer " }}
        otherwise = ""
        [[test.step]]
        url = "https://{{api_host}}/"
        headers = {{ X-Token = "{{word}}{{token}}" }}
        {RULES}
        "#
    ));
    assert_eq!(address(&provider, &[]).unwrap(), "https://api.acme.com/");
    assert_eq!(address(&provider, &[("region", "eu")]).unwrap(), "https://api.eu.acme.com/");
    let refusal = address(&provider, &[("region", "evil.com")]).unwrap_err();
    assert_eq!(refusal, "The field `region` is none of the values that have a test.");
    let header = |region| {
        build(&provider, &[("region", region)], |built| built.unwrap().request.headers()["x-token"].clone())
    };
    assert_eq!(
        (header("US"), header("eu")),
        ("Bearer good-token".parse().unwrap(), "good-token".parse().unwrap())
    );
}

#[test]
fn a_stored_value_that_is_no_longer_among_the_choices_of_its_field_leads_nowhere() {
    let provider = one_step("url = \"https://api.{site}/\"");
    assert_eq!(address(&provider, &[]).unwrap(), "https://api.acme.com/");
    assert_eq!(address(&provider, &[("site", "acme.eu")]).unwrap(), "https://api.acme.eu/");
    let refusal = address(&provider, &[("site", "evil.com")]).unwrap_err();
    assert_eq!(refusal, "The field `site` is none of the values that this provider takes.");
}

#[test]
fn a_header_that_a_field_names_cannot_be_one_that_frames_the_message() {
    let provider = provider(&format!(
        "[[test.step]]\nurl = \"https://acme.com/\"\nheaders = {{ \"{{plan}}\" = \"{{token}}\" }}\n{RULES}"
    ));
    let built = |name: &str| build(&provider, &[("plan", name)], |built| built.map(|built| built.request));
    assert_eq!(built("X-Token").unwrap().headers()["x-token"], "good-token");
    assert!(built("X-Token").unwrap().headers()["x-token"].is_sensitive());
    for name in [
        "Host",
        "content-LENGTH",
        "Transfer-Encoding",
        "Connection",
        "cookie",
        "Proxy-X",
        "X-Forwarded-For",
        "Forwarded",
        "If-None-Match",
        "Range",
        "Via",
        "X-Real-IP",
        "X-HTTP-Method-Override",
        "HTTP2-Settings",
        "Content-Encoding",
        "a b",
        "a:b",
        "ü",
    ] {
        assert_eq!(built(name).unwrap_err().field, "plan", "{name}");
    }
}

#[test]
fn a_user_name_with_a_colon_is_refused() {
    let provider = provider(&format!(
        "[[test.step]]\nneeds = [\"plan\"]\nurl = \"https://acme.com/\"\nbasic = {{ username = \"{{plan}}\", password = \"{{token}}\" }}\n{RULES}"
    ));
    let refusal = address(&provider, &[("plan", "a:b")]).unwrap_err();
    assert_eq!(refusal, "The field `plan` must not contain a colon.");
    assert!(address(&provider, &[("plan", "jane")]).is_ok());
}

/// A request with a variable in every place where one is allowed.
static EVERYWHERE: LazyLock<Tested> = LazyLock::new(|| {
    provider(&format!(
        r#"
        [[test.step]]
        needs = ["tenant", "plan", "path"]
        method = "POST"
        url = "https://{{tenant}}.acme.com:8443/v1/{{plan}}/{{+path}}"
        query = {{ plan = "{{plan}}", token = "{{token}}" }}
        headers = {{ Authorization = "Bearer {{token}}" }}
        form = {{ second = "{{second}}" }}
        {RULES}
        "#
    ))
});

static BY_FIELD: LazyLock<Tested> = LazyLock::new(|| {
    one_step("needs = [\"address\"]\nurl = \"{address}/me\"\nhosts = [\"*.acme.com\"]\nkeep_path = true")
});

/// Any text, and texts with parts that have misled other parsers.
pub(super) fn hostile_text() -> impl Strategy<Value = String> {
    let tricks = [
        "a",
        "evil.com",
        ".acme.com",
        "/",
        "\\",
        "@",
        ":",
        "#",
        "?",
        "..",
        ".",
        "%2e",
        "%2f",
        "%00",
        "%0d%0a",
        "\r\n",
        "\n",
        "\0",
        "\t",
        " ",
        "[",
        "]",
        "::1",
        "127.0.0.1",
        "。",
        "／",
        "＠",
        "\u{202e}",
        "ß",
        "http://",
        "https://",
        "&",
        "=",
        "+",
        "GET / HTTP/1.1\r\n\r\n",
        "x: y",
        "é",
        "-",
        "_",
    ];
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(proptest::sample::select(tricks.to_vec()), 0..6)
            .prop_map(|tricks| tricks.concat()),
        "[ -~]{0,20}",
    ]
}

proptest! {
    #[test]
    fn whatever_the_fields_hold_the_request_goes_to_the_provider_or_nowhere(
        tenant in prop_oneof![hostile_text(), "[a-z]{1,5}"],
        plan in prop_oneof![hostile_text(), "[a-z]{1,5}"],
        path in prop_oneof![hostile_text(), "[a-z]{1,5}"],
        token in prop_oneof![hostile_text(), "[!-~]{1,5}"],
        second in hostile_text(),
    ) {
        let fields = [
            ("tenant", tenant.as_str()), ("plan", &plan), ("path", &path), ("token", &token), ("second", &second),
        ];
        build(&EVERYWHERE, &fields, |built| {
            let Ok(built) = built else { return Ok(()) };
            let url = Url::parse(built.target.url.expose()).unwrap();
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(url.host_str().unwrap().ends_with(".acme.com"));
            prop_assert_eq!(url.host_str().unwrap(), built.target.host.as_str());
            prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
            prop_assert_eq!((url.port(), built.target.port), (Some(8443), 8443));
            prop_assert!(url.path().starts_with("/v1/"));
            let query: Vec<_> = url.query_pairs().collect();
            prop_assert_eq!(&query[..], &[("plan".into(), plan.as_str().into()), ("token".into(), token.as_str().into())]);
            let form: Vec<_> = url::form_urlencoded::parse(built.request.body()).collect();
            prop_assert_eq!(&form[..], &[("second".into(), second.as_str().into())]);
            prop_assert_eq!(built.request.uri().to_string(), &url[url::Position::BeforePath..]);
            prop_assert_eq!(built.request.headers()["host"].to_str().unwrap(), format!("{}:8443", built.target.host));
            Ok(())
        })?;
    }

    #[test]
    fn whatever_a_url_field_holds_the_request_goes_to_the_provider_or_nowhere(
        address in prop_oneof![
            hostile_text(),
            hostile_text().prop_map(|text| format!("https://{text}")),
            hostile_text().prop_map(|text| format!("https://{text}.acme.com/{text}")),
            hostile_text().prop_map(|text| format!("https://a.acme.com/{text}")),
        ],
    ) {
        build(&BY_FIELD, &[("address", &address)], |built| {
            let Ok(built) = built else { return Ok(()) };
            let url = Url::parse(built.target.url.expose()).unwrap();
            prop_assert!(built.target.host.ends_with(".acme.com"));
            prop_assert_eq!(url.host_str().unwrap().trim_end_matches('.'), built.target.host.as_str());
            prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
            prop_assert!(url.path().ends_with("/me"));
            Ok(())
        })?;
    }
}
