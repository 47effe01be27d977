//! Settings: defaults, then a file, then the environment. They are checked completely before anything starts.

mod environment;
mod issuers;
mod keys;
mod layers;
mod raw;
mod remark;
mod unknown;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use strongroom::{
    Builder, Completion, EgressSettings, KeySource, Migrations, SecretSource, Strongroom, TestRates,
};
use strongroom_domain::SecretText;
use strongroom_http_kit::TrustedProxies;
use validator::Validate;

pub(crate) use environment::{Environment, hide_secrets};
pub(crate) use raw::LogFormat;
use raw::Raw;
use remark::Remark;

/// The settings of the server, and the configured composition.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) behind_proxy: bool,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) data_dir: PathBuf,
    /// Where callers reach this server, when the operator has said so.
    pub(crate) public_url: Option<String>,
    /// How long a connection is kept without a request.
    pub(crate) keep_alive: Duration,
    /// The composition, configured and not started.
    pub(crate) builder: Builder,
    /// What the operator should know about where the settings come from.
    pub(crate) remarks: Vec<Remark>,
}

impl Settings {
    /// Loads and checks all settings.
    ///
    /// # Errors
    /// The error names the setting and the rule, never a value.
    pub(crate) fn load(file: Option<&Path>, environment: &Environment) -> anyhow::Result<Self> {
        let layers::Merged { raw, remarks } = layers::merge(file, environment)?;
        if let Err(errors) = raw.validate() {
            bail!("{}", raw::explain(&errors));
        }
        issuers::check_local(&raw.auth.issuer)?;
        let listen = listen(&raw, environment)?;
        if !listen.ip().is_loopback() && !raw.server.behind_proxy {
            bail!(
                "server.listen (STRONGROOM_SERVER__LISTEN) is not a loopback address: set server.behind_proxy \
                 (STRONGROOM_SERVER__BEHIND_PROXY=true) when a proxy in front of it speaks TLS"
            );
        }
        let metrics_listen = raw.server.metrics_listen.as_deref().map(|text| {
            text.parse()
                .context("server.metrics_listen (STRONGROOM_SERVER__METRICS_LISTEN) must be address:port")
        });
        let metrics_listen = metrics_listen.transpose()?;
        let behind_proxy = raw.server.behind_proxy;
        let trusted_proxies = TrustedProxies::parse(&raw.server.trusted_proxies)
            .context("server.trusted_proxies (STRONGROOM_SERVER__TRUSTED_PROXIES)")?;
        let keep_alive = raw.server.keep_alive;
        let own =
            format!("{listen:?} {metrics_listen:?} {behind_proxy:?} {trusted_proxies:?} {keep_alive:?}");
        Ok(Self {
            listen,
            metrics_listen,
            behind_proxy,
            trusted_proxies,
            log_format: raw.log.format,
            public_url: raw.server.public_url.clone(),
            keep_alive: Duration::from_secs(keep_alive),
            data_dir: PathBuf::from(&raw.data_dir),
            remarks,
            builder: configure(raw, environment)?.also_on_record(&own),
        })
    }
}

fn listen(raw: &Raw, environment: &Environment) -> anyhow::Result<SocketAddr> {
    let port = environment.get("PORT").filter(|_| environment.get("STRONGROOM_SERVER__LISTEN").is_none());
    if let Some(port) = port {
        let port: u16 = port.parse().context("PORT must be a port, 0 to 65535")?;
        let host = if raw.server.behind_proxy { [0, 0, 0, 0] } else { [127, 0, 0, 1] };
        return Ok((host, port).into());
    }
    raw.server
        .listen
        .parse()
        .context("server.listen (STRONGROOM_SERVER__LISTEN) must be address:port, such as 127.0.0.1:8080")
}

fn configure(raw: Raw, environment: &Environment) -> anyhow::Result<Builder> {
    let mut builder = Strongroom::builder()
        .data_dir(&raw.data_dir)
        .migrations(match raw.store.migrate {
            raw::Migrate::Auto => Migrations::Apply,
            raw::Migrate::Never => Migrations::Require,
        })
        .credentials_per_provider(raw.limits.credentials_per_provider)
        .local_issuer(&raw.auth.issuer, &raw.auth.audience);
    builder = builder.egress(EgressSettings {
        allow_cidrs: raw.egress.allow_cidrs,
        allow_hosts: raw.egress.allow_hosts,
        allow_ports: raw.egress.allow_ports,
        dns: raw.egress.dns,
        internal_postgresql_hosts: raw.egress.internal_postgresql_hosts,
        plain_http: raw.egress.plain_http,
    });
    builder = builder.test_rates(raw.limits.enabled.then_some(TestRates {
        per_user: raw.limits.tests_per_user,
        per_organization: raw.limits.tests_per_organization,
        per_destination: raw.limits.tests_per_destination,
    }));
    builder = configure_store(builder, raw.store, environment)?;
    match (raw.vault.keys, raw.vault.keys_file) {
        (Some(_), Some(_)) => bail!("set vault.keys or vault.keys_file, not both"),
        (Some(keys), None) => builder = builder.keys(KeySource::Inline(SecretText::new(keys))),
        (None, Some(file)) => builder = builder.keys(KeySource::File(file.into())),
        (None, None) => {}
    }
    match (raw.auth.jwt_secret, raw.auth.jwt_secret_file) {
        (Some(_), Some(_)) => bail!("set auth.jwt_secret or auth.jwt_secret_file, not both"),
        (Some(secret), None) => builder = builder.jwt_secret(SecretSource::Inline(SecretText::new(secret))),
        (None, Some(file)) => builder = builder.jwt_secret(SecretSource::File(file.into())),
        (None, None) => {}
    }
    for (name, issuer) in raw.auth.issuers {
        builder = builder.issuer(issuers::read(name, issuer)?);
    }
    if let Some(id) = raw.deployment_id {
        let id = id.parse().ok().context("deployment_id (STRONGROOM_DEPLOYMENT_ID) must be a UUID")?;
        builder = builder.deployment_id(id);
    }
    builder = configure_oauth(builder, raw.server.public_url, raw.oauth);
    if let Some(dir) = raw.catalog.dir {
        builder = builder.catalog_overlay(dir);
    }
    if let Some(file) = raw.audit.checkpoint_file {
        builder = builder.checkpoint_file(file);
    }
    Ok(builder)
}

fn configure_store(
    builder: Builder,
    store: raw::Store,
    environment: &Environment,
) -> anyhow::Result<Builder> {
    let (url, setting) = match (store.url, environment.get("DATABASE_URL")) {
        (Some(url), _) => (url, "store.url (STRONGROOM_STORE__URL)"),
        (None, Some(url)) => (url.to_owned(), "DATABASE_URL"),
        (None, None) => return Ok(builder),
    };
    // Files of secrets end with a line feed.
    let url = url.trim().to_owned();
    if url.starts_with(['"', '\'']) {
        bail!("{setting} stands in quotes; leave them out");
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let builder = builder.postgres(SecretText::new(url), store.pool_size).postgres_url_from(setting);
        return Ok(builder.postgres_wait(Duration::from_secs(store.wait_s)));
    }
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(builder.embedded_at(path)),
        Some(_) => bail!("{setting} must have a path behind sqlite:"),
        None => bail!("{setting} must begin with postgres:// or sqlite:"),
    }
}

fn configure_oauth(mut builder: Builder, public_url: Option<String>, oauth: raw::Oauth) -> Builder {
    builder = builder.hand_out_refresh_tokens(oauth.hand_out_refresh_tokens).oauth_completion(
        match oauth.completion {
            raw::CompletionName::Confirm => Completion::Confirm,
            raw::CompletionName::Bound => Completion::Bound,
        },
    );
    if let Some(url) = public_url {
        builder = builder.public_url(&url);
    }
    if let Some(list) = oauth.redirect_allowlist {
        builder = builder.oauth_redirects(&list);
    }
    for (name, app) in oauth.apps {
        let secret = app.client_secret.filter(|secret| !secret.is_empty()).map(SecretText::new);
        builder = builder.oauth_app(&name, &app.client_id.unwrap_or_default(), secret);
        if let Some(hosts) = app.hosts {
            builder = builder.oauth_app_hosts(&name, &hosts);
        }
    }
    builder
}
