//! Turns a configuration into a running vault.

use std::sync::Arc;

use strongroom_application::{Application, Limits, OauthSettings, Ports, StoredBudget};
use strongroom_catalog_files::FileCatalog;
use strongroom_domain::Provider;
use strongroom_egress::Egress;
use strongroom_environment::Catalog;
use strongroom_environment_system::{
    IssuerKeys, IssuerSettings, JwtVerifier, LocalIssuer, RusshKeyFiles, SystemClock, SystemIds,
    SystemRandomness, TokenRules,
};
use strongroom_oauth_http::OauthHttp;
use strongroom_provider_tester::Testers;
use strongroom_tester_http::HttpTester;
use strongroom_tester_postgres::PostgresTester;
use strongroom_tester_sftp::SftpTester;
use strongroom_vault::PurposeKeys;
use strongroom_vault_ring::{KeyRing, KeyStatus, OpenVaultError, RingPurposeKeys, RingVault};
use zeroize::Zeroizing;

use crate::background::{Background, CheckpointFile};
use crate::builder::StoreChoice;
use crate::data_dir::{DataDir, ServeLock};
use crate::diagnosis::SUPERUSER;
use crate::error::chain;
use crate::issuer_keys::IssuerKeyFiles;
use crate::key_sources::{jwt_secret, key_ring, make_missing_keys, of_keys, random_secret};
use crate::store_guard::StoreGuard;
use crate::stores::{Database, Stores};
use crate::tester_runtime::TesterRuntime;
use crate::{Builder, Migrations, StartError, Strongroom, TokenIssuer, host_files, secret_file};

impl Builder {
    /// Starts the vault as a server: sets the embedded store up when there is none, refuses a second server
    /// on one data directory, and works in the background until [`Strongroom::shutdown`].
    pub async fn start(self) -> Result<Strongroom, StartError> {
        let data_dir = data_dir(&self);
        let mut lock = None;
        let mut first_start = false;
        let prepared = check_settings(&self, &data_dir)?;
        if self.is_embedded() {
            match self.migrations {
                Migrations::Apply => data_dir.create()?,
                Migrations::Require => data_dir.require()?,
            }
            lock = Some(data_dir.lock_for_serving()?);
            first_start = data_dir.initialize(|dir, found| make_missing_keys(&self, dir, found)).await?;
        }
        let settings = format!("{self:?}\ncatalog {:02x?}", prepared.catalog.digest());
        let mut strongroom = assemble(prepared, &self, &data_dir, lock, true).await?;
        if strongroom.stores.database.is_superuser().await? {
            tracing::warn!("{SUPERUSER}");
        }
        strongroom.first_start = first_start;
        strongroom.application.audit.record_start(&settings).await?;
        Ok(strongroom)
    }

    /// Opens the vault for one command, also while a server runs: nothing is set up, and there are no
    /// background tasks.
    pub async fn open(self) -> Result<Strongroom, StartError> {
        let data_dir = data_dir(&self);
        if self.is_embedded() {
            data_dir.require()?;
        }
        let prepared = check_settings(&self, &data_dir)?;
        assemble(prepared, &self, &data_dir, None, false).await
    }

    /// Sets the store up, or brings its migrations up to date, and does nothing else.
    pub async fn migrate(self) -> Result<(), StartError> {
        let data_dir = data_dir(&self);
        check_settings(&self, &data_dir)?;
        if self.is_embedded() {
            data_dir.create()?;
            data_dir.initialize(|dir, found| make_missing_keys(&self, dir, found)).await?;
            // The ring must be there, or the store is not ready for anything.
            key_ring(&self, &data_dir)?;
        }
        Database::open(&self.store, &data_dir, true)
            .await?
            .migrate(Migrations::Apply, &self.store, &data_dir)
            .await
    }

    /// The keys that the store and the key ring know. It also answers when the two do not fit together and
    /// [`Self::open`] would fail.
    pub async fn key_status(self) -> Result<Vec<KeyStatus>, StartError> {
        let data_dir = data_dir(&self);
        if self.is_embedded() {
            data_dir.require()?;
        }
        let database = Database::open(&self.store, &data_dir, false).await?;
        let ring = key_ring(&self, &data_dir)?;
        Ok(strongroom_vault_ring::key_status(&ring, database.deployment().as_ref()).await?)
    }

    /// Returns the local token issuer, without opening the store.
    pub fn token_issuer(&self) -> Result<TokenIssuer, StartError> {
        let data_dir = data_dir(self);
        if self.is_embedded() && self.jwt_secret.is_none() {
            data_dir.require()?;
        }
        local_issuer(self, &jwt_secret(self, &data_dir)?)
    }

    /// Returns the providers of the catalog, in the order of their ids, without opening the store.
    ///
    /// # Errors
    /// All problems of all provider files.
    pub fn providers(&self) -> Result<Vec<Arc<Provider>>, StartError> {
        Ok(catalog(self)?.all())
    }
}

fn data_dir(builder: &Builder) -> DataDir {
    let database = match &builder.store {
        StoreChoice::Embedded { path } => path.as_deref(),
        StoreChoice::Postgres(_) => None,
    };
    DataDir::new(&builder.data_dir, database)
}

/// The parts that depend on settings alone. They are built once: [`check_settings`] makes them before
/// anything is set up, and [`assemble`] uses them.
struct Prepared {
    /// `None` when the ring is in the data directory, which a first start has yet to make.
    ring: Option<KeyRing>,
    /// `None` when the secret is in the data directory.
    tokens: Option<Tokens>,
    catalog: FileCatalog,
    egress: Egress,
    oauth: OauthSettings,
}

/// The issuer of local tokens, and the verifier of all tokens.
struct Tokens {
    issuer: TokenIssuer,
    verifier: Arc<JwtVerifier>,
}

async fn assemble(
    prepared: Prepared,
    builder: &Builder,
    data_dir: &DataDir,
    lock: Option<ServeLock>,
    background: bool,
) -> Result<Strongroom, StartError> {
    let Prepared { ring, tokens, catalog, egress, oauth } = prepared;
    let ring = ring.map_or_else(|| key_ring(builder, data_dir), Ok)?;
    let tokens = tokens.map_or_else(|| tokens_of(builder, jwt_secret(builder, data_dir)?), Ok)?;
    let (database, deployment_id) = open_store(builder, data_dir, background).await?;
    let opened = open_vault(ring, &database).await;
    let (vault, purpose_keys) = opened.map_err(|error| of_vault(builder, data_dir, error))?;
    let stores = database.with_keys(purpose_keys.clone());
    let budget = budget(builder, &stores, purpose_keys.clone());
    let egress = match &budget {
        Some(budget) => egress.with_budget(budget.clone()),
        None => egress,
    };
    let guard = StoreGuard::new(egress.clone(), &builder.store);
    guard.protect().await;
    let ports = Ports {
        credentials: stores.credentials.clone(),
        integrations: stores.integrations.clone(),
        service_accounts: stores.service_accounts.clone(),
        organizations: stores.organizations.clone(),
        authorization_flows: stores.authorization_flows.clone(),
        oauth_apps: stores.oauth_apps.clone(),
        refresh_leases: stores.refresh_leases.clone(),
        deployment: stores.deployment.clone(),
        authorization_server: Arc::new(OauthHttp::new(egress.clone(), catalog.declarations())),
        audit: stores.audit.clone(),
        vault,
        purpose_keys,
        testers: testers(&egress, &catalog),
        catalog: Arc::new(catalog),
        tokens: tokens.verifier.clone(),
        key_files: Arc::new(RusshKeyFiles::new()),
        destinations: stores.destinations.clone(),
        budget,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        randomness: Arc::new(SystemRandomness),
    };
    let application = Application::start(&ports, &limits(builder), oauth);
    let stores = Arc::new(stores);
    let file = checkpoint_file(builder, data_dir);
    let keys = issuer_keys(builder, tokens.verifier);
    let background =
        background.then(|| Background::start(application.clone(), stores.clone(), guard, keys, file));
    Ok(Strongroom {
        application,
        stores,
        issuer: tokens.issuer,
        egress,
        deployment_id,
        first_start: false,
        background,
        _lock: lock,
    })
}

fn of_vault(builder: &Builder, data_dir: &DataDir, error: OpenVaultError) -> StartError {
    match error {
        OpenVaultError::Store(error) => error.into(),
        misfit => of_keys(builder, data_dir, chain(&misfit)),
    }
}

fn limits(builder: &Builder) -> Limits {
    Limits { credentials_per_provider: builder.credentials_per_provider, tests: builder.test_rates }
}

/// The key files of issuers, for the task that reads them again.
fn issuer_keys(builder: &Builder, verifier: Arc<JwtVerifier>) -> IssuerKeyFiles {
    let files = builder.issuers.iter().map(|file| (file.name.clone(), file.jwks_file.clone()));
    IssuerKeyFiles::new(verifier, files)
}

/// Opens and migrates the store, and returns it with the id of its deployment, which must be the expected
/// one.
async fn open_store(
    builder: &Builder,
    data_dir: &DataDir,
    waits: bool,
) -> Result<(Database, uuid::Uuid), StartError> {
    let database = Database::open(&builder.store, data_dir, waits).await?;
    database.migrate(builder.migrations, &builder.store, data_dir).await?;
    let found = database.deployment().deployment_id().await?;
    match builder.deployment_id {
        Some(expected) if expected != found => Err(StartError::Deployment { found, expected }),
        _ => Ok((database, found)),
    }
}

/// Opens the vault and the purpose keys. The key ring must be the one that the store knows.
async fn open_vault(
    ring: KeyRing,
    database: &Database,
) -> Result<(Arc<RingVault>, Arc<RingPurposeKeys>), OpenVaultError> {
    let deployment = database.deployment();
    let (organizations, ledger) = (database.organization_keys(), database.ledger());
    let (vault, keys) =
        strongroom_vault_ring::open_vault(ring, deployment.as_ref(), organizations, ledger, &SystemIds)
            .await?;
    Ok((Arc::new(vault), Arc::new(keys)))
}

/// Refuses settings with which the vault cannot run, before anything is set up. Returns the parts that were
/// built for these checks.
fn check_settings(builder: &Builder, data_dir: &DataDir) -> Result<Prepared, StartError> {
    let given = builder.keys.is_some() || !builder.is_embedded();
    let ring = given.then(|| key_ring(builder, data_dir)).transpose()?;
    let given = builder.jwt_secret.is_some() || !builder.is_embedded();
    let tokens = if given {
        Some(tokens_of(builder, jwt_secret(builder, data_dir)?)?)
    } else {
        // The issuers are checked too, with a random secret in place of the one that a first start would
        // make.
        tokens_of(builder, Zeroizing::new(random_secret()?.as_bytes().to_vec()))?;
        None
    };
    Ok(Prepared {
        ring,
        tokens,
        catalog: catalog(builder)?,
        egress: Egress::new(&builder.egress)?,
        oauth: crate::oauth_options::settings(&builder.oauth)?,
    })
}

/// Makes the testers, which run on threads of their own.
fn testers(egress: &Egress, catalog: &FileCatalog) -> Testers {
    let runtime = TesterRuntime::default();
    Testers {
        sftp: runtime.isolate(SftpTester::new(egress.clone())),
        postgresql: runtime.isolate(PostgresTester::new(egress.clone())),
        http: runtime.isolate(HttpTester::new(egress.clone(), Arc::new(SystemClock), catalog.declarations())),
    }
}

/// The budgets of destinations, when they are counted.
fn budget(builder: &Builder, stores: &Stores, keys: Arc<dyn PurposeKeys>) -> Option<Arc<StoredBudget>> {
    let rates = builder.test_rates?;
    Some(Arc::new(StoredBudget::new(stores.destinations.clone(), keys, rates.per_destination)))
}

fn catalog(builder: &Builder) -> Result<FileCatalog, StartError> {
    let Some(dir) = &builder.catalog_overlay else { return Ok(FileCatalog::embedded()?) };
    // Who can change a provider's file decides where its secrets are sent.
    let mut paths = vec![dir.clone()];
    paths.extend(std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()));
    for path in paths {
        host_files::refuse_changeable(&path).map_err(|problem| {
            StartError::setting("catalog.dir", format!("{}: {problem}", path.display()))
        })?;
    }
    Ok(FileCatalog::with_overlay(dir)?)
}

fn checkpoint_file(builder: &Builder, data_dir: &DataDir) -> Option<CheckpointFile> {
    let own = builder.is_embedded().then(|| CheckpointFile::Own(data_dir.checkpoint_file()));
    builder.checkpoint_file.clone().map(CheckpointFile::Named).or(own)
}

fn local_issuer(builder: &Builder, secret: &[u8]) -> Result<TokenIssuer, StartError> {
    let (issuer, audience) = builder.local_issuer.clone();
    Ok(TokenIssuer(LocalIssuer::new(issuer, audience, secret)?))
}

fn tokens_of(builder: &Builder, secret: Zeroizing<Vec<u8>>) -> Result<Tokens, StartError> {
    let issuer = local_issuer(builder, &secret)?;
    Ok(Tokens { issuer, verifier: Arc::new(JwtVerifier::new(issuers(builder, secret)?)?) })
}

fn issuers(builder: &Builder, secret: Zeroizing<Vec<u8>>) -> Result<Vec<IssuerSettings>, StartError> {
    let (issuer, audience) = builder.local_issuer.clone();
    let mut issuers = vec![IssuerSettings {
        name: "local".into(),
        issuer,
        keys: IssuerKeys::Secret(secret),
        rules: TokenRules::for_audience(audience),
    }];
    for file in &builder.issuers {
        let (setting, path) = (format!("auth.issuers.{}.jwks_file", file.name), file.jwks_file.display());
        let failed = |problem: String| StartError::setting(&setting, format!("{path}: {problem}"));
        host_files::refuse_changeable(&file.jwks_file).map_err(failed)?;
        let jwks = std::fs::read_to_string(&file.jwks_file)
            .map_err(|error| failed(secret_file::unreadable(&error)))?;
        issuers.push(IssuerSettings {
            name: file.name.clone(),
            issuer: file.issuer.clone(),
            keys: IssuerKeys::Jwks(jwks),
            rules: file.rules.clone(),
        });
    }
    Ok(issuers)
}
