//! The defects of the mall's own service, one by one, and that they are not here. What each of them was stands in
//! docs/PROTOCOL.md, "Bugs not repeated"; the number in a test's name is the number there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod asking;

#[path = "bugs/content.rs"]
mod content;
#[path = "bugs/ledger.rs"]
mod ledger;
#[path = "bugs/limits.rs"]
mod limits;
#[path = "bugs/order.rs"]
mod order;
#[path = "bugs/push.rs"]
mod push;
#[path = "bugs/reading.rs"]
mod reading;
#[path = "bugs/writing.rs"]
mod writing;
