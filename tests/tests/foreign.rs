//! Tokens of a yudao mall are good at the desk beside it: by the mall's Redis, its tables and its pages, and never for
//! somebody else.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "foreign/away.rs"]
mod away;
#[path = "foreign/house.rs"]
mod house;
#[path = "foreign/people.rs"]
mod people;
#[path = "foreign/questions.rs"]
mod questions;
#[path = "foreign/redis.rs"]
mod redis;
#[path = "foreign/sockets.rs"]
mod sockets;
#[path = "foreign/sources.rs"]
mod sources;
#[path = "foreign/tables.rs"]
mod tables;
#[path = "foreign/tenants.rs"]
mod tenants;
