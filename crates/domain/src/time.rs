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
