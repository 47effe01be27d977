//! Starts the program, and runs its commands.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::characters::JWT_SECRET;
use super::{Character, Client};

/// The program, which is built with the tests.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_strongroom-under-test");

/// The settings of a server. It keeps its folder until it is dropped, so that a server can be started again
/// on the same data.
pub(crate) struct Setup {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl Setup {
    /// The embedded store in a new folder.
    pub(crate) fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").display().to_string();
        let variables = [
            ("STRONGROOM_DATA_DIR", data.as_str()),
            ("STRONGROOM_SERVER__LISTEN", "127.0.0.1:0"),
            ("STRONGROOM_AUTH__JWT_SECRET", JWT_SECRET),
            ("RUST_LOG", "info"),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { folder, variables }
    }

    /// PostgreSQL at this URL, with a new key ring.
    pub(crate) fn postgres(url: &str) -> Self {
        let ring = strongroom::KeyRing::generate("k1").unwrap().render().trim().to_owned();
        Self::embedded().with("STRONGROOM_STORE__URL", url).with("STRONGROOM_VAULT__KEYS", &ring)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The program with the settings of this setup. Other variables for Strongroom and PostgreSQL are removed
    /// from its environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.folder.path());
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("STRONGROOM_") || name.starts_with("PG"))
        {
            command.env_remove(name);
        }
        command.env_remove("DATABASE_URL").env_remove("PORT").envs(&self.variables);
        command
    }

    /// Runs a command of the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command that must succeed and returns what it printed.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(output.status.success(), "{arguments:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// Starts the server and waits until it listens and is ready.
    pub(crate) async fn start(&self) -> Server {
        self.launch().unwrap_or_else(|output| panic!("the server did not start: {output}")).ready().await
    }

    /// Starts the server and waits until it listens. Returns its output when it does not.
    pub(crate) fn launch(&self) -> Result<Server, String> {
        let mut child = self
            .command()
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let logs = Arc::new(Mutex::new(String::new()));
        let (lines, listening) = mpsc::channel();
        let stdout = child.stdout.take().unwrap();
        let stderr = child.stderr.take().unwrap();
        collect(stdout, logs.clone(), Some(lines));
        let errors = collect(stderr, logs.clone(), None);
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match listening.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(address) = listen_address(&line) {
                        return Ok(Server { child, address, logs });
                    }
                }
                Err(_) => {
                    child.kill().ok();
                    child.wait().unwrap();
                    errors.join().unwrap();
                    return Err(logs.lock().unwrap().clone());
                }
            }
        }
    }
}

fn listen_address(line: &str) -> Option<SocketAddr> {
    let value: Value = serde_json::from_str(line).ok()?;
    value.get("listen")?.as_str()?.strip_prefix("http://")?.parse().ok()
}

fn collect(
    stream: impl std::io::Read + Send + 'static,
    logs: Arc<Mutex<String>>,
    lines: Option<mpsc::Sender<String>>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            logs.lock().unwrap().push_str(&format!("{line}\n"));
            if let Some(lines) = &lines {
                lines.send(line).ok();
            }
        }
    })
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    logs: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn client(&self, character: Character) -> Client {
        Client::new(self.address, character)
    }

    /// Everything that it has written to its log so far.
    pub(crate) fn logs(&self) -> String {
        self.logs.lock().unwrap().clone()
    }

    async fn ready(self) -> Self {
        let client = self.client(Character::Anonymous);
        let deadline = Instant::now() + Duration::from_secs(10);
        while client.get("/health/ready").await.status != 200 {
            assert!(Instant::now() < deadline, "the server is not ready: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self
    }

    /// Ends it without a shutdown, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM) and returns its log once it has ended with success.
    pub(crate) fn stop(mut self) -> String {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        let status = self.child.wait().unwrap();
        let logs = self.logs();
        assert!(status.success(), "{status}: {logs}");
        logs
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process has already ended when it was stopped or killed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// All bytes of all files below a folder.
pub(crate) fn bytes_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes_below(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found
}
