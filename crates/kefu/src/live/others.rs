//! What there is to know where others write to the same database: what is missing, up to when nothing is, and where
//! somebody has listened.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use kefu_domain::{ConversationId, Head, Scope, Timestamp};

use super::behind::{Behind, Missing};
use super::stand::Stand;

/// No transaction of ours lives longer, in milliseconds: a change that carries a time before this long ago has been seen
/// by everybody who could see it.
pub(super) const LONGEST: i64 = 60_000;

/// The same where nobody has listened before, in milliseconds. Whoever has come there has asked the database, and so has
/// seen all but what was committed since. Transactions that take so long are rare, and a minute of everything that a
/// busy desk has said would be read, and told once more, to whoever comes first.
pub(super) const SETTLED: i64 = 10_000;

/// A time that is not known yet.
const UNKNOWN: i64 = i64::MAX;

pub(super) struct Others {
    pub(super) behind: Arc<Behind>,
    told_until: AtomicI64,
    began: AtomicI64,
    looks: AtomicU64,
    heard: RwLock<Heard>,
    /// When somebody was seen to listen to a scope last.
    seen: Mutex<HashMap<Scope, Instant>>,
    linger: Duration,
}

/// Where somebody listened when all conversations were looked at last.
#[derive(Default)]
struct Heard {
    /// The number of that look.
    look: u64,
    /// With each scope, the last look that found nobody there.
    before: HashMap<Scope, u64>,
}

impl Others {
    /// At most so many conversations wait to be read; a scope counts as listened to for so long after its last listener.
    pub(super) fn new(behind: usize, linger: Duration) -> Self {
        Self {
            behind: Arc::new(Behind::new(behind)),
            told_until: AtomicI64::new(UNKNOWN),
            began: AtomicI64::new(UNKNOWN),
            looks: AtomicU64::new(0),
            heard: RwLock::default(),
            seen: Mutex::default(),
            linger,
        }
    }

    // ---- up to when ----

    /// By then, by the database's clock, everything was told here, or was noted as missing.
    pub(super) fn told_until(&self) -> Option<Timestamp> {
        let until = self.told_until.load(Ordering::Acquire);
        (until != UNKNOWN).then_some(Timestamp(until))
    }

    pub(super) fn is_told_until(&self, until: Timestamp) {
        self.told_until.store(until.0, Ordering::Release);
    }

    /// What was changed there before this was told here, or was noted as missing: a change may become visible long
    /// after the time that it carries.
    pub(super) fn settled(&self, scope: Scope) -> Option<Timestamp> {
        let late = if self.was_heard(scope) { LONGEST } else { SETTLED };
        self.told_until().map(|until| Timestamp(until.0.saturating_sub(late)))
    }

    /// Whether a conversation that was last changed then, and of which nothing is known, was told to those who
    /// listened: it was, unless it is known to be missing.
    pub(super) fn is_settled(&self, id: ConversationId, scope: Scope, changed: Timestamp) -> bool {
        self.settled(scope).is_some_and(|settled| changed < settled) && !self.behind.contains(id)
    }

    /// When this process began to listen, by the database's clock: the earliest that it was ever taken for. What was
    /// changed before was there for whoever came.
    pub(super) fn began(&self, guess: Timestamp) -> Timestamp {
        Timestamp(self.began.fetch_min(guess.0, Ordering::AcqRel).min(guess.0))
    }

    /// What was changed before this, where nobody has looked yet, was there for whoever came.
    pub(super) fn settled_before(began: Timestamp) -> Timestamp {
        Timestamp(began.0.saturating_sub(SETTLED))
    }

    // ---- what is missing ----

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
        let settled = self.settled(scope);
        self.behind.add(id, Missing { scope, before, settled, seen, noted: Instant::now(), tries: 0 }, after)
    }

    // ---- where somebody listens ----

    /// How often all conversations were looked at.
    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Acquire)
    }

    /// Begins another look; its number.
    pub(super) fn begin_look(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The scopes that somebody listens to, of whom these are here now, or has listened to a moment ago: when a network
    /// fails, everybody is gone at once, and comes back at once.
    pub(super) fn heard_lately(&self, here: Vec<Scope>) -> HashSet<Scope> {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, last| now.duration_since(*last) < self.linger);
        seen.extend(here.into_iter().map(|scope| (scope, now)));
        seen.keys().copied().collect()
    }

    /// That look has found somebody there, and nowhere else.
    pub(super) fn has_heard(&self, scopes: &HashSet<Scope>, look: u64) {
        let mut heard = self.heard.write().unwrap_or_else(PoisonError::into_inner);
        let nobody = heard.look;
        let before = |scope: &Scope| heard.before.get(scope).copied().unwrap_or(nobody);
        let before = scopes.iter().map(|scope| (*scope, before(scope))).collect();
        *heard = Heard { look, before };
    }

    /// Whether the last look has found somebody there.
    pub(super) fn was_heard(&self, scope: Scope) -> bool {
        self.heard().before.contains_key(&scope)
    }

    /// Whether every look since that one has found somebody there. Those who come to listen do so before they read: what
    /// was noted for them comes after the look that has not found them has begun.
    pub(super) fn were_heard(&self, scope: Scope, since: u64) -> bool {
        let heard = self.heard();
        since >= heard.before.get(&scope).copied().unwrap_or(heard.look)
    }

    fn heard(&self) -> RwLockReadGuard<'_, Heard> {
        self.heard.read().unwrap_or_else(PoisonError::into_inner)
    }
}
