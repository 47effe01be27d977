//! Restores a stored vault: the files of one kind of store, in a folder or a database of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::authorization_servers::with_app;
use crate::support::rehearsal::Rehearsal;
use crate::support::{Setup, World};

/// The public URL of the stored vaults. It is part of flows and of the redirect URIs of apps.
pub(super) const PUBLIC: &str = "https://vault.example.com";
/// Where users are sent after a flow.
pub(super) const DONE: &str = "https://app.example.com/done";

/// The kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Embedded,
    Postgres,
}

/// A restored vault with simulated providers.
pub(super) struct Restored {
    pub(super) world: World,
    pub(super) rehearsal: Rehearsal,
    pub(super) kind: Kind,
}

impl Restored {
    /// Restores the stored vault for the store of this world.
    pub(super) async fn in_world(world: World) -> Self {
        let folder = Kind::of(&world).folder();
        Self::from_folder(world, &folder).await
    }

    /// Restores the vault whose files are in this folder.
    pub(super) async fn from_folder(world: World, folder: &Path) -> Self {
        let kind = Kind::of(&world);
        let rehearsal = Rehearsal::start().await;
        let world = kind.restore(world, &rehearsal, folder).await;
        Self { world, rehearsal, kind }
    }
}

impl Kind {
    pub(super) fn of(world: &World) -> Self {
        if world.is_embedded() { Self::Embedded } else { Self::Postgres }
    }

    /// The name of the folder with the files of this kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Postgres => "postgres",
        }
    }

    /// The folder with the files of this kind.
    pub(super) fn folder(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("stored").join(self.name())
    }

    pub(super) fn file(self, name: &str) -> String {
        file_in(&self.folder(), name)
    }

    /// An empty world.
    pub(super) fn world(self) -> World {
        match self {
            Self::Embedded => World::embedded(),
            Self::Postgres => World::postgres(),
        }
    }

    /// Gives a world the keys and settings of a stored vault.
    pub(super) fn furnish(
        self,
        world: World,
        rehearsal: &Rehearsal,
        (keys, jwt_secret): (&str, &str),
    ) -> World {
        write_private(&world.setup, "keys", keys);
        let world = match self {
            // The settings of the embedded store come from the files in its data directory.
            Self::Embedded => {
                write_private(&world.setup, "jwt-secret", jwt_secret);
                world.with("STRONGROOM_AUTH__JWT_SECRET", "")
            }
            Self::Postgres => {
                let data = world.setup.data_dir();
                let place = |name: &str| data.join(name).display().to_string();
                world
                    .with("STRONGROOM_VAULT__KEYS", "")
                    .with("STRONGROOM_VAULT__KEYS_FILE", &place("keys"))
                    .with("STRONGROOM_AUDIT__CHECKPOINT_FILE", &place("audit-checkpoints.jsonl"))
            }
        };
        settle(world, rehearsal)
    }

    async fn restore(self, world: World, rehearsal: &Rehearsal, folder: &Path) -> World {
        let file = |name: &str| file_in(folder, name);
        let jwt_secret = if self == Self::Embedded { file("jwt-secret") } else { String::new() };
        let world = self.furnish(world, rehearsal, (&file("keys"), &jwt_secret));
        write_private(&world.setup, "audit-checkpoints.jsonl", &file("audit-checkpoints.jsonl"));
        match self {
            Self::Embedded => {
                write_private(&world.setup, "initialized", &file("initialized"));
                let place = world.setup.data_dir().join("strongroom.db");
                std::fs::copy(folder.join("strongroom.db"), &place).unwrap();
                std::fs::set_permissions(&place, PermissionsExt::from_mode(0o600)).unwrap();
            }
            Self::Postgres => {
                let url = world.database.as_ref().unwrap().url();
                let (client, connection) =
                    tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
                let connection = tokio::spawn(connection);
                client.batch_execute(&file("dump.sql")).await.unwrap();
                drop(client);
                connection.await.unwrap().unwrap();
            }
        }
        world
    }
}

fn file_in(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Sets up simulated providers, all apps of the operator, and limits that are too high to be reached.
fn settle(world: World, rehearsal: &Rehearsal) -> World {
    let world = rehearsal.set(world);
    let world = ["google", "microsoft", "dropbox", "slack", "zoom"].into_iter().fold(world, with_app);
    world
        .with("STRONGROOM_SERVER__PUBLIC_URL", PUBLIC)
        .with("STRONGROOM_OAUTH__REDIRECT_ALLOWLIST", DONE)
        .with("STRONGROOM_LIMITS__ENABLED", "true")
        .with("STRONGROOM_LIMITS__TESTS_PER_USER", "1000")
        .with("STRONGROOM_LIMITS__TESTS_PER_ORGANIZATION", "1000")
        .with("STRONGROOM_LIMITS__TESTS_PER_DESTINATION", "1000")
}

/// Writes a file of the data directory that only its owner may read.
fn write_private(setup: &Setup, name: &str, text: &str) {
    let folder = setup.data_dir();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
    let place = folder.join(name);
    std::fs::write(&place, text).unwrap();
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o600)).unwrap();
}
