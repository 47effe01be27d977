//! Lays the file and the environment over the defaults.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use strongroom::host_files::{self, Exposure};
use toml::{Table, Value};

use super::environment::Environment;
use super::keys::{self, Kind};
use super::raw::Raw;
use super::remark::Remark;
use super::unknown::{self, Unknown};

const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// The effective settings, and what the operator should know about where they come from.
pub(super) struct Merged {
    pub(super) raw: Raw,
    pub(super) remarks: Vec<Remark>,
}

/// Returns the effective settings: the last layer that names a setting decides its value.
pub(super) fn merge(file: Option<&Path>, environment: &Environment) -> anyhow::Result<Merged> {
    let mut settings: Table = DEFAULTS.parse().context("the built-in defaults are broken")?;
    let mut remarks = Vec::new();
    if let Some(path) = file {
        let written = leaves("", read_file(path)?);
        let holds_secrets = written.iter().any(|(name, _)| keys::is_secret(name));
        remarks.extend(judge_file(path, holds_secrets)?);
        for (name, value) in written {
            let kind = keys::lookup(&name).with_context(|| refuse(&name, &keys::variable(&name), &[]))?;
            place(&mut settings, &name, typed(&name, kind, Written::InFile(value))?)?;
        }
    }
    let mut foreign = Vec::new();
    // An empty variable counts as unset.
    for (variable, text) in environment.settings().filter(|(_, text)| !text.is_empty()) {
        let name = dotted(variable);
        match keys::lookup(&name) {
            Some(kind) => place(&mut settings, &name, typed(&name, kind, Written::InEnvironment(text))?)?,
            None => match unknown::judge(variable, text) {
                Unknown::Foreign => foreign.push(variable),
                Unknown::Meant(near) => bail!(refuse(&name, variable, &near)),
            },
        }
    }
    remarks.extend((!foreign.is_empty()).then(|| Remark::Foreign(foreign.join(", "))));
    // Every single setting has been checked, so an error here means that a section has the wrong form. The
    // parser's own error text is not used, because it would quote values.
    let raw =
        Value::Table(settings).try_into().ok().context("a section of the settings has the wrong form")?;
    Ok(Merged { raw, remarks })
}

fn refuse(name: &str, variable: &str, near: &[String]) -> String {
    let meant = match near {
        [] => String::new(),
        near => format!(" (is {} meant?)", near.join(" or ")),
    };
    format!("{name} ({variable}) is not a setting{meant}; config/default.toml lists all of them")
}

/// Refuses a settings file that strangers can change, or read when it holds secrets.
fn judge_file(path: &Path, holds_secrets: bool) -> anyhow::Result<Option<Remark>> {
    let refused = |problem: String| anyhow!("the settings file {} {problem}", path.display());
    host_files::refuse_changeable(path).map_err(refused)?;
    if !holds_secrets {
        return Ok(None);
    }
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    match host_files::judge_secret(&file) {
        Ok(Exposure::Private) => Ok(None),
        Ok(Exposure::Noted(problem)) => Ok(Some(Remark::Open(path.display().to_string(), problem))),
        Err(problem) => Err(anyhow!("the settings file {} holds secrets and {problem}", path.display())),
    }
}

fn read_file(path: &Path) -> anyhow::Result<Table> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(0, |before| before.lines().count());
        anyhow::anyhow!("the settings file {} is not TOML near line {line}", path.display())
    })
}

/// Turns the name of a variable into that of a setting: `STRONGROOM_STORE__POOL_SIZE` is `store.pool_size`.
fn dotted(variable: &str) -> String {
    variable.trim_start_matches("STRONGROOM_").replace("__", ".").to_lowercase()
}

/// A setting as one of the layers writes it.
enum Written<'a> {
    InFile(Value),
    InEnvironment(&'a str),
}

/// Gives a value the type of its setting, or fails with the type that the value should have.
fn typed(name: &str, kind: Kind, written: Written<'_>) -> anyhow::Result<Value> {
    let value = match (written, kind) {
        (Written::InFile(value), _) => Some(value),
        (Written::InEnvironment(text), Kind::Integer) => text.parse().ok().map(Value::Integer),
        (Written::InEnvironment(text), Kind::Boolean) => text.parse().ok().map(Value::Boolean),
        (Written::InEnvironment(text), Kind::Text | Kind::Choice(_)) => Some(Value::String(text.to_owned())),
    };
    let (fitting, rule) = match kind {
        Kind::Text => (value.filter(Value::is_str), "must be a text".to_owned()),
        Kind::Boolean => (value.filter(Value::is_bool), "must be true or false".to_owned()),
        Kind::Integer => {
            let fits = |value: &Value| matches!(value, Value::Integer(0..=4_294_967_295));
            (value.filter(fits), "must be a whole number".to_owned())
        }
        Kind::Choice(choices) => {
            let fits = |value: &Value| value.as_str().is_some_and(|text| choices.contains(&text));
            (value.filter(fits), format!("must be one of: {}", choices.join(", ")))
        }
    };
    fitting.with_context(|| format!("{name} ({}) {rule}", keys::variable(name)))
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
            ("STRONGROOM_STORE__WAIT_S", "3601", "store.wait_s"),
            ("STRONGROOM_STORE__URL", "mysql://canary", "store.url"),
            ("STRONGROOM_STORE__MIGRATE", "canary", "store.migrate"),
            ("STRONGROOM_SERVER__LISTEN", "canary", "server.listen"),
            ("STRONGROOM_SERVER__LISTEN", "0.0.0.0:8080", "server.behind_proxy"),
            ("STRONGROOM_SERVER__TRUSTED_PROXIES", "canary", "server.trusted_proxies"),
            ("STRONGROOM_SERVER__TLS_CERT_FILE", "canary", "STRONGROOM_SERVER__TLS_CERT_FILE"),
            ("STRONGROOM_LIMITS__CREDENTIALS_PER_PROVIDER", "-1", "limits.credentials_per_provider"),
            ("STRONGROOM_DEPLOYMENT_ID", "canary", "deployment_id"),
            ("STRONGROOM_AUTH__ISSUER", "canary\u{e9}", "auth.issuer (STRONGROOM_AUTH__ISSUER)"),
            ("STRONGROOM_AUTH__ISSUERS__CORP__ISSUER", "canary", "auth.issuers.corp.audience"),
            ("STRONGROOM_OAUTH__COMPLETION", "canary", "oauth.completion"),
            ("STRONGROOM_OAUTH__APPS__ACME__NO_SUCH", "canary", "oauth.apps.acme"),
            ("STRONGROOM_NO__SUCH", "canary", "STRONGROOM_NO__SUCH"),
            ("STRONGROOM_STORE_POOL_SIZE", "canary", "STRONGROOM_STORE__POOL_SIZE"),
            ("STRONGROOM_SERVER__KEEP_ALIVE", "601", "server.keep_alive"),
            ("DATABASE_URL", "mysql://canary", "DATABASE_URL"),
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
    }
}
