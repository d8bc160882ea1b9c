//! What there is to know where others write to the same database: what is missing, and up to when nothing is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kefu_domain::{ConversationId, Head, Scope, Timestamp};

use super::behind::{Behind, Missing};
use super::stand::Stand;

/// A change that carries a time before this long ago has been seen by everybody who could see it, in milliseconds.
pub(super) const SETTLED: i64 = 10_000;

/// A time that is not known yet.
const UNKNOWN: i64 = i64::MIN;

pub(super) struct Others {
    pub(super) behind: Arc<Behind>,
    told_until: AtomicI64,
    began: AtomicI64,
    looks: AtomicU64,
}

impl Others {
    /// At most so many conversations wait to be read.
    pub(super) fn new(behind: usize) -> Self {
        Self {
            behind: Arc::new(Behind::new(behind)),
            told_until: AtomicI64::new(UNKNOWN),
            began: AtomicI64::new(UNKNOWN),
            looks: AtomicU64::new(0),
        }
    }

    /// By then, by the database's clock, everything was told here, or was noted as missing.
    pub(super) fn told_until(&self) -> Option<Timestamp> {
        let until = self.told_until.load(Ordering::Acquire);
        (until != UNKNOWN).then_some(Timestamp(until))
    }

    pub(super) fn is_told_until(&self, until: Timestamp) {
        self.told_until.store(until.0, Ordering::Release);
    }

    /// Whether a conversation that was last changed then, and of which nothing is known, was told to those who
    /// listened: it was, unless it is known to be missing.
    pub(super) fn is_settled(&self, id: ConversationId, changed: Timestamp) -> bool {
        self.told_until().is_some_and(|until| changed.0 < until.0.saturating_sub(SETTLED)) && !self.behind.contains(id)
    }

    /// Notes that news are missing; `false` when there was no room for the note.
    pub(super) fn miss(&self, id: ConversationId, scope: Scope, before: Option<Stand>) -> bool {
        self.note(id, scope, before, None, Duration::ZERO)
    }

    /// Notes one of which a change was seen that was not told. Whoever made it may be about to tell it: it is read
    /// only if that has not happened after this long.
    pub(super) fn miss_seen(&self, head: &Head, after: Duration) -> bool {
        self.note(head.conversation, head.scope, None, Some(head.change), after)
    }

    fn note(
        &self,
        id: ConversationId,
        scope: Scope,
        before: Option<Stand>,
        seen: Option<i64>,
        after: Duration,
    ) -> bool {
        let told_until = self.told_until();
        self.behind.add(id, Missing { scope, before, told_until, seen, noted: Instant::now(), tries: 0 }, after)
    }

    /// When this process began to listen, by the database's clock: what it was first taken for.
    pub(super) fn began(&self, guess: Timestamp) -> Timestamp {
        let first = self.began.compare_exchange(UNKNOWN, guess.0, Ordering::AcqRel, Ordering::Acquire);
        Timestamp(first.map_or_else(|known| known, |_| guess.0))
    }

    /// How often all conversations were looked at.
    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Acquire)
    }

    /// Begins another look; its number.
    pub(super) fn begin_look(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::AcqRel) + 1
    }
}
