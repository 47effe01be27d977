use crate::{Problem, read_provider};

/// A file without mistakes; each case below makes one.
pub(super) const GOOD: &str = r#"
schema = 1
id = "acme"
display_name = "Acme"
description = "Anvils."
category = "crm"
docs_url = "https://docs.example.com"

[[field]]
name = "host"
type = "host"
destination = true
example = "api.example.com"

[[field]]
name = "token"
type = "text"
secret = true
pattern = "[!-~]+"
example = "token_EXAMPLE"
types = ["api_key"]

[[field]]
name = "plan"
type = "text"
choices = ["free", "paid"]
example = "free"

[[field]]
name = "address"
type = "url"
destination = true
example = "https://api.example.com"

[[field]]
name = "access_token"
type = "text"
secret = true
types = ["oauth2"]

[[field]]
name = "expires_at"
type = "timestamp"
types = ["oauth2"]

[types.api_key]
required = ["token"]

[types.oauth2]
required = ["access_token"]

[dialects.primary]

[dialects.connect]
category = "code"
auth_type = "api_key"
required_fields = ["token"]

[dialects.crm]
dsn = "address"
token = "token"
public_metadata = ["address", "plan"]
destination_metadata = ["address"]
"#;

pub(super) fn problems_of(text: &str) -> Vec<Problem> {
    read_provider("acme.toml", text).err().map(|error| error.problems).unwrap_or_default()
}

/// Each case: what to replace, with what, and the key and a part of the reason that must be reported.
pub(super) fn assert_each_is_reported(good: &str, cases: &[(&str, &str, &str, &str)]) {
    assert_eq!(problems_of(good), []);
    for (from, to, key, reason) in cases {
        assert_eq!(good.matches(from).count(), 1, "{from:?} must be there once");
        let found = problems_of(&good.replace(from, to));
        let reported = |problem: &Problem| {
            problem.file.ends_with("acme.toml") && problem.key == *key && problem.reason.contains(reason)
        };
        assert!(found.iter().any(reported), "{to:?}: {found:#?}");
        assert_eq!(found.len(), 1, "{to:?}: {found:#?}");
    }
}

#[test]
fn a_mistake_about_the_provider_is_reported_with_file_key_and_reason() {
    assert_each_is_reported(
        GOOD,
        &[
            ("schema = 1", "schema = 2", "schema", "must be 1"),
            ("schema = 1\n", "", "schema", "must be 1"),
            ("schema = 1\n", "schema = 1\nid\n", "line 3", "expected"),
            ("schema = 1", "schema = 1\nurl = 2", "top level", "unknown field `url`"),
            ("display_name = \"Acme\"\n", "", "top level", "missing field `display_name`"),
            ("display_name = \"Acme\"", "display_name = 1", "top level", "in `display_name`"),
            ("display_name = \"Acme\"", "display_name = \" \"", "display_name", "must not be empty"),
            ("description = \"Anvils.\"", "description = \"\"", "description", "must not be empty"),
            ("category = \"crm\"", "category = \"A B\"", "category", "must be 1 to 64"),
            ("https://docs", "http://docs", "docs_url", "must be an https URL"),
            ("id = \"acme\"", "id = \"other\"", "id", "must be the file's name"),
            ("[dialects.primary]", "[grant]\n[dialects.primary]", "top level", "unknown field `grant`"),
        ],
    );
}

#[test]
fn a_mistake_about_a_source_or_a_pasted_address_is_reported() {
    let docs = "docs_url = \"https://docs.example.com\"\n";
    let address = "name = \"plan\"\ntype = \"text\"\n";
    let source = |lines: &str| format!("{docs}\n[[source]]\n{lines}\n");
    let good = "url = \"https://docs.example.com/keys\"\nread = 2026-11-30\nfor = \"keys\"\ncopy = true";
    assert_eq!(problems_of(&GOOD.replace(docs, &source(good))), []);
    let mistakes = [
        ("https://docs", "http://docs", "source[0].url", "must be an https URL"),
        ("2026-11-30", "\"30.11.2026\"", "source[0].read", "must be the day"),
        ("2026-11-30", "1026-11-30", "source[0].read", "must be the day"),
        ("2026-11-30", "2026-11-30T10:00:00Z", "source[0].read", "must be the day"),
        ("for = \"keys\"", "", "source[0]", "missing field `for`"),
        ("\"keys\"", "\" \"", "source[0].for", "must say what"),
        ("copy = true", "page = 1", "source[0]", "unknown field `page`"),
    ];
    let texts = mistakes.map(|(from, to, key, reason)| (source(&good.replace(from, to)), key, reason));
    let rows = texts.each_ref().map(|(text, key, reason)| (docs, text.as_str(), *key, *reason));
    assert_each_is_reported(GOOD, &rows);
    let of = |table: &str| format!("{address}addresses = {{ {table} }}\n");
    let forms = ["\"*.acme.com\" = \"plan\"", "\"(a|b).com\" = \"a\"", "\"/plan\" = \"plan\""];
    for form in forms {
        let found = problems_of(&GOOD.replace(address, &of(form)));
        assert!(
            matches!(&found[..], [problem] if problem.key.starts_with("field.plan.addresses.")),
            "{found:?}"
        );
    }
    let secret = "secret = true\npattern";
    let on_secret = format!("addresses = {{ \"*.acme.com\" = \"*\" }}\n{secret}");
    assert_each_is_reported(GOOD, &[(secret, &on_secret, "field.token.addresses", "only for public fields")]);
}

#[test]
fn an_id_that_is_malformed_or_reserved_is_reported() {
    for (id, reason) in [("Acme", "must be 1 to 64"), ("a-b", "must be 1 to 64"), ("catalog", "is reserved")]
    {
        let text = GOOD.replace("id = \"acme\"", &format!("id = \"{id}\""));
        let problems = read_provider(&format!("{id}.toml"), &text).unwrap_err().problems;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].key == "id" && problems[0].reason.contains(reason), "{problems:#?}");
    }
}

#[test]
fn a_mistake_in_a_field_is_reported_with_file_key_and_reason() {
    let token = "pattern = \"[!-~]+\"";
    assert_each_is_reported(
        GOOD,
        &[
            ("type = \"host\"", "type = \"hots\"", "field.host.type", "must be one of: text, integer"),
            ("type = \"host\"", "type = \"host\"\nrequired = true", "field.host", "unknown field `required`"),
            ("type = \"host\"", "type = \"host\"\nsecret = 1", "field.host", "in `secret`"),
            ("name = \"host\"\n", "", "field[0]", "missing field `name`"),
            ("name = \"host\"", "name = \"Host\"", "field.Host.name", "must be 1 to 64"),
            ("name = \"plan\"", "name = \"host\"", "field.host", "more than once"),
            ("name = \"plan\"", "name = \"plan\"\nlabel = \"\"", "field.plan.label", "must not be empty"),
            (
                "type = \"host\"\ndestination = true",
                "type = \"host\"",
                "field.host.destination",
                "must be true",
            ),
            (token, "destination = true", "field.token.destination", "must be false for a secret"),
            (token, "pattern = \"(\"", "field.token.pattern", "is not a regular expression"),
            (token, "pattern = \"a)|(?:b\"", "field.token.pattern", "is not a regular expression"),
            (token, "pattern = \"EXAMPLE\"", "field.token.example", "does not have the form"),
            (token, "choices = [\"token_EXAMPLE\"]", "field.token.choices", "not for secret"),
            ("token_EXAMPLE", "Zm9vYmFy", "field.token.example", "must contain the word EXAMPLE"),
            ("example = \"free\"", "example = \"gold\"", "field.plan.example", "must be one of: free, paid"),
            ("example = \"free\"", "default = \"gold\"", "field.plan.default", "must be one of: free, paid"),
            ("example = \"free\"", "default = \"\"", "field.plan.default", "must not be empty"),
            (token, "default = \"x\"", "field.token.default", "must not be there for a secret field"),
            ("\"api.example.com\"", "\"a b\"", "field.host.example", "must be the name or the IP"),
            (
                "\"https://api.example.com\"",
                "\"api\"",
                "field.address.example",
                "must be an http or https URL",
            ),
        ],
    );
}

#[test]
fn a_key_that_does_not_fit_the_type_of_its_field_is_reported() {
    let plan = "name = \"plan\"\ntype = \"text\"\nchoices = [\"free\", \"paid\"]\nexample = \"free\"";
    let choices = "choices = [\"free\", \"paid\"]";
    assert_each_is_reported(
        GOOD,
        &[
            (choices, "types = [\"key_file\"]", "field.plan.types", "names `key_file`"),
            (choices, "types = [\"api-key\"]", "field.plan.types", "names `api-key`"),
            (
                plan,
                "name = \"plan\"\ntype = \"list\"\nchoices = [\"free\"]",
                "field.plan.choices",
                "only for text",
            ),
            (
                plan,
                "name = \"plan\"\ntype = \"integer\"\npattern = \"1\"",
                "field.plan.pattern",
                "only for text, host and url",
            ),
            (plan, "name = \"plan\"\ntype = \"private_key\"", "field.plan.secret", "must be true"),
            ("type = \"timestamp\"", "type = \"text\"", "field.expires_at.type", "must be timestamp"),
            (
                "type = \"timestamp\"",
                "type = \"timestamp\"\nsecret = true",
                "field.expires_at.secret",
                "must be false",
            ),
        ],
    );
}

#[test]
fn a_field_that_the_domain_stores_in_the_clear_cannot_be_secret() {
    for kind in ["integer", "boolean", "list", "port", "host", "timestamp"] {
        let field = format!("[[field]]\nname = \"pin\"\ntype = \"{kind}\"\nsecret = true\n\n[types.api_key]");
        let problems = problems_of(&GOOD.replace("[types.api_key]", &field));
        assert_eq!(problems.len(), 1, "{kind}: {problems:#?}");
        assert_eq!(problems[0].key, "field.pin.secret");
    }
}

#[test]
fn a_mistake_in_a_type_is_reported_with_file_key_and_reason() {
    let api_key = "[types.api_key]\nrequired = [\"token\"]";
    let oauth2 = "required = [\"access_token\"]";
    assert_each_is_reported(
        GOOD.split("[dialects.connect]").next().unwrap(),
        &[
            (
                api_key,
                "[types.api_key]\nrequired = [\"token\", \"x\"]",
                "types.api_key.required",
                "names `x`",
            ),
            (
                api_key,
                "[types.api_key]\nrequired = [\"token\", \"access_token\"]",
                "types.api_key.required",
                "names `access_token`",
            ),
            (api_key, "[types.api_key]\nany_of = [[\"token\", \"x\"]]", "types.api_key.any_of", "names `x`"),
            (
                api_key,
                "[types.api_key]\nrequired = [\"token\"]\nany_of = [[]]",
                "types.api_key.any_of",
                "must not have an empty group",
            ),
            (api_key, "[types.api_key]\nrequired = [\"host\"]", "types.api_key", "at least one secret field"),
            (
                api_key,
                "[types.api_key]\nany_of = [[\"token\"], [\"host\"]]",
                "types.api_key",
                "at least one secret field",
            ),
            (api_key, "[types.api_key]\nneeds = [\"token\"]", "types.api_key", "unknown field `needs`"),
            (oauth2, "any_of = [[\"access_token\"]]", "types.oauth2", "must require `access_token`"),
            (
                "name = \"expires_at\"",
                "name = \"ends_at\"",
                "types.oauth2",
                "must have the field `expires_at`",
            ),
            (oauth2, "required = [\"access_token\"]\n[types.key]\n", "types.key", "must be one of: api_key"),
        ],
    );
}

#[test]
fn a_type_that_needs_nothing_and_a_provider_without_types_are_reported() {
    let found = problems_of(&GOOD.replace("[types.api_key]\nrequired = [\"token\"]", "[types.api_key]"));
    assert!(
        found
            .iter()
            .any(|p| p.key == "types.api_key" && p.reason.contains("must have `required` or `any_of`"))
    );
    let bare = "schema = 1\nid = \"acme\"\ndisplay_name = \"A\"\ndescription = \"A\"\ncategory = \"crm\"\n[dialects.primary]";
    let found = problems_of(bare);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].key.as_str(), found[0].reason.as_str()),
        ("types", "must have a table for at least one credential type")
    );
}
