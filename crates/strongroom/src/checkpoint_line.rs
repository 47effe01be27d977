//! A checkpoint as one line of JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use strongroom_application::{Application, Checkpoint};
use strongroom_domain::{OrganizationId, PurposeKeyId};
use time::OffsetDateTime;

/// `{"at": seconds, "heads": {"<organisation>": [seq, "<mac>"]}, "key": "<purpose key>", "mac": "<mac>"}`
pub(crate) fn spell(checkpoint: &Checkpoint) -> String {
    let heads: Map<String, Value> = checkpoint
        .heads()
        .iter()
        .map(|head| (head.organization.as_str().to_owned(), json!([head.seq, hex::encode(head.mac)])))
        .collect();
    json!({
        "at": checkpoint.at().unix_timestamp(),
        "heads": heads,
        "key": checkpoint.key().0.to_string(),
        "mac": hex::encode(checkpoint.mac()),
    })
    .to_string()
}

/// Reads what [`spell`] wrote and checks its MAC.
pub(crate) fn read(application: &Application, line: &str) -> Option<Checkpoint> {
    let value: Value = serde_json::from_str(line).ok()?;
    let at = OffsetDateTime::from_unix_timestamp(value.get("at")?.as_i64()?).ok()?;
    let key = PurposeKeyId(value.get("key")?.as_str()?.parse().ok()?);
    let mac = mac(value.get("mac")?)?;
    let mut heads = BTreeMap::new();
    for (organization, head) in value.get("heads")?.as_object()? {
        let organization = OrganizationId::from_stored(organization).ok()?;
        heads.insert(organization, (head.get(0)?.as_u64()?, self::mac(head.get(1)?)?));
    }
    application.audit.read_checkpoint(at, heads, key, mac)
}

fn mac(value: &Value) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(value.as_str()?, &mut bytes).ok()?;
    Some(bytes)
}
