//! Strongroom from outside: the started program, its API, its command line, its files and its databases.

mod support;

mod api_keys;
mod architecture;
mod canary;
mod cluster;
mod command_line;
mod contract;
mod crash;
mod fail_closed;
mod hardening;
mod isolation;
mod journey;
mod limits;
mod races;
mod roles;
mod start;
mod tampering;
mod tour;
