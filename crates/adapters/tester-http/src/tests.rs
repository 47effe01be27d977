//! Tests of what is sent, what is never sent, and how answers are read.

mod answers;
mod building;
mod catalog;
mod hostile;
mod injection;
mod provider;
mod server;
mod signing;
mod tls;
mod verdicts;
