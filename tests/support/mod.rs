//! Servers to talk to, and the characters who talk to them.

pub(crate) mod characters;
pub(crate) mod client;
pub(crate) mod server;

pub(crate) use characters::Character;
pub(crate) use client::{Client, Reply};
pub(crate) use server::{Server, Setup};
