use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::Config;
use strongroom_domain::oauth::FlowId;
use strongroom_domain::{
    ConfigValue, CredentialId, CredentialType, OauthAppId, OrganizationId, ProviderId, PublicConfig, Sealed,
    SecretPayload, SecretText,
};
use strongroom_vault::{SealContext, SealSubject, Vault, VaultError};
use strongroom_vault_ring::RingVault;
use uuid::Uuid;

use crate::store::{K1, K2, Store};

/// The parts of a context that a test edits.
struct Bound {
    organization: OrganizationId,
    id: CredentialId,
    version: u64,
    provider: ProviderId,
    credential_type: CredentialType,
    config: PublicConfig,
}

impl Bound {
    fn new() -> Self {
        let mut config = PublicConfig::default();
        config.insert("host", ConfigValue::Text("db.example.test".into()));
        config.insert("port", ConfigValue::Integer(5432));
        Self {
            organization: OrganizationId::parse("acme").unwrap(),
            id: CredentialId(Uuid::from_u128(0xc)),
            version: 1,
            provider: ProviderId::parse("postgresql").unwrap(),
            credential_type: CredentialType::UserPassword,
            config,
        }
    }

    fn context(self) -> SealContext {
        let Self { organization, id, version, provider, credential_type, config } = self;
        let subject = SealSubject::Credential { id, version, provider, credential_type, config };
        SealContext { organization, subject }
    }
}

fn context() -> SealContext {
    Bound::new().context()
}

fn payload(password: &str) -> SecretPayload {
    let mut payload = SecretPayload::default();
    payload.insert("password", SecretText::new(password.to_owned()));
    payload
}

async fn vault(ring: &str) -> RingVault {
    Store::new().open(ring).await.unwrap().0
}

fn is_integrity(result: Result<SecretPayload, VaultError>) -> bool {
    matches!(result, Err(VaultError::Integrity))
}

#[tokio::test]
async fn no_field_of_the_context_can_be_changed() {
    let vault = vault(K1).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    type Edit = fn(&mut Bound);
    let edits: [(&str, Edit); 11] = [
        ("organisation", |c| c.organization = OrganizationId::parse("acmf").unwrap()),
        ("organisation's case", |c| c.organization = OrganizationId::parse("Acme").unwrap()),
        ("credential", |c| c.id = CredentialId(Uuid::from_u128(0xd))),
        ("next version", |c| c.version = 2),
        ("version before", |c| c.version = 0),
        ("provider", |c| c.provider = ProviderId::parse("sftp").unwrap()),
        ("type", |c| c.credential_type = CredentialType::ApiKey),
        ("destination", |c| c.config.insert("host", ConfigValue::Text("evil.example.test".into()))),
        ("kind of a value", |c| c.config.insert("port", ConfigValue::Text("5432".into()))),
        ("one more field", |c| c.config.insert("sslmode", ConfigValue::Text("disable".into()))),
        ("no config", |c| c.config = PublicConfig::default()),
    ];
    for (what, edit) in edits {
        let mut bound = Bound::new();
        edit(&mut bound);
        assert!(is_integrity(vault.open(&bound.context(), &sealed)), "opened with another {what}");
    }
    let Bound { organization, id, provider, credential_type, config, .. } = Bound::new();
    let flow = FlowId(id.0);
    let flow = SealSubject::AuthorizationFlow { id: flow, provider, credential_type, inputs: config };
    let app = OauthAppId(id.0);
    let app = SealSubject::OauthApp { id: app, app: "postgresql".into(), client_id: "client".into() };
    for subject in [flow, app] {
        let context = SealContext { organization: organization.clone(), subject };
        assert!(is_integrity(vault.open(&context, &sealed)), "opened as {context:?}");
    }
    assert_eq!(vault.open(&context(), &sealed).unwrap().get("password").unwrap().expose(), "hunter2");
}

#[tokio::test]
async fn an_envelope_does_not_open_in_another_deployment_with_the_same_keys() {
    let sealed = vault(K1).await.seal(&context(), &payload("hunter2")).await.unwrap();
    let (other, _) = Store::of_deployment(Uuid::from_u128(0xe)).open(K1).await.unwrap();
    assert!(is_integrity(other.open(&context(), &sealed)));
}

#[tokio::test]
async fn an_envelope_opens_under_the_key_that_it_and_its_row_name_and_no_other() {
    let vault = vault(&format!("{K1},{K2}")).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let (_, k2) = strongroom_vault_ring::KeyRing::parse(K2).unwrap().ids().next().unwrap();
    let column = Sealed { kek_id: k2, ..sealed.clone() };
    assert!(is_integrity(vault.open(&context(), &column)), "only the column was changed");
    let mut both = column;
    both.envelope[2..10].copy_from_slice(&k2.0);
    assert!(is_integrity(vault.open(&context(), &both)), "column and envelope were changed");
    let (stranger, _) = Store::new().open(K2).await.unwrap();
    let absent = stranger.open(&context(), &sealed);
    assert!(matches!(absent, Err(VaultError::UnknownKey(id)) if id == sealed.kek_id));
}

#[tokio::test]
async fn no_envelope_with_one_flipped_bit_opens() {
    let vault = vault(&format!("{K1},{K2}")).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    assert_eq!(sealed.envelope.len(), 10 + 60 + 12 + 64 + 16);
    for bit in 0..sealed.envelope.len() * 8 {
        let mut flipped = sealed.clone();
        flipped.envelope[bit / 8] ^= 1 << (bit % 8);
        assert!(is_integrity(vault.open(&context(), &flipped)), "bit {bit}");
    }
    for bit in 0..64 {
        let mut flipped = sealed.clone();
        flipped.kek_id.0[bit / 8] ^= 1 << (bit % 8);
        assert!(is_integrity(vault.open(&context(), &flipped)), "bit {bit} of the column");
    }
}

#[tokio::test]
async fn bytes_that_are_no_envelope_are_refused_without_a_guess() {
    let vault = vault(K1).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let opened = |envelope: Vec<u8>| vault.open(&context(), &Sealed { kek_id: sealed.kek_id, envelope });
    for length in 0..sealed.envelope.len() {
        assert!(is_integrity(opened(sealed.envelope[..length].to_vec())), "cut to {length} bytes");
    }
    for garbage in [1, 16, 64] {
        assert!(is_integrity(opened([&sealed.envelope[..], &vec![0; garbage]].concat())), "{garbage} more");
    }
    for (format, algorithm) in [(0, 1), (2, 1), (1, 0), (1, 2), (255, 255)] {
        let envelope = [&[format, algorithm], &sealed.envelope[2..]].concat();
        assert!(is_integrity(opened(envelope)), "format {format}, algorithm {algorithm}");
    }
}

#[tokio::test]
async fn equal_payloads_give_different_envelopes_of_equal_length() {
    let vault = vault(K1).await;
    let one = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let other = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let longer = vault.seal(&context(), &payload("hunter2hunter2hunter2")).await.unwrap();
    for part in [10..22, 22..70, 70..82, 82..162] {
        assert_ne!(one.envelope[part.clone()], other.envelope[part]);
    }
    assert_eq!(one.envelope.len(), longer.envelope.len());
    assert_ne!(vault.envelope_digest(&one), vault.envelope_digest(&other));
}

#[tokio::test]
async fn a_payload_over_256_kib_is_not_sealed() {
    let vault = vault(K1).await;
    assert!(vault.seal(&context(), &payload(&"x".repeat(256 * 1024 - 8))).await.is_ok());
    let refused = vault.seal(&context(), &payload(&"x".repeat(256 * 1024))).await;
    assert!(matches!(refused, Err(VaultError::Cipher)));
}

#[tokio::test]
async fn what_an_old_key_sealed_opens_after_a_promotion() {
    let store = Store::new();
    let (before, _) = store.open(K1).await.unwrap();
    let old = before.seal(&context(), &payload("old")).await.unwrap();
    store.open(&format!("{K2},{K1}")).await.unwrap();
    store.make_primary("k2");
    let (after, _) = store.open(&format!("{K1},{K2}")).await.unwrap();
    let new = after.seal(&context(), &payload("new")).await.unwrap();
    assert_eq!((old.kek_id, new.kek_id), (before.primary(), after.primary()));
    assert_ne!(old.kek_id, new.kek_id);
    assert_eq!(after.open(&context(), &old).unwrap().get("password").unwrap().expose(), "old");
    assert_eq!(after.open(&context(), &new).unwrap().get("password").unwrap().expose(), "new");
}

fn any_config_value() -> impl Strategy<Value = ConfigValue> {
    prop_oneof![
        any::<String>().prop_map(ConfigValue::Text),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(ConfigValue::Integer),
        any::<bool>().prop_map(ConfigValue::Boolean),
        vec(any::<String>(), 0..4).prop_map(ConfigValue::List),
    ]
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_is_sealed_opens_to_the_same_in_its_own_context(
        config in btree_map("[a-z0-9_]{1,12}", any_config_value(), 0..6),
        secrets in btree_map("[a-z0-9_]{1,12}", prop_oneof![any::<String>(), Just("x".repeat(5_000))], 0..6),
        version in any::<u64>(),
        id in any::<u128>(),
    ) {
        let mut bound = Bound { version, id: CredentialId(Uuid::from_u128(id)), ..Bound::new() };
        config.into_iter().for_each(|(field, value)| bound.config.insert(field, value));
        let context = bound.context();
        let mut payload = SecretPayload::default();
        for (field, value) in &secrets {
            payload.insert(field.clone(), SecretText::new(value.clone()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let opened = runtime.block_on(async {
            let vault = vault(K1).await;
            let sealed = vault.seal(&context, &payload).await.unwrap();
            vault.open(&context, &sealed).unwrap()
        });
        let opened: Vec<_> = opened.iter().map(|(field, value)| (field, value.expose())).collect();
        let expected: Vec<_> = secrets.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        prop_assert_eq!(opened, expected);
    }
}
