use std::collections::BTreeMap;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    SignatureAlgorithm,
};
use strongroom_domain::{
    ConfigValue, Content, CredentialType, Provider, ProviderId, ProviderTest, SecretText, StepOutcome,
    TestCode,
};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_provider_tester::{Progress, ProviderTester, TestSubject, Verdict};

use crate::PostgresTester;

/// The user name and the password of most tests. Neither may appear in any report.
pub(crate) const USER: &str = "canary_user";
pub(crate) const PASSWORD: &str = "canary-password-7Q2MZJ";

/// The result of a test, with its steps as `parse ok, reach ok, …`.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) steps: String,
}

impl Report {
    pub(crate) fn code(&self) -> TestCode {
        self.verdict.code
    }

    pub(crate) fn fact(&self, name: &str) -> Option<&str> {
        self.verdict.facts.get(name).map(String::as_str)
    }

    /// The first step that failed.
    pub(crate) fn failed_step(&self) -> Option<&str> {
        self.steps.split(", ").find_map(|step| step.strip_suffix(" failed"))
    }

    /// Everything that a user or a log may read.
    pub(crate) fn words(&self) -> String {
        format!("{:?}", self.verdict)
    }
}

/// The fields of a credential for a server on 127.0.0.1; `text` adds or replaces a field.
pub(crate) struct Fields(BTreeMap<&'static str, ConfigValue>, &'static str, &'static str);

impl Fields {
    pub(crate) fn new(port: u16) -> Self {
        let fields = Self(BTreeMap::new(), PASSWORD, "postgresql");
        let fields = fields.text("host", "127.0.0.1").text("database", "postgres").text("username", USER);
        fields.with("port", ConfigValue::Integer(port.into()))
    }

    pub(crate) fn with(mut self, name: &'static str, value: ConfigValue) -> Self {
        self.0.insert(name, value);
        self
    }

    pub(crate) fn text(self, name: &'static str, value: &str) -> Self {
        self.with(name, ConfigValue::Text(value.to_owned()))
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.0.remove(name);
        self
    }

    pub(crate) fn password(self, password: &'static str) -> Self {
        Self(self.0, password, self.2)
    }

    pub(crate) fn provider(self, provider: &'static str) -> Self {
        Self(self.0, self.1, provider)
    }

    pub(crate) fn subject(self) -> Arc<TestSubject> {
        let mut content = Content::default();
        for (name, value) in self.0 {
            content.config.insert(name, value);
        }
        content.secret.insert("password", SecretText::new(self.1.to_owned()));
        Arc::new(TestSubject {
            provider: Arc::new(provider(self.2)),
            credential_type: CredentialType::UserPassword,
            content: Arc::new(content),
            probe_path: None,
        })
    }

    pub(crate) async fn test(self) -> Report {
        test_with(tester(), self.subject()).await
    }
}

pub(crate) fn egress() -> Egress {
    Egress::new(&EgressSettings { allow_cidrs: "postgres=127.0.0.0/8".into(), ..Default::default() }).unwrap()
}

pub(crate) fn tester() -> PostgresTester {
    PostgresTester::new(egress())
}

pub(crate) async fn test_with(tester: PostgresTester, subject: Arc<TestSubject>) -> Report {
    let progress = Arc::new(Progress::default());
    let verdict = tester.test(subject, Arc::clone(&progress)).await.unwrap();
    let steps = progress.steps();
    let steps = steps.iter().map(|step| format!("{} {}", step.name, step.outcome.as_str()));
    let steps = steps.collect::<Vec<_>>().join(", ");
    let ended_well = progress.steps().iter().all(|step| step.outcome == StepOutcome::Ok);
    assert_eq!(verdict.code == TestCode::Ok, ended_well, "{verdict:?} {steps}");
    Report { verdict, steps }
}

fn provider(id: &str) -> Provider {
    Provider {
        id: ProviderId::parse(id).unwrap(),
        display_name: String::new(),
        description: String::new(),
        category: String::new(),
        docs_url: None,
        fields: Vec::new(),
        types: BTreeMap::new(),
        oauth: None,
        test: Some(ProviderTest::Postgresql),
        connect: None,
        crm: None,
    }
}

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// An authority whose key signs with another hash function.
    pub(crate) fn of(algorithm: &'static SignatureAlgorithm) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate_for(algorithm).unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name or address, and its key.
    pub(crate) fn issue(&self, name: &str) -> (String, String) {
        self.issue_with(name, |_| {})
    }

    /// Issues a certificate with changes.
    pub(crate) fn issue_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (String, String) {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// A self-signed certificate and its key.
pub(crate) fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// SQL that makes the user of most tests.
pub(crate) fn create_user() -> String {
    format!("CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
}
