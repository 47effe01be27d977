//! Tests of Strongroom from outside: the started program, its API, its command line, its files and its
//! databases.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and prints its figures"
)]

mod support;

mod api_keys;
mod architecture;
mod canary;
mod cluster;
mod command_line;
mod connect;
mod connections;
mod contract;
mod crash;
mod crm;
mod fail_closed;
mod hardening;
mod host_files;
mod isolation;
mod issuers;
mod journey;
mod limits;
mod mass_assignment;
mod oauth;
mod proxies;
mod queries;
mod races;
mod roles;
mod slow_clients;
mod start;
mod statements;
mod stored;
mod tampering;
mod threats;
mod tour;
