//! What holds against real servers, and against servers that mean no good.

mod binding;
mod environment;
mod hostile;
mod logins;
mod parse;
mod scram;
mod script;
mod support;
mod tls;
mod unlisted;
