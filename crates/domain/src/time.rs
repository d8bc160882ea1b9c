//! Instants, as numbers. Nobody here reads a clock.

/// Milliseconds since the Unix epoch. The time of a fact comes from the database, with the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant, or one millisecond after `earlier` where that is later.
    ///
    /// The mall's console sorts messages by time; two of one conversation must never share one.
    #[must_use]
    pub fn strictly_after(self, earlier: Self) -> Self {
        Self(self.0.max(earlier.0 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_or_runs_back_still_gives_later_times() {
        let earlier = Timestamp(1_000);

        assert_eq!(Timestamp(1_005).strictly_after(earlier), Timestamp(1_005));
        assert_eq!(Timestamp(1_001).strictly_after(earlier), Timestamp(1_001));
        assert_eq!(Timestamp(1_000).strictly_after(earlier), Timestamp(1_001));
        assert_eq!(Timestamp(3).strictly_after(earlier), Timestamp(1_001));
    }
}
