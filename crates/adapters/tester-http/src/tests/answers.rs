use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use strongroom_domain::TestCode;

use super::provider::{first_step, provider};
use crate::answer::{Reading, evaluate};

/// The code of an answer by these rules; two more rules are added to make the file valid.
fn read(rules: &str, status: u16, headers: &[(&str, &str)], body: &str) -> TestCode {
    let provider = provider(&format!(
        "[[test.step]]\nurl = \"https://acme.com/\"\nheaders = {{ X-Token = \"{{token}}\" }}\noutcomes = [{rules}, {{ status = [298], code = \"ok\" }}, {{ status = [299], code = \"auth_rejected\" }}]"
    ));
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        })
        .collect();
    evaluate(first_step(&provider), StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
}

#[test]
fn without_a_rule_429_is_a_limit_and_all_else_the_providers_error() {
    let rules = r#"{ status = [200], code = "ok" }"#;
    assert_eq!(read(rules, 200, &[], ""), TestCode::Ok);
    assert_eq!(read(rules, 429, &[], ""), TestCode::RateLimited);
    for status in [201, 204, 301, 302, 400, 401, 403, 404, 500, 503] {
        assert_eq!(read(rules, status, &[], ""), TestCode::ProviderError, "{status}");
    }
    let own = r#"{ status = [429], code = "auth_rejected" }"#;
    assert_eq!(read(own, 429, &[], ""), TestCode::AuthRejected);
}

#[test]
fn the_first_rule_that_fits_decides_and_all_its_conditions_must_hold() {
    let rules = r#"
        { status = [403], headers = { "X-Left" = ["0"] }, code = "rate_limited" },
        { status = [403], text = ["AccessDenied", "Nope"], code = "insufficient" },
        { status = [403], code = "auth_rejected" }"#;
    assert_eq!(read(rules, 403, &[("x-left", "0")], "AccessDenied"), TestCode::RateLimited);
    assert_eq!(read(rules, 403, &[("x-left", "4990")], "<Code>AccessDenied</Code>"), TestCode::Insufficient);
    assert_eq!(read(rules, 403, &[("x-left", "10")], "nope"), TestCode::AuthRejected);
}

#[test]
fn a_header_is_found_in_any_case_and_by_a_part_of_its_value() {
    let rules = r#"{ headers = { x-amzn-errortype = ["AccessDenied"] }, code = "insufficient" },
        { headers = { x-any = [] }, code = "invalid_config" }"#;
    let value = "accessdeniedException:http://internal.amazon.com/";
    assert_eq!(read(rules, 400, &[("x-amzn-errortype", value)], ""), TestCode::Insufficient);
    assert_eq!(read(rules, 400, &[("x-amzn-errortype", "Other")], ""), TestCode::ProviderError);
    assert_eq!(read(rules, 400, &[("x-any", "")], ""), TestCode::InvalidConfig);
}

#[test]
fn json_is_compared_by_scalars_and_texts_without_regard_to_case() {
    let is = |values: &str| {
        format!(r#"{{ status = [200], json = [{{ pointer = "/a/0/b", is = [{values}] }}], code = "ok" }}"#)
    };
    let body = |value: &str| format!("{{\"a\": [{{\"b\": {value}}}]}}");
    for (values, value) in [
        ("true", "true"),
        ("\"OK\"", "\"ok\""),
        ("1", "1"),
        ("1", "1.0"),
        ("1.5, 2", "2"),
        ("\"ok\", true", "true"),
    ] {
        assert_eq!(read(&is(values), 200, &[], &body(value)), TestCode::Ok, "{values} {value}");
    }
    for (values, value) in [("true", "\"true\""), ("\"1\"", "1"), ("true", "null"), ("\"a\"", "[\"a\"]")] {
        assert_eq!(read(&is(values), 200, &[], &body(value)), TestCode::ProviderError, "{values} {value}");
    }
}

#[test]
fn what_is_null_or_empty_is_absent_and_what_is_no_json_fits_no_condition() {
    let rules = r#"{ status = [200], json = [{ pointer = "/a", present = true }], code = "ok" },
        { status = [200], json = [{ pointer = "/a", present = false }], code = "auth_rejected" }"#;
    for body in ["{\"a\": 0}", "{\"a\": false}", "{\"a\": \"x\"}", "{\"a\": null, \"a\": [1]}"] {
        assert_eq!(read(rules, 200, &[], body), TestCode::Ok, "{body}");
    }
    for body in ["{}", "[]", "1", "{\"a\": null}", "{\"a\": \"\"}", "{\"a\": []}", "{\"a\": {}}"] {
        assert_eq!(read(rules, 200, &[], body), TestCode::AuthRejected, "{body}");
    }
    let deep = "[".repeat(60_000);
    for body in ["", "<html>", "{\"a\": 1", "\u{feff}", &deep] {
        assert_eq!(read(rules, 200, &[], body), TestCode::ProviderError);
    }
}

/// The facts of a body that may hold this secret.
fn facts(secret: &str, body: &str) -> Vec<(&'static str, String)> {
    let provider = provider(
        r#"
        [[test.step]]
        url = "https://acme.com/"
        headers = { X-Token = "{token}" }
        outcomes = [{ status = [200], code = "ok" }, { status = [401], code = "auth_rejected" }]
        facts = { account = "/a", organization = "/b" }
        "#,
    );
    let step = first_step(&provider);
    let reading = Reading::of(step, StatusCode::OK, &HeaderMap::new(), body.as_bytes());
    reading.facts(step, [secret].into_iter()).into_iter().collect()
}

#[test]
fn facts_are_short_plain_texts() {
    let facts = |body: &str| facts("s3cr3t-value", body);
    let of = |name, text: &str| (name, text.to_owned());
    assert_eq!(facts(r#"{"a": " jane\n ", "b": 42}"#), [of("account", "jane"), of("organization", "42")]);
    let plain = "Jürgen O'Neill (R&D), a.b+c_d@x-y.com: https://x/#1";
    assert_eq!(facts(&format!("{{\"a\": \"{plain}\"}}")), [of("account", plain)]);
    let longest = "ü".repeat(100);
    assert_eq!(facts(&format!("{{\"a\": \"{longest}\", \"b\": \"{longest}x\"}}")), [of("account", &longest)]);
    let refused =
        ["<b>jane</b>", "a\u{7}b", "a\u{202e}b", "a\u{200b}b", "a\nb", "{x}", "a;b", "$(x)", "`x`", "", " "];
    for text in refused {
        assert_eq!(facts(&serde_json::json!({ "a": text }).to_string()), [], "{text:?}");
    }
    assert_eq!(facts(r#"{"a": {"x": 1}, "b": ""}"#), []);
    assert_eq!(facts("no json"), []);
}

#[test]
fn a_fact_with_a_secret_in_it_is_left_out_however_it_is_written() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    // The base64 of this secret contains `+` or `-`, and `/` or `_`.
    let secret = "S3cr3t~~value?>?";
    let plain = "S3cr3t-value";
    let written: [String; 5] = [
        plain.to_owned(),
        plain.to_uppercase(),
        "eulav-t3rc3S".to_owned(),
        plain.bytes().map(|byte| format!("{byte:02x}")).collect(),
        plain.bytes().map(|byte| format!("{byte:02X}")).collect(),
    ];
    for text in written {
        assert_eq!(facts(plain, &serde_json::json!({ "a": format!("you sent {text}.") }).to_string()), []);
    }
    for before in 0..6 {
        for after in 0..3 {
            let text = format!("{}{secret}{}", "x".repeat(before), "y".repeat(after));
            for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                assert_eq!(facts(secret, &serde_json::json!({ "a": encoded }).to_string()), [], "{before}");
            }
        }
    }
    assert_eq!(facts(" ", r#"{"a": "jane doe"}"#).len(), 1);
}
