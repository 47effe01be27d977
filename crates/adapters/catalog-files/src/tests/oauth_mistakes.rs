use super::mistakes::{assert_each_is_reported, problems_of};
use super::oauth::GOOD;

#[test]
fn a_mistake_about_the_server_as_a_whole_is_reported() {
    let second = "[types.sharepoint_oauth]\nrequired = [\"access_token\"]\n[types.oauth2]";
    assert_each_is_reported(
        GOOD,
        &[
            ("app = \"acme_suite\"", "x = 1", "oauth", "unknown field `x`"),
            ("app = \"acme_suite\"", "app = \"Acme\"", "oauth.app", "1 to 64"),
            ("type = \"oauth2\"", "type = \"google_oauth\"", "oauth.type", "not an OAuth type in `types`"),
            (
                "type = \"oauth2\"",
                "type = \"client_credentials\"",
                "oauth.type",
                "not an OAuth type in `types`",
            ),
            ("request = \"json\"", "request = \"xml\"", "oauth", "unknown variant `xml`"),
            (
                "pkce = false\nclient_authentication = \"body\"",
                "client_authentication = \"none\"",
                "oauth.client_authentication",
                "must be one of: basic, body",
            ),
            (
                "assumed_lifetime_s = 7200",
                "assumed_lifetime_s = 59",
                "oauth.assumed_lifetime_s",
                "must be 60 to",
            ),
            ("assumed_lifetime_s = 7200", "assumed_lifetime_s = -1", "oauth", "in `assumed_lifetime_s`"),
            (
                "code = [\"busy\"], number = [7], text = [\"Being Processed\"] ",
                "",
                "oauth.errors[0]",
                "a status alone",
            ),
            ("status = [400]", "status = [503]", "oauth.errors[0].status", "200 to 499"),
            ("text = [\"Being Processed\"]", "text = [\"no\"]", "oauth.errors[0].text", "4 to 200"),
            ("code = [\"busy\"]", "code = [\"it is busy\"]", "oauth.errors[0].code", "1 to 64"),
            ("means = \"passing\"", "means = \"over\"", "oauth", "unknown variant `over`"),
            ("dead_errors = [\"gone\"]", "dead_errors = [\"it is gone\"]", "oauth.dead_errors", "1 to 64"),
            ("app_errors = [\"stranger\"]", "app_errors = [\"\"]", "oauth.app_errors", "1 to 64"),
            (
                "app_errors = [\"stranger\"]",
                "app_errors = [\"gone\"]",
                "oauth.app_errors",
                "in another list too",
            ),
        ],
    );
    let several = GOOD.replace("[types.oauth2]", second).replace("type = \"oauth2\"\nauthorize", "authorize");
    let problems = problems_of(&several);
    assert_eq!((problems.len(), problems[0].key.as_str()), (1, "oauth.type"), "{problems:#?}");
}

#[test]
fn a_mistake_about_where_the_server_is_is_reported() {
    const AUTHORIZE: &str = "oauth.authorize_url";
    let authorize = "https://{tenant}.acme.com/authorize";
    let issuer = "issuer = \"https://login.acme.com\"";
    assert_each_is_reported(
        GOOD,
        &[
            ("authorize_url = \"https://{tenant}.acme.com/authorize\"\n", "", AUTHORIZE, "must be there"),
            ("token_url = \"https://{login_host}/token\"\n", "", "oauth.token_url", "must be there"),
            (authorize, "ftp://acme.com/", AUTHORIZE, "must begin with `https://`"),
            (authorize, "https://a.acme.com/?a=b", AUTHORIZE, "parameters have a table"),
            (authorize, "https://a@a.acme.com/", AUTHORIZE, "user name"),
            (authorize, "https://a.evil.com/", "oauth.hosts", "must admit the host of oauth.authorize_url"),
            (authorize, "https://a.acme.com/{x}", AUTHORIZE, "not a field of these types"),
            (authorize, "https://a.acme.com/{audience}", AUTHORIZE, "not a field of these types"),
            (authorize, "https://a.acme.com/{pin}", AUTHORIZE, "a secret field"),
            (authorize, "https://a.acme.com/{pages}", AUTHORIZE, "not for templates"),
            (authorize, "https://a.acme.com/{scope}", "oauth", "a parameter of every flow"),
            (authorize, "{address}/authorize", AUTHORIZE, "arrives later"),
            (authorize, "https://a.acme.com/{company}", AUTHORIZE, "arrives later"),
            ("https://{login_host}/token", "{address}/token", "oauth.token_url", "arrives later"),
            ("https://login.acme.com/refresh", "https://a.acme.com/{x}", "oauth.refresh_url", "not a field"),
            ("https://login.acme.com/revoke", "{note}/revoke", "oauth.revoke_url", "type url"),
            ("hosts = [\"*.acme.com\"]", "hosts = [\"*.com\"]", "oauth.hosts", "at least two labels"),
            (issuer, "issuer = \"login.acme.com\"", "oauth.issuer", "https URL"),
            (issuer, "issuer = \"https://a.com?b\"", "oauth.issuer", "without query"),
            (issuer, "issuer = \"https://a.com/{pin}\"", "oauth.issuer", "a secret field"),
        ],
    );
}

#[test]
fn any_host_is_never_admitted() {
    let found = problems_of(&GOOD.replace("hosts = [\"*.acme.com\"]", "hosts = [\"*\"]"));
    assert!(found.iter().any(|problem| problem.key == "oauth.hosts" && problem.reason.contains("any host")));
}

#[test]
fn a_mistake_about_what_is_asked_for_is_reported() {
    let scopes = "scopes = [\"read\", \"{plan}:write\"]";
    let parameter = "scope_parameter = \"user_scope\"";
    assert_each_is_reported(
        GOOD,
        &[
            (scopes, "scopes = [\"\"]", "oauth.scopes[0]", "must be one scope"),
            (scopes, "scopes = [\"a b\"]", "oauth.scopes[0]", "must be one scope"),
            (scopes, "scopes = [\"a,b\"]", "oauth.scopes[0]", "must be one scope"),
            (scopes, "scopes = ['a\"']", "oauth.scopes[0]", "must be one scope"),
            (scopes, "scopes = [\"a\", \"a\"]", "oauth.scopes[1]", "repeats `a`"),
            (scopes, "scopes = [\"{pin}\"]", "oauth.scopes[0]", "a secret field"),
            (scopes, "scopes = [\"{company}\"]", "oauth.scopes", "arrives later"),
            (
                "scope_separator = \",\"",
                "scope_separator = \";\"",
                "oauth.scope_separator",
                "space or a comma",
            ),
            (
                parameter,
                "scope_parameter = \"\"",
                "oauth.scope_parameter",
                "must not be empty beside `scopes`",
            ),
            (parameter, "scope_parameter = \"state\"", "oauth.scope_parameter", "of its own"),
            (parameter, "scope_parameter = \"a b\"", "oauth.scope_parameter", "of its own"),
        ],
    );
}

#[test]
fn a_parameter_that_is_written_for_every_provider_is_reported() {
    let ours = [
        "client_id",
        "client_secret",
        "redirect_uri",
        "response_type",
        "state",
        "code_challenge",
        "code_challenge_method",
        "code",
        "code_verifier",
        "grant_type",
        "refresh_token",
        "scope",
        "response_mode",
        "a b",
    ];
    let tables = [
        ("access_type = \"offline\"", "oauth.authorize_parameters"),
        ("expiring = \"1\"", "oauth.token_parameters"),
        ("again = \"{region}\"", "oauth.refresh_parameters"),
        ("grant_type = \"account_credentials\"", "oauth.client_credentials.parameters"),
    ];
    for (from, table) in tables {
        for name in ours {
            let allowed = table.starts_with("oauth.client_credentials") && name == "grant_type";
            let found = problems_of(&GOOD.replace(from, &format!("\"{name}\" = \"x\"")));
            let keys: Vec<_> = found.iter().map(|problem| problem.key.clone()).collect();
            let expected = if allowed { Vec::new() } else { vec![format!("{table}.{name}")] };
            assert_eq!(keys, expected, "{found:#?}");
        }
    }
}

#[test]
fn a_mistake_in_a_parameter_is_reported() {
    let hint = "hint = \"{plan}\"";
    assert_each_is_reported(
        GOOD,
        &[
            (hint, "hint = \"{plan\"", "oauth.authorize_parameters.hint", "not closed"),
            (hint, "hint = \"{x}\"", "oauth.authorize_parameters.hint", "not a field"),
            (hint, "hint = \"{pin}\"", "oauth.authorize_parameters.hint", "a secret field"),
            (hint, "hint = \"{company}\"", "oauth.authorize_parameters", "arrives later"),
            (hint, "hint = 1", "oauth", "expected a string"),
            ("expiring = \"1\"", "expiring = \"{address}\"", "oauth.token_parameters", "arrives later"),
        ],
    );
}

#[test]
fn a_mistake_about_what_the_server_answers_is_reported() {
    const POINTER: &str = "must be a JSON pointer";
    let fields = "response_fields = { address = \"/api\" }";
    assert_each_is_reported(
        GOOD,
        &[
            ("\"/user/access_token\"", "\"access_token\"", "oauth.response.access_token", POINTER),
            ("\"/user/access_token\"", "\"/a~b\"", "oauth.response.access_token", POINTER),
            ("response = { access_token", "response = { id_token", "oauth", "unknown variant `id_token`"),
            ("address = \"/api\"", "address = \"\"", "oauth.response_fields.address", POINTER),
            (
                fields,
                "response_fields = { address = \"/api\", x = \"/x\" }",
                "oauth.response_fields.x",
                "not a public",
            ),
            (
                fields,
                "response_fields = { address = \"/api\", pin = \"/pin\" }",
                "oauth.response_fields.pin",
                "not a public field of oauth2",
            ),
            (
                fields,
                "response_fields = { address = \"/api\", pages = \"/pages\" }",
                "oauth.response_fields.pages",
                "not for what a provider sends",
            ),
            (
                fields,
                "response_fields = { address = \"/api\", scope = \"/scope\" }",
                "oauth.response_fields.scope",
                "filled by every grant",
            ),
            (
                "pattern = 'https://[a-z]+\\.acme\\.com'",
                "",
                "oauth.response_fields.address",
                "needs a pattern or choices for `address`",
            ),
        ],
    );
}

#[test]
fn a_mistake_about_the_account_or_what_comes_with_the_code_is_reported() {
    const POINTER: &str = "must be a JSON pointer";
    let callback = "callback_fields = { company = \"companyId\" }";
    let account = "account = \"/id\"\naccount_name = \"/mail\"";
    assert_each_is_reported(
        GOOD,
        &[
            (
                callback,
                "callback_fields = { company = \"state\" }",
                "oauth.callback_fields.company",
                "of its own",
            ),
            (
                callback,
                "callback_fields = { company = \"iss\" }",
                "oauth.callback_fields.company",
                "of its own",
            ),
            (
                callback,
                "callback_fields = { address = \"api\" }",
                "oauth.callback_fields.address",
                "in `response_fields` too",
            ),
            (account, "account_name = \"/mail\"", "oauth.account", "must be there beside"),
            (account, "", "oauth.account", "must be there beside"),
            (account, "account = \"id\"", "oauth.account", POINTER),
            (account, "account = [\"/id\", \"sub\"]", "oauth.account", POINTER),
            (account, "account = []", "oauth.account", "must not be an empty list"),
            (account, "account = \"/id\"\naccount_name = \"mail\"", "oauth.account_name", POINTER),
        ],
    );
}

#[test]
fn a_field_that_arrives_and_stands_in_an_address_needs_a_pattern() {
    let text = GOOD
        .replace("callback_fields = { company", "callback_fields = { note = \"n\", company")
        .replace("https://login.acme.com/refresh", "https://login.acme.com/{note}");
    let problems = problems_of(&text);
    assert_eq!(
        (problems.len(), problems[0].key.as_str()),
        (1, "oauth.callback_fields.note"),
        "{problems:#?}"
    );
}

#[test]
fn a_grant_whose_token_has_no_place_is_reported() {
    let refresh = "name = \"refresh_token\"\ntype = \"text\"\nsecret = true";
    assert_each_is_reported(
        GOOD,
        &[
            (refresh, "name = \"other\"\ntype = \"text\"", "oauth", "secret text `refresh_token`"),
            (refresh, "name = \"refresh_token\"\ntype = \"text\"", "oauth", "secret text `refresh_token`"),
            ("name = \"scope\"", "name = \"granted\"", "oauth", "public text `scope`"),
            (
                "required = [\"access_token\", \"plan\"]",
                "required = [\"access_token\", \"plan\", \"pin\"]",
                "types.oauth2.required",
                "a secret that no grant brings",
            ),
        ],
    );
    let kept = "refresh_url = \"https://login.acme.com/refresh\"\nrefresh_parameters = { again = \"{region}\" }\nrefresh_sends_redirect_uri = true\n";
    assert_eq!(
        problems_of(&GOOD.replace(kept, "").replace(refresh, "name = \"other\"\ntype = \"text\"")),
        []
    );
}

#[test]
fn a_mistake_about_client_credentials_is_reported() {
    const TABLE: &str = "oauth.client_credentials";
    let token = "token_url = \"https://{tenant}.acme.com/token\"\nclient_authentication = \"body\"";
    let kept = "token_url = \"https://{tenant}.acme.com/token\"";
    let with = |more: &str| format!("{kept}\n{more}");
    assert_each_is_reported(
        GOOD,
        &[
            (token, "", TABLE, "missing field `token_url`"),
            (token, &with("x = 1"), TABLE, "unknown field `x`"),
            (
                token,
                &with("client_authentication = \"x\""),
                "oauth.client_credentials.client_authentication",
                "one of",
            ),
            (token, &with("client_id = \"x\""), "oauth.client_credentials.client_id", "not a public text"),
            (
                token,
                &with("client_secret = \"note\""),
                "oauth.client_credentials.client_secret",
                "not a secret text",
            ),
            (token, &with("client_id = \"note\""), "oauth.client_credentials.client_id", "must require"),
            (
                token,
                "token_url = \"https://{plan}.acme.com/\"",
                "oauth.client_credentials.token_url",
                "not a field",
            ),
            (
                token,
                "token_url = \"https://a.acme.com/{note}\"",
                "oauth.client_credentials.token_url",
                "may be absent",
            ),
            (token, "token_url = \"https://a.evil.com/\"", "oauth.hosts", "must admit"),
        ],
    );
}

#[test]
fn a_mistake_about_what_client_credentials_ask_for_and_need_is_reported() {
    const TABLE: &str = "oauth.client_credentials";
    let audience = "audience = [\"{audience}\", \"https://acme.com\"]";
    let required = "required = [\"client_id\", \"client_secret\", \"tenant\"]";
    assert_each_is_reported(
        GOOD,
        &[
            (
                "\"{address.origin}/.default\"",
                "\"{pin}\"",
                "oauth.client_credentials.scope",
                "a secret field",
            ),
            (audience, "audience = []", "oauth.client_credentials.parameters.audience", "must not be empty"),
            (audience, "audience = [\"{x}\"]", "oauth.client_credentials.parameters.audience", "not a field"),
            (audience, "audience = 1", TABLE, "did not match"),
            (
                "name = \"access_token\"\ntype = \"text\"\nsecret = true",
                "name = \"access_token\"\ntype = \"text\"\nsecret = true\ntypes = [\"oauth2\"]",
                TABLE,
                "secret text `access_token`",
            ),
            (
                "name = \"expires_at\"\ntype = \"timestamp\"",
                "name = \"expires_at\"\ntype = \"timestamp\"\ntypes = [\"oauth2\"]",
                TABLE,
                "needs the field `expires_at`",
            ),
            (
                required,
                "required = [\"client_id\", \"client_secret\"]",
                "oauth.client_credentials.token_url",
                "tenant",
            ),
        ],
    );
    let renamed = GOOD.replace(&format!("[types.client_credentials]\n{required}"), "");
    let found = problems_of(&renamed);
    assert!(found.iter().any(|p| p.key == TABLE && p.reason.contains("needs the type")), "{found:#?}");
}

#[test]
fn a_mistake_about_revocation_is_reported() {
    let url = "revoke_url = \"https://login.acme.com/revoke\"";
    let with = |table: &str| format!("{url}\nrevocation = {{ {table} }}");
    let mistakes = [
        ("x = 1", "oauth.revocation", "unknown field `x`"),
        ("method = \"PUT\"", "oauth.revocation", "unknown variant `PUT`"),
        ("token = \"code\"", "oauth.revocation", "unknown variant `code`"),
        ("parameter = \"client_secret\"", "oauth.revocation.parameter", "parameter of its own"),
        ("parameter = \"a b\"", "oauth.revocation.parameter", "parameter of its own"),
        (
            "client_authentication = \"bearer\"",
            "oauth.revocation.client_authentication",
            "must be one of: basic, body, none",
        ),
        (
            "parameter = \"\", client_authentication = \"basic\"",
            "oauth.revocation.client_authentication",
            "must not be basic",
        ),
        ("headers = { Host = \"x\" }", "oauth.revocation.headers.Host", "only the adapter writes"),
        (
            "headers = { Authorization = \"x\" }",
            "oauth.revocation.headers.Authorization",
            "only the adapter writes",
        ),
        ("headers = { \"a b\" = \"x\" }", "oauth.revocation.headers.a b", "not the name of a header"),
        ("headers = { X-A = \"ä\" }", "oauth.revocation.headers.X-A", "printable ASCII"),
    ];
    let texts = mistakes.map(|(table, key, reason)| (with(table), key, reason));
    let rows = texts.each_ref().map(|(text, key, reason)| (url, text.as_str(), *key, *reason));
    assert_each_is_reported(GOOD, &rows);
    assert_each_is_reported(
        GOOD,
        &[
            (url, "revocation = { request = \"json\" }", "oauth.revoke_url", "must be there"),
            (
                "https://{login_host}/token",
                "https://a.acme.com/{client_ids}",
                "oauth.token_url",
                "not a field",
            ),
        ],
    );
}
