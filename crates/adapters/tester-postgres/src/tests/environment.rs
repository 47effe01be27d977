use std::process::Command;

use strongroom_domain::TestCode;

use super::script::{Act, Script, answer, authentication, welcome};
use super::support::Fields;

const MARK: &str = "env-canary-4X8KQ";

/// Runs this test again in a process with every variable that libpq reads (PostgreSQL manual, section 34.15).
#[tokio::test]
async fn the_environment_never_reaches_the_wire() {
    if std::env::var("PGPASSWORD").as_deref() != Ok(MARK) {
        let folder = std::env::temp_dir().join(format!("strongroom-tester-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(".pgpass"), format!("*:*:*:*:{MARK}\n")).unwrap();
        let name = "tests::environment::the_environment_never_reaches_the_wire";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name]).env("HOME", &folder).env("PGPASSFILE", folder.join(".pgpass"));
        for variable in [
            "PGHOST",
            "PGHOSTADDR",
            "PGPORT",
            "PGDATABASE",
            "PGUSER",
            "PGPASSWORD",
            "PGSERVICE",
            "PGSERVICEFILE",
            "PGOPTIONS",
            "PGAPPNAME",
            "PGSSLMODE",
            "PGSSLCERT",
            "PGSSLKEY",
            "PGSSLROOTCERT",
            "PGCLIENTENCODING",
            "PGTZ",
            "PGDATESTYLE",
            "PGCONNECT_TIMEOUT",
            "PGCHANNELBINDING",
            "PGTARGETSESSIONATTRS",
            "PGREQUIREPEER",
        ] {
            command.env(variable, MARK);
        }
        let ended = command.env("USER", MARK).env("LOGNAME", MARK).output().unwrap();
        std::fs::remove_dir_all(&folder).ok();
        let text = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let trust = [Act::Startup, Act::Send(welcome()), Act::Message, Act::Send(answer()), Act::Message];
    let mechanisms = authentication(10, b"SCRAM-SHA-256\0\0");
    let scram = [Act::Startup, Act::Send(mechanisms), Act::Message];
    for (acts, code) in [(trust.to_vec(), TestCode::Ok), (scram.to_vec(), TestCode::ProviderError)] {
        let script = Script::start(acts).await;
        let report = Fields::new(script.port).text("sslmode", "disable").test().await;
        assert_eq!(report.code(), code, "{report:?}");
        let received = script.received().await;
        let sent = String::from_utf8_lossy(&received);
        assert!(sent.contains("user\0canary_user\0"), "{sent:?}");
        assert!(!sent.contains(MARK), "the environment is on the wire");
    }
}
