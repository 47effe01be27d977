//! Providers written as provider files, and credentials for them.

use std::ops::Deref;
use std::sync::Arc;

use strongroom_catalog_files::{FileCatalog, read_provider};
use strongroom_declared_http::{Declarations, HttpStep, HttpTest};
use strongroom_domain::{ConfigValue, Content, CredentialType, Provider, SecretText, TestStep};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_environment::{Catalog, Clock};
use strongroom_provider_tester::{Progress, ProviderTester, TestError, TestSubject, Verdict};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::HttpTester;

/// The fields that the tests use; all except the token may be absent.
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

/// The usual rules: 200 means good, 401 bad, 403 a missing permission.
pub(super) const RULES: &str = r#"
outcomes = [
  { status = [200], code = "ok" },
  { status = [401], code = "auth_rejected" },
  { status = [403], code = "insufficient" },
]
"#;

/// A provider and the test that its file declares.
pub(super) struct Tested {
    pub(super) provider: Arc<Provider>,
    declarations: Arc<Declarations>,
}

impl Deref for Tested {
    type Target = Provider;

    fn deref(&self) -> &Provider {
        &self.provider
    }
}

/// A provider with this `[test]`.
pub(super) fn provider(test: &str) -> Tested {
    let read = read_provider("acme.toml", &format!("{FIELDS}\n{test}"));
    let (provider, declared) = read.unwrap_or_else(|error| panic!("{error}"));
    let mut declarations = Declarations::default();
    declarations.insert(provider.id.clone(), declared);
    Tested { provider: Arc::new(provider), declarations: Arc::new(declarations) }
}

/// A provider of the catalog.
pub(super) fn catalogued(id: &str) -> Tested {
    let catalog = FileCatalog::embedded().unwrap();
    Tested { provider: catalog.find(id).unwrap(), declarations: catalog.declarations() }
}

/// A provider with one step, which sends the token in a header, and the usual rules.
pub(super) fn one_step(keys: &str) -> Tested {
    provider(&format!("[[test.step]]\n{keys}\nheaders = {{ Authorization = \"Bearer {{token}}\" }}\n{RULES}"))
}

pub(super) fn test_of(tested: &Tested) -> &HttpTest {
    tested.declarations.test(&tested.provider.id).unwrap()
}

pub(super) fn first_step(tested: &Tested) -> &HttpStep {
    &test_of(tested).steps[0]
}

/// A credential with these fields. The provider's rules are not checked, because the code behind them must be
/// safe without them.
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

/// An egress policy that allows this host at any unprivileged port, with and without TLS.
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
    tested: &Tested,
    fields: &[(&str, &str)],
) -> (Result<Verdict, TestError>, Vec<TestStep>) {
    let tester = HttpTester::new(egress, Arc::new(FixedClock), Arc::clone(&tested.declarations));
    let subject = TestSubject {
        provider: Arc::clone(&tested.provider),
        credential_type: CredentialType::ApiKey,
        content: Arc::new(content(tested, fields)),
        probe_path: None,
    };
    let progress = Arc::new(Progress::default());
    let verdict = tester.test(Arc::new(subject), Arc::clone(&progress)).await;
    (verdict, progress.steps())
}

/// The verdict about the token `good-token`, with a policy that allows this host.
pub(super) async fn verdict(tested: &Tested) -> Verdict {
    run(loopback(), tested, &[("token", "good-token")]).await.0.unwrap()
}
