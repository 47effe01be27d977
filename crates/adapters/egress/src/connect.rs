use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::Ipv6Net;
use rustls::ClientConfig;
use strongroom_provider_tester::DestinationBudget;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::field::display;

use crate::connect_error::ConnectError;
use crate::host::Host;
use crate::policy::Policy;
use crate::protected::Protected;
use crate::purpose::Purpose;
use crate::resolve::Resolver;
use crate::settings::{EgressSettings, EgressSettingsError};
use crate::stream::CheckedStream;
use crate::tls::{self, TlsError};

/// How long connecting may take in total, over all addresses of a name.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Where a connection should go.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The purpose of the connection.
    pub purpose: Purpose,
    /// A host name or an IP address, as the caller wrote it.
    pub host: &'a str,
    /// The TCP port.
    pub port: u16,
    /// Whether a catalog file names this port, which makes it allowed.
    pub port_is_fixed: bool,
}

/// The egress policy with its resolver. Cheap to clone; works on any tokio runtime.
#[derive(Clone)]
pub struct Egress {
    policy: Arc<Policy>,
    resolver: Arc<Resolver>,
    protected: Arc<Protected>,
    budget: Option<Arc<dyn DestinationBudget>>,
    tls: Arc<ClientConfig>,
}

/// The connections of one test: each name is resolved once, each destination and address is counted once.
pub struct Session {
    egress: Egress,
    /// The budget in the place of that of connection tests.
    counts: Option<Arc<dyn DestinationBudget>>,
    names: Mutex<HashMap<String, Result<Vec<IpAddr>, ConnectError>>>,
    counted: Mutex<HashSet<String>>,
}

impl Egress {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`EgressSettingsError`] names the setting, the entry and the rule.
    pub fn new(settings: &EgressSettings) -> Result<Self, EgressSettingsError> {
        let policy = Policy::parse(settings)?;
        // The ring provider has all that the configuration needs, so this error should never appear.
        let unavailable = |error: TlsError| EgressSettingsError { key: "tls", rule: error.to_string() };
        Ok(Self {
            resolver: Arc::new(Resolver::new(policy.name_servers.clone())),
            policy: Arc::new(policy),
            protected: Arc::default(),
            budget: None,
            tls: tls::verifying().map_err(unavailable)?,
        })
    }

    /// Counts connection tests against the budget of their destinations.
    #[must_use]
    pub fn with_budget(self, budget: Arc<dyn DestinationBudget>) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Adds roots to the public ones for what [`Egress::tls`] verifies. It is for tests only: no setting
    /// calls it.
    ///
    /// # Errors
    /// [`TlsError`] when the PEM text holds no certificate, or one that cannot be read.
    pub fn with_roots(self, pem: &str) -> Result<Self, TlsError> {
        Ok(Self { tls: tls::verifying_also(pem)?, ..self })
    }

    /// The TLS configuration of HTTP, OAuth, JWKS and webhooks.
    pub fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Refuses an endpoint whatever the settings allow: the service's own listener, the store. The
    /// unspecified address, and any address that this host has now, stand for every address of this host.
    /// This applies to all clones.
    pub fn protect(&self, endpoint: SocketAddr) {
        self.protected.add(endpoint);
    }

    /// Refuses the store by its name, and by the addresses to which the system resolves it now. Call it again
    /// when they may have changed; earlier addresses stay refused. This applies to all clones.
    pub async fn protect_name(&self, host: &str, port: u16) {
        match Host::parse(host) {
            Ok(Host::Ip(ip)) => return self.protect(SocketAddr::new(ip, port)),
            Ok(Host::Name(name)) => self.protected.add_name(name, port),
            // This is the path of a Unix socket. This crate connects to none.
            Err(_) if host.starts_with(['/', '@']) => return,
            // This crate never connects to a host that it cannot parse, but the store's driver may.
            Err(_) => {}
        }
        match tokio::net::lookup_host((host, port)).await {
            Ok(addresses) => addresses.for_each(|address| self.protect(address)),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "the store's name has no address yet to protect");
            }
        }
    }

    /// Whether HTTP without TLS is allowed.
    pub fn allows_plain_http(&self) -> bool {
        self.policy.plain_http
    }

    /// Begins a session: the connections of one test or request. Connection tests are counted.
    pub fn session(&self) -> Session {
        Session { egress: self.clone(), counts: None, names: Mutex::default(), counted: Mutex::default() }
    }

    /// Begins a session whose connections are counted by this budget, whatever their purpose is.
    pub fn counted_session(&self, budget: Arc<dyn DestinationBudget>) -> Session {
        Session { counts: Some(budget), ..self.session() }
    }
}

impl Session {
    /// Opens a connection, or returns why not. It takes at most 2 s to resolve and 3 s to connect.
    ///
    /// # Errors
    /// [`ConnectError`]. When a check before TCP fails, no packet has gone to that address.
    pub async fn connect(&self, destination: &Destination<'_>) -> Result<CheckedStream, ConnectError> {
        let host = match Host::parse(destination.host) {
            Ok(host) => host,
            Err(reason) => return Err(Stopped::refused(reason.into(), None).logged(None, destination)),
        };
        let connected = self.check_and_connect(&host, destination).await;
        connected.map_err(|stopped| stopped.logged(Some(&host), destination))
    }

    async fn check_and_connect(
        &self,
        host: &Host,
        destination: &Destination<'_>,
    ) -> Result<CheckedStream, Stopped> {
        let Destination { purpose, port, .. } = *destination;
        self.count(purpose, || match host {
            Host::Ip(ip) => budget_key(SocketAddr::new(*ip, port)),
            Host::Name(name) => format!("{name}:{port}"),
        })
        .await?;
        self.check_form(host, destination).map_err(ConnectError::Refused)?;
        let candidates = match host {
            Host::Ip(ip) => vec![*ip],
            Host::Name(name) if Host::is_localhost(name) => self.loopback(purpose, port),
            Host::Name(name) => self.resolve(name).await?,
        };
        let addresses = candidates.into_iter().map(|ip| {
            let address = SocketAddr::new(ip.to_canonical(), port);
            let checked = self.check_address(purpose, address).map(|listed| (address, listed));
            checked.map_err(|reason| Stopped::refused(reason, Some(address.ip())))
        });
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        Ok(self.connect_in_order(purpose, &addresses).await?)
    }

    /// Makes the checks that need no resolved address.
    fn check_form(&self, host: &Host, destination: &Destination<'_>) -> Result<(), String> {
        let Destination { purpose, port, port_is_fixed, .. } = *destination;
        let policy = &self.egress.policy;
        if let Host::Name(name) = host
            && self.egress.protected.holds_name(name, port)
        {
            return Err("the destination is never allowed".into());
        }
        if purpose == Purpose::InternalPostgres {
            let known = policy.is_internal_postgresql(host, port);
            return known
                .then_some(())
                .ok_or_else(|| "host and port are not in egress.internal_postgresql_hosts".to_owned());
        }
        if let Host::Name(name) = host {
            policy.check_name(name)?;
        }
        policy.check_port(purpose, port, port_is_fixed)
    }

    fn check_address(&self, purpose: Purpose, address: SocketAddr) -> Result<bool, String> {
        if self.egress.protected.holds(address) {
            return Err("the destination is never allowed".into());
        }
        self.egress.policy.check_address(purpose, address.ip())
    }

    /// Returns the loopback addresses for `localhost`, one of each family. Only the operator can allow them,
    /// so it is safe to use those that are allowed and skip the other. When neither is allowed, the first one
    /// is refused.
    fn loopback(&self, purpose: Purpose, port: u16) -> Vec<IpAddr> {
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let allowed = |ip: &IpAddr| self.check_address(purpose, SocketAddr::new(*ip, port)).is_ok();
        let open: Vec<IpAddr> = both.into_iter().filter(allowed).collect();
        if open.is_empty() { both.to_vec() } else { open }
    }

    /// Resolves a name once per session. Failures are kept too: a name that could not be resolved is not
    /// asked for again.
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ConnectError> {
        let mut names = self.names.lock().await;
        if let Some(known) = names.get(name) {
            return known.clone();
        }
        let resolved = self.egress.resolver.resolve(name).await;
        names.insert(name.to_owned(), resolved.clone());
        resolved
    }

    async fn connect_in_order(
        &self,
        purpose: Purpose,
        addresses: &[(SocketAddr, bool)],
    ) -> Result<CheckedStream, ConnectError> {
        let deadline = Instant::now() + CONNECT_LIMIT;
        let mut last = ConnectError::Unresolved("the name has no address".into());
        for (index, (address, listed)) in addresses.iter().enumerate() {
            self.count(purpose, || budget_key(*address)).await?;
            let left = deadline.saturating_duration_since(Instant::now());
            // An address that does not answer must leave time for those after it.
            let is_last = index.saturating_add(1) == addresses.len();
            let limit = if is_last { left } else { left / 2 };
            match tokio::time::timeout(limit, open(*address)).await {
                Ok(Ok(tcp)) => return Ok(CheckedStream::new(tcp, *listed)),
                Ok(Err(error)) => last = error,
                Err(_) => last = ConnectError::Unreachable("no connection within 3 s".into()),
            }
        }
        Err(last)
    }

    /// Takes one test from the budget of a destination, which is named as the caller asked for it or by its
    /// address. Each key is counted once per session.
    async fn count(&self, purpose: Purpose, key: impl FnOnce() -> String) -> Result<(), ConnectError> {
        let of_tests = self.egress.budget.as_ref().filter(|_| purpose.is_a_test());
        let Some(budget) = self.counts.as_ref().or(of_tests) else { return Ok(()) };
        let key = key();
        let mut counted = self.counted.lock().await;
        if !counted.contains(&key) {
            budget.take(&key).await?;
            counted.insert(key);
        }
        Ok(())
    }
}

/// An error, with the address that only the operator may read.
struct Stopped {
    error: ConnectError,
    address: Option<IpAddr>,
}

impl Stopped {
    fn refused(reason: String, address: Option<IpAddr>) -> Self {
        Self { error: ConnectError::Refused(reason), address }
    }

    /// Writes a refusal to the log. A host that could not be parsed is left out, because it may be any text.
    fn logged(self, host: Option<&Host>, destination: &Destination<'_>) -> ConnectError {
        if let ConnectError::Refused(reason) = &self.error {
            let (purpose, port) = (destination.purpose.name(), destination.port);
            let (host, address) = (host.map(display), self.address.map(display));
            tracing::info!(purpose, host, port, address, %reason, "egress refused");
        }
        self.error
    }
}

impl From<ConnectError> for Stopped {
    fn from(error: ConnectError) -> Self {
        Self { error, address: None }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens outgoing sockets, after every check")]
async fn open(address: SocketAddr) -> Result<TcpStream, ConnectError> {
    let failed = |error: std::io::Error| ConnectError::Unreachable(error.kind().to_string());
    let tcp = TcpStream::connect(address).await.map_err(failed)?;
    let peer = tcp.peer_addr().map_err(failed)?;
    if peer.ip().to_canonical() != address.ip() || peer.port() != address.port() {
        return Err(ConnectError::Refused("the peer is not the address that was checked".into()));
    }
    tcp.set_nodelay(true).map_err(failed)?;
    Ok(tcp)
}

/// Returns the key of an address in the budgets: `203.0.113.7:22`, `2001:db8::/64:22`. IPv6 is counted by /64
/// network, because a client with one IPv6 address usually controls the 2^64 addresses around it.
fn budget_key(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => format!("{ip}:{}", address.port()),
        IpAddr::V6(ip) => format!("{}:{}", Ipv6Net::new_assert(ip, 64).trunc(), address.port()),
    }
}
