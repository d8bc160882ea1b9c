//! MariaDB and MySQL: what differs from SQLite, and the queries compiled for them.

#[cfg(not(feature = "mysql-c"))]
mod connect;
pub(crate) mod dialect;
mod durability;
pub(crate) mod mall;
mod merged;
mod migrating;
mod opening;
mod over;
#[path = "queries/mod.rs"]
pub(crate) mod queries;
mod session;
mod upgrade;

pub(crate) use opening::{open, plan};
pub use upgrade::{Merge, UpgradePlan};
