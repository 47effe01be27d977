//! Tests the authorization servers with a client that reads the overlay's files itself.

mod adapter;
mod behaviour;
mod flows;
mod grantee;
mod mistakes;
