//! The use cases over fakes of their ports, with paused time: what each desk decides, in which order it does
//! it, and what it leaves behind when a port fails, waits or loses an answer.
//!
//! `house.rs` puts an application together as the composition does, on fakes. Every other file tests one
//! desk.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test shows a fault by panicking")]

mod access;
mod audit;
mod authorizing;
mod connection_tests;
mod connections;
mod crm;
mod deleting;
mod editing;
mod faults;
mod handing_out;
mod house;
mod listing;
mod permissions;
mod reading;
mod refreshing;
mod storing;
