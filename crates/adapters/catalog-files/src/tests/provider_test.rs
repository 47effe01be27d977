use strongroom_declared_http::{HttpBody, HttpTest, JsonCheck, OriginTemplate, TemplatePart, VariableForm};
use strongroom_domain::{CredentialType, ProviderTest, TestCode};

use super::mistakes::{assert_each_is_reported, problems_of};
use crate::{embedded_files, read_provider};

/// A provider whose test has one of everything; each case below makes one mistake.
const GOOD: &str = r#"
schema = 1
id = "acme"
display_name = "Acme"
description = "Anvils."
category = "crm"

[[field]]
name = "token"
type = "text"
secret = true

[[field]]
name = "region"
type = "text"
destination = true
choices = ["us", "eu"]

[[field]]
name = "plan"
type = "text"
choices = ["free", "paid"]
default = "free"

[[field]]
name = "tenant"
type = "text"
destination = true

[[field]]
name = "page"
type = "integer"

[[field]]
name = "scopes"
type = "list"

[[field]]
name = "address"
type = "url"
destination = true

[[field]]
name = "access_key_id"
type = "text"
types = ["key_file"]

[[field]]
name = "secret_access_key"
type = "text"
secret = true
types = ["key_file"]

[types.api_key]
required = ["token", "tenant"]

[types.user_password]
any_of = [["token", "address"], ["token", "address", "page"]]

[types.key_file]
required = ["access_key_id", "secret_access_key"]

[test.choices.api_host]
field = "region"
default = "us"
values = { us = "api.acme.com", eu = "api.eu.acme.com" }

[[test.step]]
types = ["api_key"]
url = "https://{tenant}.acme.com:8443/v1/{+plan}"
headers = { Authorization = "Token {{token}}={token}", Accept = "application/json" }
query = { page = "{page}" }
outcomes = [
  { status = [200], json = [{ pointer = "/valid", is = [true, "yes", 1] }], code = "ok" },
  { status = [401], json = [{ pointer = "/x", present = false }], code = "auth_rejected" },
  { status = [403], headers = { "X-Left" = ["0"] }, code = "rate_limited" },
  { status = [403], text = ["AccessDenied"], code = "insufficient", message = "No right.", hint = "Ask." },
]
facts = { account = "/login" }

[[test.step]]
types = ["user_password"]
unless = ["page"]
url = "{address}/users"
hosts = ["*.acme.com", "acme.com"]
keep_path = true
basic = { username = "{plan}", password = "{token}" }
outcomes = [{ status = [200], code = "ok" }, { status = [401], code = "auth_rejected" }]

[[test.step]]
types = ["user_password"]
needs = ["page"]
method = "POST"
url = "https://{api_host}"
headers = { "{plan}-token" = "{token}" }
json = '{"query":"{ me { id } }"}'
outcomes = [{ status = [200], code = "ok" }]

[[test.step]]
types = ["key_file"]
method = "POST"
url = "https://sts.acme.com/"
form = { Action = "WhoAmI" }
aws_sigv4 = { service = "sts", region = "{plan}" }
outcomes = [{ status = [200], code = "ok" }, { status = [403], code = "auth_rejected" }]

[dialects.primary]
"#;

fn load(text: &str) -> HttpTest {
    let (provider, declared) = read_provider("acme.toml", text).unwrap_or_else(|error| panic!("{error}"));
    let test = declared.test.unwrap();
    let Some(ProviderTest::Http(conditions)) = provider.test else { panic!("{:?}", provider.test) };
    assert_eq!(conditions.len(), test.steps.len());
    test
}

#[test]
fn a_test_becomes_what_the_file_says() {
    let test = load(GOOD);
    let names: Vec<_> = test.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["login", "login", "login", "login"]);
    let choice = &test.choices["api_host"];
    assert_eq!((choice.field.as_str(), choice.default.as_deref()), ("region", Some("us")));

    let first = &test.steps[0];
    assert_eq!(first.conditions.types, [CredentialType::ApiKey].into());
    let OriginTemplate::Host { plain_http: false, host, port: Some(8443), hosts } = &first.origin else {
        panic!("{:?}", first.origin);
    };
    assert_eq!((host.0.len(), hosts.as_slice()), (2, [".acme.com".to_owned()].as_slice()));
    let kept = TemplatePart::Variable { name: "plan".into(), form: VariableForm::KeepSlashes };
    assert_eq!(first.path.0, [TemplatePart::Literal("/v1/".into()), kept]);
    assert_eq!(first.headers[1].1.0[0], TemplatePart::Literal("Token {token}=".into()));
    assert_eq!(first.outcomes[0].code, TestCode::Ok);
    assert!(matches!(&first.outcomes[0].json[0].check, JsonCheck::OneOf(values) if values.len() == 3));
    assert_eq!(first.outcomes[2].headers, [("x-left".to_owned(), vec!["0".to_owned()])]);
    assert_eq!(first.facts, [("account", "/login".to_owned())]);

    let OriginTemplate::Field { name, keep_path: true, hosts } = &test.steps[1].origin else {
        panic!("{:?}", test.steps[1].origin);
    };
    assert_eq!((name.as_str(), hosts.join(" ")), ("address", ".acme.com acme.com".to_owned()));
    assert!(matches!(&test.steps[2].body, HttpBody::Json(json) if json == r#"{"query":"{ me { id } }"}"#));
    assert_eq!(test.steps[2].path.0, [TemplatePart::Literal("/".into())]);
    assert!(test.steps[3].aws_sigv4.is_some());
}

#[test]
fn any_host_must_be_asked_for() {
    let test = load(&GOOD.replace("hosts = [\"*.acme.com\", \"acme.com\"]", "hosts = [\"*\"]"));
    assert!(matches!(&test.steps[1].origin, OriginTemplate::Field { hosts, .. } if hosts.is_empty()));
}

#[test]
fn steps_can_share_a_list_of_rules() {
    let rules = "[{ status = [200], code = \"ok\" }, { status = [401], code = \"auth_rejected\" }]";
    let shared = GOOD.replace(&format!("outcomes = {rules}"), "outcomes = \"usual\"");
    let with = |list: &str| {
        shared.replace(
            "[test.choices.api_host]",
            &format!("[test.outcomes]\nusual = {list}\n[test.choices.api_host]"),
        )
    };
    let (own, named) = (load(GOOD), load(&with(rules)));
    assert_eq!(format!("{:?}", own.steps), format!("{:?}", named.steps));
    let problem = |text: &str| {
        let problems = problems_of(text);
        (problems[0].key.clone(), problems[0].reason.clone())
    };
    let unknown = "names `usual`, which is not in `[test.outcomes]`".to_owned();
    assert_eq!(problem(&shared), ("test.step[1].outcomes".to_owned(), unknown));
    let no_ok = with("[{ status = [401], code = \"auth_rejected\" }]");
    assert_eq!(
        problem(&no_ok),
        ("test.outcomes.usual".to_owned(), "must have a rule with the code ok".to_owned())
    );
    let (key, reason) = problem(&with(
        "[{ status = [200], code = \"ok\" }, { status = [401], code = \"auth_rejected\", x = 1 }]",
    ));
    assert!(key == "test.outcomes.usual[1]" && reason.contains("unknown field `x`"), "{key}: {reason}");
}

#[test]
fn a_second_step_of_the_same_test_is_the_probe_and_a_third_needs_a_name() {
    let step = |more: &str| {
        let rules = "outcomes = [{ status = [200], code = \"ok\" }]";
        format!(
            "[[test.step]]\n{more}types = [\"api_key\"]\nurl = \"https://acme.com/{{token}}\"\n{rules}\n\n"
        )
    };
    let two = GOOD.replace("[dialects.primary]", &(step("") + "[dialects.primary]"));
    assert_eq!(load(&two).steps[4].name, "probe");
    let three = two.replace("[dialects.primary]", &(step("") + "[dialects.primary]"));
    let problems = problems_of(&three);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].key, "test.step[5].name");
    let again = two.replace("[dialects.primary]", &(step("name = \"probe\"\n") + "[dialects.primary]"));
    assert!(problems_of(&again)[0].reason.contains("repeats `probe`"));
    let named = two.replace("[dialects.primary]", &(step("name = \"rights\"\n") + "[dialects.primary]"));
    assert_eq!(load(&named).steps[5].name, "rights");
}

#[test]
fn a_mistake_about_the_test_as_a_whole_is_reported() {
    let choice = "field = \"region\"\ndefault = \"us\"";
    let values = "values = { us = \"api.acme.com\", eu = \"api.eu.acme.com\" }";
    assert_each_is_reported(
        GOOD,
        &[
            ("[test.choices.api_host]", "[test.x]\n[test.choices.api_host]", "test", "unknown field `x`"),
            (
                "[test.choices.api_host]",
                "[test]\nprotocol = \"ssh\"\n[test.choices.api_host]",
                "test",
                "unknown variant",
            ),
            (
                choice,
                "field = \"region\"\ndefault = \"ap\"",
                "test.choices.api_host.default",
                "must be one of",
            ),
            (choice, "field = \"x\"\ndefault = \"us\"", "test.choices.api_host.field", "not a public field"),
            (
                choice,
                "field = \"token\"\ndefault = \"us\"",
                "test.choices.api_host.field",
                "not a public field",
            ),
            (choice, "field = \"region\"", "test.step[2].url", "needs `api_host`, which may be absent"),
            (values, "values = { us = \"a.com\" }", "test.choices.api_host.values", "must name `eu`"),
            (
                values,
                "values = { us = \"a.com\", eu = \"b.com\", ap = \"c.com\" }",
                "test.choices.api_host.values",
                "names `ap`",
            ),
            (values, "values = { us = \"a.com/\", eu = \"b.com\" }", "test.step[2].url", "no part of a host"),
            (
                "{ status = [403], code = \"auth_rejected\" }",
                "{ status = [403], code = \"invalid_config\" }",
                "test",
                "auth_rejected in a step of the type key_file",
            ),
            (
                "unless = [\"page\"]",
                "name = \"reach\"\nunless = [\"page\"]",
                "test.step[1].name",
                "every test has",
            ),
            ("unless = [\"page\"]", "name = \"A b\"\nunless = [\"page\"]", "test.step[1].name", "1 to 64"),
            ("unless = [\"page\"]", "unless = [\"x\"]", "test.step[1].unless", "names `x`"),
            (
                "types = [\"key_file\"]\nmethod",
                "types = [\"key_file\", \"x\"]\nmethod",
                "test.step[3].types",
                "names `x`",
            ),
        ],
    );
}

#[test]
fn what_a_choice_is_otherwise_is_checked_like_its_values() {
    let values = "values = { us = \"api.acme.com\", eu = \"api.eu.acme.com\" }";
    let otherwise = |text: &str| {
        GOOD.replace(values, &format!("values = {{ us = \"api.acme.com\" }}\notherwise = \"{text}\""))
    };
    let choice = &load(&otherwise("api.eu.acme.com")).choices["api_host"];
    let texts = ["us", "US", "eu"].map(|value| choice.text(value));
    assert_eq!(texts, [Some("api.acme.com"), Some("api.acme.com"), Some("api.eu.acme.com")]);
    let problems = problems_of(&otherwise("b.com/"));
    assert_eq!((problems.len(), problems[0].key.as_str()), (1, "test.step[2].url"), "{problems:#?}");
}

#[test]
fn a_test_without_steps_and_a_protocol_without_its_fields_are_reported() {
    let head = GOOD.split("[test.choices.api_host]").next().unwrap();
    let problems = problems_of(&format!("{head}[test]\n[dialects.primary]"));
    assert_eq!(problems[0].to_string().split(": ").nth(1), Some("test"), "{problems:#?}");
    let problems = problems_of(&format!("{head}[test]\nprotocol = \"sftp\"\n[dialects.primary]"));
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

#[test]
fn a_mistake_about_where_a_step_goes_is_reported() {
    const URL: &str = "test.step[0].url";
    let url = "https://{tenant}.acme.com:8443/v1/{+plan}";
    let hosts = "hosts = [\"*.acme.com\", \"acme.com\"]";
    assert_each_is_reported(
        GOOD,
        &[
            (url, "ftp://acme.com/", URL, "must begin with `https://`"),
            (url, "https:///", URL, "must name a host"),
            (url, "https://acme..com/", URL, "must name a host"),
            (url, "https://ACME.com/", URL, "characters of `a-z0-9-.`"),
            (url, "https://a@acme.com/", URL, "user name"),
            (url, "https://acme.com:{page}/", URL, "port of digits"),
            (url, "https://acme.com:0/", URL, "port of digits"),
            (url, "https://acme.com/?a=b", URL, "parameters have a table"),
            (url, "https://acme.com?a=b", URL, "parameters have a table"),
            (url, "https://acme.com/#a", URL, "parameters have a table"),
            (url, "https://acme.com/a b", URL, "plain characters"),
            (url, "https://acme.com/a/../b", URL, "`.` or `..`"),
            (url, "https://{tenant}.com/", URL, "at least two labels"),
            (url, "https://{tenant}acme.com/", URL, "at least two labels"),
            (url, "https://acme.{tenant}/", URL, "must not end its host with `tenant`"),
            (url, "https://{+tenant}.acme.com/", URL, "only for the path"),
            (url, "https://{region}.acme.com/", URL, "needs `region`, which may be absent"),
            (url, "https://acme.com/{page}", URL, "needs `page`, which may be absent"),
            (url, "https://acme.com/{x}", URL, "names `x`"),
            (url, "https://acme.com/{access_key_id}", URL, "not a field of these types"),
            (url, "https://acme.com/{scopes}", URL, "not for templates"),
            (url, "https://acme.com/{", URL, "not closed"),
            (url, "https://acme.com/}", URL, "too many"),
            (url, "https://acme.com/{A}", URL, "1 to 64"),
            (hosts, "", "test.step[1].hosts", "must say what the host"),
            (hosts, "hosts = [\"*.com\"]", "test.step[1].hosts", "at least two labels"),
            (hosts, "hosts = [\"*\", \"a.com\"]", "test.step[1].hosts", "`*` alone"),
            (hosts, "hosts = [\"https://a.com\"]", "test.step[1].hosts", "neither a host name"),
            (
                "https://sts.acme.com/\"",
                "https://sts.acme.com/\"\nhosts = [\"a.com\"]",
                "test.step[3].hosts",
                "must admit",
            ),
            (
                "https://sts.acme.com/\"",
                "https://sts.acme.com/\"\nkeep_path = true",
                "test.step[3].keep_path",
                "only for",
            ),
            ("{address}/users", "{plan}/users", "test.step[1].url", "not a field of the type url"),
            ("{address}/users", "{address}.acme.com/", "test.step[1].url", "path of plain characters"),
        ],
    );
}

#[test]
fn a_mistake_about_what_a_step_sends_is_reported() {
    let accept = "Accept = \"application/json\"";
    let basic = "basic = { username = \"{plan}\", password = \"{token}\" }";
    let json = "json = '{\"query\":\"{ me { id } }\"}'";
    let form = "form = { Action = \"WhoAmI\" }";
    assert_each_is_reported(
        GOOD,
        &[
            (accept, "Host = \"a\"", "test.step[0].headers.Host", "only the tester writes"),
            (accept, "Proxy-X = \"a\"", "test.step[0].headers.Proxy-X", "only the tester writes"),
            (
                accept,
                "X-Forwarded-For = \"a\"",
                "test.step[0].headers.X-Forwarded-For",
                "only the tester writes",
            ),
            (
                accept,
                "Accept = \"{plan.origin}\"",
                "test.step[0].headers.Accept",
                "only for a field of the type url",
            ),
            (accept, "Cookie = \"a\"", "test.step[0].headers.Cookie", "only the tester writes"),
            (accept, "Content-Type = \"a\"", "test.step[0].headers.Content-Type", "with a body"),
            (accept, "\"a b\" = \"a\"", "test.step[0].headers.a b", "not the name of a header"),
            (accept, "Accept = \"a\\r\\nb\"", "test.step[0].headers.Accept", "printable ASCII"),
            (accept, "Accept = \"{x}\"", "test.step[0].headers.Accept", "names `x`"),
            (
                basic,
                "basic = { username = \"{page}\", password = \"{token}\" }",
                "test.step[1].basic.username",
                "needs `page`",
            ),
            (basic, "query = { a = \"{plan}\" }", "test.step[1]", "must send a secret field"),
            ("page = \"{page}\"", "page = \"{page\"", "test.step[0].query.page", "not closed"),
            (json, "json = '{'", "test.step[2].json", "must be JSON"),
            (
                json,
                &format!("{json}\nform = {{ a = \"b\" }}"),
                "test.step[2].form",
                "must not be there beside `json`",
            ),
            (form, &format!("{form}\n{basic}").replace("{token}", "x"), "test.step[3].basic", "beside"),
            (form, "headers = { Authorization = \"a\" }", "test.step[3].headers.Authorization", "written by"),
            (
                "method = \"POST\"\nurl = \"https://sts",
                "url = \"https://sts",
                "test.step[3].form",
                "only for the method POST",
            ),
            ("region = \"{plan}\"", "region = \"{page}\"", "test.step[3].aws_sigv4.region", "needs `page`"),
            ("service = \"sts\"", "service = \"\"", "test.step[3].aws_sigv4.service", "must not be empty"),
            (
                "name = \"access_key_id\"\ntype = \"text\"\ntypes = [\"key_file\"]",
                "name = \"access_key_id\"\ntype = \"timestamp\"\ntypes = [\"key_file\"]",
                "test.step[3].aws_sigv4",
                "not for templates",
            ),
        ],
    );
}

#[test]
fn a_mistake_about_how_an_answer_is_read_is_reported() {
    let valid = "json = [{ pointer = \"/valid\", is = [true, \"yes\", 1] }]";
    let limited = "headers = { \"X-Left\" = [\"0\"] }";
    assert_each_is_reported(
        GOOD,
        &[
            ("[200], json", "[99], json", "test.step[0].outcomes[0].status", "from 200 to 599"),
            ("status = [200], json", "json", "test.step[0].outcomes[0].status", "must be there"),
            (valid, "body = 1", "test.step[0].outcomes[0]", "unknown field `body`"),
            (
                valid,
                "json = [{ pointer = \"valid\", present = true }]",
                "test.step[0].outcomes[0].json[0].pointer",
                "begin with `/`",
            ),
            (valid, "json = [{ pointer = \"\" }]", "test.step[0].outcomes[0].json[0]", "either `is`"),
            (
                valid,
                "json = [{ pointer = \"\", is = [] }]",
                "test.step[0].outcomes[0].json[0]",
                "either `is`",
            ),
            (
                valid,
                "json = [{ pointer = \"\", is = [[]] }]",
                "test.step[0].outcomes[0].json[0].is",
                "texts, numbers",
            ),
            (
                "code = \"rate_limited\"",
                "code = \"timeout\"",
                "test.step[0].outcomes[2].code",
                "must be one of",
            ),
            (
                limited,
                "headers = { \"a b\" = [] }",
                "test.step[0].outcomes[2].headers.a b",
                "not the name of a header",
            ),
            (
                limited,
                "headers = { a = [\"\"] }",
                "test.step[0].outcomes[2].headers.a",
                "must not have an empty text",
            ),
            ("[\"AccessDenied\"]", "[\"\"]", "test.step[0].outcomes[3].text", "must not have an empty text"),
            ("\"No right.\"", "\" \"", "test.step[0].outcomes[3].message", "must not be empty"),
            ("hint = \"Ask.\"", "hint = \"\"", "test.step[0].outcomes[3].hint", "must not be empty"),
            ("account = \"/login\"", "account = \"login\"", "test.step[0].facts.account", "begins with `/`"),
            ("account = \"/login\"", "email = \"/login\"", "test.step[0]", "unknown variant `email`"),
            (
                "json = '{\"query\":\"{ me { id } }\"}'\noutcomes = [{ status = [200], code = \"ok\" }]",
                "json = '{}'\noutcomes = []",
                "test.step[2].outcomes",
                "must have a rule with the code ok",
            ),
        ],
    );
}

#[test]
fn the_files_that_are_compiled_in_can_be_read_by_other_programs() {
    let (name, text) = embedded_files().iter().find(|(name, _)| *name == "sftp.toml").unwrap();
    assert!(text.contains("id = \"sftp\""), "{name}");
}
