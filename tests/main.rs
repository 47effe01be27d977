//! Strongroom from outside: the started program, its API, its command line, its files and its databases.

mod architecture;
mod support;
