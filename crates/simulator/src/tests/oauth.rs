//! The authorization servers, asked by a client that reads the overlay's files by itself.

mod adapter;
mod behaviour;
mod flows;
mod grantee;
mod mistakes;
