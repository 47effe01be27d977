use serde_json::Value;
use strongroom_domain::{
    CredentialId, CredentialType, KekId, OrganizationId, ProviderId, PublicConfig, PurposeKeyId, Sealed,
};
use strongroom_repository::WrappedPurposeKey;
use strongroom_vault::{Purpose, PurposeKeys, SealContext, SealSubject, Vault};
use time::OffsetDateTime;

use crate::store::Store;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/v1.json")).unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).unwrap().as_str().unwrap()
}

fn bytes<const N: usize>(value: &Value, pointer: &str) -> [u8; N] {
    hex::decode(text(value, pointer)).unwrap().try_into().unwrap()
}

fn context(golden: &Value) -> SealContext {
    SealContext {
        organization: OrganizationId::parse(text(golden, "/context/organization")).unwrap(),
        subject: SealSubject::Credential {
            id: CredentialId::parse(text(golden, "/context/credential")).unwrap(),
            version: golden["context"]["version"].as_u64().unwrap(),
            provider: ProviderId::parse(text(golden, "/context/provider")).unwrap(),
            credential_type: CredentialType::parse(text(golden, "/context/type")).unwrap(),
            config: PublicConfig::from_canonical_json(text(golden, "/context/config")).unwrap(),
        },
    }
}

#[tokio::test]
async fn an_envelope_of_the_golden_file_opens() {
    let golden = golden();
    let store = Store::of_deployment(text(&golden, "/deployment").parse().unwrap());
    let (vault, _) = store.open(text(&golden, "/key_ring")).await.unwrap();
    let envelope = hex::decode(text(&golden, "/envelope")).unwrap();
    let sealed = Sealed { kek_id: KekId(bytes(&golden, "/keks/0/id")), envelope };
    let payload = vault.open(&context(&golden), &sealed).unwrap();
    let expected = golden["payload"].as_object().unwrap();
    assert_eq!(payload.len(), expected.len());
    for (field, value) in payload.iter() {
        assert_eq!(value.expose(), expected[field].as_str().unwrap(), "{field}");
    }
    assert_eq!(vault.envelope_digest(&sealed), bytes(&golden, "/envelope_sha256"));
}

#[tokio::test]
async fn key_ids_and_check_values_are_those_of_the_golden_file() {
    let golden = golden();
    let store = Store::of_deployment(text(&golden, "/deployment").parse().unwrap());
    store.open(text(&golden, "/key_ring")).await.unwrap();
    let keks = store.state().keks.clone();
    assert_eq!(keks.len(), 2);
    for (record, expected) in keks.iter().zip(golden["keks"].as_array().unwrap()) {
        assert_eq!(record.name, text(expected, "/name"));
        assert_eq!(record.id.to_string(), text(expected, "/id"));
        assert_eq!(record.check_value, bytes(expected, "/check_value"));
    }
}

#[tokio::test]
async fn digests_under_the_purpose_keys_of_the_golden_file_are_the_same() {
    let golden = golden();
    let store = Store::of_deployment(text(&golden, "/deployment").parse().unwrap());
    for key in golden["purpose_keys"].as_array().unwrap() {
        store.state().purpose_keys.push(WrappedPurposeKey {
            id: PurposeKeyId(text(key, "/id").parse().unwrap()),
            purpose: text(key, "/purpose").to_owned(),
            kek_id: KekId(bytes(&golden, "/keks/0/id")),
            wrapped: hex::decode(text(key, "/wrapped")).unwrap(),
            created_at: OffsetDateTime::UNIX_EPOCH,
        });
    }
    let (_, keys) = store.open(text(&golden, "/key_ring")).await.unwrap();
    for (purpose, expected) in Purpose::ALL.into_iter().zip(golden["purpose_keys"].as_array().unwrap()) {
        let id = keys.current(purpose);
        assert_eq!(id.0.to_string(), text(expected, "/id"));
        let digest = keys.digest(purpose, id, text(expected, "/message").as_bytes()).unwrap();
        assert!(keys.equal(&digest, &bytes(expected, "/digest")));
    }
    assert_eq!(store.state().reservations, 0, "reading reserved wraps");
}
