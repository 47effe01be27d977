//! An application on fakes, and the people who call it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_application::{
    Application, Caller, ConfiguredApp, Failure, Limits, OauthSettings, Permitted, Ports, StoreCredential,
    StoredBudget, TestRates, to,
};
use strongroom_domain::audit::Origin;
use strongroom_domain::oauth::{Completion, RedirectAllowList};
use strongroom_domain::{
    AuditEvent, Credential, CredentialId, CredentialStatus, CredentialType, Issuer, Json, OrganizationId,
    Principal, PublicConfig, Reach, Role, Scope, SecretText, Submission, UserId,
};
use strongroom_environment::{
    KeyFileReader, KeyFileRefused, TokenRefusal, TokenRefused, TokenVerifier, VerifiedToken,
};
use strongroom_fake_store::FakeStore;
use strongroom_fixtures::{
    FakeAuthorizationServer, FakeCatalog, FakeTester, FakeVault, RunningClock, SeededIds, SeededRandomness,
    credential, instant, issuer, organization, provider,
};
use time::OffsetDateTime;

/// The fakes that an application runs on. Its time is tokio's, so a test must make it while time is paused.
pub(crate) struct House {
    pub(crate) store: FakeStore,
    pub(crate) vault: Arc<FakeVault>,
    pub(crate) server: Arc<FakeAuthorizationServer>,
    pub(crate) tester: Arc<FakeTester>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) key_files: Arc<KeyFiles>,
    pub(crate) clock: Arc<RunningClock>,
    pub(crate) ids: Arc<SeededIds>,
    pub(crate) settings: Settings,
}

/// Settings that a test may change before it opens the application.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) catalog: FakeCatalog,
    pub(crate) per_provider: u32,
    pub(crate) test_rates: Option<TestRates>,
    pub(crate) completion: Completion,
    pub(crate) redirects: &'static str,
    pub(crate) public_url: Option<&'static str>,
    pub(crate) apps: Vec<&'static str>,
    /// The hosts at which every app is used whose provider has instances.
    pub(crate) app_hosts: Vec<&'static str>,
    pub(crate) hand_out_refresh_tokens: bool,
}

impl House {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(RunningClock::default());
        let vault = Arc::new(FakeVault::new());
        let store = FakeStore::with_clock(vault.clone(), clock.clone());
        Self {
            store,
            vault,
            server: Arc::default(),
            tester: Arc::default(),
            tokens: Arc::default(),
            key_files: Arc::default(),
            clock,
            ids: Arc::new(SeededIds::new(1)),
            settings: Settings {
                catalog: FakeCatalog::default(),
                per_provider: 10,
                test_rates: None,
                completion: Completion::Bound,
                redirects: "https://app.example.test",
                public_url: Some("https://vault.example.test"),
                apps: vec!["drive", "desk", "crm", "machines"],
                app_hosts: vec!["desk.example.test", "north.example.test", "south.example.test"],
                hand_out_refresh_tokens: true,
            },
        }
    }

    /// An instance on this house's store.
    pub(crate) fn open(&self) -> Application {
        self.open_on(&self.store)
    }

    /// Another instance on the same rows.
    pub(crate) fn open_another(&self) -> Application {
        self.open_on(&self.store.another_instance())
    }

    /// An instance on this house's store, with other ports than its own.
    pub(crate) fn open_with(&self, change: impl FnOnce(&mut Ports)) -> Application {
        self.open_changed(&self.store, change)
    }

    fn open_on(&self, store: &FakeStore) -> Application {
        self.open_changed(store, |_| ())
    }

    fn open_changed(&self, store: &FakeStore, change: impl FnOnce(&mut Ports)) -> Application {
        let store = Arc::new(store.clone());
        let mut ports = Ports {
            credentials: store.clone(),
            integrations: store.clone(),
            service_accounts: store.clone(),
            organizations: store.clone(),
            authorization_flows: store.clone(),
            oauth_apps: store.clone(),
            refresh_leases: store.clone(),
            deployment: store.clone(),
            authorization_server: self.server.clone(),
            audit: store.clone(),
            vault: self.vault.clone(),
            purpose_keys: self.vault.clone(),
            catalog: Arc::new(self.settings.catalog.clone()),
            tokens: self.tokens.clone(),
            key_files: self.key_files.clone(),
            testers: self.tester.for_every_protocol(),
            budget: self.settings.test_rates.map(|rates| {
                let (counts, keys) = (store.clone(), self.vault.clone());
                Arc::new(StoredBudget::new(counts, keys, rates.per_destination))
            }),
            destinations: store,
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            randomness: Arc::new(SeededRandomness::new(7)),
        };
        change(&mut ports);
        let settings = &self.settings;
        let app = |name: &&str| {
            let client_secret = Some(SecretText::new("operator-secret".to_owned()));
            (
                (*name).to_owned(),
                Arc::new(ConfiguredApp {
                    client_id: format!("{name}-client"),
                    client_secret,
                    hosts: settings.app_hosts.iter().map(|host| (*host).to_owned()).collect(),
                }),
            )
        };
        let oauth = OauthSettings {
            public_url: settings.public_url.map(str::to_owned),
            completion: settings.completion,
            redirects: RedirectAllowList::parse(settings.redirects).unwrap(),
            apps: settings.apps.iter().map(app).collect::<BTreeMap<_, _>>(),
            hand_out_refresh_tokens: settings.hand_out_refresh_tokens,
        };
        let limits = Limits { credentials_per_provider: settings.per_provider, tests: settings.test_rates };
        Application::start(&ports, &limits, oauth)
    }

    /// Puts an OAuth credential of `drive` into acme's part of the store. Its token ends after `seconds`, and
    /// its refresh is due a little earlier. Its tokens are `old` and `r0`.
    pub(crate) fn granted(&self, seconds: i64) -> Credential {
        let granted = self.granted_in("acme", seconds);
        self.put(&granted, &[("access_token", "old"), ("refresh_token", "r0")]);
        granted
    }

    /// Puts a credential like [`House::granted`] into another organisation. Its refresh token is `r-<id>`.
    pub(crate) fn granted_in(&self, name: &str, seconds: i64) -> Credential {
        let mut granted = credential(&organization(name), self.ids.credential());
        granted.provider = provider("drive");
        granted.credential_type = CredentialType::Oauth2;
        granted.config = PublicConfig::default();
        granted.status = CredentialStatus::Validated;
        granted.access_token_expires_at = Some(instant(seconds));
        granted.refresh_at = Some(instant(seconds - 100));
        self.put(&granted, &[("access_token", "old"), ("refresh_token", &format!("r-{}", granted.id))]);
        granted
    }

    /// Puts a credential with these secret fields into the store.
    pub(crate) fn put(&self, credential: &Credential, secrets: &[(&str, &str)]) {
        self.store.put(self.vault.put_in(credential.clone(), secrets));
    }

    /// The sealed fields of a stored credential, in the clear.
    pub(crate) fn secrets_of(&self, id: CredentialId) -> BTreeMap<String, String> {
        self.vault.look_into(&self.store.sealed(id).unwrap()).unwrap()
    }

    /// Puts an API key of `metrics` into acme's part of the store.
    pub(crate) fn stored(&self) -> Credential {
        let mut stored = credential(&acme(), self.ids.credential());
        stored.provider = provider("metrics");
        stored.credential_type = CredentialType::ApiKey;
        stored.config = PublicConfig::default();
        self.put(&stored, &[("api_key", "k-1")]);
        stored
    }
}

/// A verifier that accepts the tokens which a test has named.
#[derive(Default)]
pub(crate) struct Tokens(std::sync::Mutex<BTreeMap<String, VerifiedToken>>);

impl Tokens {
    pub(crate) fn accept(&self, text: &str, token: VerifiedToken) {
        self.0.lock().unwrap().insert(text.to_owned(), token);
    }
}

impl TokenVerifier for Tokens {
    fn verify(&self, text: &str, _: OffsetDateTime) -> Result<VerifiedToken, TokenRefusal> {
        self.0.lock().unwrap().get(text).cloned().ok_or(TokenRefused::Issuer.into())
    }
}

/// A reader that opens every private key, unless a test has set a refusal.
#[derive(Default)]
pub(crate) struct KeyFiles {
    pub(crate) refused: std::sync::Mutex<Option<KeyFileRefused>>,
    pub(crate) takes: std::sync::Mutex<std::time::Duration>,
    pub(crate) opened: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl KeyFileReader for KeyFiles {
    async fn check<'a>(&self, _: &'a SecretText, _: Option<&'a SecretText>) -> Result<(), KeyFileRefused> {
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        self.opened.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match *self.refused.lock().unwrap() {
            Some(refused) => Err(refused),
            None => Ok(()),
        }
    }
}

pub(crate) fn acme() -> OrganizationId {
    organization("acme")
}

/// A user with this role.
pub(crate) fn user(org: &str, name: &str, role: Role) -> Caller {
    let user = UserId::parse(name).unwrap();
    let roles = BTreeSet::from([role]);
    let (organization, issuer) = (organization(org), Some(issuer()));
    Caller::new(Principal::User { organization, issuer, user, roles }, Origin::default())
}

/// The caller whom another issuer, or none, calls by the same name.
pub(crate) fn namesake(caller: &Caller, of: Option<&str>) -> Caller {
    let mut principal = caller.principal.clone();
    let (Principal::User { issuer, .. } | Principal::ServiceAccount { issuer, .. }) = &mut principal;
    *issuer = of.map(|issuer| Issuer::parse(issuer).unwrap());
    Caller::new(principal, caller.origin.clone())
}

pub(crate) fn admin() -> Caller {
    user("acme", "ann", Role::Admin)
}

pub(crate) fn member() -> Caller {
    user("acme", "ben", Role::Member)
}

/// A service account of acme with these scopes and this reach.
pub(crate) fn service(scopes: &[Scope], reach: Reach) -> Caller {
    let scopes = scopes.iter().copied().collect();
    let id = UserId::parse("engine").unwrap();
    let principal = Principal::ServiceAccount { organization: acme(), issuer: None, id, scopes, reach };
    Caller::new(principal, Origin::default())
}

/// A service account of acme that may do everything a service account can.
pub(crate) fn engine() -> Caller {
    service(&Scope::ALL, Reach::default())
}

/// A service account that reaches only credentials of these providers.
pub(crate) fn engine_for(providers: &[&str]) -> Caller {
    let providers = providers.iter().map(|id| provider(id)).collect();
    service(&Scope::ALL, Reach { providers: Some(providers), credentials: None })
}

/// Admits a caller to an operation that the table must allow.
pub(crate) fn admitted<O: to::Admission>(app: &Application, caller: &Caller) -> Permitted<O> {
    app.access.admit(caller.clone()).unwrap()
}

/// Fields as a client sends them.
pub(crate) fn fields(fields: &[(&str, &str)]) -> Submission {
    let text = |value: &&str| Json::Text(SecretText::new((*value).to_owned()));
    fields.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

/// A credential to store, without optional values.
pub(crate) fn to_store(provider: &str, kind: CredentialType, sent: &[(&str, &str)]) -> StoreCredential {
    StoreCredential {
        provider: provider.to_owned(),
        credential_type: kind,
        credentials: fields(sent),
        name: None,
        expires_at: None,
        slot: None,
        test: false,
    }
}

/// An API key of `metrics`, to be stored.
pub(crate) fn metrics_key(key: &str) -> StoreCredential {
    to_store("metrics", CredentialType::ApiKey, &[("api_key", key)])
}

/// What is wrong with content, as a person reads it.
pub(crate) fn violations(failure: Failure) -> Vec<String> {
    let Failure::Invalid(violations) = failure else { panic!("{failure:?}") };
    violations.iter().map(ToString::to_string).collect()
}

/// A detail of an event, empty when it is not there.
pub(crate) fn detail<'a>(event: &'a AuditEvent, name: &str) -> &'a str {
    event.details.get(name).map_or("", String::as_str)
}
