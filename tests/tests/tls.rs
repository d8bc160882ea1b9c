//! TLS: in front, towards browsers, and behind, towards the database.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "tls/authority.rs"]
mod authority;
#[path = "tls/database.rs"]
mod database;
#[path = "tls/door.rs"]
mod door;
#[path = "tls/listener.rs"]
mod listener;
