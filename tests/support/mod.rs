//! Servers for tests, and the characters that call them.

pub(crate) mod authorization_servers;
pub(crate) mod characters;
pub(crate) mod client;
pub(crate) mod dns;
pub(crate) mod listener;
pub(crate) mod rehearsal;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod token_server;
pub(crate) mod world;

pub(crate) use characters::Character;
pub(crate) use client::{Client, Reply};
pub(crate) use server::{Server, Setup};
pub(crate) use strongroom_fixtures::count;
pub(crate) use world::World;

/// Runs each test on the embedded store and on PostgreSQL.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::support::World::embedded()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::support::World::postgres()).await;
            })+
        }
    };
}
pub(crate) use on_both_stores;
