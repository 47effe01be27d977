//! Holds the configuration of a vault.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use strongroom_application::{ConfiguredApp, TestRates};
use strongroom_domain::SecretText;
use strongroom_domain::oauth::Completion;
use strongroom_egress::EgressSettings;
use strongroom_environment_system::TokenRules;
use strongroom_environment_system::tokens::check_jwks;
use uuid::Uuid;

use crate::diagnosis::Finding;

/// The place from which the key ring is read.
#[derive(Debug)]
pub enum KeySource {
    /// `name:base64` entries separated by commas.
    Inline(SecretText),
    /// A file with one entry a line, which strangers must not be able to read ([`crate::host_files`]).
    File(PathBuf),
}

/// The place from which a secret is read.
#[derive(Debug)]
pub enum SecretSource {
    /// The text of the secret.
    Inline(SecretText),
    /// A file that holds it, which strangers must not be able to read; white space around it is cut off.
    File(PathBuf),
}

/// What happens when the store's migrations are not current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrations {
    /// They are applied.
    Apply,
    /// The start is refused.
    Require,
}

/// An issuer of tokens with public keys in a file.
#[derive(Debug)]
pub struct IssuerFile {
    /// Its name in the settings and the audit trail.
    pub name: String,
    /// What `iss` must be.
    pub issuer: String,
    /// The file with its JWKS (RFC 7517).
    pub jwks_file: PathBuf,
    /// What its tokens may say.
    pub rules: TokenRules,
}

/// A PostgreSQL store.
#[derive(Debug)]
pub(crate) struct PostgresChoice {
    pub(crate) url: SecretText,
    pub(crate) pool_size: u32,
    /// How long a start waits for a database that is not up yet.
    pub(crate) wait: Duration,
    /// What the URL is called in errors.
    pub(crate) setting: String,
}

#[derive(Debug)]
pub(crate) enum StoreChoice {
    Embedded { path: Option<PathBuf> },
    Postgres(PostgresChoice),
}

/// A vault that is being configured. Without any setting it is the embedded one in `./strongroom-data`.
#[derive(Debug)]
pub struct Builder {
    pub(crate) data_dir: PathBuf,
    pub(crate) store: StoreChoice,
    pub(crate) migrations: Migrations,
    pub(crate) keys: Option<KeySource>,
    pub(crate) jwt_secret: Option<SecretSource>,
    pub(crate) local_issuer: (String, String),
    pub(crate) issuers: Vec<IssuerFile>,
    pub(crate) credentials_per_provider: u32,
    pub(crate) deployment_id: Option<Uuid>,
    pub(crate) catalog_overlay: Option<PathBuf>,
    pub(crate) checkpoint_file: Option<PathBuf>,
    pub(crate) egress: EgressSettings,
    pub(crate) test_rates: Option<TestRates>,
    pub(crate) oauth: OauthOptions,
    /// Settings of the embedding program, for the digest of the start event.
    pub(crate) embedder: String,
}

/// The OAuth part of a configuration; it is checked when the vault starts.
#[derive(Debug)]
pub(crate) struct OauthOptions {
    pub(crate) public_url: Option<String>,
    pub(crate) completion: Completion,
    /// When absent, the public URL is the only place to which people may be sent.
    pub(crate) redirect_allowlist: Option<String>,
    pub(crate) apps: BTreeMap<String, Arc<ConfiguredApp>>,
    pub(crate) hand_out_refresh_tokens: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            data_dir: "./strongroom-data".into(),
            store: StoreChoice::Embedded { path: None },
            migrations: Migrations::Apply,
            keys: None,
            jwt_secret: None,
            local_issuer: ("strongroom".into(), "strongroom".into()),
            issuers: Vec::new(),
            credentials_per_provider: 50,
            deployment_id: None,
            catalog_overlay: None,
            checkpoint_file: None,
            egress: EgressSettings::default(),
            test_rates: Some(TestRates::default()),
            oauth: OauthOptions {
                public_url: None,
                completion: Completion::Confirm,
                redirect_allowlist: None,
                apps: BTreeMap::new(),
                hand_out_refresh_tokens: true,
            },
            embedder: String::new(),
        }
    }
}

impl Builder {
    /// Where the embedded store and generated keys live.
    #[must_use]
    pub fn data_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.data_dir = dir.as_ref().to_owned();
        self
    }

    /// Adds settings of the embedding program to the digest of the settings that the event of a start holds,
    /// so that a change of them is on record too. Secrets must be named without their values.
    #[must_use]
    pub fn also_on_record(mut self, settings: &str) -> Self {
        self.embedder = settings.to_owned();
        self
    }

    /// Uses the embedded store in a file of its own instead of `strongroom.db` in the data directory.
    #[must_use]
    pub fn embedded_at(mut self, path: impl AsRef<Path>) -> Self {
        self.store = StoreChoice::Embedded { path: Some(path.as_ref().to_owned()) };
        self
    }

    /// Uses PostgreSQL, with up to `pool_size` connections. The key ring and the JWT secret must then be
    /// given.
    #[must_use]
    pub fn postgres(mut self, url: SecretText, pool_size: u32) -> Self {
        self.store = StoreChoice::Postgres(PostgresChoice {
            url,
            pool_size,
            wait: Duration::ZERO,
            setting: "store.url (STRONGROOM_STORE__URL)".into(),
        });
        self
    }

    /// How long a start or a migration waits for a PostgreSQL server that is not up yet, with a line a second
    /// in the log; not at all unless given. Causes that do not pass, such as a wrong password, are not waited
    /// for.
    #[must_use]
    pub fn postgres_wait(mut self, wait: Duration) -> Self {
        if let StoreChoice::Postgres(choice) = &mut self.store {
            choice.wait = wait;
        }
        self
    }

    /// Where the URL of PostgreSQL comes from, when that is not the setting `store.url`: errors name it.
    #[must_use]
    pub fn postgres_url_from(mut self, setting: &str) -> Self {
        if let StoreChoice::Postgres(choice) = &mut self.store {
            choice.setting = setting.to_owned();
        }
        self
    }

    /// What happens when migrations are missing.
    #[must_use]
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = migrations;
        self
    }

    /// The key ring.
    #[must_use]
    pub fn keys(mut self, source: KeySource) -> Self {
        self.keys = Some(source);
        self
    }

    /// The secret of the local JWT issuer, at least 32 bytes.
    #[must_use]
    pub fn jwt_secret(mut self, source: SecretSource) -> Self {
        self.jwt_secret = Some(source);
        self
    }

    /// `iss` and `aud` of the local issuer's tokens.
    #[must_use]
    pub fn local_issuer(mut self, issuer: &str, audience: &str) -> Self {
        self.local_issuer = (issuer.to_owned(), audience.to_owned());
        self
    }

    /// One more issuer whose tokens are accepted.
    #[must_use]
    pub fn issuer(mut self, issuer: IssuerFile) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// How many credentials an organisation may hold per provider.
    #[must_use]
    pub fn credentials_per_provider(mut self, limit: u32) -> Self {
        self.credentials_per_provider = limit;
        self
    }

    /// The deployment that the store must belong to.
    #[must_use]
    pub fn deployment_id(mut self, id: Uuid) -> Self {
        self.deployment_id = Some(id);
        self
    }

    /// A folder of provider files that add to or replace the built-in ones.
    #[must_use]
    pub fn catalog_overlay(mut self, dir: impl AsRef<Path>) -> Self {
        self.catalog_overlay = Some(dir.as_ref().to_owned());
        self
    }

    /// A file that gets a signed line for each audit checkpoint.
    #[must_use]
    pub fn checkpoint_file(mut self, file: impl AsRef<Path>) -> Self {
        self.checkpoint_file = Some(file.as_ref().to_owned());
        self
    }

    /// The networks that connections to providers may reach beside public addresses.
    #[must_use]
    pub fn egress(mut self, settings: EgressSettings) -> Self {
        self.egress = settings;
        self
    }

    /// How many connection tests may begin within a minute; with `None` tests are not counted.
    #[must_use]
    pub fn test_rates(mut self, rates: Option<TestRates>) -> Self {
        self.test_rates = rates;
        self
    }

    /// The address at which people reach this service: scheme, host and port, perhaps a path. OAuth providers
    /// send their codes there; without it no flow can begin.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        self.oauth.public_url = Some(url.to_owned());
        self
    }

    /// Whether a public URL is set.
    pub fn has_public_url(&self) -> bool {
        self.oauth.public_url.is_some()
    }

    /// Who completes an OAuth flow.
    #[must_use]
    pub fn oauth_completion(mut self, completion: Completion) -> Self {
        self.oauth.completion = completion;
        self
    }

    /// The places to which OAuth flows may send people back: origins, each perhaps with a path, separated by
    /// commas. Without this list they may be sent only to the public URL.
    #[must_use]
    pub fn oauth_redirects(mut self, list: &str) -> Self {
        self.oauth.redirect_allowlist = Some(list.to_owned());
        self
    }

    /// Whether a read of an OAuth credential also returns its refresh token; true unless it is switched off.
    #[must_use]
    pub fn hand_out_refresh_tokens(mut self, hand_out: bool) -> Self {
        self.oauth.hand_out_refresh_tokens = hand_out;
        self
    }

    /// Adds an OAuth app, under the name that provider files give it.
    #[must_use]
    pub fn oauth_app(mut self, name: &str, client_id: &str, client_secret: Option<SecretText>) -> Self {
        let app = ConfiguredApp { client_id: client_id.to_owned(), client_secret, hosts: BTreeSet::new() };
        self.oauth.apps.insert(name.to_ascii_lowercase(), Arc::new(app));
        self
    }

    /// Names the hosts, separated by commas, at which an app is used that was added before. It is needed for
    /// providers whose apps belong to one instance, such as a tenant of Okta.
    #[must_use]
    pub fn oauth_app_hosts(mut self, name: &str, hosts: &str) -> Self {
        if let Some(app) = self.oauth.apps.get_mut(&name.to_ascii_lowercase()).and_then(Arc::get_mut) {
            let hosts = hosts.split(',').map(|host| host.trim().to_ascii_lowercase());
            app.hosts = hosts.filter(|host| !host.is_empty()).collect();
        }
        self
    }

    /// The names of the OAuth apps.
    pub fn oauth_apps(&self) -> impl Iterator<Item = &str> {
        self.oauth.apps.keys().map(String::as_str)
    }

    /// A finding about the key files of issuers: which of them cannot be used, which keys are not used, and
    /// which should not be in the file.
    pub fn issuer_keys_finding(&self) -> Finding {
        let (mut good, mut texts) = (true, Vec::new());
        for issuer in &self.issuers {
            let jwks = std::fs::read_to_string(&issuer.jwks_file);
            let jwks = jwks.map_err(|error| crate::secret_file::unreadable(&error));
            let notes = jwks.and_then(|jwks| check_jwks(jwks).map_err(|problem| problem.to_string()));
            let notes = notes.unwrap_or_else(|problem| {
                good = false;
                texts.push(format!("auth.issuers.{}.jwks_file {problem}", issuer.name));
                Vec::new()
            });
            for note in notes {
                good &= !note.is_used();
                let used = if note.is_used() { "used" } else { "not used" };
                texts.push(format!("auth.issuers.{}: {note} ({used})", issuer.name));
            }
        }
        if texts.is_empty() {
            texts.push(format!("{} beside the local one, every key of theirs is used", self.issuers.len()));
        }
        Finding { warns: false, subject: "issuers", good, text: texts.join("; ") }
    }

    /// Where connections to providers may go.
    pub fn egress_settings(&self) -> &EgressSettings {
        &self.egress
    }

    /// Whether the embedded store is configured.
    pub fn is_embedded(&self) -> bool {
        matches!(self.store, StoreChoice::Embedded { .. })
    }
}
