use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use strongroom_domain::{Facts, TestCode};
use strongroom_egress::{Destination, Purpose};
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, SslNegotiation};

use super::support::{Authority, Fields, PASSWORD, USER, create_user, egress};
use crate::guard::Guard;
use crate::negotiation::negotiate;
use crate::settings::Settings;

/// Logs in with a driver that requires channel binding; the server checks the binding that it gets.
async fn log_in_with_binding(fields: Fields, port: u16) -> Result<(), tokio_postgres::Error> {
    let subject = fields.subject();
    let settings = Settings::read(&subject).unwrap();
    let host = settings.host;
    let destination = Destination { purpose: Purpose::Postgres, host, port, port_is_fixed: false };
    let stream = egress().session().connect(&destination).await.unwrap();
    let wire =
        negotiate(stream, &settings, &mut Facts::new()).await.unwrap_or_else(|verdict| panic!("{verdict:?}"));
    let (guard, _) = Guard::new(wire.stream, true, wire.binding);
    let mut config = Config::new();
    config.user(USER).password(PASSWORD).dbname("postgres").channel_binding(ChannelBinding::Require);
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    config.connect_raw(tokio::io::empty(), guard).await.map(drop)
}

#[tokio::test]
async fn a_login_over_tls_is_bound_to_the_servers_certificate() {
    for (algorithm, is_bound) in
        [(&PKCS_ECDSA_P256_SHA256, true), (&PKCS_ECDSA_P384_SHA384, true), (&PKCS_ED25519, false)]
    {
        let authority = Authority::of(algorithm);
        let tls = Some(authority.issue("127.0.0.1"));
        let cluster =
            PostgresCluster::start(ClusterOptions { passwords: true, tls, ..ClusterOptions::default() });
        cluster.run_sql(&create_user()).unwrap();
        let fields = || Fields::new(cluster.port()).text("ssl_ca", &authority.pem());
        let bound = log_in_with_binding(fields(), cluster.port()).await;
        assert_eq!(bound.is_ok(), is_bound, "{algorithm:?} {bound:?}");
        // When there is no hash function for channel binding, the login goes on without it.
        let report = fields().test().await;
        assert_eq!(report.code(), TestCode::Ok, "{algorithm:?} {report:?}");
    }
}
