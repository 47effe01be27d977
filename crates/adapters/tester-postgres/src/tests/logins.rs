use strongroom_domain::TestCode;
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};
use strongroom_provider_tester::Cause;

use super::support::{Authority, Fields, PASSWORD, USER, create_user};

/// A rule for each way to ask for a password, selected by the user name.
const RULES: &str = "
    host all barred 127.0.0.1/32 reject
    host all md5_user 127.0.0.1/32 md5
    host all clear_user 127.0.0.1/32 password
    host all open_user 127.0.0.1/32 trust
    host all all 127.0.0.1/32 scram-sha-256";

fn cluster(tls: Option<(String, String)>, rules: &str) -> PostgresCluster {
    let access_rules = Some(rules.to_owned());
    let cluster = PostgresCluster::start(ClusterOptions { tls, access_rules, ..ClusterOptions::default() });
    let sql = [
        create_user(),
        format!("CREATE ROLE barred LOGIN PASSWORD '{PASSWORD}'"),
        format!("CREATE ROLE clear_user LOGIN PASSWORD '{PASSWORD}'"),
        format!("CREATE ROLE group_role PASSWORD '{PASSWORD}'"),
        "CREATE ROLE open_user LOGIN".to_owned(),
        "SET password_encryption = 'md5'".to_owned(),
        format!("CREATE ROLE md5_user LOGIN PASSWORD '{PASSWORD}'"),
    ];
    cluster.run_sql(&sql.join(";")).unwrap();
    cluster.run_sql("CREATE DATABASE closed").unwrap();
    cluster.run_sql("REVOKE CONNECT ON DATABASE closed FROM PUBLIC").unwrap();
    cluster
}

#[tokio::test]
async fn a_refused_login_says_why_in_our_own_words() {
    let cluster = cluster(None, RULES);
    let plain = || Fields::new(cluster.port()).text("sslmode", "disable");

    let good = plain().test().await;
    assert_eq!(good.steps, "parse ok, reach ok, handshake ok, login ok, probe ok");
    assert_eq!(good.fact("tls"), Some("none"));
    let version = good.fact("server_version").unwrap();
    assert!(version.parse::<u16>().is_ok(), "{version}");
    assert!(good.verdict.hint.as_deref().unwrap().contains("not encrypted"));
    assert_eq!(good.verdict.message, None);

    for (fields, code, state, words) in [
        (plain().password("wrong"), TestCode::AuthRejected, "28P01", "user name or the password"),
        (plain().text("username", "nobody"), TestCode::AuthRejected, "28P01", "user name or the password"),
        (plain().text("username", "barred"), TestCode::AuthRejected, "28000", "access rule"),
        (plain().text("username", "group_role"), TestCode::AuthRejected, "28000", "access rule"),
        (plain().text("database", "missing"), TestCode::InvalidConfig, "3D000", "field database"),
        (plain().text("database", "closed"), TestCode::Insufficient, "42501", "CONNECT"),
    ] {
        let report = fields.test().await;
        assert_eq!((report.code(), report.failed_step()), (code, Some("login")), "{state}: {report:?}");
        assert_eq!(report.verdict.cause, Some(Cause::Protocol(format!("SQLSTATE {state}"))), "{report:?}");
        assert!(report.verdict.message.as_deref().unwrap().contains(words), "{report:?}");
        assert_eq!(report.fact("tls"), Some("none"));
        for secret in [USER, PASSWORD, "missing\"", "closed"] {
            assert!(!report.words().contains(secret), "{state} shows what was sent");
        }
    }
    let open = plain().text("username", "open_user").test().await;
    assert_eq!(open.code(), TestCode::Ok);
    assert!(open.verdict.message.as_deref().unwrap().contains("without asking"), "{open:?}");
}

#[tokio::test]
async fn a_password_travels_in_the_clear_or_as_md5_only_inside_verified_tls() {
    let authority = Authority::new();
    let cluster = cluster(Some(authority.issue("127.0.0.1")), RULES);
    for user in ["md5_user", "clear_user"] {
        let fields = || Fields::new(cluster.port()).text("username", user);
        let verified = || fields().text("ssl_ca", &authority.pem());
        let report = verified().test().await;
        assert_eq!(
            (report.code(), report.fact("tls")),
            (TestCode::Ok, Some("verified")),
            "{user} {report:?}"
        );
        let chain = verified().text("sslmode", "verify-ca").test().await;
        assert_eq!(
            (chain.code(), chain.failed_step()),
            (TestCode::InvalidConfig, Some("login")),
            "{chain:?}"
        );
        let wrong = verified().password("wrong").test().await;
        assert_eq!(wrong.code(), TestCode::AuthRejected, "{wrong:?}");
        for sslmode in ["require", "prefer", "allow", "disable"] {
            let report = fields().text("sslmode", sslmode).test().await;
            assert_eq!((report.code(), report.failed_step()), (TestCode::InvalidConfig, Some("login")));
            assert!(report.verdict.message.as_deref().unwrap().contains("verified TLS"), "{report:?}");
            assert!(report.verdict.hint.as_deref().unwrap().contains("scram-sha-256"), "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_takes_no_more_connections_may_be_asked_later() {
    let cluster = cluster(None, RULES);
    cluster.run_sql("ALTER DATABASE closed WITH ALLOW_CONNECTIONS true CONNECTION LIMIT 0").unwrap();
    cluster.run_sql("GRANT CONNECT ON DATABASE closed TO PUBLIC").unwrap();
    let report =
        Fields::new(cluster.port()).text("sslmode", "disable").text("database", "closed").test().await;
    assert_eq!(report.code(), TestCode::ProviderError, "{report:?}");
    assert_eq!(report.verdict.cause, Some(Cause::Protocol("SQLSTATE 53300".into())));
    assert!(report.verdict.hint.as_deref().unwrap().contains("limit of connections"));

    cluster.stop();
    let gone = Fields::new(cluster.port()).test().await;
    assert_eq!((gone.code(), gone.failed_step()), (TestCode::NotReachable, Some("reach")));
    assert_eq!((gone.verdict.message, gone.verdict.hint), (None, None));
    assert!(matches!(gone.verdict.cause, Some(Cause::Network(_))), "{:?}", gone.verdict.cause);
}

/// Reads the server's own log of what a test did.
#[tokio::test]
async fn a_test_leaves_no_connection_and_no_complaint_at_the_server() {
    let cluster = cluster(None, RULES);
    let plain = || Fields::new(cluster.port()).text("sslmode", "disable");
    assert_eq!(plain().test().await.code(), TestCode::Ok);
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'strongroom'";
    assert!((0..200).any(|_| cluster.run_sql(connections).unwrap() == "0"), "a connection stays");
    let statistics = "SELECT sessions_abandoned FROM pg_stat_database WHERE datname = 'postgres'";
    assert_eq!(cluster.run_sql(statistics).unwrap(), "0");
}
