//! Providers written as provider files, and their credentials.

use std::sync::Arc;

use strongroom_catalog_files::read_provider;
use strongroom_domain::http_test::HttpStep;
use strongroom_domain::{
    ConfigValue, Content, CredentialType, HttpTest, Provider, ProviderTest, SecretText, TestStep,
};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_environment::Clock;
use strongroom_provider_tester::{Progress, ProviderTester, TestError, TestSubject, Verdict};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::HttpTester;

/// Fields that the tests below use; all but the token may be absent.
const FIELDS: &str = r#"
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
name = "second"
type = "text"
secret = true

[[field]]
name = "tenant"
type = "text"
destination = true

[[field]]
name = "plan"
type = "text"

[[field]]
name = "path"
type = "text"

[[field]]
name = "address"
type = "url"
destination = true

[[field]]
name = "region"
type = "text"
destination = true
default = "us"

[[field]]
name = "site"
type = "text"
destination = true
choices = ["acme.com", "acme.eu"]
default = "acme.com"

[[field]]
name = "access_key_id"
type = "text"

[[field]]
name = "secret_access_key"
type = "text"
secret = true

[[field]]
name = "session_token"
type = "text"
secret = true

[types.api_key]
required = ["token"]

[dialects.primary]
"#;

/// The usual rules: 200 is good, 401 bad, 403 lacks a permission.
pub(super) const RULES: &str = r#"
outcomes = [
  { status = [200], code = "ok" },
  { status = [401], code = "auth_rejected" },
  { status = [403], code = "insufficient" },
]
"#;

/// A provider with this `[test]`.
pub(super) fn provider(test: &str) -> Arc<Provider> {
    let read = read_provider("acme.toml", &format!("{FIELDS}\n{test}"));
    Arc::new(read.unwrap_or_else(|error| panic!("{error}")))
}

/// A provider with one step, which sends the token in a header, and the usual rules.
pub(super) fn one_step(keys: &str) -> Arc<Provider> {
    provider(&format!("[[test.step]]\n{keys}\nheaders = {{ Authorization = \"Bearer {{token}}\" }}\n{RULES}"))
}

pub(super) fn test_of(provider: &Provider) -> &HttpTest {
    match &provider.test {
        Some(ProviderTest::Http(test)) => test,
        other => panic!("{other:?}"),
    }
}

pub(super) fn first_step(provider: &Provider) -> &HttpStep {
    &test_of(provider).steps[0]
}

/// A credential with these fields, not checked by the provider's rules: what is behind them must hold alone.
pub(super) fn content(provider: &Provider, fields: &[(&str, &str)]) -> Content {
    let mut content = Content::default();
    for (name, value) in fields {
        if provider.field(name).unwrap().secret {
            content.secret.insert(*name, SecretText::new((*value).to_owned()));
        } else {
            content.config.insert(*name, ConfigValue::Text((*value).to_owned()));
        }
    }
    content
}

pub(super) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        datetime!(2015-08-30 12:36:00 UTC)
    }
}

/// An egress policy that admits this host, at any port that is not privileged, without TLS too.
pub(super) fn loopback() -> Egress {
    let settings = EgressSettings {
        allow_cidrs: "http=127.0.0.0/8".into(),
        allow_ports: "http=1024-65535".into(),
        plain_http: true,
        ..EgressSettings::default()
    };
    Egress::new(&settings).unwrap()
}

/// The result of a test, and its steps.
pub(super) async fn run(
    egress: Egress,
    provider: &Arc<Provider>,
    fields: &[(&str, &str)],
) -> (Result<Verdict, TestError>, Vec<TestStep>) {
    let tester = HttpTester::new(egress, Arc::new(FixedClock));
    let subject = TestSubject {
        provider: Arc::clone(provider),
        credential_type: CredentialType::ApiKey,
        content: Arc::new(content(provider, fields)),
        probe_path: None,
    };
    let progress = Arc::new(Progress::default());
    let verdict = tester.test(Arc::new(subject), Arc::clone(&progress)).await;
    (verdict, progress.steps())
}

/// The verdict about the token `good-token` where the policy admits this host.
pub(super) async fn verdict(provider: &Arc<Provider>) -> Verdict {
    run(loopback(), provider, &[("token", "good-token")]).await.0.unwrap()
}
