//! Tests of what is sent, what is never sent, and what answers mean.

mod accounts;
mod catalog;
mod faults;
mod hostile;
mod provider;
mod redirects;
mod requests;
mod server;
mod tls;
mod tokens;
mod urls;
