//! SQLite: what differs from MariaDB and MySQL, and the queries compiled for it.

pub(crate) mod dialect;
mod durability;
mod opening;
#[path = "queries/mod.rs"]
pub(crate) mod queries;
mod session;

pub(crate) use opening::open;
