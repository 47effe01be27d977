use super::mistakes::{GOOD, assert_each_is_reported, problems_of};

/// The lines that add a connection string to [`GOOD`], with the fields that it fills.
const CONNECTION_STRING: &str = r#"
[[field]]
name = "url"
type = "postgres_connection_string"
secret = true
[[field]]
name = "port"
type = "port"
destination = true
[[field]]
name = "database"
type = "text"
[[field]]
name = "username"
type = "text"
[[field]]
name = "sslmode"
type = "text"
choices = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
[[field]]
name = "password"
type = "text"
secret = true
[types.api_key]
"#;

fn with_connection_string() -> String {
    GOOD.replace("[types.api_key]\n", CONNECTION_STRING)
}

#[test]
fn a_mistake_about_a_dialect_is_reported_with_file_key_and_reason() {
    let connect = "auth_type = \"api_key\"\nrequired_fields = [\"token\"]";
    let (required, destination) = ("dialects.connect.required_fields", "dialects.crm.destination_metadata");
    assert_each_is_reported(
        GOOD,
        &[
            ("[dialects.primary]\n", "", "dialects.primary", "must be there"),
            ("[dialects.primary]\n", "[dialects.primary]\nx = 1\n", "dialects.primary", "unknown field `x`"),
            (
                "[dialects.primary]\n",
                "[dialects.primary]\n[dialects.soap]\n",
                "dialects",
                "unknown field `soap`",
            ),
            (
                "category = \"code\"",
                "category = \"art\"",
                "dialects.connect.category",
                "must be one of: monitoring, code, ticketing, communication, cloud",
            ),
            (
                connect,
                "auth_type = \"basic\"",
                "dialects.connect.auth_type",
                "must be one of: oauth2, api_key, webhook_only",
            ),
            (connect, "auth_type = \"api_key\"", required, "must name `token`"),
            (connect, "auth_type = \"api_key\"\nrequired_fields = [\"token\", \"x\"]", required, "names `x`"),
            (
                connect,
                "auth_type = \"oauth2\"\nrequired_fields = [\"token\"]",
                required,
                "only for the auth_type api_key",
            ),
            ("dsn = \"address\"", "dsn = \"host\"", "dialects.crm.dsn", "must name a public url"),
            ("dsn = \"address\"", "dsn = \"address\"\nx = 1", "dialects.crm", "unknown field `x`"),
            ("dsn = \"address\"\n", "", "dialects.crm", "missing field `dsn`"),
            (
                "[types.oauth2]\nrequired = [",
                "[types.oauth2]\nrequired = [\"host\", ",
                "types.oauth2",
                "no more than the token",
            ),
            (
                "public_metadata = [",
                "public_metadata = [\"plan\", ",
                "dialects.crm.public_metadata",
                "repeated",
            ),
            (
                "public_metadata = [",
                "public_metadata = [\"token\", ",
                "dialects.crm.public_metadata",
                "secret field",
            ),
            ("destination_metadata = [\"address\"]", "", destination, "must name `address`"),
            ("destination_metadata = [", "destination_metadata = [\"x\", ", destination, "names `x`"),
        ],
    );
}

#[test]
fn a_dialect_that_needs_a_type_the_provider_lacks_is_reported() {
    let without_oauth = GOOD
        .replace("[types.oauth2]\nrequired = [\"access_token\"]", "")
        .replace("types = [\"oauth2\"]", "types = [\"api_key\"]");
    let found = problems_of(&without_oauth);
    assert!(
        found.iter().any(|p| p.key == "dialects.crm" && p.reason.contains("needs the type oauth2")),
        "{found:#?}"
    );
    let connect = without_oauth.replace("\"api_key\"\nrequired_fields = [\"token\"]", "\"oauth2\"");
    let found = problems_of(&connect);
    assert!(found.iter().any(|p| p.key == "dialects.connect.auth_type"), "{found:#?}");
}

#[test]
fn a_field_that_a_connection_string_would_fill_past_its_rules_is_reported() {
    let database = "name = \"database\"\ntype = \"text\"";
    let second = "[[field]]\nname = \"url2\"\ntype = \"postgres_connection_string\"\nsecret = true\n[[field]]\nname = \"database\"\ntype = \"text\"";
    assert_each_is_reported(
        &with_connection_string(),
        &[
            ("name = \"database\"", "name = \"db\"", "field.database", "must be there"),
            (database, "name = \"database\"\ntype = \"list\"", "field.database", "must be the public field"),
            (
                database,
                "name = \"database\"\ntype = \"text\"\nsecret = true",
                "field.database",
                "must be the public field",
            ),
            (
                database,
                "name = \"database\"\ntype = \"text\"\npattern = \"a+\"",
                "field.database.pattern",
                "does not hold",
            ),
            (
                database,
                "name = \"database\"\ntype = \"text\"\nchoices = [\"a\"]",
                "field.database.choices",
                "do not hold",
            ),
            (
                database,
                "name = \"database\"\ntype = \"text\"\ntypes = [\"oauth2\"]",
                "field.database.types",
                "must include",
            ),
            ("\"disable\", ", "", "field.sslmode.choices", "do not hold"),
            (
                "[[field]]\nname = \"database\"\ntype = \"text\"",
                second,
                "field.url2.type",
                "second connection string",
            ),
        ],
    );
}
