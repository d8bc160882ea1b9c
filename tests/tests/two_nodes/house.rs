//! What both servers have in common.

use std::time::Duration;

use kefu_tests::{Backend, Server, Setup};

/// The longest that news are on their way where nothing but the database carries them.
pub(crate) const SWEPT: Duration = Duration::from_secs(5);

/// A server that has that Redis between it and the other.
pub(crate) fn at_redis(url: &str) -> Setup {
    Setup::on(Backend::MariaDb).with_bus_at(url)
}

/// Two servers with that Redis between them, which have found it.
pub(crate) async fn two_at(redis: &str) -> (Server, Server) {
    at_redis(redis).start_two().await
}
