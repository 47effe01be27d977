//! Certificates that webpki does not read, or whose keys ring does not have, made with `openssl` as people
//! make them.

use std::path::Path;
use std::process::Command;

use strongroom_domain::TestCode;
use strongroom_fixtures::postgres_cluster::{ClusterOptions, PostgresCluster};
use tempfile::TempDir;

use super::support::{Fields, create_user};

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    let output = command.current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

fn cluster(folder: &TempDir) -> PostgresCluster {
    let tls = Some((read(folder, "server.crt"), read(folder, "server.key")));
    let cluster =
        PostgresCluster::start(ClusterOptions { passwords: true, tls, ..ClusterOptions::default() });
    cluster.run_sql(&create_user()).unwrap();
    cluster
}

/// The commands of the PostgreSQL manual, "Creating Certificates".
#[tokio::test]
async fn a_certificate_of_version_1_is_taken_by_modes_that_verify_nothing_and_named_by_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let root = "-subj /CN=root.example -keyout root.key -out root.crt -days 30 -newkey rsa:2048";
    openssl(folder.path(), &format!("req -x509 -nodes {root}"));
    openssl(
        folder.path(),
        "req -new -nodes -subj /CN=localhost -newkey rsa:2048 -keyout server.key -out server.csr",
    );
    openssl(
        folder.path(),
        "x509 -req -in server.csr -days 30 -CA root.crt -CAkey root.key -CAcreateserial -out server.crt",
    );
    let (cluster, authority) = (cluster(&folder), read(&folder, "root.crt"));
    for mode in ["require", "prefer", "allow"] {
        let report = Fields::new(cluster.port()).text("sslmode", mode).test().await;
        assert_eq!((report.code(), report.fact("tls")), (TestCode::Ok, Some("unverified")), "{report:?}");
        assert!(report.fact("tls_certificate_expires_at").is_some(), "{report:?}");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let fields = Fields::new(cluster.port()).text("sslmode", mode).text("ssl_ca", &authority);
        let report = fields.test().await;
        assert_eq!((report.code(), report.failed_step()), (TestCode::TlsFailed, Some("handshake")));
        assert!(report.verdict.message.as_deref().unwrap().contains("version 1"), "{mode} {report:?}");
        assert!(report.verdict.hint.as_deref().unwrap().contains("subjectAltName"), "{mode} {report:?}");
    }
}

#[tokio::test]
async fn a_key_on_p_521_is_verified_and_one_that_cannot_be_is_taken_unverified() {
    let cases = [
        ("ec -pkeyopt ec_paramgen_curve:secp521r1", Some("verified")),
        ("ed448", None),
        ("rsa-pss -pkeyopt rsa_keygen_bits:2048", None),
    ];
    for (key, verified) in cases {
        let folder = tempfile::tempdir().unwrap();
        let subject = "-subj /CN=x -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=CA:FALSE";
        let files = "-days 30 -keyout server.key -out server.crt";
        openssl(folder.path(), &format!("req -x509 -nodes -newkey {key} {subject} {files}"));
        let (cluster, own) = (cluster(&folder), read(&folder, "server.crt"));
        let report = Fields::new(cluster.port()).text("sslmode", "require").test().await;
        assert_eq!(
            (report.code(), report.fact("tls")),
            (TestCode::Ok, Some("unverified")),
            "{key} {report:?}"
        );
        let report = Fields::new(cluster.port()).text("ssl_ca", &own).test().await;
        assert_eq!(report.fact("tls"), verified, "{key} {report:?}");
    }
}
