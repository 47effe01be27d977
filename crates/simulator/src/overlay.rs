//! Writes provider files whose requests go to the simulator.

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
    /// The folder, or a file in it, cannot be read or written.
    #[error("{} cannot be written: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file of that name exists, and the simulator did not write it.
    #[error("{} was not written by the simulator; name another folder", .0.display())]
    NotOurs(PathBuf),
    /// A provider file does not have the shape that the catalog accepted. This should not happen.
    #[error("provider file {0} cannot be rewritten")]
    Shape(String),
}

/// A provider file as it was read: its name and its text.
pub(crate) type SourceFile = (String, String);

/// Writes the files with an HTTP test or `[oauth]` into a folder, which is made when it does not exist.
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

/// Returns the file with its steps and its authorization server changed to the simulator's address;
/// `Some(None)` when it has neither; `None` when it does not have the expected shape.
fn rewrite(text: &str, address: SocketAddr) -> Option<Option<String>> {
    let mut file: toml::Table = toml::from_str(text).ok()?;
    let id = file.get("id")?.as_str()?.to_owned();
    let mut changed = false;
    if let Some(steps) = file.get_mut("test").and_then(|test| test.get_mut("step")) {
        rewrite_steps(steps.as_array_mut()?, &id, address)?;
        changed = true;
    }
    if let Some(oauth) = file.get_mut("oauth") {
        rewrite_oauth(oauth.as_table_mut()?, &format!("http://{address}/oauth/{id}"))?;
        changed = true;
    }
    if changed { Some(Some(toml::to_string(&file).ok()?)) } else { Some(None) }
}

fn rewrite_steps(steps: &mut [toml::Value], id: &str, address: SocketAddr) -> Option<()> {
    for (index, step) in steps.iter_mut().enumerate() {
        let step = step.as_table_mut()?;
        let (host, path) = split(step.get("url")?.as_str()?)?;
        let path = if path.is_empty() { "/" } else { path };
        let url = format!("http://{address}/{id}/{index}/{host}{path}");
        step.insert("url".to_owned(), url.into());
        // The host is fixed now, so the rules that restrict it are removed.
        step.remove("hosts");
        step.remove("keep_path");
    }
    Some(())
}

/// Changes every `*_url`, also in `client_credentials`, to `<base>/<its name>/<host><path>`.
fn rewrite_oauth(oauth: &mut toml::Table, base: &str) -> Option<()> {
    for (key, value) in oauth.iter_mut() {
        if let Some(endpoint) = key.strip_suffix("_url") {
            let (host, path) = split(value.as_str()?)?;
            let path = if path.is_empty() { "/" } else { path };
            *value = format!("{base}/{endpoint}/{host}{path}").into();
        } else if key == "issuer" {
            *value = base.to_owned().into();
        }
    }
    oauth.remove("hosts");
    match oauth.get_mut("client_credentials") {
        Some(grant) => rewrite_oauth(grant.as_table_mut()?, base),
        None => Some(()),
    }
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
