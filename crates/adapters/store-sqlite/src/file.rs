use std::fs::{Metadata, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::open_error::OpenError;

/// The mode that lets only the owner read and write the database. SQLite gives `-wal` and `-shm` the mode of
/// the file.
const PRIVATE: u32 = 0o600;

/// Makes sure that there is a private file at `path` before SQLite opens it, because SQLite would create it
/// with the mode of the umask.
pub(crate) fn prepare(path: &Path, create: bool) -> Result<(), OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    if create {
        match OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(OpenError::Missing(path.to_owned())),
        other => other.map_err(failed)?,
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        close(path, &metadata).map_err(failed)?;
    }
    Ok(())
}

/// Makes a file private. One of another user that a group shares, as a volume of Kubernetes with `fsGroup`
/// has it when a pod runs as another user than before, stays as it is.
fn close(path: &Path, metadata: &Metadata) -> std::io::Result<()> {
    match std::fs::set_permissions(path, Permissions::from_mode(PRIVATE)) {
        Ok(()) => tracing::warn!("the database file was open to others than its owner; it is private now"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied && metadata.mode() & 0o007 == 0 => {
            tracing::warn!("the database file belongs to another user, and is open to its group");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The URI of the file. It does not allow SQLite to create the file, so a database that is missing is never
/// replaced by an empty one.
pub(crate) fn uri(path: &Path) -> Result<String, OpenError> {
    let text = path.to_str().ok_or(OpenError::Path)?;
    let mut uri = String::from("file:");
    for character in text.chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push_str("?mode=rw");
    Ok(uri)
}

/// The file that was opened. SQLite continues to write to a file that was deleted or replaced, and everything
/// that it then reports as durable is lost.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// The path names no file, or another file than at the start.
#[derive(Debug, thiserror::Error)]
#[error("the database file was deleted or replaced while it was in use; restart once it is back")]
pub(crate) struct Replaced;

impl Identity {
    /// Remembers the file that is at `path` now.
    pub(crate) fn of(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() })
    }

    /// Checks with one `stat` whether the path still names that file.
    pub(crate) fn check(&self) -> Result<(), Replaced> {
        let same =
            |metadata: std::fs::Metadata| metadata.dev() == self.device && metadata.ino() == self.inode;
        if std::fs::metadata(&self.path).is_ok_and(same) { Ok(()) } else { Err(Replaced) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_marks_of_a_uri_stays_that_path() {
        assert_eq!(uri(Path::new("/a b/50%?#.db")).unwrap(), "file:/a b/50%25%3f%23.db?mode=rw");
    }
}
