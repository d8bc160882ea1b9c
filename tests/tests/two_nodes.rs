//! Two servers at one MariaDB, with people of both dialects at each who never stop writing, while something between
//! them or one of them fails. Each scene ends with everybody showing what the books hold, in order and once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "two_nodes/bus.rs"]
mod bus;
#[path = "two_nodes/clocks.rs"]
mod clocks;
#[path = "two_nodes/company.rs"]
mod company;
#[path = "two_nodes/doubles.rs"]
mod doubles;
#[path = "two_nodes/house.rs"]
mod house;
#[path = "two_nodes/locks.rs"]
mod locks;
#[path = "two_nodes/people.rs"]
mod people;
#[path = "two_nodes/rolling.rs"]
mod rolling;
