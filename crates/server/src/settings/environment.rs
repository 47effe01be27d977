//! Reads settings from the environment, and hides the secrets in it.
//!
//! A process's first environment stays readable in `/proc/<pid>/environ`, however it is changed later. So a
//! server that finds secrets there executes its program again under the same process id, and hands the
//! settings over through a pipe.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::Context;
use zeroize::Zeroizing;

/// Marks that the settings come through standard input.
const HANDED_OVER: &str = "STRONGROOM_SETTINGS_ON_STDIN";

/// Variables whose values are, or hold, secrets.
const SECRET: [&str; 4] =
    ["STRONGROOM_VAULT__KEYS", "STRONGROOM_AUTH__JWT_SECRET", "STRONGROOM_STORE__URL", "DATABASE_URL"];

/// The most bytes that are handed over. A pipe holds 64 KiB before a writer blocks.
const MOST: usize = 60 * 1024;

/// The environment variables that hold settings.
#[derive(Default)]
pub(crate) struct Environment(BTreeMap<String, Zeroizing<String>>);

impl Environment {
    /// Reads the variables of this process, or those that were handed over.
    pub(crate) fn read() -> anyhow::Result<Self> {
        if std::env::var_os(HANDED_OVER).is_some() {
            let mut text = Zeroizing::new(String::with_capacity(MOST));
            std::io::stdin()
                .take(MOST as u64)
                .read_to_string(&mut text)
                .context("settings could not be handed over")?;
            let variables: BTreeMap<String, String> =
                serde_json::from_str(&text).ok().context("settings could not be handed over")?;
            return Ok(Self(
                variables.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect(),
            ));
        }
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            if name.starts_with("STRONGROOM_") || name == "DATABASE_URL" || name == "PORT" {
                let value = value.into_string().ok().with_context(|| format!("{name} is not UTF-8"))?;
                variables.insert(name, Zeroizing::new(value));
            }
        }
        Ok(Self(variables))
    }

    /// One variable, when it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The variables that name settings.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let settings =
            self.0.iter().filter(|(name, _)| name.starts_with("STRONGROOM_") && *name != HANDED_OVER);
        settings.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn holds_a_secret(&self) -> bool {
        let is_app_secret =
            |name: &str| name.starts_with("STRONGROOM_OAUTH__APPS__") && name.ends_with("__CLIENT_SECRET");
        SECRET.iter().any(|name| self.get(name).is_some()) || self.0.keys().any(|name| is_app_secret(name))
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()));
        Self(variables.iter().map(own).collect())
    }
}

/// Executes this program again without secrets in its environment, if there are any. It returns `Ok` only
/// when there was nothing to hide.
pub(crate) fn hide_secrets(environment: &Environment) -> anyhow::Result<()> {
    let handed_over = std::env::var_os(HANDED_OVER).is_some();
    if handed_over || !environment.holds_a_secret() {
        return Ok(());
    }
    let plain: BTreeMap<&str, &str> =
        environment.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let text = Zeroizing::new(serde_json::to_vec(&plain)?);
    anyhow::ensure!(text.len() < MOST, "the settings in the environment are longer than 60 KiB together");
    let (reader, mut writer) = std::io::pipe()?;
    writer.write_all(&text)?;
    drop(writer);
    let mut again = Command::new(std::env::current_exe()?);
    again.args(std::env::args_os().skip(1)).stdin(Stdio::from(reader)).env(HANDED_OVER, "1");
    for name in environment.0.keys() {
        again.env_remove(name);
    }
    Err(again.exec()).context("the server could not start itself anew without secrets in its environment")
}
