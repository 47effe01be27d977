//! The keys of connection strings, and what the clients that read them do with each.
//!
//! Sources, read in November 2026: PostgreSQL 15 to 18 manual (section 34.1.2), and the manuals of Prisma,
//! node-postgres, postgres.js, SQLAlchemy with psycopg and asyncpg, pgjdbc, Npgsql, pgx, lib/pq, sqlx, Rails,
//! Doctrine, Ecto, Supabase, Neon, CockroachDB and TablePlus.

/// What a key leads a client to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It stays within the connection to the server, so it is the reader's affair.
    Harmless,
    /// It names a file, a key store, a socket or a service definition of the machine that reads it.
    Local,
    /// It leads to another server, or has one take part in the login.
    Elsewhere,
    /// It is not on the lists.
    Unknown,
}

/// What a key means. `value` decides for keys that may be given a path, and for those that may not.
pub(super) fn meaning(key: &str, value: &str) -> Meaning {
    match key {
        // `system` is the only value that is no path.
        "sslrootcert" if value == "system" => Meaning::Harmless,
        // What node-postgres and SQLAlchemy take here may also be an object with paths.
        "ssl" if SSL_VALUES.contains(&value) => Meaning::Harmless,
        "sslcertmode" if value == "disable" => Meaning::Harmless,
        _ if LOCAL.contains(&key) => Meaning::Local,
        _ if ELSEWHERE.contains(&key) => Meaning::Elsewhere,
        _ if HARMLESS.iter().any(|list| list.contains(&key)) || is_nested(key) => Meaning::Harmless,
        _ => Meaning::Unknown,
    }
}

/// `options[search_path]` of sqlx and `variables[statement_timeout]` of Rails set parameters of the session.
fn is_nested(key: &str) -> bool {
    let inner = ["options[", "variables["].into_iter().find_map(|start| key.strip_prefix(start));
    inner.and_then(|rest| rest.strip_suffix(']')).is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'))
    })
}

const SSL_VALUES: [&str; 13] = [
    "",
    "0",
    "1",
    "true",
    "false",
    "no-verify",
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
    "on",
];

const LOCAL: [&str; 31] = [
    "authenticationPluginClassName",
    "cert",
    "gssdelegation",
    "gsslib",
    "jaasApplicationName",
    "kerberosServerName",
    "krbsrvname",
    "krbspn",
    "localSocketAddress",
    "loggerFile",
    "passfile",
    "requirepeer",
    "service",
    "servicefile",
    "socketFactory",
    "socketFactoryArg",
    "ssl",
    "sslcert",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslfactory",
    "sslfactoryarg",
    "sslhostnameverifier",
    "sslidentity",
    "sslkey",
    "sslkeylogfile",
    "sslpassword",
    "sslpasswordcallback",
    "sslrootcert",
    "xmlFactoryFactory",
];

const ELSEWHERE: [&str; 9] = [
    "cloudSqlInstance",
    "hostaddr",
    "hosts",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "proxy",
    "socket",
];

/// Grouped by the client that defines them; many know several.
const HARMLESS: [&[&str]; 7] = [&LIBPQ, &SESSION, &PRISMA_AND_POOLERS, &NODE, &PYTHON, &JVM_AND_NET, &OTHERS];

const LIBPQ: [&str; 28] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbencmode",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "options",
    "replication",
    "require_auth",
    "scram_client_key",
    "scram_server_key",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcompression",
    "sslnegotiation",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "tty",
    "requiressl",
];

/// Parameters of the server's session, which pgx and lib/pq pass on as they are.
const SESSION: [&str; 21] = [
    "DateStyle",
    "TimeZone",
    "bytea_output",
    "datestyle",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "extra_float_digits",
    "geqo",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "jit",
    "lc_messages",
    "lock_timeout",
    "role",
    "search_path",
    "standard_conforming_strings",
    "statement_timeout",
    "timezone",
    "transaction_timeout",
    "work_mem",
];

const PRISMA_AND_POOLERS: [&str; 15] = [
    "connection_limit",
    "max_idle_connection_lifetime",
    "max_connection_lifetime",
    "pgbouncer",
    "pool_mode",
    "pool_timeout",
    "schema",
    "single_use_connections",
    "socket_timeout",
    "sslaccept",
    "statement_cache_size",
    "supa",
    "workaround",
    "endpoint",
    "project",
];

const NODE: [&str; 22] = [
    "allowExitOnIdle",
    "binary",
    "connectionTimeoutMillis",
    "connection_timeout",
    "encoding",
    "fetch_types",
    "idleTimeoutMillis",
    "idle_timeout",
    "keepAlive",
    "keepAliveInitialDelayMillis",
    "max",
    "maxUses",
    "max_lifetime",
    "max_pipeline",
    "min",
    "onnotice",
    "parseInputDatesAsUTC",
    "prepare",
    "query_timeout",
    "stream_results",
    "transform",
    "uselibpqcompat",
];

const PYTHON: [&str; 22] = [
    "async_fallback",
    "autocommit",
    "command_timeout",
    "conn_health_checks",
    "conn_max_age",
    "direct_tls",
    "executemany_batch_page_size",
    "executemany_mode",
    "isolation_level",
    "max_cacheable_statement_size",
    "max_cached_statement_lifetime",
    "max_overflow",
    "max_size",
    "min_size",
    "pool_pre_ping",
    "pool_recycle",
    "prepare_threshold",
    "prepared_statement_cache_size",
    "server_side_cursors",
    "tcp_keepalive",
    "timeout",
    "use_native_hstore",
];

const JVM_AND_NET: [&str; 34] = [
    "ApplicationName",
    "adaptiveFetch",
    "allowEncodingChanges",
    "assumeMinServerVersion",
    "autosave",
    "binaryTransfer",
    "cancelSignalTimeout",
    "charSet",
    "cleanupSavepoints",
    "connectTimeout",
    "currentSchema",
    "databaseMetadataCacheFields",
    "defaultRowFetchSize",
    "escapeSyntaxCallMode",
    "gssEncMode",
    "hideUnprivilegedObjects",
    "hostRecheckSeconds",
    "loadBalanceHosts",
    "loginTimeout",
    "logUnclosedConnections",
    "maxResultBuffer",
    "preferQueryMode",
    "preparedStatementCacheQueries",
    "preparedStatementCacheSizeMiB",
    "prepareThreshold",
    "protocolVersion",
    "quoteReturningIdentifiers",
    "reWriteBatchedInserts",
    "readOnly",
    "readOnlyMode",
    "socketTimeout",
    "stringtype",
    "targetServerType",
    "tcpKeepAlive",
];

/// pgx, lib/pq, sqlx, Rails, Doctrine, Ecto, TablePlus.
const OTHERS: [&str; 47] = [
    "advancedSafeModeLevel",
    "advisory_locks",
    "binary_parameters",
    "charset",
    "checkout_timeout",
    "color",
    "default_dbname",
    "default_query_exec_mode",
    "description_cache_capacity",
    "disable_prepared_binary_result",
    "driverVersion",
    "enviroment",
    "env",
    "insert_returning",
    "keepalive",
    "label",
    "lazyload",
    "max_connections",
    "min_connections",
    "min_messages",
    "name",
    "pool",
    "pool_count",
    "pool_health_check_period",
    "pool_max_conn_idle_time",
    "pool_max_conn_lifetime",
    "pool_max_conn_lifetime_jitter",
    "pool_max_conns",
    "pool_min_conns",
    "pool_min_idle_conns",
    "pool_size",
    "prefer_simple_protocol",
    "prepared_statements",
    "queue_interval",
    "queue_target",
    "reaping_frequency",
    "safeModeLevel",
    "schema_search_path",
    "serverVersion",
    "statement-cache-capacity",
    "statement_cache_capacity",
    "statement_cache_mode",
    "statement_limit",
    "statusColor",
    "tLSMode",
    "usePrivateKey",
    "version",
];
