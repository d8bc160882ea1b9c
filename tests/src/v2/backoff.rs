//! When to come back.

use std::time::Duration;

use crate::Dice;

/// Full jitter: anywhere between at once and a bound that doubles.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: u32,
    dice: Dice,
}

impl Backoff {
    pub(super) fn new(first: Duration, longest: Duration, dice: Dice) -> Self {
        Self { first, longest, attempts: 0, dice }
    }

    /// How long to wait before the next attempt.
    pub(super) fn next(&mut self) -> Duration {
        let bound = self.first.saturating_mul(1 << self.attempts.min(20)).min(self.longest);
        self.attempts += 1;
        self.within(bound)
    }

    /// A moment within that time.
    pub(super) fn within(&mut self, bound: Duration) -> Duration {
        let micros = u64::try_from(bound.as_micros()).expect("a wait of less than 500,000 years");
        Duration::from_micros(self.dice.below(micros + 1))
    }

    /// It has worked.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_waits_longer_each_time_but_never_longer_than_the_longest() {
        let (first, longest) = (Duration::from_millis(50), Duration::from_secs(1));
        let mut waits = [Duration::ZERO; 8];
        for seed in 0..200 {
            let mut backoff = Backoff::new(first, longest, Dice::new(seed));
            waits.iter_mut().for_each(|longest| *longest = backoff.next().max(*longest));
        }

        let bounds = [50, 100, 200, 400, 800, 1_000, 1_000, 1_000].map(Duration::from_millis);
        for (wait, bound) in waits.iter().zip(bounds) {
            assert!(*wait <= bound && *wait > bound * 9 / 10, "{wait:?} of {bound:?}");
        }
    }
}
