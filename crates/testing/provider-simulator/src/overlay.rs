//! Provider files whose requests come to the simulator.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::check::FIELD_ORIGIN;

/// The first line of every file that is written. A file without it is not overwritten.
const FIRST_LINE: &str =
    "# Written by provider-simulator: the requests of this provider go to the simulator.\n";

/// Why an overlay cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The folder or a file in it.
    #[error("{} cannot be written: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is a file of that name that somebody else wrote.
    #[error("{} was not written by the simulator; name another folder", .0.display())]
    NotOurs(PathBuf),
    /// A provider file has not the shape that the catalog accepted. Should not happen.
    #[error("provider file {0} cannot be rewritten")]
    Shape(String),
}

/// A provider file as it was read: its name and its text.
pub(crate) type SourceFile = (String, String);

/// Writes the files with an HTTP test into a folder, which is made when it is not there.
pub(crate) fn write(folder: &Path, files: &[SourceFile], address: SocketAddr) -> Result<(), OverlayError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| OverlayError::File { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for (name, text) in files {
        let shape = || OverlayError::Shape(name.clone());
        let Some(text) = rewrite(text, address).ok_or_else(shape)? else { continue };
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(old) if !old.starts_with(FIRST_LINE) => return Err(OverlayError::NotOurs(path)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&path)(error)),
            _ => fs::write(&path, format!("{FIRST_LINE}{text}")).map_err(failed(&path))?,
        }
    }
    Ok(())
}

/// The file with its steps led to the simulator; `Some(None)` when it has no steps.
fn rewrite(text: &str, address: SocketAddr) -> Option<Option<String>> {
    let mut file: toml::Table = toml::from_str(text).ok()?;
    let id = file.get("id")?.as_str()?.to_owned();
    let Some(steps) = file.get_mut("test").and_then(|test| test.get_mut("step")) else { return Some(None) };
    for (index, step) in steps.as_array_mut()?.iter_mut().enumerate() {
        let step = step.as_table_mut()?;
        let (host, path) = split(step.get("url")?.as_str()?)?;
        let path = if path.is_empty() { "/" } else { path };
        let url = format!("http://{address}/{id}/{index}/{host}{path}");
        step.insert("url".to_owned(), url.into());
        // The host is written now, so there is nothing left to restrict.
        step.remove("hosts");
        step.remove("keep_path");
    }
    Some(Some(toml::to_string(&file).ok()?))
}

/// The host template and the path template of a URL template.
fn split(url: &str) -> Option<(&str, &str)> {
    if let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        return rest.split_at_checked(end);
    }
    let (_, path) = url.strip_prefix('{')?.split_once('}')?;
    Some((FIELD_ORIGIN, path))
}
