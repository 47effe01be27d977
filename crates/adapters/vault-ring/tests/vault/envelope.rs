use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::Config;
use strongroom_domain::oauth::{Completion, Connects, FlowId, Initiator};
use strongroom_domain::{
    Actor, AuthorizationFlow, ConfigValue, CredentialId, CredentialName, CredentialType, Issuer, OauthAppId,
    OrganizationId, ProviderId, PublicConfig, Sealed, SecretPayload, SecretText, Slot, UserId,
};
use strongroom_vault::{CredentialFacts, SealContext, SealSubject, Vault, VaultError};
use strongroom_vault_ring::RingVault;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::{K1, K2, Store};

/// What a credential is bound to, with every optional part.
fn facts() -> CredentialFacts {
    let mut config = PublicConfig::default();
    config.insert("host", ConfigValue::Text("db.example.test".into()));
    config.insert("port", ConfigValue::Integer(5432));
    CredentialFacts {
        id: CredentialId(Uuid::from_u128(0xc)),
        version: 1,
        provider: ProviderId::parse("postgresql").unwrap(),
        credential_type: CredentialType::UserPassword,
        config,
        slot: Some(Slot::parse("main").unwrap()),
        pending: false,
        oauth_app: Some(OauthAppId(Uuid::from_u128(0xa))),
        account: Some("1017".into()),
    }
}

fn organization(name: &str) -> OrganizationId {
    OrganizationId::parse(name).unwrap()
}

fn bound(facts: CredentialFacts) -> SealContext {
    SealContext { organization: organization("acme"), subject: SealSubject::Credential(Box::new(facts)) }
}

fn context() -> SealContext {
    bound(facts())
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

/// Another organisation does not have the key that an envelope names.
fn is_closed(result: Result<SecretPayload, VaultError>) -> bool {
    matches!(result, Err(VaultError::Integrity | VaultError::UnknownKey(_)))
}

#[tokio::test]
async fn no_field_of_the_context_can_be_changed() {
    let vault = vault(K1).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    type Edit = fn(&mut CredentialFacts);
    let edits: [(&str, Edit); 17] = [
        ("credential", |c| c.id = CredentialId(Uuid::from_u128(0xd))),
        ("next version", |c| c.version = 2),
        ("version before", |c| c.version = 0),
        ("provider", |c| c.provider = ProviderId::parse("sftp").unwrap()),
        ("type", |c| c.credential_type = CredentialType::ApiKey),
        ("destination", |c| c.config.insert("host", ConfigValue::Text("evil.example.test".into()))),
        ("kind of a value", |c| c.config.insert("port", ConfigValue::Text("5432".into()))),
        ("one more field", |c| c.config.insert("sslmode", ConfigValue::Text("disable".into()))),
        ("no config", |c| c.config = PublicConfig::default()),
        ("slot", |c| c.slot = Some(Slot::parse("nightly").unwrap())),
        ("no slot", |c| c.slot = None),
        ("word on its completion", |c| c.pending = true),
        ("operator's app", |c| c.oauth_app = Some(OauthAppId::OPERATOR)),
        ("no app", |c| c.oauth_app = None),
        ("account", |c| c.account = Some("1018".into())),
        ("no account", |c| c.account = None),
        ("account for a slot", |c| (c.slot, c.account) = (Some(Slot::parse("1017").unwrap()), None)),
    ];
    for (what, edit) in edits {
        let mut facts = facts();
        edit(&mut facts);
        assert!(is_integrity(vault.open(&bound(facts), &sealed).await), "opened with another {what}");
    }
    for name in ["acmf", "Acme"] {
        let context = SealContext { organization: organization(name), ..context() };
        assert!(is_closed(vault.open(&context, &sealed).await), "opened for {name}");
    }
    let flow = SealSubject::AuthorizationFlow { flow: Box::new(flow()), completion_code: None };
    let app = OauthAppId(facts().id.0);
    let app = SealSubject::OauthApp { id: app, app: "postgresql".into(), client_id: "client".into() };
    for subject in [flow, app] {
        let context = SealContext { organization: organization("acme"), subject };
        assert!(is_integrity(vault.open(&context, &sealed).await), "opened as {context:?}");
    }
    assert_eq!(vault.open(&context(), &sealed).await.unwrap().get("password").unwrap().expose(), "hunter2");
}

/// A flow with every optional part.
fn flow() -> AuthorizationFlow {
    AuthorizationFlow {
        organization: OrganizationId::parse("acme").unwrap(),
        id: FlowId(Uuid::from_u128(0xc)),
        state: [1; 32],
        provider: ProviderId::parse("postgresql").unwrap(),
        credential_type: CredentialType::UserPassword,
        app: Some(OauthAppId(Uuid::from_u128(0xa))),
        initiator: Initiator {
            actor: Actor::from_stored(
                "user:alice".into(),
                Some(Issuer::parse("https://id.example.test").unwrap()),
            ),
            id: "alice".into(),
            user: Some(UserId::parse("alice").unwrap()),
            subject: Some([2; 32]),
        },
        redirect_uri: "https://vault.example.test/callback".into(),
        redirect_to: Some("https://app.example.test/".into()),
        name: CredentialName::parse("Mail").unwrap(),
        scope: "mail".into(),
        inputs: PublicConfig::default(),
        completion: Completion::Bound,
        credential: CredentialId(Uuid::from_u128(0xd)),
        reauthorizes: Some(3),
        connects: Some(Connects(Uuid::from_u128(0xe))),
        created_at: OffsetDateTime::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn no_part_of_a_flow_can_be_changed() {
    type Edit = fn(&mut AuthorizationFlow);
    let edits: [(&str, Edit); 25] = [
        ("organisation", |f| f.organization = OrganizationId::parse("acmf").unwrap()),
        ("id", |f| f.id = FlowId(Uuid::from_u128(1))),
        ("state", |f| f.state = [9; 32]),
        ("provider", |f| f.provider = ProviderId::parse("sftp").unwrap()),
        ("type", |f| f.credential_type = CredentialType::ApiKey),
        ("app", |f| f.app = None),
        ("actor", |f| f.initiator.actor = Actor::parse("user:mallory").unwrap()),
        ("issuer", |f| {
            let other = Issuer::parse("https://id2.example.test").unwrap();
            f.initiator.actor = Actor::from_stored("user:alice".into(), Some(other));
        }),
        ("no issuer", |f| f.initiator.actor = Actor::parse("user:alice").unwrap()),
        ("initiator", |f| f.initiator.id = "mallory".into()),
        ("user", |f| f.initiator.user = None),
        ("end user", |f| f.initiator.subject = None),
        ("other end user", |f| f.initiator.subject = Some([3; 32])),
        ("redirect URI", |f| f.redirect_uri.push('2')),
        ("target", |f| f.redirect_to = Some("https://evil.example.test/".into())),
        ("no target", |f| f.redirect_to = None),
        ("name", |f| f.name = CredentialName::parse("Mails").unwrap()),
        ("scope", |f| f.scope.push('s')),
        ("inputs", |f| f.inputs.insert("host", ConfigValue::Text("evil.example.test".into()))),
        ("completion", |f| f.completion = Completion::Confirm),
        ("credential", |f| f.credential = CredentialId(Uuid::from_u128(2))),
        ("revision", |f| f.reauthorizes = Some(4)),
        ("new credential", |f| f.reauthorizes = None),
        ("connection", |f| f.connects = None),
        ("time", |f| f.created_at += time::Duration::MICROSECOND),
    ];
    let vault = vault(K1).await;
    for code in [None, Some([4; 32])] {
        let sealed = vault.seal(&SealContext::of_flow(&flow(), code), &payload("hunter2")).await.unwrap();
        for (what, edit) in edits {
            let mut flow = flow();
            edit(&mut flow);
            let context = SealContext::of_flow(&flow, code);
            assert!(is_closed(vault.open(&context, &sealed).await), "opened with another {what}");
        }
        for other in [None, Some([4; 32]), Some([5; 32])].into_iter().filter(|other| *other != code) {
            let context = SealContext::of_flow(&flow(), other);
            assert!(is_integrity(vault.open(&context, &sealed).await), "opened with {other:?}");
        }
        assert!(vault.open(&SealContext::of_flow(&flow(), code), &sealed).await.is_ok());
    }
}

#[tokio::test]
async fn no_part_of_an_app_can_be_changed() {
    let vault = vault(K1).await;
    let app = |id, app: &str, client_id: &str| SealContext {
        organization: OrganizationId::parse("acme").unwrap(),
        subject: SealSubject::OauthApp {
            id: OauthAppId(Uuid::from_u128(id)),
            app: app.into(),
            client_id: client_id.into(),
        },
    };
    let sealed = vault.seal(&app(1, "google", "client"), &payload("hunter2")).await.unwrap();
    for other in [app(2, "google", "client"), app(1, "hubspot", "client"), app(1, "google", "clients")] {
        assert!(is_integrity(vault.open(&other, &sealed).await), "opened as {other:?}");
    }
    assert!(vault.open(&app(1, "google", "client"), &sealed).await.is_ok());
}

#[tokio::test]
async fn an_envelope_does_not_open_in_another_deployment_with_the_same_keys() {
    let (store, elsewhere) = (Store::new(), Store::of_deployment(Uuid::from_u128(0xe)));
    let (vault, _) = store.open(K1).await.unwrap();
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let (other, _) = elsewhere.open(K1).await.unwrap();
    let absent = other.open(&context(), &sealed).await;
    assert!(matches!(absent, Err(VaultError::UnknownKey(id)) if id == sealed.kek_id));
    elsewhere.state().organization_keys = store.state().organization_keys.clone();
    assert!(is_integrity(other.open(&context(), &sealed).await));
}

#[tokio::test]
async fn an_envelope_opens_under_the_key_that_it_and_its_row_name_and_no_other() {
    let store = Store::new();
    let (vault, _) = store.open(K1).await.unwrap();
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let of_globex = SealContext { organization: organization("globex"), ..context() };
    let other = vault.seal(&of_globex, &payload("hunter2")).await.unwrap().kek_id;
    let column = Sealed { kek_id: other, ..sealed.clone() };
    assert!(is_integrity(vault.open(&context(), &column).await), "only the column was changed");
    let mut both = column;
    both.envelope[2..10].copy_from_slice(&other.0);
    let absent = vault.open(&context(), &both).await;
    assert!(matches!(absent, Err(VaultError::UnknownKey(id)) if id == other), "another organisation's key");
    // A root key does not stand in for an organisation's key, nor is the format a matter of the first byte.
    both.envelope[2..10].copy_from_slice(&vault.primary().0);
    both.kek_id = vault.primary();
    assert!(matches!(vault.open(&context(), &both).await, Err(VaultError::UnknownKey(_))));
    both.envelope[0] = 1;
    assert!(is_integrity(vault.open(&context(), &both).await));
}

#[tokio::test]
async fn no_envelope_with_one_flipped_bit_opens() {
    let vault = vault(&format!("{K1},{K2}")).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    assert_eq!(sealed.envelope.len(), 10 + 16 + 60 + 12 + 64 + 16);
    for bit in 0..sealed.envelope.len() * 8 {
        let mut flipped = sealed.clone();
        flipped.envelope[bit / 8] ^= 1 << (bit % 8);
        assert!(is_integrity(vault.open(&context(), &flipped).await), "bit {bit}");
    }
    for bit in 0..64 {
        let mut flipped = sealed.clone();
        flipped.kek_id.0[bit / 8] ^= 1 << (bit % 8);
        assert!(is_integrity(vault.open(&context(), &flipped).await), "bit {bit} of the column");
    }
}

#[tokio::test]
async fn bytes_that_are_no_envelope_are_refused_without_a_guess() {
    let vault = vault(K1).await;
    let sealed = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let opened =
        async |envelope: Vec<u8>| vault.open(&context(), &Sealed { kek_id: sealed.kek_id, envelope }).await;
    for length in 0..sealed.envelope.len() {
        assert!(is_integrity(opened(sealed.envelope[..length].to_vec()).await), "cut to {length} bytes");
    }
    for garbage in [1, 16, 64] {
        assert!(
            is_integrity(opened([&sealed.envelope[..], &vec![0; garbage]].concat()).await),
            "{garbage} more"
        );
    }
    for (format, algorithm) in [(0, 1), (1, 1), (3, 1), (2, 0), (2, 2), (255, 255)] {
        let envelope = [&[format, algorithm], &sealed.envelope[2..]].concat();
        assert!(is_integrity(opened(envelope).await), "format {format}, algorithm {algorithm}");
    }
}

#[tokio::test]
async fn equal_payloads_give_different_envelopes_of_equal_length() {
    let vault = vault(K1).await;
    let one = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let other = vault.seal(&context(), &payload("hunter2")).await.unwrap();
    let longer = vault.seal(&context(), &payload("hunter2hunter2hunter2")).await.unwrap();
    for part in [10..26, 26..38, 38..86, 86..98, 98..178] {
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
        let mut facts = CredentialFacts { version, id: CredentialId(Uuid::from_u128(id)), ..facts() };
        config.into_iter().for_each(|(field, value)| facts.config.insert(field, value));
        let context = bound(facts);
        let mut payload = SecretPayload::default();
        for (field, value) in &secrets {
            payload.insert(field.clone(), SecretText::new(value.clone()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let opened = runtime.block_on(async {
            let vault = vault(K1).await;
            let sealed = vault.seal(&context, &payload).await.unwrap();
            vault.open(&context, &sealed).await.unwrap()
        });
        let opened: Vec<_> = opened.iter().map(|(field, value)| (field, value.expose())).collect();
        let expected: Vec<_> = secrets.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        prop_assert_eq!(opened, expected);
    }
}
