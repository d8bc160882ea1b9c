//! Makes guessing passwords slow: after some failures for one account from one address, both wait.

use std::time::{Duration, Instant};

use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

/// Failures that are remembered at once; some 20 MB.
const REMEMBERED: u64 = 100_000;

/// An account and an address: their SHA-256, so that nobody chooses how much is kept.
type Key = [u8; 32];

/// How many tries failed, and when the last of them was let in.
#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Remembers failures for a while, at most as many as fit.
#[derive(Clone)]
pub struct Throttle {
    failures: Cache<Key, Failures>,
    allowed: u32,
    wait: Duration,
}

impl Throttle {
    /// Lets `allowed` tries fail, each within `wait` of the one before, then none until `wait` after the last that
    /// was let in.
    #[must_use]
    pub fn new(allowed: u32, wait: Duration) -> Self {
        // What was not tried for the longest time goes first. A cache that keeps what is asked for often would not
        // take in anything new while a flood of names goes on, and so would count nothing.
        let failures =
            Cache::builder().max_capacity(REMEMBERED).eviction_policy(EvictionPolicy::lru()).time_to_live(wait).build();
        Self { failures, allowed, wait }
    }

    /// Counts a try as failed beforehand, so that tries at the same time count too; `Err` says how long to wait.
    /// Every try that is let in starts the wait again, and one that is refused does not.
    pub fn enter(&self, account: &str, address: &str, now: Instant) -> Result<Try<'_>, Duration> {
        let key = key(account, address);
        let counted = self.failures.entry(key).and_compute_with(|entry| {
            let known = entry.map(moka::Entry::into_value);
            let recent = known.filter(|known| now.saturating_duration_since(known.last) < self.wait);
            let count = recent.map_or(0, |recent| recent.count);
            if count < self.allowed { Op::Put(Failures { count: count + 1, last: now }) } else { Op::Nop }
        });
        match counted {
            CompResult::Inserted(_) | CompResult::ReplacedWith(_) => Ok(Try { throttle: self, key }),
            CompResult::Unchanged(_) | CompResult::StillNone(_) | CompResult::Removed(_) => Err(self.wait),
        }
    }
}

/// A try under way; it stays counted unless it succeeds.
pub struct Try<'a> {
    throttle: &'a Throttle,
    key: Key,
}

impl Try<'_> {
    /// The password was right: forget the failures.
    pub fn succeeded(self) {
        self.throttle.failures.invalidate(&self.key);
    }

    /// It could not be found out: this try does not count.
    pub fn undecided(self) {
        self.throttle.failures.entry(self.key).and_compute_with(|entry| match entry.map(moka::Entry::into_value) {
            Some(known) if known.count > 1 => Op::Put(Failures { count: known.count - 1, ..known }),
            Some(_) => Op::Remove,
            None => Op::Nop,
        });
    }
}

fn key(account: &str, address: &str) -> Key {
    let hash = Sha256::new().chain_update(account.to_ascii_lowercase()).chain_update([0]).chain_update(address);
    hash.finalize().into()
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

        (0..3).for_each(|_| assert!(throttle.enter("kefu", "::1", Instant::now()).is_ok()));

        assert_eq!(throttle.enter("kefu", "::1", Instant::now()).err(), Some(Duration::from_secs(60)));
        assert!(throttle.enter("KEFU", "::1", Instant::now()).is_err(), "one account, however it is spelled");
    }

    #[test]
    fn another_address_and_another_account_are_not_punished() {
        let throttle = throttle();

        (0..4).for_each(|_| drop(throttle.enter("kefu", "::1", Instant::now())));

        assert!(throttle.enter("kefu", "::2", Instant::now()).is_ok());
        assert!(throttle.enter("other", "::1", Instant::now()).is_ok());
    }

    #[test]
    fn the_right_password_forgets_the_failures() {
        let throttle = throttle();
        (0..2).for_each(|_| drop(throttle.enter("kefu", "::1", Instant::now())));

        throttle.enter("kefu", "::1", Instant::now()).ok().unwrap().succeeded();

        (0..3).for_each(|_| assert!(throttle.enter("kefu", "::1", Instant::now()).is_ok()));
    }

    #[test]
    fn a_flood_of_other_names_is_counted_and_forgets_the_oldest_only() {
        let throttle = Throttle {
            failures: Cache::builder().max_capacity(8).eviction_policy(EvictionPolicy::lru()).build(),
            allowed: 1,
            wait: Duration::from_secs(60),
        };
        for number in 0..1_000 {
            let name = format!("name{number}");
            drop(throttle.enter(&name, "::1", Instant::now()));
            throttle.failures.run_pending_tasks();

            assert!(throttle.enter(&name, "::1", Instant::now()).is_err(), "{name} was not counted");
        }
        assert!(throttle.failures.entry_count() <= 8);
    }

    #[test]
    fn every_failure_starts_the_wait_again_and_a_refusal_does_not() {
        let (throttle, start) = (throttle(), Instant::now());
        let at = |second| throttle.enter("kefu", "::1", start + Duration::from_secs(second)).is_ok();

        assert!(at(0) && at(50) && at(100), "each within a minute of the one before");
        assert!(!at(101) && !at(159), "a minute from the last that was let in");
        assert!(at(160), "and then the count begins anew");
        assert!(at(161) && at(162) && !at(163));
    }

    #[test]
    fn an_account_and_an_address_do_not_run_into_each_other() {
        assert_ne!(key("1/ab", "c"), key("1/a", "bc"));
    }

    #[test]
    fn a_try_that_the_database_could_not_decide_does_not_count() {
        let throttle = throttle();

        (0..10).for_each(|_| throttle.enter("kefu", "::1", Instant::now()).ok().unwrap().undecided());

        assert!(throttle.enter("kefu", "::1", Instant::now()).is_ok());
    }
}
