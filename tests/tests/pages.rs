//! The mall's two front ends, unchanged, at this server: their own pings, limits and reconnecting, in real time.
//!
//! They never acknowledge, ask again after an absence or look whether they have something already. Waiting for real
//! time is what these tests are about, and nothing else is waited for by the clock.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "pages/hidden.rs"]
mod hidden;
#[path = "pages/house.rs"]
mod house;
#[path = "pages/leaked.rs"]
mod leaked;
#[path = "pages/pongs.rs"]
mod pongs;
#[path = "pages/replay.rs"]
mod replay;
#[path = "pages/revoked.rs"]
mod revoked;
