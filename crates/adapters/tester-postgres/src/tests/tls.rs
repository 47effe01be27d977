use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use strongroom_domain::TestCode;
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};

use super::support::{Authority, Fields, create_user, self_signed};

fn cluster(tls: Option<(String, String)>) -> PostgresCluster {
    let options = ClusterOptions { passwords: true, tls, ..ClusterOptions::default() };
    let cluster = PostgresCluster::start(options);
    cluster.run_sql(&create_user()).unwrap();
    cluster
}

/// Expects each mode to end with this code and, when the code is `ok`, with this protection.
async fn expect(
    port: u16,
    authority: Option<&str>,
    expected: impl IntoIterator<Item = (Option<&str>, TestCode, &str)>,
) {
    for (sslmode, code, told) in expected {
        let fields = Fields::new(port);
        let fields = sslmode.map_or(Fields::new(port), |mode| fields.text("sslmode", mode));
        let fields = match authority {
            Some(pem) => fields.text("ssl_ca", pem),
            None => fields,
        };
        let report = fields.test().await;
        assert_eq!(report.code(), code, "{sslmode:?} {report:?}");
        match code {
            TestCode::Ok => {
                assert_eq!(report.fact("tls"), Some(told), "{sslmode:?}");
                assert_eq!(report.verdict.hint.is_some(), told != "verified", "{sslmode:?} {report:?}");
            }
            _ => {
                assert_eq!(report.failed_step(), Some("handshake"), "{sslmode:?}");
                let message = report.verdict.message.as_deref().unwrap_or_default();
                assert!(message.contains(told), "{sslmode:?} {report:?}");
            }
        }
    }
}

#[tokio::test]
async fn each_mode_verifies_what_it_says() {
    use TestCode::{Ok, TlsFailed};
    let (authority, stranger) = (Authority::new(), Authority::new());
    let right = cluster(Some(authority.issue_with("127.0.0.1", |certificate| {
        certificate.not_after = date_time_ymd(2090, 1, 2);
    })));
    let modes = [
        (None, Ok, "verified"),
        (Some("verify-full"), Ok, "verified"),
        (Some("verify-ca"), Ok, "chain"),
        (Some("require"), Ok, "chain"),
        (Some("prefer"), Ok, "unverified"),
        (Some("allow"), Ok, "unverified"),
        (Some("disable"), Ok, "none"),
    ];
    expect(right.port(), Some(&authority.pem()), modes).await;
    let untrusted = [
        (None, TlsFailed, "authority"),
        (Some("verify-full"), TlsFailed, "authority"),
        (Some("verify-ca"), TlsFailed, "authority"),
    ];
    expect(right.port(), Some(&stranger.pem()), untrusted).await;
    expect(right.port(), Some(&stranger.pem()), [(Some("require"), TlsFailed, "authority")]).await;
    expect(right.port(), None, untrusted).await;
    expect(right.port(), None, [(Some("require"), Ok, "unverified")]).await;
    // When several authorities are given, one of them must match.
    let both = format!("{}{}", stranger.pem(), authority.pem());
    expect(right.port(), Some(&both), modes).await;
    let report = Fields::new(right.port()).text("ssl_ca", &authority.pem()).test().await;
    assert_eq!(report.fact("tls_certificate_expires_at"), Some("2090-01-02T00:00:00Z"));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_good_for_verify_ca_only() {
    use TestCode::{Ok, TlsFailed};
    let authority = Authority::new();
    let other = cluster(Some(authority.issue("db.example.test")));
    let modes = [
        (None, TlsFailed, "host name"),
        (Some("verify-full"), TlsFailed, "host name"),
        (Some("verify-ca"), Ok, "chain"),
        (Some("require"), Ok, "chain"),
    ];
    expect(other.port(), Some(&authority.pem()), modes).await;
    expect(other.port(), None, [(Some("verify-ca"), TlsFailed, "authority")]).await;
}

#[tokio::test]
async fn an_expired_certificate_is_good_for_no_verifying_mode() {
    use TestCode::{Ok, TlsFailed};
    let authority = Authority::new();
    let past = |certificate: &mut CertificateParams| {
        certificate.not_before = date_time_ymd(2001, 1, 1);
        certificate.not_after = date_time_ymd(2002, 1, 1);
    };
    let expired = cluster(Some(authority.issue_with("127.0.0.1", past)));
    let modes = [
        (None, TlsFailed, "expired"),
        (Some("verify-ca"), TlsFailed, "expired"),
        (Some("prefer"), Ok, "unverified"),
    ];
    expect(expired.port(), Some(&authority.pem()), modes).await;
    let own = self_signed("127.0.0.1", |certificate| {
        past(certificate);
        certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let expired = cluster(Some(own.clone()));
    expect(expired.port(), Some(&own.0), modes).await;
}

/// `openssl req -x509` makes such a certificate, and marks it as that of an authority.
#[tokio::test]
async fn a_certificate_that_signed_itself_can_be_given_as_its_own_authority() {
    use TestCode::{Ok, TlsFailed};
    for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::NoCa] {
        let own = self_signed("127.0.0.1", |certificate| certificate.is_ca = is_ca);
        let twin = self_signed("127.0.0.1", |certificate| certificate.is_ca = is_ca);
        let server = cluster(Some(own.clone()));
        let good = [(None, Ok, "verified"), (Some("verify-ca"), Ok, "chain")];
        expect(server.port(), Some(&own.0), good).await;
        let told = match is_ca {
            IsCa::NoCa => "not signed by an authority in the field ssl_ca",
            _ => "marked as that of an authority",
        };
        let other = [(None, TlsFailed, told), (Some("verify-ca"), TlsFailed, told)];
        expect(server.port(), Some(&twin.0), other).await;
    }
    let elsewhere = self_signed("db.example.test", |certificate| {
        certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let server = cluster(Some(elsewhere.clone()));
    let modes = [(None, TlsFailed, "host name"), (Some("verify-ca"), Ok, "chain")];
    expect(server.port(), Some(&elsewhere.0), modes).await;
}

#[tokio::test]
async fn a_certificate_for_clients_is_not_taken_for_a_servers() {
    use TestCode::{Ok, TlsFailed};
    let authority = Authority::new();
    let server = cluster(Some(authority.issue_with("127.0.0.1", |certificate| {
        certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    })));
    let modes =
        [(None, TlsFailed, "not made for servers"), (Some("verify-ca"), TlsFailed, "not made for servers")];
    expect(server.port(), Some(&authority.pem()), modes).await;
    expect(server.port(), None, [(Some("require"), Ok, "unverified")]).await;
}

#[tokio::test]
async fn a_server_without_tls_is_tested_only_by_modes_that_do_without() {
    use TestCode::{Ok, TlsFailed};
    let server = cluster(None);
    let modes = [
        (None, TlsFailed, "does not offer TLS"),
        (Some("verify-full"), TlsFailed, "does not offer TLS"),
        (Some("verify-ca"), TlsFailed, "does not offer TLS"),
        (Some("require"), TlsFailed, "does not offer TLS"),
        (Some("prefer"), Ok, "none"),
        (Some("allow"), Ok, "none"),
        (Some("disable"), Ok, "none"),
    ];
    expect(server.port(), None, modes).await;
}
