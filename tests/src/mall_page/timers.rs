//! A browser's timers. Times are since the page was opened.

use std::collections::BTreeMap;
use std::time::Duration;

/// A timer of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerId(u64);

#[derive(Debug, Clone, Copy)]
struct Timer {
    due: Duration,
    every: Option<Duration>,
}

/// All timers of a page.
#[derive(Debug, Default)]
pub(super) struct Timers {
    last: u64,
    timers: BTreeMap<TimerId, Timer>,
    /// Of a hidden tab they run only at multiples of this.
    hidden: Option<Duration>,
}

impl Timers {
    pub(super) fn set(&mut self, now: Duration, after: Duration, repeats: bool) -> TimerId {
        self.last += 1;
        let id = TimerId(self.last);
        self.timers.insert(id, Timer { due: now + after, every: repeats.then_some(after) });
        id
    }

    pub(super) fn clear(&mut self, id: TimerId) {
        self.timers.remove(&id);
    }

    pub(super) fn hide(&mut self, every: Option<Duration>) {
        self.hidden = every;
    }

    /// When the next one runs.
    pub(super) fn next(&self) -> Option<Duration> {
        self.timers.values().map(|timer| self.aligned(timer.due)).min()
    }

    /// One that runs by now, the longest due one first. Each is asked for alone: what it does may clear others.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<TimerId> {
        let due = self.timers.iter().filter(|(_, timer)| self.aligned(timer.due) <= now);
        let (id, timer) = due.min_by_key(|(id, timer)| (timer.due, **id)).map(|(id, timer)| (*id, *timer))?;
        match timer.every {
            // A browser does not make up for turns that it missed.
            Some(every) => self.timers.insert(id, Timer { due: now.max(timer.due) + every, ..timer }),
            None => self.timers.remove(&id),
        };
        Some(id)
    }

    fn aligned(&self, due: Duration) -> Duration {
        match self.hidden {
            Some(every) => {
                let turns = due.as_nanos().div_ceil(every.as_nanos());
                every * u32::try_from(turns).expect("a page is not open for so long")
            }
            None => due,
        }
    }
}
