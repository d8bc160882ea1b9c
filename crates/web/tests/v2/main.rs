//! `kefu.v2` and what stands beside it, over real sockets, at a store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod applying;
mod auth;
mod client;
mod house;
mod refusing;
mod resuming;
mod slow;
mod sync;
mod talking;
