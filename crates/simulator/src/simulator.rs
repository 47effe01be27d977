use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use strongroom_catalog_files::{CatalogError, FileCatalog, embedded_files};
use strongroom_domain::CredentialType;
use strongroom_environment::Catalog;
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::credentials::{self, Credentials, NoCredentials};
use crate::marker::Marker;
use crate::oauth::{Desk, OauthBehaviour, OauthCounts};
use crate::overlay::{self, OverlayError, SourceFile};
use crate::stage::{ReceivedRequest, Stage};
use crate::wire::{self, Answer, Reply};

/// How many requests are remembered; older ones are forgotten.
const REMEMBERED: usize = 10_000;

/// The options of a simulator.
#[derive(Debug, Clone, Default)]
pub struct SimulatorOptions {
    /// A folder of provider files that are added to those that are compiled in. A file replaces the one of
    /// the same name.
    pub catalog: Option<PathBuf>,
    /// The TCP port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The time with which AWS compares the time of a signature; the host's time unless given.
    pub time: Option<OffsetDateTime>,
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The provider files have mistakes.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The folder of provider files cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The port is taken, or the process may not use it.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// Every provider of the catalog that is tested over HTTP or has an authorization server, on one loopback
/// address. It stops when it is dropped. Needs a tokio runtime with time and IO.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    trap: SocketAddr,
    catalog: FileCatalog,
    files: Vec<SourceFile>,
    log: Arc<Log>,
    desk: Arc<Desk>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug, Default)]
struct Log {
    requests: Mutex<VecDeque<ReceivedRequest>>,
    connections: AtomicU64,
    trapped: AtomicU64,
}

impl Simulator {
    /// Reads the provider files and listens.
    ///
    /// # Errors
    /// When the files have mistakes or the port is taken.
    pub async fn start(options: SimulatorOptions) -> Result<Self, SimulatorError> {
        let catalog = match &options.catalog {
            Some(folder) => FileCatalog::with_overlay(folder)?,
            None => FileCatalog::embedded()?,
        };
        let files = source_files(options.catalog.as_deref())?;
        let (listener, address) = listen(options.port).await?;
        let (trap_listener, trap) = listen(0).await?;
        let log = Arc::new(Log::default());
        let desk = Arc::new(Desk::default());
        let stage =
            Stage { catalog: catalog.clone(), address, trap, desk: Arc::clone(&desk), time: options.time };
        let tasks = [
            tokio::spawn(serve(listener, Arc::new(stage), Arc::clone(&log))),
            tokio::spawn(spring(trap_listener, Arc::clone(&log))),
        ];
        Ok(Self { address, trap, catalog, files, log, desk, tasks })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to which [`Marker::Redirect`] redirects.
    pub fn trap_address(&self) -> SocketAddr {
        self.trap
    }

    /// The catalog, with the providers that the simulator plays and all others.
    pub fn catalog(&self) -> &FileCatalog {
        &self.catalog
    }

    /// Writes the provider files with an HTTP test or `[oauth]` into a folder, with URLs that lead to this
    /// simulator. They are usable as long as this simulator listens.
    ///
    /// # Errors
    /// When the folder cannot be written, or has a provider file that the simulator did not write.
    pub fn write_overlay(&self, folder: &Path) -> Result<(), OverlayError> {
        overlay::write(folder, &self.files, self.address)
    }

    /// Changes how the authorization servers behave, from the next request on.
    pub fn oauth(&self, behaviour: OauthBehaviour) {
        self.desk.behave(behaviour);
    }

    /// The requests to authorization servers so far.
    pub fn oauth_counts(&self) -> OauthCounts {
        self.desk.counts()
    }

    /// Ends every grant, as people can do in the settings of their accounts at a provider. From now on
    /// refresh tokens get `invalid_grant`, and access tokens are refused.
    pub fn revoke_grants(&self) {
        self.desk.revoke_grants();
    }

    /// Ends all access tokens that were issued, before their time.
    pub fn expire_access_tokens(&self) {
        self.desk.expire_access_tokens();
    }

    /// The last 10,000 requests.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        remembered(&self.log).iter().cloned().collect()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> u64 {
        self.log.connections.load(Ordering::SeqCst)
    }

    /// How many connections followed a redirect to the trap. Must stay 0.
    pub fn trap_connections(&self) -> u64 {
        self.log.trapped.load(Ordering::SeqCst)
    }

    /// Credentials that are accepted.
    ///
    /// # Errors
    /// The errors of [`Simulator::with_marker`].
    pub fn good(&self, provider: &str, kind: CredentialType) -> Result<Credentials, NoCredentials> {
        self.with_marker(provider, kind, Marker::Good)
    }

    /// Credentials that are refused.
    ///
    /// # Errors
    /// The errors of [`Simulator::with_marker`].
    pub fn bad(&self, provider: &str, kind: CredentialType) -> Result<Credentials, NoCredentials> {
        self.with_marker(provider, kind, Marker::Bad)
    }

    /// Credentials that keep the provider's rules, with a marker in every secret. They can also be made for a
    /// provider without an HTTP test, for which the marker has no effect.
    ///
    /// # Errors
    /// When there is no such provider or type, or a pattern does not accept the marker.
    pub fn with_marker(
        &self,
        provider: &str,
        kind: CredentialType,
        marker: Marker,
    ) -> Result<Credentials, NoCredentials> {
        let found =
            self.catalog.find(provider).ok_or_else(|| NoCredentials::Provider(provider.to_owned()))?;
        let declarations = self.catalog.declarations();
        credentials::with_marker(&found, declarations.test(&found.id), kind, marker)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), SimulatorError> {
    let failed = |source| SimulatorError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves connections until the task is aborted, which also ends the connections.
async fn serve(listener: TcpListener, stage: Arc<Stage>, log: Arc<Log>) {
    let mut connections = JoinSet::new();
    loop {
        let stream = accept(&listener).await;
        log.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(converse(stream, Arc::clone(&stage), Arc::clone(&log)));
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: TcpStream, stage: Arc<Stage>, log: Arc<Log>) {
    let (answer, head_only) = match wire::receive(&mut stream).await {
        Ok(received) => {
            let (record, answer) = stage.answer(&received);
            remember(&log, record);
            (answer, received.method == "HEAD")
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let reply = Reply::json(400, &json!({ "simulator": error.to_string() }));
            (Answer::Whole(reply), false)
        }
        Err(_) => return,
    };
    // A client may close the connection before the whole answer is sent; that is no error.
    let _ = wire::send(&mut stream, &answer, head_only).await;
}

/// Counts connections and closes them.
async fn spring(listener: TcpListener, log: Arc<Log>) {
    loop {
        drop(accept(&listener).await);
        log.trapped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Accepts the next connection. Errors of `accept` are ignored: the client is gone, or the error is
/// temporary, such as a lack of file descriptors.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn remember(log: &Log, record: ReceivedRequest) {
    let mut requests = remembered(log);
    if requests.len() == REMEMBERED {
        requests.pop_front();
    }
    requests.push_back(record);
}

fn remembered(log: &Log) -> MutexGuard<'_, VecDeque<ReceivedRequest>> {
    log.requests.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The texts of the provider files. The catalog has checked them already.
fn source_files(folder: Option<&Path>) -> Result<Vec<SourceFile>, SimulatorError> {
    let mut files: Vec<SourceFile> =
        embedded_files().iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let Some(folder) = folder else { return Ok(files) };
    let failed = |source| SimulatorError::Folder { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        files.retain(|(known, _)| *known != name);
        files.push((name, text));
    }
    Ok(files)
}
