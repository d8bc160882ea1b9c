//! How long to wait before Redis is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// From 50 ms, doubling, to 2 s, each shortened by up to a half so that nodes do not come back in step.
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) fn new() -> Self {
        Self(FIRST)
    }

    /// All is well again.
    pub(crate) fn forget(&mut self) {
        self.0 = FIRST;
    }

    pub(crate) fn next(&mut self) -> Duration {
        let mut byte = [0_u8; 1];
        // Without random bytes everybody waits the whole time; that is no harm.
        let _ = getrandom::fill(&mut byte);
        let now = self.0;
        self.0 = (now * 2).min(LONGEST);
        now - now.mul_f64(f64::from(byte[0]) / 512.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_two_seconds_and_begin_anew_after_a_success() {
        let mut pause = Pause::new();

        let waits: Vec<_> = (0..20).map(|_| pause.next()).collect();
        assert!(waits[0] <= FIRST && waits[0] >= FIRST / 2, "{waits:?}");
        assert!(waits[19] <= LONGEST && waits[19] >= LONGEST / 2, "{waits:?}");

        pause.forget();
        assert!(pause.next() <= FIRST);
    }
}
