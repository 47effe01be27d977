//! What connection strings name on this machine is never opened.

use std::ffi::OsString;
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use strongroom_domain::TestCode;
use strongroom_domain::connection_string::ConnectionString;

use super::script::{Act, Script, answer, welcome};
use super::support::Fields;

const HOSTILE: &str = include_str!("../../../../domain/src/connection_string/hostile.txt");
const VENDORS: &str = include_str!("../../../../domain/src/connection_string/vendors.txt");

/// Names the folder in the process that reads the strings.
const FOLDER: &str = "STRONGROOM_WATCHED_FOLDER";

/// The files of the strings, and those that libpq reads without being told (PostgreSQL manual, chapters 34.15
/// to 34.19). The variables lead to them as well.
const FILES: [(&str, &str); 14] = [
    ("pgpass", "PGPASSFILE"),
    ("service", "PGSERVICEFILE"),
    ("key", "PGSSLKEY"),
    ("cert", "PGSSLCERT"),
    ("root.crt", "PGSSLROOTCERT"),
    ("crl", "PGSSLCRL"),
    ("log", "SSLKEYLOGFILE"),
    ("ca", "SSL_CERT_FILE"),
    ("x", "KRB5_CONFIG"),
    ("id.p12", "KRB5CCNAME"),
    (".pgpass", "PGSYSCONFDIR"),
    (".pg_service.conf", "PGLOCALEDIR"),
    ("known", "PGREQUIREPEER"),
    ("any", "PGOPTIONS"),
];

/// Runs this test again in a process that reads the strings, while this one watches the folder.
#[tokio::test]
async fn nothing_that_a_connection_string_names_is_opened() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return read_them_all(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    for (file, _) in FILES {
        fs::write(folder.path().join(file), "canary").unwrap();
    }
    let socket = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    socket.set_nonblocking(true).unwrap();
    let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, folder.path(), WatchFlags::OPEN | WatchFlags::CREATE).unwrap();
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = Reader::new(&watch, &mut buffer);
    let mut opened = || {
        let mut names = Vec::new();
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| name.to_bytes().to_vec()).unwrap_or_default();
            names.push(String::from_utf8_lossy(&name).into_owned());
        }
        names
    };
    fs::read(folder.path().join("key")).unwrap();
    assert_eq!(opened(), ["key"], "the watch sees nothing");

    let name = "tests::files::nothing_that_a_connection_string_names_is_opened";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]).env(FOLDER, folder.path()).env("HOME", folder.path());
    command.env("PGHOST", folder.path()).env("PGSERVICE", "any");
    for (file, variable) in FILES {
        command.env(variable, folder.path().join(file));
    }
    let ended = command.output().unwrap();
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(opened(), [""; 0]);
    assert!(socket.accept().is_err(), "the socket was connected to");
}

async fn read_them_all(folder: &Path) {
    let folder: OsString = folder.into();
    let folder = String::from_utf8(folder.as_bytes().to_vec()).unwrap();
    let lines = |corpus: &'static str| corpus.lines().filter(|line| !line.starts_with('#'));
    for line in lines(HOSTILE) {
        let text = line.replace("{folder}", &folder);
        assert!(ConnectionString::parse(&text).is_err(), "{text}");
    }
    for line in lines(VENDORS) {
        let parsed = ConnectionString::parse(line).unwrap();
        let acts = [Act::Startup, Act::Send(welcome()), Act::Message, Act::Send(answer()), Act::Message];
        let script = Script::start(acts).await;
        let fields = Fields::new(script.port).text("database", &parsed.database);
        let fields = fields.text("username", &parsed.username).text("sslmode", "disable");
        assert_eq!(fields.test().await.code(), TestCode::Ok, "{line}");
    }
}
