use serde_json::Value;
use strongroom_domain::{KekId, OrganizationId, PurposeKeyId, Sealed};
use strongroom_repository::{WrappedOrganizationKey, WrappedPurposeKey};
use strongroom_vault::{Purpose, PurposeKeys, Vault};
use strongroom_vault_ring::RingVault;
use time::OffsetDateTime;

use crate::contexts::{context, text};
use crate::store::Store;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/v1.json")).unwrap()
}

fn golden_2() -> Value {
    serde_json::from_str(include_str!("../golden/v2.json")).unwrap()
}

fn bytes<const N: usize>(value: &Value, name: &str) -> [u8; N] {
    hex::decode(text(value, name)).unwrap().try_into().unwrap()
}

/// Opens the envelope of a case, and compares payload and digest with the file.
async fn assert_opens(vault: &RingVault, organization: &str, case: &Value, key: KekId, digest: &str) {
    let sealed = Sealed { kek_id: key, envelope: hex::decode(text(case, "envelope")).unwrap() };
    let payload = vault.open(&context(organization, case), &sealed).await.unwrap();
    let expected = case["payload"].as_object().unwrap();
    assert_eq!(payload.len(), expected.len());
    for (field, value) in payload.iter() {
        assert_eq!(value.expose(), expected[field].as_str().unwrap(), "{field}");
    }
    assert_eq!(vault.envelope_digest(&sealed), bytes(case, digest));
}

#[tokio::test]
async fn envelopes_of_both_golden_files_open_side_by_side() {
    let (one, two) = (golden(), golden_2());
    let store = Store::of_deployment(text(&one, "deployment").parse().unwrap());
    let key = &two["organization_key"];
    store.state().organization_keys.push(WrappedOrganizationKey {
        organization: OrganizationId::parse(text(&two, "organization")).unwrap(),
        generation: key["generation"].as_u64().unwrap(),
        id: KekId(bytes(key, "id")),
        root: KekId(bytes(key, "root")),
        wrapped: hex::decode(text(key, "wrapped")).unwrap(),
    });
    // Both files have keys named k1 and k2.
    let ring_of_two = text(&two, "key_ring").replace("k1:", "new1:").replace("k2:", "new2:");
    let ring = format!("{},{ring_of_two}", text(&one, "key_ring"));
    let (vault, _) = store.open(&ring).await.unwrap();
    let root = KekId(bytes(&one["keks"][0], "id"));
    assert_opens(&vault, text(&one, "organization"), &one, root, "envelope_sha256").await;
    for case in two["cases"].as_array().unwrap() {
        assert_opens(&vault, text(&two, "organization"), case, KekId(bytes(key, "id")), "digest").await;
    }
}

#[tokio::test]
async fn key_ids_and_check_values_are_those_of_the_golden_file() {
    let golden = golden();
    let store = Store::of_deployment(text(&golden, "deployment").parse().unwrap());
    store.open(text(&golden, "key_ring")).await.unwrap();
    let keks = store.state().keks.clone();
    assert_eq!(keks.len(), 2);
    for (record, expected) in keks.iter().zip(golden["keks"].as_array().unwrap()) {
        assert_eq!(record.name, text(expected, "name"));
        assert_eq!(record.id.to_string(), text(expected, "id"));
        assert_eq!(record.check_value, bytes(expected, "check_value"));
    }
}

#[tokio::test]
async fn digests_under_the_purpose_keys_of_the_golden_file_are_the_same() {
    let golden = golden();
    let store = Store::of_deployment(text(&golden, "deployment").parse().unwrap());
    for key in golden["purpose_keys"].as_array().unwrap() {
        store.state().purpose_keys.push(WrappedPurposeKey {
            id: PurposeKeyId(text(key, "id").parse().unwrap()),
            purpose: text(key, "purpose").to_owned(),
            kek_id: KekId(bytes(&golden["keks"][0], "id")),
            wrapped: hex::decode(text(key, "wrapped")).unwrap(),
            created_at: OffsetDateTime::UNIX_EPOCH,
        });
    }
    let (_, keys) = store.open(text(&golden, "key_ring")).await.unwrap();
    for (purpose, expected) in Purpose::ALL.into_iter().zip(golden["purpose_keys"].as_array().unwrap()) {
        let id = keys.current(purpose);
        assert_eq!(id.0.to_string(), text(expected, "id"));
        let digest = keys.digest(purpose, id, text(expected, "message").as_bytes()).unwrap();
        assert!(keys.equal(&digest, &bytes(expected, "digest")));
    }
    assert_eq!(store.state().reservations, 0, "reading reserved wraps");
}
