//! `strongroom keys status` and `strongroom keys generate`

use serde_json::json;
use strongroom::KeyRing;

use super::Invocation;
use crate::output;

/// Prints a new key in the form in which a key ring holds it.
pub(crate) fn generate(name: &str, json: bool) -> anyhow::Result<()> {
    let ring = KeyRing::generate(name)?;
    let text = ring.render();
    let entry = text.trim().to_owned();
    output::result(json, &json!({ "key": entry }), std::slice::from_ref(&entry));
    Ok(())
}

/// Prints the state of every key.
pub(crate) async fn status(invocation: Invocation) -> anyhow::Result<()> {
    let keys = invocation.settings.builder.key_status().await?;
    let missing = keys.iter().filter(|key| !key.held && (key.primary || key.in_use > 0)).count();
    let values: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "name": key.name, "id": key.id.to_string(), "primary": key.primary,
                "held": key.held, "in_use": key.in_use, "reserved": key.reserved,
            })
        })
        .collect();
    let line = |key: &strongroom::KeyStatus| {
        let primary = if key.primary { " primary" } else { "" };
        let held = if key.held { "held" } else { "NOT HELD" };
        format!(
            "{} {}{primary} {held}, wraps {} stored items, {} wraps reserved",
            key.name, key.id, key.in_use, key.reserved
        )
    };
    let lines: Vec<String> = keys.iter().map(line).collect();
    output::result(invocation.json, &json!({ "keys": values }), &lines);
    anyhow::ensure!(missing == 0, "{missing} keys that the store needs are not in the key ring");
    Ok(())
}
