//! Tests against real servers, and against hostile servers.

mod binding;
mod certificates;
mod environment;
mod files;
mod hostile;
mod logins;
mod parse;
mod scram;
mod script;
mod support;
mod tls;
mod unlisted;
