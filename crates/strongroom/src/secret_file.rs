//! Files that hold secrets: they are made with mode 0600, and refused when other users have any access to
//! them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::StartError;

/// The limit for the size of a secret file, in bytes. No key ring or secret needs more.
const MOST: u64 = 64 * 1024;

/// Reads a secret file.
///
/// # Errors
/// When the mode gives the group or others any permission, or the file belongs to a user other than root and
/// the one that runs this process.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, StartError> {
    let failed = |error: std::io::Error| StartError::file(path, format!("cannot be read: {error}"));
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(StartError::file(path, "is readable by others; run `chmod 600` on it"));
    }
    if metadata.uid() != 0 && metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(StartError::file(path, "belongs to another user"));
    }
    let mut text =
        Zeroizing::new(String::with_capacity(usize::try_from(metadata.len().min(MOST)).unwrap_or(0) + 1));
    file.take(MOST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Writes a new secret file, durably, under its final name only when it is complete.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), StartError> {
    let failed = |error: std::io::Error| StartError::file(path, format!("cannot be written: {error}"));
    let unfinished = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(failed)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    sync_folder(path).map_err(failed)
}

/// Makes a rename in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
