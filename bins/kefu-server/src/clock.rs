//! The one place that asks what time it is; everything else is told.

use kefu_domain::Timestamp;

/// This machine's wall clock. The time of a message comes from the database instead, with the lock.
#[must_use]
pub fn now() -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
