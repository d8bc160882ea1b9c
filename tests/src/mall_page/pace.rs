//! How fast a page lives.

use std::time::Duration;

/// A page's times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two pings.
    pub ping_every: Duration,
    /// How long an answer may take.
    pub pong_within: Duration,
    /// Before it connects again.
    pub reconnect_after: Duration,
    /// How long a browser waits for the other side to close too.
    pub closing: Duration,
    /// Between scrolling and what it leads to.
    pub debounce: Duration,
    /// How often the timers of a hidden tab run.
    pub hidden_every: Duration,
}

impl Pace {
    /// The agents' page.
    #[must_use]
    pub const fn console() -> Self {
        Self {
            ping_every: Duration::from_secs(1),
            pong_within: Duration::from_secs(1),
            reconnect_after: Duration::from_secs(1),
            closing: Duration::from_secs(2),
            debounce: Duration::from_millis(200),
            hidden_every: Duration::from_secs(60),
        }
    }

    /// The shoppers' page.
    #[must_use]
    pub const fn shopper() -> Self {
        let (ping_every, reconnect_after) = (Duration::from_secs(5), Duration::from_secs(3));
        Self { ping_every, reconnect_after, ..Self::console() }
    }

    /// How long a page takes at most from the death of its line to its next connection, when that succeeds at once.
    #[must_use]
    pub fn longest_absence(&self) -> Duration {
        self.ping_every + self.pong_within + self.closing + self.reconnect_after
    }

    /// All of it so many times as long; below 1 a page lives faster than any real one.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let times = |time: Duration| time.mul_f64(factor);
        Self {
            ping_every: times(self.ping_every),
            pong_within: times(self.pong_within),
            reconnect_after: times(self.reconnect_after),
            closing: times(self.closing),
            debounce: times(self.debounce),
            hidden_every: times(self.hidden_every),
        }
    }
}
