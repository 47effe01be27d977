use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster, TestDatabase};
use strongroom_store_postgres::{OpenError, PostgresDatabase};

use crate::support::options;

const NAME: &str = "db.example.test";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for [`NAME`] and its key.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([NAME.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn write(&self, name: &str) -> PathBuf {
        let file =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pem", std::process::id()));
        std::fs::write(&file, self.0.pem()).unwrap();
        file
    }
}

/// Connects to 127.0.0.1 under a name, and returns whether the connection is encrypted.
async fn connect(test: &TestDatabase, name: &str, query: &str) -> Result<String, OpenError> {
    let url = test.url().replace("127.0.0.1", name);
    let database = PostgresDatabase::connect(options(format!("{url}?hostaddr=127.0.0.1{query}"))).await?;
    database.ping().await.unwrap();
    let encrypted = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE datname = current_database() AND application_name = 'strongroom'";
    Ok(test.run_sql(encrypted).unwrap())
}

#[tokio::test]
async fn tls_is_verified_fully_or_not_at_all_as_the_url_says() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let cluster =
        PostgresCluster::start(ClusterOptions { tls: Some(authority.issue()), ..ClusterOptions::default() });
    let test = cluster.create_database();
    let roots = authority.write("good");
    let verified = format!("&sslmode=verify-full&sslrootcert={}", roots.display());
    assert_eq!(connect(&test, NAME, &verified).await.unwrap(), "t");
    // The certificate of a server on another host is verified by default.
    let unsaid = format!("&sslrootcert={}", roots.display());
    assert_eq!(connect(&test, NAME, &unsaid).await.unwrap(), "t");
    assert_eq!(connect(&test, "other.example.test", "&sslmode=require").await.unwrap(), "t");
    assert_eq!(connect(&test, NAME, "&sslmode=disable").await.unwrap(), "f");

    let wrong = format!("&sslmode=verify-full&sslrootcert={}", stranger.write("stranger").display());
    for (name, query) in [
        ("other.example.test", verified.as_str()),
        (NAME, &wrong),
        (NAME, "&sslmode=verify-full"),
        (NAME, ""),
    ] {
        let refused = connect(&test, name, query).await;
        assert!(matches!(refused, Err(OpenError::Unreachable(_))), "{name} {query}: {refused:?}");
    }
    let missing = connect(&test, NAME, "&sslmode=verify-full&sslrootcert=/nowhere.pem").await;
    assert!(matches!(missing, Err(OpenError::RootCertificates(_))), "{missing:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_was_asked_for() {
    let test = PostgresCluster::shared().create_database();
    for query in ["&sslmode=require", "&sslmode=verify-full"] {
        let refused = connect(&test, NAME, query).await;
        assert!(matches!(refused, Err(OpenError::Unreachable(_))), "{query}: {refused:?}");
    }
}
