//! Contracts of service accounts and their keys.

use strongroom_domain::service_account::{AccountName, ApiKey};
use strongroom_domain::{ApiKeyId, OrganizationId, ServiceAccount};
use strongroom_fixtures::{SeededIds, api_key, full_service_account, instant, organization, service_account};
use strongroom_repository::{KeyHolder, StoreError, Unique};

use crate::StoreUnderTest;
use crate::under_test::evidence;

async fn account_with_key(
    store: &StoreUnderTest,
    acme: &OrganizationId,
    ids: &SeededIds,
) -> (ServiceAccount, ApiKey) {
    let account = service_account(acme, ids.service_account());
    store.store_account(&account).await;
    let key = api_key(&account, ids.api_key());
    assert!(store.accounts.insert_key(&key, evidence(acme)).await.unwrap());
    (account, key)
}

/// Every column of an account is written and read back, set or not; an id is unique.
pub async fn every_column_of_an_account_comes_back(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored =
        [service_account(&acme, ids.service_account()), full_service_account(&acme, ids.service_account())];
    for account in &stored {
        store.store_account(account).await;
        assert_eq!(store.second.accounts.find(&acme, account.id).await.unwrap().as_ref(), Some(account));
        let again = store.accounts.insert(account, evidence(&acme)).await;
        assert!(matches!(again, Err(StoreError::Duplicate(Unique::Id))), "{again:?}");
    }
    assert!(store.accounts.find(&acme, ids.service_account()).await.unwrap().is_none());
    assert_eq!(store.actions(&acme).await.len(), 2);
}

/// Lists go by descending id, with offset and limit.
pub async fn accounts_come_newest_first_and_in_pages(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut stored = Vec::new();
    for _ in 0..5 {
        let account = service_account(&acme, ids.service_account());
        store.store_account(&account).await;
        stored.insert(0, account);
    }
    for (offset, limit) in [(0, 10), (0, 2), (2, 2), (4, 2), (5, 2), (0, 0)] {
        let expected: Vec<_> = stored.iter().skip(offset as usize).take(limit as usize).cloned().collect();
        assert_eq!(store.accounts.list(&acme, offset, limit).await.unwrap(), expected);
    }
}

/// A writer that has read an older state, or a deleted account, gets an error and changes nothing.
pub async fn replacing_needs_the_time_that_was_read(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let before = service_account(&acme, ids.service_account());
    store.store_account(&before).await;
    let after = full_service_account(&acme, before.id);
    store.accounts.replace(&after, before.updated_at, evidence(&acme)).await.unwrap();
    let found = store.accounts.find(&acme, before.id).await.unwrap().unwrap();
    let expected = ServiceAccount {
        created_at: found.created_at,
        created_by: before.created_by.clone(),
        issuer: before.issuer.clone(),
        ..after.clone()
    };
    assert_eq!(found, expected);

    for read_at in [before.updated_at, instant(1_000)] {
        let stale = store.accounts.replace(&before, read_at, evidence(&acme)).await;
        assert!(matches!(stale, Err(StoreError::StaleVersion)), "{stale:?}");
    }
    assert!(store.accounts.delete(&acme, before.id, evidence(&acme)).await.unwrap());
    let late = store.accounts.replace(&before, after.updated_at, evidence(&acme)).await;
    assert!(matches!(late, Err(StoreError::StaleVersion)), "{late:?}");
    assert!(store.accounts.find(&acme, before.id).await.unwrap().is_none());
    assert_eq!(store.actions(&acme).await.len(), 3);
}

/// Every column of a key is written and read back, set or not, together with its account.
pub async fn every_column_of_a_key_comes_back_with_its_account(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let account = full_service_account(&acme, ids.service_account());
    store.store_account(&account).await;
    let full = api_key(&account, ids.api_key());
    let plain = ApiKey { expires_at: None, last_used_at: None, ..api_key(&account, ids.api_key()) };
    for key in [full, plain] {
        assert!(store.accounts.insert_key(&key, evidence(&acme)).await.unwrap());
        let KeyHolder { key: found, account: holder } =
            store.second.accounts.find_key(&key.id).await.unwrap().unwrap();
        assert_eq!((&found, &holder), (&key, &account));
        assert!(store.accounts.list_keys(&acme, account.id).await.unwrap().contains(&key));
    }
    assert!(store.accounts.find_key(&ids.api_key()).await.unwrap().is_none());
}

/// The keys of an account, and no others, are listed by descending creation time.
pub async fn keys_come_newest_first(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (account, first) = account_with_key(&store, &acme, &ids).await;
    account_with_key(&store, &acme, &ids).await;
    let mut expected = vec![first];
    for seconds in [300, 100, 200] {
        let key = ApiKey { created_at: instant(seconds), ..api_key(&account, ids.api_key()) };
        assert!(store.accounts.insert_key(&key, evidence(&acme)).await.unwrap());
        expected.push(key);
    }
    expected.sort_by_key(|key| std::cmp::Reverse(key.created_at));
    assert_eq!(store.accounts.list_keys(&acme, account.id).await.unwrap(), expected);
}

/// A key without its account is not stored, and nothing is recorded.
pub async fn a_key_needs_its_account(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let account = service_account(&acme, ids.service_account());
    let key = api_key(&account, ids.api_key());
    assert!(!store.accounts.insert_key(&key, evidence(&acme)).await.unwrap());
    assert!(store.accounts.find_key(&key.id).await.unwrap().is_none());
    assert_eq!(store.actions(&acme).await, []);

    store.store_account(&account).await;
    assert!(store.accounts.delete(&acme, account.id, evidence(&acme)).await.unwrap());
    assert!(!store.accounts.insert_key(&key, evidence(&acme)).await.unwrap());
    assert_eq!(store.actions(&acme).await.len(), 2);
    store.store_account(&account).await;
    assert!(store.accounts.insert_key(&key, evidence(&acme)).await.unwrap(), "the id was never taken");
}

/// When an account is deleted, all of its keys are gone, and no others.
pub async fn deleting_an_account_ends_its_keys(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (account, key) = account_with_key(&store, &acme, &ids).await;
    let second = api_key(&account, ids.api_key());
    assert!(store.accounts.insert_key(&second, evidence(&acme)).await.unwrap());
    let (_, other) = account_with_key(&store, &acme, &ids).await;

    for expected in [true, false] {
        assert_eq!(store.accounts.delete(&acme, account.id, evidence(&acme)).await.unwrap(), expected);
    }
    for gone in [&key, &second] {
        assert!(store.second.accounts.find_key(&gone.id).await.unwrap().is_none());
    }
    assert!(store.accounts.list_keys(&acme, account.id).await.unwrap().is_empty());
    assert!(store.accounts.find(&acme, account.id).await.unwrap().is_none());
    assert!(store.accounts.find_key(&other.id).await.unwrap().is_some());
    assert_eq!(store.actions(&acme).await.len(), 6);
}

/// A revoked key is not found any more; revoking it again, or for another account, does nothing.
pub async fn a_revoked_key_is_gone(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (account, key) = account_with_key(&store, &acme, &ids).await;
    let (other, _) = account_with_key(&store, &acme, &ids).await;
    let events = store.actions(&acme).await.len();

    assert!(!store.accounts.delete_key(&acme, other.id, &key.id, evidence(&acme)).await.unwrap());
    assert!(store.accounts.find_key(&key.id).await.unwrap().is_some());
    for expected in [true, false] {
        let gone = store.accounts.delete_key(&acme, account.id, &key.id, evidence(&acme)).await.unwrap();
        assert_eq!(gone, expected);
    }
    assert!(store.second.accounts.find_key(&key.id).await.unwrap().is_none());
    assert!(store.accounts.list_keys(&acme, account.id).await.unwrap().is_empty());
    assert_eq!(store.actions(&acme).await.len(), events + 1);
}

/// A key id belongs to one key over all organisations, because only the id shows to which organisation the
/// key belongs.
pub async fn a_key_id_is_given_out_once(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let (account, key) = account_with_key(&store, &acme, &ids).await;
    let (foreign, _) = account_with_key(&store, &globex, &ids).await;
    for holder in [&account, &foreign] {
        let again =
            store.accounts.insert_key(&api_key(holder, key.id.clone()), evidence(&holder.organization)).await;
        assert!(matches!(again, Err(StoreError::Duplicate(Unique::Id))), "{again:?}");
    }
    assert_eq!(store.accounts.find_key(&key.id).await.unwrap().unwrap().key, key);
    assert_eq!(store.actions(&globex).await.len(), 2);
}

/// Uses of several keys are stored at once; keys that are gone are skipped.
pub async fn uses_of_keys_are_noted(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let (_, one) = account_with_key(&store, &acme, &ids).await;
    let (account, other) = account_with_key(&store, &globex, &ids).await;
    let uses = [
        (acme.clone(), ids.api_key(), instant(100)),
        (acme.clone(), one.id.clone(), instant(200)),
        (globex.clone(), other.id.clone(), instant(300)),
    ];
    store.accounts.note_uses(&[]).await.unwrap();
    store.accounts.note_uses(&uses).await.unwrap();
    assert_eq!(store.accounts.find_key(&one.id).await.unwrap().unwrap().key.last_used_at, Some(instant(200)));
    let found = store.accounts.find_key(&other.id).await.unwrap().unwrap();
    assert_eq!(found.key, ApiKey { last_used_at: Some(instant(300)), ..other });
    assert_eq!(found.account.updated_at, account.updated_at);
    assert_eq!(found.account.name, AccountName::parse("workflow engine").unwrap());
}

/// Keys with the same creation time are listed by descending id, whatever the order in which they were
/// stored.
pub async fn keys_of_one_time_come_by_descending_id(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let account = service_account(&acme, ids.service_account());
    store.store_account(&account).await;
    let mut keys = [5, 9, 1, 7].map(|bits| api_key(&account, ApiKeyId::from_random([bits; 10])));
    for key in &keys {
        assert!(store.accounts.insert_key(key, evidence(&acme)).await.unwrap());
    }
    keys.sort_by(|one, other| other.id.as_str().cmp(one.id.as_str()));
    assert_eq!(store.second.accounts.list_keys(&acme, account.id).await.unwrap(), keys);
}
