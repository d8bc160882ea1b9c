//! MariaDB and MySQL: what differs from SQLite, and the queries compiled for them.

pub(crate) mod dialect;
mod durability;
mod opening;
mod over;
#[path = "queries/mod.rs"]
pub(crate) mod queries;
mod session;

pub(crate) use opening::open;
