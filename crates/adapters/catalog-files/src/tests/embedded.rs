use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use strongroom_domain::oauth::TOKEN_EXPIRY;
use strongroom_domain::provider::TypeRules;
use strongroom_domain::{
    ConfigValue, CredentialType, FieldKind, Json, Provider, ProviderTest, SecretText, Violation,
};
use strongroom_environment::Catalog;

use super::{sample, submission};
use crate::patterns::Patterns;
use crate::source::Origin;
use crate::{EMBEDDED, FileCatalog, provider as file};

const CANARY: &str = "c4n4ry";

fn catalog() -> FileCatalog {
    FileCatalog::embedded().unwrap_or_else(|error| panic!("{error}"))
}

fn provider(id: &str) -> Arc<Provider> {
    catalog().find(id).unwrap_or_else(|| panic!("{id} is not in the catalog"))
}

fn each_type() -> Vec<(Arc<Provider>, CredentialType, TypeRules)> {
    let providers = catalog().all();
    let types = |provider: &Arc<Provider>| {
        let pairs = provider.types.iter().map(|(kind, rules)| (provider.clone(), *kind, rules.clone()));
        pairs.collect::<Vec<_>>()
    };
    providers.iter().flat_map(types).collect()
}

/// The smallest sets of fields that satisfy a type.
fn minimal_sets(rules: &TypeRules) -> Vec<BTreeSet<String>> {
    let required: BTreeSet<_> = rules.required.iter().cloned().collect();
    if rules.any_of.is_empty() {
        return vec![required];
    }
    rules.any_of.iter().map(|group| required.iter().chain(group).cloned().collect()).collect()
}

fn fields_of(violations: &[Violation]) -> BTreeSet<&str> {
    violations.iter().map(|violation| violation.field.as_str()).collect()
}

#[test]
fn every_file_of_the_folder_is_compiled_in_and_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../config/providers");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let embedded: BTreeSet<_> = EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), embedded);
    assert_eq!(catalog().all().len(), embedded.len());
}

#[test]
fn the_promised_providers_take_the_promised_types() {
    use CredentialType::{
        ApiKey, ClientCredentials, GoogleOauth, KeyFile, Oauth2, SharepointOauth, UserPassword,
    };
    let promised: [(&str, &[CredentialType]); 16] = [
        ("aws_ses", &[ApiKey]),
        ("custom", &[ApiKey, Oauth2, UserPassword]),
        ("datadog", &[ApiKey]),
        ("dynamics", &[ApiKey, Oauth2, ClientCredentials]),
        ("github", &[ApiKey, Oauth2]),
        ("google", &[GoogleOauth]),
        ("hubspot", &[ApiKey, Oauth2]),
        ("internal_postgresql", &[UserPassword]),
        ("microsoft", &[SharepointOauth, Oauth2, ClientCredentials]),
        ("pagerduty", &[ApiKey, Oauth2]),
        ("pipedrive", &[ApiKey, Oauth2]),
        ("postgresql", &[UserPassword]),
        ("salesforce", &[ApiKey, Oauth2]),
        ("sftp", &[UserPassword, KeyFile]),
        ("sharepoint", &[SharepointOauth, Oauth2, ClientCredentials]),
        ("zoho", &[ApiKey, Oauth2]),
    ];
    for (id, types) in promised {
        assert_eq!(provider(id).types.keys().copied().collect::<Vec<_>>(), types, "{id}");
    }
}

#[test]
fn a_provider_is_found_in_any_case_and_all_are_in_the_order_of_their_ids() {
    assert_eq!(provider("AWS_ses").id.as_str(), "aws_ses");
    assert!(catalog().find("nothing").is_none());
    assert!(catalog().find("a provider").is_none());
    let ids: Vec<_> = catalog().all().iter().map(|provider| provider.id.clone()).collect();
    assert!(ids.is_sorted());
}

#[test]
fn the_smallest_good_submission_of_every_type_is_accepted_and_needs_all_it_has() {
    for (provider, kind, rules) in each_type() {
        let context = format!("{} {}", provider.id, kind.as_str());
        for names in minimal_sets(&rules) {
            let fields = || provider.fields.iter().filter(|field| names.contains(&field.name));
            assert_eq!(fields().count(), names.len(), "{context}");
            provider
                .accept(kind, submission(fields(), CANARY))
                .unwrap_or_else(|found| panic!("{context}: {found:?}"));
            for missing in &names {
                let mut rest = submission(fields(), CANARY);
                rest.remove(missing);
                let violations = provider.accept(kind, rest).unwrap_err();
                assert_eq!(fields_of(&violations), [missing.as_str()].into(), "{context}");
            }
        }
    }
}

#[test]
fn an_unknown_field_and_a_field_of_another_type_are_named() {
    for (provider, kind, _) in each_type() {
        let mut submitted = submission(provider.fields_of(kind), CANARY);
        let foreign = provider.fields.iter().filter(|field| !field.belongs_to(kind));
        let mut strangers: BTreeSet<_> = foreign.clone().map(|field| field.name.as_str()).collect();
        submitted.extend(submission(foreign, CANARY));
        submitted.insert("stranger".to_owned(), Json::Boolean(true));
        strangers.insert("stranger");
        let violations = provider.accept(kind, submitted).unwrap_err();
        assert_eq!(fields_of(&violations), strangers, "{} {}", provider.id, kind.as_str());
    }
}

#[test]
fn no_secret_field_of_any_provider_reaches_the_public_config() {
    for (provider, kind, _) in each_type() {
        let context = format!("{} {}", provider.id, kind.as_str());
        let content = provider.accept(kind, submission(provider.fields_of(kind), CANARY)).unwrap();
        let config = content.config.to_canonical_json();
        assert!(!config.contains(CANARY), "{context}: {config}");
        for field in provider.fields_of(kind).filter(|field| field.name != TOKEN_EXPIRY) {
            let sealed = content.secret.get(&field.name).is_some_and(|value| value.expose().contains(CANARY));
            assert_eq!(sealed, field.secret, "{context}: {}", field.name);
            assert_eq!(content.config.get(&field.name).is_some(), !field.secret, "{context}: {}", field.name);
        }
    }
}

#[test]
fn the_end_of_an_access_token_is_read_for_every_type_that_has_one() {
    let has_one =
        |provider: &Provider, kind| provider.fields_of(kind).any(|field| field.name == TOKEN_EXPIRY);
    for (provider, kind, _) in each_type().into_iter().filter(|(provider, kind, _)| has_one(provider, *kind))
    {
        let content = provider.accept(kind, submission(provider.fields_of(kind), CANARY)).unwrap();
        assert!(content.access_token_expires_at.is_some(), "{} {}", provider.id, kind.as_str());
        assert_eq!(content.config.get(TOKEN_EXPIRY), None);
    }
}

#[test]
fn a_connection_string_fills_the_separate_fields_and_wins_over_them() {
    for id in ["postgresql", "internal_postgresql"] {
        let provider = provider(id);
        let mut submitted = submission(provider.fields_of(CredentialType::UserPassword), "other");
        let text = format!("postgres://app:{CANARY}@db2.example.com:6432/stock?sslmode=require");
        submitted.insert("connection_string".to_owned(), Json::Text(SecretText::new(text)));
        let content = provider.accept(CredentialType::UserPassword, submitted).unwrap();
        let text = |text: &str| Some(ConfigValue::Text(text.to_owned()));
        assert_eq!(content.config.get("host").cloned(), text("db2.example.com"));
        assert_eq!(content.config.get("port").cloned(), Some(ConfigValue::Integer(6432)));
        assert_eq!(content.config.get("database").cloned(), text("stock"));
        assert_eq!(content.config.get("username").cloned(), text("app"));
        assert_eq!(content.config.get("sslmode").cloned(), text("require"));
        assert_eq!(content.secret.get("password").unwrap().expose(), CANARY);
    }
}

#[test]
fn destinations_outside_a_provider_are_refused() {
    let hostile = [
        ("salesforce", "instance_url", "https://evil.example.com"),
        ("salesforce", "instance_url", "https://evil.example.com/.salesforce.com"),
        ("salesforce", "instance_url", "https://x.salesforce.com@evil.example.com"),
        ("salesforce", "instance_url", "https://x.salesforce.com.evil.example.com"),
        ("salesforce", "instance_url", "https://x.salesforce.com:8443"),
        ("salesforce", "instance_url", "http://x.salesforce.com"),
        ("salesforce", "instance_url", "https://evil.example.com\\.salesforce.com"),
        ("salesforce", "instance_url", "https://xsalesforce.com"),
        ("salesforce", "login_host", "login.salesforce.com.evil.example.com"),
        ("hubspot", "base_url", "https://api.hubapi.com.evil.example.com"),
        ("pipedrive", "company_domain", "evil.example.com/"),
        ("pipedrive", "api_domain", "https://evil.example.com#.pipedrive.com"),
        ("zoho", "api_domain", "https://www.zohoapis.evil"),
        ("zoho", "accounts_server", "https://accounts.zoho.com.evil.example.com"),
        ("dynamics", "environment_url", "https://x.crm4.dynamics.com.evil.example.com"),
        ("dynamics", "environment_url", "https://evil.example.com?x.crm4.dynamics.com"),
        ("microsoft", "tenant", "../evil"),
        ("datadog", "site", "evil.example.com"),
        ("pagerduty", "region", "evil"),
        ("snowflake", "account", "evil.example.com/"),
        ("snowflake", "account", "evil.example.com#"),
        ("aws_ses", "region", "../evil"),
        ("aws_ses", "region", "us-east-1.evil.example.com"),
        ("sftp", "host", "files.example.com:22"),
        ("sftp", "host_key_fingerprint", "SHA256:short"),
        ("custom", "base_url", "ftp://api.example.com"),
        ("custom", "base_url", "https://user:pass@api.example.com"),
        ("shopify", "shop", "https://example.myshopify.com.evil.example.com"),
        ("shopify", "shop", "https://example.myshopify.com@evil.example.com"),
        ("okta", "domain", "https://evil.example.com/acme.okta.com"),
        ("datadog", "site", "https://api.evil.example.com"),
        ("snowflake", "account", "https://evil.example.com"),
    ];
    for (id, name, value) in hostile {
        let provider = provider(id);
        let field = provider.field(name).unwrap();
        assert!(field.destination, "{id} {name}");
        let kind = *provider.types.keys().rev().find(|kind| field.belongs_to(**kind)).unwrap();
        let mut submitted = submission(provider.fields_of(kind), CANARY);
        submitted.insert(name.to_owned(), Json::Text(SecretText::new(value.to_owned())));
        let violations = provider.accept(kind, submitted).unwrap_err();
        assert_eq!(fields_of(&violations), [name].into(), "{id}: {value}");
    }
}

#[test]
fn addresses_as_people_write_them_are_accepted() {
    let good = [
        ("salesforce", "instance_url", "https://mycompany.salesforce.com"),
        ("salesforce", "instance_url", "https://MyCompany--dev.sandbox.my.salesforce.com/"),
        ("hubspot", "base_url", "https://api.hubapi.com/"),
        ("pipedrive", "api_domain", "https://mycompany.pipedrive.com"),
        ("zoho", "api_domain", "https://www.zohoapis.eu/crm/v7"),
        ("dynamics", "environment_url", "https://org1.api.crm11.dynamics.com/api/data/v9.2"),
        ("microsoft", "tenant", "common"),
        ("aws_ses", "region", "us-gov-west-1"),
        ("sftp", "port", "2222"),
        ("custom", "base_url", "http://10.1.2.3:8080/api?v=1"),
        ("snowflake", "account", "xy12345.eu-central-1"),
        ("snowflake", "account", "xy12345.us-east-2.aws"),
        ("snowflake", "account", "myorg-my_account"),
        ("datadog", "site", "app.datadoghq.eu"),
        ("datadog", "site", "us3.datadoghq.com"),
        ("sharepoint", "site_hostname", "contoso.sharepoint.com"),
        ("sharepoint", "site_path", "/sites/Sales and Marketing"),
    ];
    for (id, name, value) in good {
        let provider = provider(id);
        let field = provider.field(name).unwrap();
        let kind = *provider.types.keys().find(|kind| field.belongs_to(**kind)).unwrap();
        let mut submitted = submission(provider.fields_of(kind), CANARY);
        submitted.insert(name.to_owned(), Json::Text(SecretText::new(value.to_owned())));
        provider.accept(kind, submitted).unwrap_or_else(|found| panic!("{id} {name}: {found:?}"));
    }
}

/// Provider, field, what people paste, and what is stored.
const PASTED: &[(&str, &str, &str, &str)] = &[
    ("shopify", "shop", "example", "example"),
    ("shopify", "shop", "example.myshopify.com", "example"),
    ("shopify", "shop", "https://example.myshopify.com/", "example"),
    ("shopify", "shop", "https://admin.shopify.com/store/example/orders", "example"),
    ("zendesk", "subdomain", "https://acme.zendesk.com/agent/dashboard", "acme"),
    ("freshdesk", "domain", "acme.freshdesk.com", "acme"),
    ("servicenow", "instance", "https://dev12345.service-now.com/now/nav/ui", "dev12345"),
    ("jira", "subdomain", "https://acme.atlassian.net/jira/your-work", "acme"),
    ("confluence", "subdomain", "https://acme.atlassian.net/wiki", "acme"),
    ("snowflake", "account", "https://xy12345.eu-central-1.snowflakecomputing.com", "xy12345.eu-central-1"),
    ("snowflake", "account", "myorg-my_account.snowflakecomputing.com", "myorg-my_account"),
    ("pipedrive", "company_domain", "https://acme.pipedrive.com/pipeline/1", "acme"),
    ("pipedrive", "api_domain", "acme.pipedrive.com", "https://acme.pipedrive.com"),
    ("mailchimp", "dc", "https://us6.admin.mailchimp.com/", "us6"),
    ("okta", "domain", "https://acme.okta.com/", "acme.okta.com"),
    ("auth0", "domain", "https://acme.eu.auth0.com/api/v2/", "acme.eu.auth0.com"),
    ("sharepoint", "site_hostname", "https://contoso.sharepoint.com/sites/sales", "contoso.sharepoint.com"),
    ("salesforce", "instance_url", "acme.my.salesforce.com", "https://acme.my.salesforce.com"),
    (
        "salesforce",
        "instance_url",
        "https://acme--dev.sandbox.lightning.force.com/lightning/page/home",
        "https://acme--dev.sandbox.my.salesforce.com",
    ),
    ("salesforce", "instance_url", "https://a.salesforce.com/services", "https://a.salesforce.com/services"),
    ("salesforce", "login_host", "https://test.salesforce.com/", "test.salesforce.com"),
    (
        "dynamics",
        "environment_url",
        "https://acme.crm4.dynamics.com/main.aspx?appid=1",
        "https://acme.crm4.dynamics.com",
    ),
    ("datadog", "site", "https://app.datadoghq.eu/account/settings", "app.datadoghq.eu"),
    ("datadog", "site", "https://us5.datadoghq.com", "us5.datadoghq.com"),
    ("datadog", "site", "https://api.us3.datadoghq.com", "us3.datadoghq.com"),
    ("hubspot", "base_url", "api.hubapi.com", "https://api.hubapi.com"),
    ("zoho", "accounts_server", "accounts.zoho.eu", "https://accounts.zoho.eu"),
    ("zoho", "api_domain", "https://crm.zoho.com.au/crm/org1", "https://www.zohoapis.com.au"),
    ("gitlab", "base_url", "gitlab.com", "https://gitlab.com"),
];

#[test]
fn of_a_pasted_address_a_field_takes_the_part_that_it_wants() {
    for &(id, name, value, taken) in PASTED {
        let provider = provider(id);
        let field = provider.field(name).unwrap();
        let kind = *provider.types.keys().find(|kind| field.belongs_to(**kind)).unwrap();
        let mut submitted = submission(provider.fields_of(kind), CANARY);
        submitted.insert(name.to_owned(), Json::Text(SecretText::new(value.to_owned())));
        let content =
            provider.accept(kind, submitted).unwrap_or_else(|found| panic!("{id} {name}: {found:?}"));
        let stored = content.config.get(name).cloned();
        assert_eq!(stored, Some(ConfigValue::Text(taken.to_owned())), "{id} {name} {value}");
    }
}

#[test]
fn every_field_but_keys_and_certificates_has_an_example() {
    for provider in catalog().all() {
        provider.fields.iter().for_each(|field| drop(sample(field, CANARY)));
    }
}

#[test]
fn the_table_in_the_documentation_is_the_catalog() {
    let page = include_str!("../../../../../docs/PROVIDERS.md");
    let (_, table) = page.split_once("<!-- catalog:begin -->").unwrap();
    let (table, _) = table.split_once("<!-- catalog:end -->").unwrap();
    let mut expected = vec!["| id | name | types | test |".to_owned(), "|---|---|---|---|".to_owned()];
    for provider in catalog().all() {
        let types: Vec<_> = provider.types.keys().map(|kind| kind.as_str()).collect();
        let test = provider.test.as_ref().map_or("-", ProviderTest::kind);
        expected.push(format!(
            "| {} | {} | {} | {test} |",
            provider.id,
            provider.display_name,
            types.join(", ")
        ));
    }
    assert_eq!(table.trim().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn at_least_66_providers_have_a_test() {
    assert!(catalog().all().iter().filter(|provider| provider.test.is_some()).count() >= 66);
}

#[test]
fn a_built_in_file_without_sources_is_refused_and_one_of_an_operator_is_not() {
    for (name, text) in EMBEDDED {
        let mut file: toml::Table = toml::from_str(text).unwrap();
        assert!(file.remove("source").is_some(), "{name}");
        let without = toml::to_string(&file).unwrap();
        let read = |origin| file::read(name, &without, origin, &mut Patterns::default());
        let problems = read(Origin::BuiltIn).err().unwrap_or_else(|| panic!("{name} is taken"));
        assert!(matches!(&problems[..], [problem] if problem.key == "source"), "{name}: {problems:?}");
        assert!(read(Origin::Given).is_ok(), "{name}");
    }
}

#[test]
fn a_value_with_a_usual_mistake_is_told_the_mistake_and_the_example() {
    let text = |text: String| Json::Text(SecretText::new(text));
    let mut told = 0;
    for provider in catalog().all() {
        for field in provider.fields.iter().filter(|field| field.choices.is_empty() && !field.kind.is_pem()) {
            let Some(example) = &field.example else { continue };
            for (value, mistake) in [
                (format!(" {example}"), "it has blanks around it"),
                (format!("\"{example}\""), "it stands in quotes"),
                (format!("{example}\n"), "it has line breaks around it"),
            ] {
                let Err(rule) = field.check(text(value)) else { continue };
                // Whole numbers have rules that say everything, and connection strings a parser of their own.
                if matches!(field.kind, FieldKind::Text | FieldKind::Url | FieldKind::Host) {
                    let rule = rule.to_string();
                    assert!(rule.ends_with(mistake), "{} {}: {rule}", provider.id, field.name);
                    let shown =
                        mistake.contains("line breaks") || rule.contains(&format!("such as {example}"));
                    assert!(shown, "{} {}: {rule}", provider.id, field.name);
                    told += 1;
                }
            }
        }
    }
    assert!(told > 300, "{told}");
}

#[test]
fn forms_of_hosts_addresses_and_names_are_shown_with_what_is_wrong() {
    for (id, field, value, expected) in [
        ("sftp", "host", "sftp://files.example.com", "such as files.example.com: it has a scheme"),
        ("sftp", "host", "files.example.com:22", "such as files.example.com: it has a port"),
        ("sftp", "host", "etl@files.example.com", "such as files.example.com: it has a user name"),
        ("sftp", "host", "files.example.com/in", "such as files.example.com: it has a path"),
        ("sftp", "host", "files. example.com", "such as files.example.com: it has blanks in it"),
        ("sftp", "host", "füles.example.com", "without scheme, port, path"),
        ("openai", "base_url", "us.api.openai.com", "it lacks https:// at its beginning"),
        ("salesforce", "instance_url", "https://acme.example.com", "such as https://"),
        ("openai", "api_key", "Bearer sk-EXAMPLE", "it begins with the word of a header"),
        ("openai", "api_key", "sk-EX AMPLE", "it has blanks in it"),
        ("openai", "api_key", "sk-EXAMPLE\u{200b}", "it has characters that are not ASCII"),
        ("openai", "api_key", "sk-EX\nAMPLE", "it has line breaks in it"),
        ("sftp", "host_key_fingerprint", "SHA256:short", "such as SHA256:"),
    ] {
        let provider = provider(id);
        let rule = provider.field(field).unwrap().check(Json::Text(SecretText::new(value.to_owned())));
        let rule = rule.expect_err(value).to_string();
        assert!(rule.contains(expected) && !rule.contains(value), "{id} {field}: {rule}");
    }
}

#[test]
fn keys_are_kept_with_the_lines_of_ssh_and_pins_as_ssh_keygen_prints_them() {
    let pin = "SHA256:EXAMPLEexampleEXAMPLEexampleEXAMPLEexampleE";
    let tidy = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    for (key, tidied) in [(tidy.to_owned(), false), (tidy.replace('\n', "\r\n"), true)] {
        let fields = [
            ("host", "h.example.com"),
            ("username", "u"),
            ("private_key", &key),
            ("passphrase", " as it is\u{a0}"),
            ("host_key_fingerprint", &format!("256 {pin}= root@h (ED25519)")),
        ];
        let text = |value: &str| Json::Text(SecretText::new(value.to_owned()));
        let submitted = fields.map(|(name, value)| (name.to_owned(), text(value))).into();
        let content = provider("sftp").accept(CredentialType::KeyFile, submitted).unwrap();
        assert_eq!(content.secret.get("private_key").unwrap().expose(), tidy);
        assert_eq!(content.secret.get("passphrase").unwrap().expose(), " as it is\u{a0}");
        assert_eq!(content.config.get("host_key_fingerprint"), Some(&ConfigValue::Text(pin.to_owned())));
        assert_eq!(!content.notes.is_empty(), tidied);
    }
}

#[test]
fn a_bundle_of_certificates_is_taken_at_the_size_and_with_the_comments_that_vendors_give_it() {
    let provider = provider("postgresql");
    let accept = |bundle: &str| {
        let fields =
            [("host", "db.example.com"), ("database", "sales"), ("username", "app"), ("password", "x")];
        let fields = fields.into_iter().chain([("ssl_ca", bundle)]);
        let text = |text: &str| Json::Text(SecretText::new(text.to_owned()));
        let submission = fields.map(|(name, value)| (name.to_owned(), text(value))).collect();
        provider.accept(CredentialType::UserPassword, submission)
    };
    let body = "A".repeat(1198);
    let certificate = format!("-----BEGIN CERTIFICATE-----\nMI{body}\n-----END CERTIFICATE-----\n");
    // 165,407 bytes were those of the file that AWS publishes.
    let bundle = certificate.repeat(165_407 / certificate.len() + 1);
    assert!(bundle.len() > 165_407);
    accept(&bundle).unwrap();
    accept(&format!("# Issuer: CN=x\n{certificate}\n# the end")).unwrap();
    for (bundle, words) in [
        (certificate.repeat(192 * 1024 / certificate.len() + 1), "at most 192 KiB"),
        (format!("{certificate}-----BEGIN PRIVATE KEY-----\n"), "private key"),
        ("# nothing".to_owned(), "BEGIN CERTIFICATE"),
        (format!("text\n{}", "A".repeat(40)), "BEGIN CERTIFICATE"),
    ] {
        let refused = accept(&bundle).unwrap_err();
        assert!(refused[0].to_string().contains(words), "{refused:?}");
    }
}
