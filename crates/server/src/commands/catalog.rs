//! `strongroom catalog list` and `strongroom catalog check`

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_domain::{Provider, ProviderTest};

use super::Invocation;
use crate::output;

/// Prints the providers of the settings' catalog.
pub(crate) fn list(invocation: &Invocation) -> anyhow::Result<()> {
    print(invocation.json, &invocation.settings.builder.providers()?);
    Ok(())
}

/// Checks the provider files of a folder together with the ones that are compiled in. The error lists every
/// problem of every file.
pub(crate) fn check(invocation: Invocation, folder: &Path) -> anyhow::Result<()> {
    let providers = invocation.settings.builder.catalog_overlay(folder).providers()?;
    let line = format!("{} is good; the catalog has {} providers with it", folder.display(), providers.len());
    output::result(invocation.json, &json!({ "ok": true, "providers": providers.len() }), &[line]);
    Ok(())
}

fn print(json: bool, providers: &[Arc<Provider>]) {
    let types =
        |provider: &Provider| -> Vec<&str> { provider.types.keys().map(|kind| kind.as_str()).collect() };
    let values: Vec<Value> = providers
        .iter()
        .map(|provider| {
            let test = provider.test.as_ref().map(ProviderTest::kind);
            json!({ "id": provider.id.as_str(), "name": provider.display_name, "types": types(provider), "test": test })
        })
        .collect();
    let lines: Vec<String> = providers
        .iter()
        .map(|provider| {
            let test = provider.test.as_ref().map_or("no test", ProviderTest::kind);
            format!("{:<24} {:<9} {}", provider.id.as_str(), test, types(provider).join(", "))
        })
        .collect();
    output::result(json, &Value::Array(values), &lines);
}
