use std::sync::Arc;

use strongroom_domain::{
    CredentialId, CredentialType, OrganizationId, ProviderId, PublicConfig, SecretPayload, SecretText,
};
use strongroom_vault::{SealContext, SealSubject, Vault, VaultError};
use strongroom_vault_ring::{WRAP_BLOCK, WRAP_LIMIT};
use uuid::Uuid;

use crate::store::{K1, Store};

fn context() -> SealContext {
    SealContext {
        organization: OrganizationId::parse("acme").unwrap(),
        subject: SealSubject::Credential {
            id: CredentialId(Uuid::from_u128(0xc)),
            version: 1,
            provider: ProviderId::parse("datadog").unwrap(),
            credential_type: CredentialType::ApiKey,
            config: PublicConfig::default(),
        },
    }
}

fn payload() -> SecretPayload {
    let mut payload = SecretPayload::default();
    payload.insert("api_key", SecretText::new("canary".to_owned()));
    payload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_seals_and_the_purpose_keys_share_one_block() {
    let store = Store::new();
    let (vault, _) = store.open(K1).await.unwrap();
    let vault = Arc::new(vault);
    let seal = |_| {
        let vault = vault.clone();
        tokio::spawn(async move { vault.seal(&context(), &payload()).await.map(drop) })
    };
    let seals: Vec<_> = (0..500).map(seal).collect();
    for seal in seals {
        seal.await.unwrap().unwrap();
    }
    let state = store.state();
    assert_eq!((state.reservations, state.keks[0].reserved), (1, WRAP_BLOCK));
}

#[tokio::test]
async fn at_the_limit_the_last_seal_works_the_next_is_refused_and_opening_goes_on() {
    let store = Store::new();
    store.open(K1).await.unwrap();
    store.state().keks[0].reserved = WRAP_LIMIT - 1;
    let (vault, _) = store.open(K1).await.unwrap();
    let last = vault.seal(&context(), &payload()).await.unwrap();
    for _ in 0..3 {
        let refused = vault.seal(&context(), &payload()).await;
        assert!(matches!(refused, Err(VaultError::Exhausted(id)) if id == vault.primary()));
    }
    assert_eq!(store.state().keks[0].reserved, WRAP_LIMIT);
    assert!(vault.open(&context(), &last).is_ok());
    let (restarted, _) = store.open(K1).await.unwrap();
    assert!(restarted.open(&context(), &last).is_ok());
}

#[tokio::test]
async fn without_the_ledger_nothing_is_sealed_and_opening_goes_on() {
    let store = Store::new();
    let (vault, _) = store.open(K1).await.unwrap();
    let sealed = vault.seal(&context(), &payload()).await.unwrap();
    store.state().ledger_is_down = true;
    let (restarted, _) = store.open(K1).await.unwrap();
    let refused = restarted.seal(&context(), &payload()).await;
    assert!(matches!(refused, Err(VaultError::Unavailable(_))));
    assert!(restarted.open(&context(), &sealed).is_ok());
    store.state().ledger_is_down = false;
    assert!(restarted.seal(&context(), &payload()).await.is_ok(), "the failure stuck");
}
