//! The background tasks of a server: they check whether the store answers and can be written, read the keys
//! of issuers again, write usage notes, truncate the write-ahead log, refresh tokens ahead of their end and
//! end authorizations that were not completed in time. Once a minute they write audit checkpoints, forget old
//! counts of connection tests and look up the addresses of the store.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use strongroom_application::Application;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::checkpoint_line;
use crate::issuer_keys::IssuerKeyFiles;
use crate::secret_file;
use crate::store_guard::StoreGuard;
use crate::stores::Stores;

const PROBE: Duration = Duration::from_millis(400);
/// How often the key files of issuers are read.
const KEYS: Duration = Duration::from_secs(2);
const NOTES: Duration = Duration::from_secs(5);
const REFRESHES: Duration = Duration::from_secs(5);
/// How long a stop waits for rounds that are under way.
const ROUND: Duration = Duration::from_secs(3);
const MINUTE: Duration = Duration::from_secs(60);

/// The tasks of one server.
pub(crate) struct Background {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    checkpoints: Arc<Checkpoints>,
}

impl Background {
    pub(crate) fn start(
        application: Application,
        stores: Arc<Stores>,
        guard: StoreGuard,
        issuer_keys: IssuerKeyFiles,
        file: Option<CheckpointFile>,
    ) -> Self {
        let (guard, issuer_keys) = (Arc::new(guard), Arc::new(issuer_keys));
        let (stop, stopped) = watch::channel(false);
        let checkpoints = Arc::new(Checkpoints { file, since: tokio::sync::Mutex::new(None) });
        let mut tasks = JoinSet::new();
        let each = |period, job: fn(Application) -> BoxFuture<'static, ()>| {
            let application = application.clone();
            every(period, stopped.clone(), move || job(application.clone()))
        };
        tasks.spawn({
            let application = application.clone();
            async move { application.access.announce_migrated_scopes().await }
        });
        tasks.spawn(each(PROBE, |it| Box::pin(async move { it.upkeep.look_at_store().await })));
        tasks.spawn(each(REFRESHES, |it| Box::pin(async move { it.refreshing.refresh_expiring().await })));
        tasks.spawn(each(REFRESHES, |it| Box::pin(async move { it.authorizing.expire_flows().await })));
        tasks.spawn(every(PROBE, stopped.clone(), {
            let (application, stores) = (application.clone(), stores.clone());
            move || probe(application.clone(), stores.clone())
        }));
        tasks.spawn(every(KEYS, stopped.clone(), move || {
            let issuer_keys = issuer_keys.clone();
            async move {
                tokio::task::spawn_blocking(move || issuer_keys.read_again()).await.ok();
            }
        }));
        tasks.spawn(every(NOTES, stopped.clone(), {
            let application = application.clone();
            move || {
                let (application, stores) = (application.clone(), stores.clone());
                async move {
                    application.upkeep.flush().await;
                    stores.checkpoint_wal().await;
                }
            }
        }));
        tasks.spawn(every(MINUTE, stopped, {
            let checkpoints = checkpoints.clone();
            move || {
                let (application, checkpoints, guard) =
                    (application.clone(), checkpoints.clone(), guard.clone());
                async move {
                    checkpoints.write(&application).await;
                    application.connection_tests.forget_destinations().await;
                    guard.protect().await;
                }
            }
        }));
        Self { tasks, stop, checkpoints }
    }

    /// Lets every task end its round, then writes what is left and the last checkpoint.
    pub(crate) async fn stop(mut self, application: &Application) {
        // When every task has already ended, there is no receiver, and that is no error.
        self.stop.send(true).ok();
        // A round that waits for a provider is abandoned after 3 seconds; `close` waits for the refreshes
        // that it has begun.
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(ROUND, ended).await.ok();
        application.upkeep.close().await;
        self.checkpoints.write(application).await;
    }
}

async fn every<F: Future<Output = ()>>(
    period: Duration,
    mut stopped: watch::Receiver<bool>,
    round: impl Fn() -> F,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => round().await,
            _ = stopped.changed() => return,
        }
    }
}

async fn probe(application: Application, stores: Arc<Stores>) {
    match stores.deployment.migrations_current().await {
        Ok(true) => application.upkeep.note_store_reached(),
        Ok(false) => tracing::error!("the store's migrations are not those of this build"),
        Err(error) => tracing::warn!(%error, "the store does not answer"),
    }
}

/// The file that checkpoints are written to.
pub(crate) enum CheckpointFile {
    /// One in the data directory, which must be private.
    Own(PathBuf),
    /// One that a setting names. The operator decides who reads it.
    Named(PathBuf),
}

struct Checkpoints {
    file: Option<CheckpointFile>,
    /// The next checkpoint holds the heads that have changed since this time, which is two minutes before the
    /// last checkpoint that was written. `None` means that none was written yet, and all heads are in the
    /// next one.
    since: tokio::sync::Mutex<Option<OffsetDateTime>>,
}

impl Checkpoints {
    async fn write(&self, application: &Application) {
        let mut since = self.since.lock().await;
        let checkpoints = match application.audit.checkpoint(*since).await {
            Ok(checkpoints) => checkpoints,
            Err(error) => {
                tracing::warn!(%error, "no audit checkpoint was written");
                return;
            }
        };
        let Some(first) = checkpoints.first() else { return };
        // The heads have the time of the store's clock, the checkpoint has the time of this host: two minutes
        // cover the difference of the clocks.
        let next = first.at() - time::Duration::minutes(2);
        let lines: Vec<String> = checkpoints.iter().map(checkpoint_line::spell).collect();
        for line in &lines {
            tracing::info!(target: "strongroom::audit_checkpoint", checkpoint = %line);
        }
        if let Some(file) = &self.file
            && let Err(error) = append(file, &lines)
        {
            tracing::error!(%error, "an audit checkpoint could not be written to its file");
            return;
        }
        *since = Some(next);
    }
}

fn append(file: &CheckpointFile, lines: &[String]) -> std::io::Result<()> {
    let mut file = match file {
        CheckpointFile::Own(path) => secret_file::open_own(path, true)?,
        CheckpointFile::Named(path) => {
            std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?
        }
    };
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.sync_data()
}
