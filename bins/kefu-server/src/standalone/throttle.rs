//! Makes guessing passwords slow: after some failures for one account from one address, both wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

/// Remembers failures for a while, at most as many as fit.
#[derive(Clone)]
pub struct Throttle {
    failures: Cache<(String, String), Arc<AtomicU32>>,
    allowed: u32,
    wait: Duration,
}

impl Throttle {
    /// Lets `allowed` failures pass, then none until `wait` after the last try that was let in.
    #[must_use]
    pub fn new(allowed: u32, wait: Duration) -> Self {
        // Not the least recently used goes first, but the oldest: a flood of names cannot renew its own.
        let failures = Cache::builder().max_capacity(100_000).time_to_live(wait).build();
        Self { failures, allowed, wait }
    }

    /// Counts a try as failed beforehand, so that tries at the same time count too; `Err` says how long to wait.
    pub fn enter(&self, account: &str, address: &str) -> Result<Try<'_>, Duration> {
        let key = (account.to_ascii_lowercase(), address.to_owned());
        let count = self.failures.get_with_by_ref(&key, || Arc::new(AtomicU32::new(0)));
        if count.fetch_add(1, Ordering::Relaxed) >= self.allowed {
            return Err(self.wait);
        }
        Ok(Try { throttle: self, key })
    }
}

/// A try under way; it stays counted unless it succeeds.
pub struct Try<'a> {
    throttle: &'a Throttle,
    key: (String, String),
}

impl Try<'_> {
    /// The password was right: forget the failures.
    pub fn succeeded(self) {
        self.throttle.failures.invalidate(&self.key);
    }

    /// It could not be found out: this try does not count.
    pub fn undecided(self) {
        if let Some(count) = self.throttle.failures.get(&self.key) {
            let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> Throttle {
        Throttle::new(3, Duration::from_secs(60))
    }

    #[test]
    fn after_three_failures_the_fourth_try_waits() {
        let throttle = throttle();

        (0..3).for_each(|_| assert!(throttle.enter("kefu", "::1").is_ok()));

        assert_eq!(throttle.enter("kefu", "::1").err(), Some(Duration::from_secs(60)));
        assert!(throttle.enter("KEFU", "::1").is_err(), "one account, however it is spelled");
    }

    #[test]
    fn another_address_and_another_account_are_not_punished() {
        let throttle = throttle();

        (0..4).for_each(|_| drop(throttle.enter("kefu", "::1")));

        assert!(throttle.enter("kefu", "::2").is_ok());
        assert!(throttle.enter("other", "::1").is_ok());
    }

    #[test]
    fn the_right_password_forgets_the_failures() {
        let throttle = throttle();
        (0..2).for_each(|_| drop(throttle.enter("kefu", "::1")));

        throttle.enter("kefu", "::1").ok().unwrap().succeeded();

        (0..3).for_each(|_| assert!(throttle.enter("kefu", "::1").is_ok()));
    }

    #[test]
    fn a_try_that_the_database_could_not_decide_does_not_count() {
        let throttle = throttle();

        (0..10).for_each(|_| throttle.enter("kefu", "::1").ok().unwrap().undecided());

        assert!(throttle.enter("kefu", "::1").is_ok());
    }
}
