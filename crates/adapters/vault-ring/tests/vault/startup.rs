use std::sync::Arc;

use strongroom_domain::PurposeKeyId;
use strongroom_vault::{Purpose, PurposeKeys, VaultError};
use strongroom_vault_ring::{KeyRing, KeyStatus, OpenVaultError, WRAP_BLOCK, key_status};
use uuid::Uuid;

use crate::store::{K1, K2, State, Store};

/// An entry that has the name `k1` and the key of `K2`.
fn other_k1() -> String {
    K2.replace("k2:", "k1:")
}

#[tokio::test]
async fn the_first_start_registers_the_ring_in_its_order_and_makes_the_purpose_keys() {
    let store = Store::new();
    let (vault, keys) = store.open(&format!("{K2},{K1}")).await.unwrap();
    let state = store.state();
    let keks: Vec<_> = state.keks.iter().map(|kek| (kek.name.as_str(), kek.primary)).collect();
    assert_eq!(keks, [("k2", true), ("k1", false)]);
    assert_eq!(vault.primary(), state.keks[0].id);
    let made: Vec<_> =
        state.purpose_keys.iter().map(|key| (key.purpose.as_str(), key.wrapped.len())).collect();
    assert_eq!(made, [("api_key", 60), ("audit", 60)]);
    assert_eq!(keys.current(Purpose::Audit), state.purpose_keys[1].id);
    assert_eq!(state.keks[0].reserved, WRAP_BLOCK, "wraps of purpose keys count");
}

#[tokio::test]
async fn the_order_of_the_ring_changes_nothing_once_the_store_names_a_primary() {
    let store = Store::new();
    let (first, keys) = store.open(K1).await.unwrap();
    let (second, same) = store.open(&format!("{K2},{K1}")).await.unwrap();
    assert_eq!(first.primary(), second.primary());
    for purpose in Purpose::ALL {
        let id = keys.current(purpose);
        assert_eq!(id, same.current(purpose));
        assert_eq!(keys.digest(purpose, id, b"m").unwrap(), same.digest(purpose, id, b"m").unwrap());
    }
}

#[tokio::test]
async fn two_first_starts_at_once_end_with_the_same_purpose_keys() {
    let store = Store::new();
    let (one, other) = tokio::join!(store.open(K1), store.open(K1));
    let (one, other) = (one.unwrap().1, other.unwrap().1);
    assert_eq!(store.state().purpose_keys.len(), 2);
    assert_eq!(store.state().reservations, 2, "the starts did not race");
    for purpose in Purpose::ALL {
        let id = one.current(purpose);
        assert_eq!(one.digest(purpose, id, b"m").unwrap(), other.digest(purpose, id, b"m").unwrap());
    }
}

#[tokio::test]
async fn of_two_first_starts_with_different_keys_one_is_refused() {
    let store = Store::new();
    let other = other_k1();
    let (one, other) = tokio::join!(store.open(K1), store.open(&other));
    let (opened, refused) = if one.is_ok() { (one, other) } else { (other, one) };
    let (vault, _) = opened.unwrap();
    let missing = |name: &str, id| name == "k1" && id == vault.primary();
    assert!(matches!(refused, Err(OpenVaultError::KeyMissing { name, id }) if missing(&name, id)));
}

#[tokio::test]
async fn a_purpose_key_digests_for_its_own_purpose_only() {
    let (_, keys) = Store::new().open(K1).await.unwrap();
    let (api_key, audit) = (keys.current(Purpose::ApiKey), keys.current(Purpose::Audit));
    let unknown = PurposeKeyId(Uuid::from_u128(77));
    for (purpose, key) in [(Purpose::ApiKey, audit), (Purpose::Audit, api_key), (Purpose::Audit, unknown)] {
        let refused = keys.digest(purpose, key, b"m");
        assert!(matches!(refused, Err(VaultError::UnknownPurposeKey(id)) if id == key));
    }
    let digest = keys.digest(Purpose::ApiKey, api_key, b"m").unwrap();
    let mut other = digest;
    other[31] ^= 1;
    assert!(keys.equal(&digest, &digest) && !keys.equal(&digest, &other));
    assert_ne!(digest, keys.digest(Purpose::Audit, audit, b"m").unwrap());
}

#[tokio::test]
async fn a_store_and_a_ring_that_do_not_fit_are_refused_with_the_reason_and_without_a_write() {
    type Edit = fn(&mut State);
    let untouched: Edit = |_| ();
    let sealed_under_k2: Edit = |state| {
        let k2 = state.keks[1].id;
        state.credentials.insert(k2, 3);
    };
    let check_value: Edit = |state| state.keks[0].check_value[0] ^= 1;
    let deployment: Edit = |state| state.deployment = Uuid::from_u128(0xbad);
    let purpose_row: Edit = |state| state.purpose_keys[0].wrapped[20] ^= 1;
    let purpose_id: Edit = |state| state.purpose_keys[1].id = PurposeKeyId(Uuid::from_u128(9));
    let purpose_swap: Edit = |state| state.purpose_keys[0].purpose = "audit".into();
    let purpose_cut: Edit = |state| state.purpose_keys[0].wrapped.truncate(5);
    let other = other_k1();
    let k3 = &*KeyRing::generate("k3").unwrap().render();
    let new_and_wrong = format!("{},{other}", k3.trim());
    let both = &format!("{K1},{K2}");
    let swapped = &format!("{},{other}", K1.replace("k1:", "k2:"));
    let table = [
        ("the primary is absent", untouched, K2, "is needed by this store and absent from the key ring"),
        ("a key in use is absent", sealed_under_k2, K1, "key `k2` (bf11047e8fdce8fc) is needed"),
        ("a name has another key", untouched, &other, "key `k1` is not the one this store was sealed with"),
        ("the same beside a new key", untouched, &new_and_wrong, "key `k1` is not the one"),
        ("two names swapped", untouched, swapped, "key `k2` is not the one"),
        ("another check value", check_value, both, "the check value of key `k1` differs"),
        ("another deployment id", deployment, both, "the check value of key `k1` differs"),
        (
            "an edited purpose key",
            purpose_row,
            both,
            "the api_key key 00000000-0000-0000-0000-000000000000 does not",
        ),
        (
            "another purpose key id",
            purpose_id,
            both,
            "the audit key 00000000-0000-0000-0000-000000000009 does not",
        ),
        ("a purpose key moved", purpose_swap, both, "the audit key"),
        ("a purpose key cut short", purpose_cut, both, "the api_key key"),
    ];
    for (what, edit, ring, expected) in table {
        let store = Store::new();
        store.open(both).await.unwrap();
        edit(&mut store.state());
        let keks = store.state().keks.clone();
        let keys = store.state().purpose_keys.len();
        let error = store.open(ring).await.expect_err(what).to_string();
        assert!(error.contains(expected), "{what}: {error}");
        assert_eq!(store.state().keks, keks, "{what}");
        assert_eq!(store.state().purpose_keys.len(), keys, "{what}");
    }
}

#[tokio::test]
async fn a_key_that_nothing_needs_may_be_absent_and_a_key_may_have_a_new_name() {
    let store = Store::new();
    store.open(&format!("{K1},{K2}")).await.unwrap();
    assert!(store.open(K1).await.is_ok());
    assert!(store.open(&K1.replace("k1:", "old:")).await.is_ok());
    assert_eq!(store.state().keks[0].name, "k1", "the store's name holds");
}

#[tokio::test]
async fn a_purpose_of_a_later_release_is_left_alone() {
    let store = Store::new();
    store.open(K1).await.unwrap();
    let mut later = store.state().purpose_keys[0].clone();
    later.purpose = "oauth_state".into();
    store.state().purpose_keys.push(later);
    assert!(store.open(K1).await.is_ok());
}

#[tokio::test]
async fn the_status_shows_every_key_of_the_store_and_of_the_ring() {
    let store = Store::new();
    store.open(K1).await.unwrap();
    let k1 = store.state().keks[0].id;
    store.state().credentials.insert(k1, 5);
    let ring = KeyRing::parse(K2).unwrap();
    let (_, k2) = ring.ids().next().unwrap();
    let seen = key_status(&ring, &*Arc::clone(&store)).await.unwrap();
    let row = |name: &str, id, primary, reserved, in_use, held| KeyStatus {
        name: name.into(),
        id,
        primary,
        reserved,
        in_use,
        held,
    };
    assert_eq!(seen, [row("k1", k1, true, WRAP_BLOCK, 7, false), row("k2", k2, false, 0, 0, true)]);
    assert_eq!(store.state().keks.len(), 1, "the status registered a key");
}

#[tokio::test]
async fn debug_of_the_opened_vault_shows_ids_only() {
    let (vault, keys) = Store::new().open(K1).await.unwrap();
    let shown = format!("{vault:?} {keys:?}");
    assert!(shown.contains("primary") && shown.contains("api_key"), "{shown}");
    assert!(shown.len() < 400, "{shown}");
}

#[tokio::test]
async fn a_purpose_key_that_is_gone_and_was_used_refuses_the_start_and_is_not_made_anew() {
    let store = Store::new();
    store.open(K1).await.unwrap();
    let lost = PurposeKeyId(Uuid::from_u128(404));
    let used = store.state().purpose_keys[0].id;
    store.state().in_use.push(used);
    store.open(K1).await.unwrap();
    store.state().in_use.push(lost);
    store.state().purpose_keys.remove(1);
    let left = store.state().purpose_keys.len();
    let Err(error) = store.open(K1).await else { panic!("a key is missing") };
    assert!(matches!(error, OpenVaultError::PurposeKeyMissing(id) if id == lost));
    assert!(error.to_string().contains("restore the table `purpose_keys`"), "{error}");
    assert_eq!(store.state().purpose_keys.len(), left);
}
