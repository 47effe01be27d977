//! Tests of the tester against real OpenSSH servers, and against hostile servers.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is a failed test")]

mod attempt;
mod dropped;
mod host_keys;
mod hostile;
mod keys;
mod logins;
mod probes;
mod scripted;
