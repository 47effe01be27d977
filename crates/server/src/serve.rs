//! The server.

#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, middleware};
use anyhow::{Context, anyhow};
use rustix::net::sockopt;
use strongroom::{Builder, Strongroom};
use strongroom_domain::TestCode;
use strongroom_http_kit::{
    Dialect, Kit, Listener, Metrics, OpenConnections, TrustedProxies, Watched, envelope, mount,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::settings::{LogFormat, Settings};
use crate::waiting;

/// Every surface. The first one answers requests for paths that belong to none.
pub const DIALECTS: &[&Dialect] = &[
    &strongroom_http_integrations::DIALECT,
    &strongroom_http_connect::DIALECT,
    &strongroom_http_crm::DIALECT,
];

/// How long requests that are under way may take after the server got the signal to stop.
const GRACE_SECONDS: u64 = 15;

/// The most connections of one worker.
const CONNECTIONS: usize = 8_192;
/// How long, in milliseconds, a client may read nothing of what was sent to it.
const WRITE_LIMIT_MS: u32 = 15_000;
/// How many bytes of an answer the kernel takes before the client reads them. Linux doubles this number for
/// its own book-keeping.
const SEND_BUFFER: usize = 128 * 1024;

/// Starts the vault, which may wait for its database. `None` when a signal to stop came before.
async fn start(
    builder: Builder,
    listeners: impl Iterator<Item = &TcpListener>,
    terminate: &mut Signal,
    interrupt: &mut Signal,
) -> anyhow::Result<Option<Strongroom>> {
    let plain_http = builder.egress_settings().plain_http;
    let mut starting = pin!(builder.start());
    let early = tokio::select! {
        started = &mut starting => Some(started),
        () = tokio::time::sleep(waiting::PATIENCE) => None,
        () = either(terminate, interrupt) => return Ok(None),
    };
    let strongroom = match early {
        Some(started) => started?,
        None => {
            let answering = waiting::answer(listeners)?;
            let started = tokio::select! {
                started = starting => started,
                () = either(terminate, interrupt) => return Ok(None),
            };
            answering.stop(false).await;
            started?
        }
    };
    if plain_http {
        tracing::warn!("egress.plain_http is on: secrets may be sent without TLS; for rehearsals only");
    }
    Ok(Some(strongroom))
}

/// Starts the server, serves until SIGTERM or SIGINT, and stops in order. A second signal ends the process at
/// once.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    crate::hardening::allow_many_files();
    let listener = bind(settings.listen).context("server.listen (STRONGROOM_SERVER__LISTEN)")?;
    let address = listener.local_addr()?;
    let metrics_listener = settings.metrics_listen.map(bind).transpose();
    let metrics_listener =
        metrics_listener.context("server.metrics_listen (STRONGROOM_SERVER__METRICS_LISTEN)")?;
    let mut builder = settings.builder;
    let public_url = settings.public_url.map(|url| Arc::from(url.trim_end_matches('/')));
    let is_proxied = settings.behind_proxy || public_url.as_deref().is_some_and(is_elsewhere);
    if public_url.is_none() && !settings.behind_proxy {
        builder = builder.public_url(&format!("http://{address}"));
    }
    let listeners = [Some(&listener), metrics_listener.as_ref()].into_iter().flatten();
    let Some(strongroom) = start(builder, listeners, &mut terminate, &mut interrupt).await? else {
        return Ok(());
    };
    strongroom.protect(address);
    if let Some(listener) = &metrics_listener {
        strongroom.protect(listener.local_addr()?);
    }
    let shared = Shared { proxies: Arc::new(settings.trusted_proxies), public_url };
    let kit = kit(&strongroom, shared, is_proxied || metrics_listener.is_some());
    let operations = metrics_listener
        .map(|listener| {
            let kit = Kit { listener: Listener::Operations, ..kit.clone() };
            server(listener, kit, 1, settings.keep_alive)
        })
        .transpose()?;
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let api = server(listener, kit, workers, settings.keep_alive)?;
    let (handle, operations_handle) = (api.handle(), operations.as_ref().map(Server::handle));
    let mut serving = tokio::spawn(api);
    let operations = operations.map(tokio::spawn);
    announce(address, settings.log_format, &strongroom, &settings.data_dir);
    tokio::select! {
        () = either(&mut terminate, &mut interrupt) => tracing::info!("stopping"),
        ended = &mut serving => ended.context("the server ended by itself")??,
    }
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        std::process::exit(130);
    });
    strongroom.application().upkeep.drain();
    handle.stop(true).await;
    if let (Some(handle), Some(task)) = (operations_handle, operations) {
        handle.stop(true).await;
        task.abort();
    }
    strongroom.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

/// What of a [`Kit`] comes from the settings.
struct Shared {
    proxies: Arc<TrustedProxies>,
    public_url: Option<Arc<str>>,
}

/// What requests are served with on the listener of the API.
fn kit(strongroom: &Strongroom, shared: Shared, is_api_only: bool) -> Kit {
    let documentation = strongroom_http_integrations::documentation(DIALECTS, shared.public_url.as_deref());
    Kit {
        app: strongroom.application().clone(),
        proxies: shared.proxies,
        metrics: Arc::new(Metrics::new(watched(strongroom))),
        ids: strongroom.ids(),
        listener: if is_api_only { Listener::Api } else { Listener::ApiAndHost },
        dialects: DIALECTS,
        documentation: Arc::new(documentation),
        memory: Arc::default(),
        public_url: shared.public_url,
    }
}

/// Whether a public URL is another place than this host, so that a proxy must stand in front.
fn is_elsewhere(public_url: &str) -> bool {
    let url = public_url.parse::<actix_web::http::Uri>();
    let host = url.as_ref().ok().and_then(actix_web::http::Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    !(host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback()))
}

/// The metrics that the vault itself counts.
fn watched(strongroom: &Strongroom) -> Vec<Watched> {
    let application = strongroom.application();
    let (durable, failed, ready) = (application.clone(), application.clone(), application.clone());
    let tests = TestCode::ALL.into_iter().map(|code| {
        let application = strongroom.application().clone();
        Watched {
            name: metric(code),
            help: "Connection tests that found this",
            is_counter: true,
            read: Box::new(move || application.connection_tests.found(code)),
        }
    });
    let mut watched = vec![
        Watched {
            name: "strongroom_audit_events_durable",
            help: "Audit events of reads and refusals that were made durable",
            is_counter: true,
            read: Box::new(move || durable.upkeep.audit_counts().0),
        },
        Watched {
            name: "strongroom_audit_events_failed",
            help: "Audit events of reads and refusals that were not",
            is_counter: true,
            read: Box::new(move || failed.upkeep.audit_counts().1),
        },
        Watched {
            name: "strongroom_ready",
            help: "Whether requests may be sent here: the store answers, and can be written",
            is_counter: false,
            read: Box::new(move || u64::from(ready.upkeep.is_ready())),
        },
        Watched {
            name: "strongroom_store_statements",
            help: "Statements sent to the store",
            is_counter: true,
            read: strongroom.statements(),
        },
    ];
    watched.extend(tests);
    watched
}

const fn metric(code: TestCode) -> &'static str {
    match code {
        TestCode::Ok => "strongroom_connection_tests_ok",
        TestCode::Insufficient => "strongroom_connection_tests_insufficient",
        TestCode::AuthRejected => "strongroom_connection_tests_auth_rejected",
        TestCode::HostKeyMismatch => "strongroom_connection_tests_host_key_mismatch",
        TestCode::TlsFailed => "strongroom_connection_tests_tls_failed",
        TestCode::InvalidConfig => "strongroom_connection_tests_invalid_config",
        TestCode::NotReachable => "strongroom_connection_tests_not_reachable",
        TestCode::Timeout => "strongroom_connection_tests_timeout",
        TestCode::ProviderError => "strongroom_connection_tests_provider_error",
        TestCode::RateLimited => "strongroom_connection_tests_rate_limited",
    }
}

fn bind(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("{address} is in use: another program listens there; stop it, or choose another port")
        }
        ErrorKind::PermissionDenied => {
            anyhow!("{address} needs a privilege, as ports below 1024 do; choose a higher one")
        }
        ErrorKind::AddrNotAvailable => {
            anyhow!("{address} is no address of this host; 0.0.0.0 and [::] listen on all of them")
        }
        _ => anyhow!("{address} cannot be listened on: {error}"),
    })
}

fn server(listener: TcpListener, kit: Kit, workers: usize, keep_alive: Duration) -> anyhow::Result<Server> {
    let factory = move || {
        let kit = kit.clone();
        App::new().wrap(middleware::from_fn(envelope)).configure(move |config| mount(config, &kit))
    };
    let open = OpenConnections::default();
    let server = HttpServer::new(factory)
        .workers(workers)
        .disable_signals()
        .shutdown_timeout(GRACE_SECONDS)
        .keep_alive(keep_alive)
        .client_request_timeout(Duration::from_secs(5))
        .client_disconnect_timeout(Duration::from_secs(1))
        .max_connections(CONNECTIONS)
        .on_connect(move |connection, kept| {
            kept.insert(open.one_more());
            if let Some(stream) = connection.downcast_ref::<TcpStream>() {
                limit_writes(stream);
            }
        })
        .listen(listener)?;
    Ok(server.run())
}

/// Ends a connection whose client reads nothing for [`WRITE_LIMIT_MS`], and keeps what the kernel holds of
/// its answers small.
fn limit_writes(stream: &TcpStream) {
    let limited = sockopt::set_tcp_user_timeout(stream, WRITE_LIMIT_MS)
        .and_then(|()| sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER));
    if let Err(error) = limited {
        tracing::debug!(%error, "a connection has no limit on how long it is written to");
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// Tells the operator where the server listens and which command to run next.
fn announce(
    address: std::net::SocketAddr,
    format: Option<LogFormat>,
    strongroom: &Strongroom,
    data_dir: &std::path::Path,
) {
    let program =
        std::env::current_exe().map_or_else(|_| "strongroom".into(), |path| path.display().to_string());
    let next = format!("{program} token --org acme --user you --role admin");
    let pretty = match format {
        Some(format) => format == LogFormat::Pretty,
        None => std::io::IsTerminal::is_terminal(&std::io::stdout()),
    };
    if pretty {
        let mut lines = vec![format!("Strongroom listens on http://{address}")];
        if strongroom.is_first_start() {
            lines.push(format!("It made its database, key ring and JWT secret in {}", data_dir.display()));
        }
        lines.push(format!("Next: {next}"));
        crate::output::result(false, &serde_json::Value::Null, &lines);
    } else {
        tracing::info!(listen = %format!("http://{address}"), first_start = strongroom.is_first_start(), next, "listening");
    }
}
