//! Lays the file and the environment over the defaults.

use std::path::Path;

use anyhow::{Context, bail};
use toml::{Table, Value};

use super::environment::Environment;
use super::keys::{self, Kind, Known};
use super::raw::Raw;

const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// The settings that hold: the last layer that names one wins.
pub(super) fn merge(file: Option<&Path>, environment: &Environment) -> anyhow::Result<Raw> {
    let mut settings: Table = DEFAULTS.parse().context("the built-in defaults are broken")?;
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map_or(0, |before| before.lines().count());
            anyhow::anyhow!("the settings file {} is not TOML near line {line}", path.display())
        })?;
        for (name, value) in leaves("", table) {
            place(&mut settings, &name, check(&name, value)?)?;
        }
    }
    for (variable, text) in environment.settings() {
        let name = dotted(variable);
        if let Some(value) = read(&name, variable, text)? {
            place(&mut settings, &name, value)?;
        }
    }
    // Every leaf has been checked, so what is left is a section of the wrong form. The parser's own text
    // would quote values.
    Value::Table(settings).try_into().ok().context("a section of the settings has the wrong form")
}

/// `STRONGROOM_STORE__POOL_SIZE` is `store.pool_size`.
fn dotted(variable: &str) -> String {
    variable.trim_start_matches("STRONGROOM_").replace("__", ".").to_lowercase()
}

/// Reads one environment variable, whose text has the type of its setting. An empty one counts as unset.
fn read(name: &str, variable: &str, text: &str) -> anyhow::Result<Option<Value>> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = match keys::lookup(name) {
        Known::No => bail!("{variable} is not a setting; config/default.toml lists all of them"),
        Known::Later => return later(variable),
        Known::Setting(Kind::Integer) => {
            Value::Integer(text.parse().ok().with_context(|| format!("{variable} must be a whole number"))?)
        }
        Known::Setting(Kind::Boolean) => {
            Value::Boolean(text.parse().ok().with_context(|| format!("{variable} must be true or false"))?)
        }
        Known::Setting(Kind::Text | Kind::Choice(_)) => Value::String(text.to_owned()),
    };
    check(name, value).map(Some)
}

fn later(name: &str) -> anyhow::Result<Option<Value>> {
    tracing::warn!(setting = name, "this setting has no effect in this version");
    Ok(None)
}

/// Checks that a value has its setting's type.
fn check(name: &str, value: Value) -> anyhow::Result<Value> {
    let variable = keys::variable(name);
    let fits = match (keys::lookup(name), &value) {
        (Known::No, _) => bail!("{name} is not a setting; config/default.toml lists all of them"),
        (Known::Later, _) => {
            later(name)?;
            true
        }
        (Known::Setting(Kind::Text), Value::String(_))
        | (Known::Setting(Kind::Boolean), Value::Boolean(_))
        | (Known::Setting(Kind::Integer), Value::Integer(0..=4_294_967_295)) => true,
        (Known::Setting(Kind::Choice(choices)), Value::String(text)) if !choices.contains(&text.as_str()) => {
            bail!("{name} ({variable}) must be one of: {}", choices.join(", "))
        }
        (Known::Setting(Kind::Choice(_)), Value::String(_)) => true,
        (Known::Setting(_), _) => false,
    };
    match (fits, keys::lookup(name)) {
        (true, _) => Ok(value),
        (false, Known::Setting(Kind::Integer)) => bail!("{name} ({variable}) must be a whole number"),
        (false, Known::Setting(Kind::Boolean)) => bail!("{name} ({variable}) must be true or false"),
        (false, _) => bail!("{name} ({variable}) must be a text"),
    }
}

fn leaves(prefix: &str, table: Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        match value {
            Value::Table(inner) => found.extend(leaves(&format!("{name}."), inner)),
            leaf => found.push((name, leaf)),
        }
    }
    found
}

fn place(settings: &mut Table, name: &str, value: Value) -> anyhow::Result<()> {
    if keys::lookup(name) == Known::Later {
        return Ok(());
    }
    let mut parts: Vec<&str> = name.split('.').collect();
    let Some(key) = parts.pop() else { return Ok(()) };
    let mut table = settings;
    for part in parts {
        let entry = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
        table = entry.as_table_mut().with_context(|| format!("{name} must be in a section"))?;
    }
    table.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn load(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        Settings::load(None, &Environment::of(variables))
    }

    #[test]
    fn every_bad_setting_is_named_and_no_value_is_shown() {
        let rows = [
            ("STRONGROOM_STORE__POOL_SIZE", "canary", "STRONGROOM_STORE__POOL_SIZE"),
            ("STRONGROOM_STORE__POOL_SIZE", "0", "store.pool_size"),
            ("STRONGROOM_STORE__URL", "mysql://canary", "store.url"),
            ("STRONGROOM_STORE__MIGRATE", "canary", "store.migrate"),
            ("STRONGROOM_SERVER__LISTEN", "canary", "server.listen"),
            ("STRONGROOM_SERVER__LISTEN", "0.0.0.0:8080", "server.behind_proxy"),
            ("STRONGROOM_SERVER__TRUSTED_PROXIES", "canary", "server.trusted_proxies"),
            ("STRONGROOM_SERVER__TLS_CERT_FILE", "canary", "STRONGROOM_SERVER__TLS_CERT_FILE"),
            ("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "-1", "limits.credentials_per_provider"),
            ("STRONGROOM_DEPLOYMENT_ID", "canary", "deployment_id"),
            ("STRONGROOM_AUTH__ISSUERS__CORP__ISSUER", "canary", "auth.issuers.corp.audience"),
            ("STRONGROOM_NO_SUCH", "canary", "STRONGROOM_NO_SUCH"),
            ("PORT", "canary", "PORT"),
        ];
        for (variable, value, named) in rows {
            let error = format!("{:#}", load(&[(variable, value)]).unwrap_err());
            assert!(error.contains(named), "{variable}: {error}");
            assert!(!error.contains("canary"), "{variable}: {error}");
        }
    }

    #[test]
    fn the_environment_overrides_the_defaults() {
        let settings = load(&[("PORT", "0"), ("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "7")]).unwrap();
        assert_eq!(settings.listen, ([127, 0, 0, 1], 0).into());
        let behind = load(&[("PORT", "81"), ("STRONGROOM_SERVER__BEHIND_PROXY", "true")]).unwrap();
        assert_eq!(behind.listen, ([0, 0, 0, 0], 81).into());
        assert!(
            load(&[("STRONGROOM_EGRESS__PLAIN_HTTP", "true")]).is_ok(),
            "later settings are announced only"
        );
    }
}
