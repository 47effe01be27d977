use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{ConfigValue, TestCode};
use strongroom_egress::{Egress, EgressSettings, Metered};
use strongroom_provider_tester::{Cause, DestinationBudget, Progress, ProviderTester, TestError};
use tokio::io::AsyncReadExt;

use super::script::{Act, Script, answer, welcome};
use super::support::{Authority, Fields, egress, test_with};
use crate::PostgresTester;
use crate::channel_binding::tls_server_end_point;
use crate::negotiation::MAX_BYTES;
use crate::settings::Settings;
use crate::tls_mode::Protection;

#[tokio::test]
async fn settings_that_cannot_be_read_are_named_and_nothing_is_connected() {
    let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let cut = Authority::new().pem().replacen('A', "", 1);
    let fields = || Fields::new(5432);
    for (field, fields) in [
        ("sslmode", fields().text("sslmode", "VERIFY-FULL")),
        ("sslmode", fields().with("sslmode", ConfigValue::Boolean(false))),
        ("ssl_ca", fields().text("ssl_ca", broken)),
        ("ssl_ca", fields().text("ssl_ca", &cut)),
        ("ssl_ca", fields().text("ssl_ca", "/etc/ssl/certs/ca.pem")),
        ("host", fields().without("host")),
        ("port", fields().with("port", ConfigValue::Integer(0))),
        ("port", fields().with("port", ConfigValue::Integer(65_536))),
        ("database", fields().text("database", "a\0b")),
        ("username", fields().text("username", "a\0user\0postgres")),
        ("password", fields().password("")),
    ] {
        let report = fields.test().await;
        assert_eq!(
            (report.code(), report.failed_step()),
            (TestCode::InvalidConfig, Some("parse")),
            "{field}"
        );
        assert!(report.verdict.message.as_deref().unwrap().contains(field), "{field} {report:?}");
    }
}

#[tokio::test]
async fn an_address_that_the_policy_refuses_is_not_reachable_whatever_the_mode() {
    let closed = PostgresTester::new(Egress::new(&EgressSettings::default()).unwrap());
    let elsewhere = Egress::new(&EgressSettings {
        allow_cidrs: "postgres=127.0.0.0/8".into(),
        internal_postgresql_hosts: "pg1.corp.example:5432".into(),
        ..Default::default()
    });
    let script = Script::start([Act::Hang]).await;
    for sslmode in ["disable", "prefer", "verify-full"] {
        let subject = Fields::new(script.port).text("sslmode", sslmode).subject();
        let report = test_with(PostgresTester { egress: closed.egress.clone() }, subject).await;
        assert_eq!((report.code(), report.failed_step()), (TestCode::NotReachable, Some("reach")));
        assert!(matches!(report.verdict.cause, Some(Cause::Policy(_))), "{report:?}");
        assert_eq!((report.verdict.message, report.verdict.hint), (None, None));
    }
    let internal = Fields::new(script.port).provider("internal_postgresql").subject();
    let report = test_with(PostgresTester::new(elsewhere.unwrap()), internal).await;
    assert_eq!(report.code(), TestCode::NotReachable, "{report:?}");
}

struct UsedUp;

#[async_trait]
impl DestinationBudget for UsedUp {
    async fn take(&self, _destination: &str) -> Result<(), TestError> {
        Err(TestError::DestinationLimit { retry_after: Duration::from_secs(60) })
    }
}

#[tokio::test]
async fn a_destination_without_budget_has_no_verdict() {
    let script = Script::start([Act::Hang]).await;
    let tester = PostgresTester::new(egress().with_budget(Arc::new(UsedUp)));
    let progress = Arc::new(Progress::default());
    let tested = tester.test(Fields::new(script.port).subject(), progress).await;
    assert_eq!(tested, Err(TestError::DestinationLimit { retry_after: Duration::from_secs(60) }));
}

#[tokio::test]
async fn an_internal_provider_reaches_the_servers_of_the_settings() {
    let acts = [Act::Startup, Act::Send(welcome()), Act::Message, Act::Send(answer()), Act::Message];
    let script = Script::start(acts).await;
    let egress = Egress::new(&EgressSettings {
        internal_postgresql_hosts: format!("127.0.0.1:{}", script.port),
        ..Default::default()
    });
    let fields = Fields::new(script.port).provider("internal_postgresql").text("sslmode", "disable");
    let report = test_with(PostgresTester::new(egress.unwrap()), fields.subject()).await;
    assert_eq!(report.code(), TestCode::Ok, "{report:?}");
}

#[test]
fn channel_binding_of_anything_but_a_certificate_is_none() {
    for bytes in
        [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x82, 0xff, 0xff, 0x30], &[0x30, 0x03, 0x30, 0x01, 0x00]]
    {
        assert_eq!(tls_server_end_point(bytes), None, "{bytes:?}");
    }
}

#[test]
fn only_a_mode_that_can_tell_the_server_from_others_counts_as_verified() {
    let authority = Authority::new().pem();
    for (sslmode, alone, with_authority) in [
        ("verify-full", Protection::Verified, Protection::Verified),
        ("verify-ca", Protection::Unverified, Protection::Chain),
        ("require", Protection::Unverified, Protection::Chain),
        ("prefer", Protection::Unverified, Protection::Unverified),
    ] {
        let fields = || Fields::new(5432).text("sslmode", sslmode);
        let subjects = [fields().subject(), fields().text("ssl_ca", &authority).subject()];
        let found = subjects.map(|subject| {
            Settings::read(&subject).unwrap_or_else(|verdict| panic!("{verdict:?}")).tls.protection()
        });
        assert_eq!(found, [alone, with_authority], "{sslmode}");
    }
}

#[tokio::test]
async fn no_more_than_a_mebibyte_is_read_whatever_it_is() {
    let mut endless = Metered::new(tokio::io::repeat(0), MAX_BYTES);
    let mut received = Vec::new();
    assert!(endless.read_to_end(&mut received).await.is_err());
    assert!(received.len() <= 1024 * 1024, "{}", received.len());
}
