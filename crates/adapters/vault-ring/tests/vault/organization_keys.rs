use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::KekId;
use strongroom_vault::{Vault, VaultError};

use crate::limits::{context, payload};
use crate::store::{K1, K2, Store};

#[tokio::test]
async fn two_processes_that_seal_for_the_first_time_use_one_key() {
    let store = Store::new();
    let (one, other) = (store.open(K1).await.unwrap().0, store.open(K1).await.unwrap().0);
    let (context, payload) = (context("acme"), payload());
    let (sealed, also) = tokio::join!(one.seal(&context, &payload), other.seal(&context, &payload));
    let (sealed, also) = (sealed.unwrap(), also.unwrap());
    assert_eq!(sealed.kek_id, also.kek_id);
    assert_eq!(store.state().organization_keys.len(), 1);
    assert!(one.open(&context, &also).await.is_ok() && other.open(&context, &sealed).await.is_ok());
}

#[tokio::test]
async fn a_key_stays_under_its_root_after_another_root_is_promoted() {
    let store = Store::new();
    let (before, _) = store.open(K1).await.unwrap();
    let old = before.seal(&context("acme"), &payload()).await.unwrap();
    store.open(&format!("{K2},{K1}")).await.unwrap();
    store.make_primary("k2");
    let (after, _) = store.open(&format!("{K1},{K2}")).await.unwrap();
    assert!(after.open(&context("acme"), &old).await.is_ok());
    assert_eq!(after.seal(&context("acme"), &payload()).await.unwrap().kek_id, old.kek_id);
    after.seal(&context("globex"), &payload()).await.unwrap();
    let roots: Vec<_> = store.state().organization_keys.iter().map(|key| key.root).collect();
    assert_eq!(roots, [before.primary(), after.primary()]);
}

#[tokio::test]
async fn without_its_root_a_key_opens_nothing_and_says_which_root_is_missing() {
    let store = Store::new();
    let (vault, _) = store.open(K1).await.unwrap();
    let sealed = vault.seal(&context("acme"), &payload()).await.unwrap();
    let stranger = Store::new();
    stranger.state().organization_keys = store.state().organization_keys.clone();
    let (stranger, _) = stranger.open(K2).await.unwrap();
    let root = vault.primary();
    let absent = stranger.open(&context("acme"), &sealed).await;
    assert!(matches!(absent, Err(VaultError::UnknownKey(id)) if id == root));
    let absent = stranger.seal(&context("acme"), &payload()).await;
    assert!(matches!(absent, Err(VaultError::UnknownKey(id)) if id == root));
}

#[tokio::test]
async fn a_key_that_was_changed_or_moved_opens_and_seals_nothing() {
    let store = Store::new();
    let ring = format!("{K1},{K2}");
    let (vault, _) = store.open(&ring).await.unwrap();
    let sealed = vault.seal(&context("acme"), &payload()).await.unwrap();
    vault.seal(&context("globex"), &payload()).await.unwrap();
    let good = store.state().organization_keys.clone();
    let other_root = store.state().keks[1].id;
    type Edit = fn(&mut Vec<strongroom_repository::WrappedOrganizationKey>, KekId);
    let edits: [(&str, Edit); 5] = [
        ("wrapped", |keys, _| keys[0].wrapped[20] ^= 1),
        ("wrapped by another's", |keys, _| keys[0].wrapped = keys[1].wrapped.clone()),
        ("root", |keys, root| keys[0].root = root),
        ("generation", |keys, _| keys[0].generation = 7),
        ("cut", |keys, _| keys[0].wrapped.truncate(59)),
    ];
    for (what, edit) in edits {
        let mut changed = good.clone();
        edit(&mut changed, other_root);
        store.state().organization_keys = changed;
        let (vault, _) = store.open(&ring).await.unwrap();
        let opened = vault.open(&context("acme"), &sealed).await;
        assert!(matches!(opened, Err(VaultError::Integrity)), "{what}: {opened:?}");
        let refused = vault.seal(&context("acme"), &payload()).await;
        assert!(matches!(refused, Err(VaultError::Integrity)), "{what}: {refused:?}");
        // It is not kept, so that a row which is put back works at once.
        store.state().organization_keys = good.clone();
        assert!(vault.open(&context("acme"), &sealed).await.is_ok(), "{what} put back");
    }
    // The row of another organisation under the id that the envelope names.
    store.state().organization_keys = vec![good[1].clone()];
    store.state().organization_keys[0].organization = good[0].organization.clone();
    store.state().organization_keys[0].id = good[0].id;
    let (vault, _) = store.open(&ring).await.unwrap();
    assert!(matches!(vault.open(&context("acme"), &sealed).await, Err(VaultError::Integrity)));
    // Nothing is sealed with the key of another organisation, moved here under its own id.
    store.state().organization_keys[0].id = good[1].id;
    let (vault, _) = store.open(&ring).await.unwrap();
    let refused = vault.seal(&context("acme"), &payload()).await;
    assert!(matches!(refused, Err(VaultError::Integrity)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn keys_are_kept_for_a_minute_and_then_read_again() {
    let store = Store::new();
    let vault = Arc::new(store.open(K1).await.unwrap().0);
    let sealed = vault.seal(&context("acme"), &payload()).await.unwrap();
    let reads = store.state().key_reads;
    store.state().keys_are_down = true;
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(vault.open(&context("acme"), &sealed).await.is_ok(), "a store that is away for a moment");
    tokio::time::advance(Duration::from_secs(2)).await;
    let late = vault.open(&context("acme"), &sealed).await;
    assert!(matches!(late, Err(VaultError::Unavailable(_))), "{late:?}");
    store.state().keys_are_down = false;
    assert!(vault.open(&context("acme"), &sealed).await.is_ok());
    assert_eq!(store.state().key_reads, reads + 2);
    // A key that was destroyed opens nothing after that time.
    store.state().organization_keys.clear();
    tokio::time::advance(Duration::from_secs(61)).await;
    let shredded = vault.open(&context("acme"), &sealed).await;
    assert!(matches!(shredded, Err(VaultError::UnknownKey(id)) if id == sealed.kek_id));
}

#[tokio::test]
async fn a_key_that_another_process_made_is_found_while_others_are_kept() {
    let store = Store::new();
    let (one, other) = (store.open(K1).await.unwrap().0, store.open(K1).await.unwrap().0);
    one.seal(&context("acme"), &payload()).await.unwrap();
    let kept = store.state().organization_keys.clone();
    // The first one keeps its key in memory; the other one makes the next, as a rotation will.
    store.state().organization_keys.clear();
    let sealed = other.seal(&context("acme"), &payload()).await.unwrap();
    let made = store.state().organization_keys.clone();
    store.state().organization_keys = [kept.clone(), made].concat();
    assert_ne!(sealed.kek_id, kept[0].id);
    assert!(one.open(&context("acme"), &sealed).await.is_ok());
}

#[tokio::test]
async fn an_organization_whose_key_is_gone_gets_no_new_one() {
    let store = Store::new();
    store.state().keys_are_lost = true;
    let (vault, _) = store.open(K1).await.unwrap();
    let refused = vault.seal(&context("acme"), &payload()).await;
    assert!(matches!(refused, Err(VaultError::KeysLost)), "{refused:?}");
    assert!(store.state().organization_keys.is_empty());
}
