//! `kefu.v2` and what stands beside it, over real sockets, at a store in memory.

mod applying;
mod auth;
mod client;
mod house;
mod refusing;
mod resuming;
mod slow;
mod sync;
mod talking;
