use std::sync::Arc;

use strongroom_domain::{
    CredentialId, CredentialType, OrganizationId, ProviderId, PublicConfig, SecretPayload, SecretText,
};
use strongroom_vault::{CredentialFacts, SealContext, SealSubject, Vault, VaultError};
use strongroom_vault_ring::{WRAP_BLOCK, WRAP_LIMIT};
use uuid::Uuid;

use crate::store::{K1, Store};

pub(crate) fn context(organization: &str) -> SealContext {
    SealContext {
        organization: OrganizationId::parse(organization).unwrap(),
        subject: SealSubject::Credential(Box::new(CredentialFacts {
            id: CredentialId(Uuid::from_u128(0xc)),
            version: 1,
            provider: ProviderId::parse("datadog").unwrap(),
            credential_type: CredentialType::ApiKey,
            config: PublicConfig::default(),
            slot: None,
            pending: false,
            oauth_app: None,
            account: None,
        })),
    }
}

pub(crate) fn payload() -> SecretPayload {
    let mut payload = SecretPayload::default();
    payload.insert("api_key", SecretText::new("canary".to_owned()));
    payload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_keys_of_organizations_and_of_purposes_share_one_block_of_wraps() {
    let store = Store::new();
    let (vault, _) = store.open(K1).await.unwrap();
    let vault = Arc::new(vault);
    let seal = |number: usize| {
        let vault = vault.clone();
        tokio::spawn(async move {
            vault.seal(&context(&format!("org-{}", number % 50)), &payload()).await.map(drop)
        })
    };
    let seals: Vec<_> = (0..500).map(seal).collect();
    for seal in seals {
        seal.await.unwrap().unwrap();
    }
    let state = store.state();
    assert_eq!((state.reservations, state.keks[0].reserved), (1, WRAP_BLOCK));
    assert_eq!(state.organization_keys.len(), 50);
}

#[tokio::test]
async fn at_the_limit_no_organization_gets_its_first_key_and_those_that_have_one_go_on() {
    let store = Store::new();
    store.open(K1).await.unwrap();
    store.state().keks[0].reserved = WRAP_LIMIT - 1;
    let (vault, _) = store.open(K1).await.unwrap();
    let last = vault.seal(&context("acme"), &payload()).await.unwrap();
    for _ in 0..3 {
        let refused = vault.seal(&context("globex"), &payload()).await;
        assert!(matches!(refused, Err(VaultError::Exhausted(id)) if id == vault.primary()));
    }
    assert_eq!(store.state().keks[0].reserved, WRAP_LIMIT);
    let (restarted, _) = store.open(K1).await.unwrap();
    for vault in [vault, restarted] {
        assert!(vault.open(&context("acme"), &last).await.is_ok());
        assert!(vault.seal(&context("acme"), &payload()).await.is_ok());
    }
}

#[tokio::test]
async fn without_the_ledger_no_organization_gets_its_first_key_and_opening_goes_on() {
    let store = Store::new();
    let (vault, _) = store.open(K1).await.unwrap();
    let sealed = vault.seal(&context("acme"), &payload()).await.unwrap();
    store.state().ledger_is_down = true;
    let (restarted, _) = store.open(K1).await.unwrap();
    let refused = restarted.seal(&context("globex"), &payload()).await;
    assert!(matches!(refused, Err(VaultError::Unavailable(_))));
    assert!(restarted.open(&context("acme"), &sealed).await.is_ok());
    store.state().ledger_is_down = false;
    assert!(restarted.seal(&context("globex"), &payload()).await.is_ok(), "the failure stuck");
}
