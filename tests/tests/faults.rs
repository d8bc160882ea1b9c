//! The line, the server and the database fail at any moment: every party of kefu.v2 ends with what the books hold, in
//! order and once, and the mall's pages hear nothing twice.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "faults/acks.rs"]
mod acks;
#[path = "faults/crowd.rs"]
mod crowd;
#[path = "faults/deaths.rs"]
mod deaths;
#[path = "faults/house.rs"]
mod house;
#[path = "faults/lines.rs"]
mod lines;
#[path = "faults/resuming.rs"]
mod resuming;
