//! Files that hold secrets: they are made with mode 0600, and refused when strangers can get at them.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::StartError;
use crate::host_files::{Exposure, Ourselves, judge_secret, refuse_strange};

/// The limit for the size of a secret file, in bytes. No key ring or secret needs more.
const MOST: u64 = 64 * 1024;

/// The flag that keeps a link from being followed, as the standard library takes it.
const NO_LINK: i32 = OFlags::NOFOLLOW.bits().cast_signed();

/// Reads a secret file that a setting names.
///
/// # Errors
/// When it cannot be read, or strangers can get at it ([`judge_secret`]). The error names the setting.
pub(crate) fn read_named(setting: &str, path: &Path) -> Result<Zeroizing<String>, StartError> {
    let failed = |problem: String| StartError::setting(setting, format!("{}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| failed(unreadable(&error)))?;
    note(path, judge_secret(&file).map_err(failed)?);
    read_all(file).map_err(|error| failed(format!("cannot be read: {error}")))
}

/// Reads a secret file of the data directory. One of ours that a group can reach, as Kubernetes leaves it at
/// each start of a pod with `fsGroup`, is closed.
///
/// # Errors
/// When it cannot be read, or strangers can get at it ([`judge_secret`]).
pub(crate) fn read_own(path: &Path) -> Result<Zeroizing<String>, StartError> {
    let failed = |error: std::io::Error| StartError::file(path, unreadable(&error));
    let file = File::open(path).map_err(failed)?;
    let exposure = judge_secret(&file).map_err(|problem| StartError::file(path, problem))?;
    if !close(&file, path) {
        note(path, exposure);
    }
    read_all(file).map_err(failed)
}

/// Takes every permission of others away from a file of ours. Returns whether it did.
fn close(file: &File, path: &Path) -> bool {
    let Ok(metadata) = file.metadata() else { return false };
    let is_open = metadata.mode() & 0o077 != 0;
    let closed = is_open
        && metadata.uid() == Ourselves::now().user
        && file.set_permissions(PermissionsExt::from_mode(0o600)).is_ok();
    if closed {
        tracing::warn!(path = %path.display(), "a file was open to its group; it is private now");
    }
    closed
}

fn note(path: &Path, exposure: Exposure) {
    if let Exposure::Noted(problem) = exposure {
        tracing::warn!(path = %path.display(), problem, "a file with secrets is open to others");
    }
}

/// Why a file cannot be opened, with the next step.
pub(crate) fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::PermissionDenied => format!(
            "cannot be read by this process ({}); let its group be one of ours and its mode 0440 (Kubernetes: `fsGroup` \
             and `defaultMode: 0440`)",
            Ourselves::now()
        ),
        ErrorKind::InvalidData => "is no text in UTF-8".to_owned(),
        ErrorKind::IsADirectory => "is a folder, and must be a file".to_owned(),
        ErrorKind::NotADirectory => "has a file where its path has a folder".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "is on a read-only mount".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn read_all(file: File) -> std::io::Result<Zeroizing<String>> {
    let length = file.metadata()?.len();
    if length > MOST {
        return Err(std::io::Error::other(format!("is longer than {} KiB", MOST / 1024)));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(MOST).read_to_string(&mut text)?;
    // Editors of Windows begin a text so.
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Writes a new secret file, durably, under its final name only when it is complete. The file is new: a link
/// or a file that somebody has put in its place is removed, and never written to.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), StartError> {
    let failed = |error: std::io::Error| StartError::file(path, format!("cannot be written: {error}"));
    let unfinished = path.with_extension("new");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(NO_LINK)
        .open(&unfinished)
        .map_err(failed)?;
    file.set_permissions(PermissionsExt::from_mode(0o600)).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    sync_folder(path).map_err(failed)
}

/// Opens a file of the data directory for writing, and makes it when it is missing. A link is not followed,
/// because a stranger may have put it there while the folder was open.
pub(crate) fn open_own(path: &Path, append: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).append(append).mode(0o600).custom_flags(NO_LINK);
    let file = options.open(path).map_err(|error| match is_link(path) {
        true => std::io::Error::other("is a link; remove it, the file is made anew"),
        false => error,
    })?;
    // What is ours is closed instead of refused: its folder has kept strangers out.
    close(&file, path);
    refuse_strange(&file).map_err(std::io::Error::other)?;
    Ok(file)
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink())
}

/// Makes a rename in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
