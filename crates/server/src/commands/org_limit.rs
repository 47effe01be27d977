//! `strongroom org limit`

use anyhow::Context;
use serde_json::json;

use super::{Invocation, explained, operator, with_vault};
use crate::output;

pub(crate) async fn run(invocation: Invocation, org: &str, limit: &str) -> anyhow::Result<()> {
    let operator = operator(org)?;
    let limit: Option<u32> = match limit {
        "default" => None,
        number => {
            let rule = "the limit must be `default` or a whole number from 0 to 1000000";
            Some(number.parse().ok().filter(|limit| *limit <= 1_000_000).context(rule)?)
        }
    };
    let set = with_vault(invocation.settings, async |strongroom| {
        strongroom.application().access.limit_organization(&operator, limit).await.map_err(explained)
    });
    set.await?;
    let line = match limit {
        Some(limit) => format!("{org} may hold {limit} credentials per provider"),
        None => format!("{org} may hold as many credentials per provider as the settings say"),
    };
    output::result(invocation.json, &json!({ "org": org, "credentials_per_provider": limit }), &[line]);
    Ok(())
}
