//! Nodes over a real Redis: what they tell each other, what they make of nonsense and of a Redis that goes, and how
//! they get along with the Java nodes of a mall.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "bus/bridge.rs"]
mod bridge;
#[path = "bus/floods.rs"]
mod floods;
#[path = "bus/hints.rs"]
mod hints;
#[path = "bus/house.rs"]
mod house;
#[path = "bus/outages.rs"]
mod outages;
#[path = "bus/people.rs"]
mod people;
