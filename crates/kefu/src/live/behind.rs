//! The conversations of which news are missing here, until they were read from the database.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kefu_domain::{ConversationId, Scope, Timestamp};

use super::stand::Stand;

/// What is known of what is missing in one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) scope: Scope,
    /// Where the conversation stood before the earliest of the news that came: counts where nothing was told yet.
    pub(super) before: Option<Stand>,
    /// What was changed before then, by the database's clock, was told, or was missing already; `None` where that is not
    /// known.
    pub(super) settled: Option<Timestamp>,
    /// The change that somebody who looked has seen; once it was told, nothing is missing. `None` where more than that
    /// may be.
    pub(super) seen: Option<i64>,
    /// When it was noted last.
    pub(super) noted: Instant,
    /// How often it was tried to read it.
    pub(super) tries: u32,
}

impl Missing {
    fn and(self, other: Self) -> Self {
        let before = match (self.before, other.before) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let settled = self.settled.zip(other.settled).map(|(one, other)| one.min(other));
        let seen = self.seen.zip(other.seen).map(|(one, other)| one.max(other));
        let (noted, tries) = (self.noted.max(other.noted), self.tries.min(other.tries));
        Self { scope: other.scope, before, settled, seen, noted, tries }
    }
}

/// At most so many; of what does not fit, the next look at all conversations makes out what it was.
pub(super) struct Behind {
    list: Mutex<List>,
    bell: Condvar,
    most: usize,
}

#[derive(Default)]
struct List {
    /// The same conversations, in the order in which they are read.
    order: VecDeque<ConversationId>,
    missing: HashMap<ConversationId, (Missing, Instant)>,
    reading: Option<ConversationId>,
    stopped: bool,
    /// Whoever waits hears the bell from now on.
    #[cfg(test)]
    waits: bool,
}

impl List {
    fn due(&self, now: Instant) -> bool {
        self.missing.values().any(|(_, due)| *due <= now)
    }
}

impl Behind {
    pub(super) fn new(most: usize) -> Self {
        Self { list: Mutex::default(), bell: Condvar::new(), most }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that news are missing, to be read after this long; `false` when there is no room for the note.
    pub(super) fn add(&self, id: ConversationId, missing: Missing, after: Duration) -> bool {
        self.put(id, missing, missing.noted + after)
    }

    /// Notes that it could not be read, and is to be tried again after this long.
    pub(super) fn again(&self, id: ConversationId, missing: Missing, after: Duration) {
        let tries = missing.tries.saturating_add(1);
        self.put(id, Missing { tries, ..missing }, Instant::now() + after);
        self.done(id);
    }

    fn put(&self, id: ConversationId, missing: Missing, due: Instant) -> bool {
        let mut list = self.list();
        if let Some((known, when)) = list.missing.get_mut(&id) {
            *known = known.and(missing);
            if due < *when {
                *when = due;
                self.bell.notify_all();
            }
            return true;
        }
        // What is being read keeps its room.
        if list.missing.len() >= self.most && list.reading != Some(id) {
            return false;
        }
        list.missing.insert(id, (missing, due));
        list.order.push_back(id);
        drop(list);
        self.bell.notify_all();
        true
    }

    /// Whether what is known here of a conversation is known to be old.
    pub(super) fn contains(&self, id: ConversationId) -> bool {
        let list = self.list();
        list.reading == Some(id) || list.missing.contains_key(&id)
    }

    /// The next one to read, which is behind until it is [`done`](Behind::done).
    pub(super) fn next(&self) -> Option<(ConversationId, Missing)> {
        let now = Instant::now();
        let mut list = self.list();
        for _ in 0..list.order.len() {
            let id = list.order.pop_front()?;
            match list.missing.get(&id) {
                Some((missing, due)) if *due <= now => {
                    let missing = *missing;
                    list.missing.remove(&id);
                    list.reading = Some(id);
                    return Some((id, missing));
                }
                Some(_) => list.order.push_back(id),
                None => {}
            }
        }
        None
    }

    /// Notes that one was read, or is not worth reading.
    pub(super) fn done(&self, id: ConversationId) {
        let mut list = self.list();
        if list.reading == Some(id) {
            list.reading = None;
        }
    }

    /// Waits until there is one to read, at most until then, or until it is stopped.
    pub(super) fn wait(&self, until: Instant) {
        let mut list = self.list();
        loop {
            let now = Instant::now();
            if list.stopped || list.due(now) || until <= now {
                return;
            }
            let due = list.missing.values().map(|(_, due)| *due).min();
            let left = due.map_or(until, |due| due.min(until)).saturating_duration_since(now);
            #[cfg(test)]
            {
                list.waits = true;
            }
            list = self.bell.wait_timeout(list, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether there is one to read.
    pub(super) fn is_due(&self) -> bool {
        self.list().due(Instant::now())
    }

    /// Waits for that long, or until it is stopped.
    pub(super) fn pause(&self, long: Duration) {
        let waited = self.bell.wait_timeout_while(self.list(), long, |list| !list.stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn stop(&self) {
        self.list().stopped = true;
        self.bell.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.list().stopped
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let list = self.list();
        list.missing.is_empty() && list.reading.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kefu_domain::TenantId;

    use super::*;

    const FAR: Duration = Duration::from_secs(3_600);
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn whoever_waits_for_something_far_off_is_woken_when_it_is_due_at_once() {
        let behind = Arc::new(Behind::new(10));
        let scope = Scope::platform(TenantId(1));
        let missing = Missing { scope, before: None, settled: None, seen: None, noted: Instant::now(), tries: 0 };
        assert!(behind.add(ConversationId(1), missing, FAR));
        let (woken, wakes) = std::sync::mpsc::channel();
        let waiting = behind.clone();
        std::thread::spawn(move || {
            waiting.wait(Instant::now() + FAR);
            woken.send(()).unwrap();
        });
        while !behind.list().waits {
            std::thread::yield_now();
        }

        assert!(behind.add(ConversationId(1), missing, Duration::ZERO));

        wakes.recv_timeout(PATIENCE).unwrap();
    }
}
