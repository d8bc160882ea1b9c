//! The rings of the conversations that somebody has resumed of late, within bounds. Whoever changes one holds its
//! conversation.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kefu_domain::{Announcement, ConversationId, Cursor, Outline, Scope, Since};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::ring::Ring;
use super::stand::Stand;

/// A ring is kept until nobody has asked for it, and nothing has happened, for so long.
pub(crate) const INTEREST: Duration = Duration::from_secs(120);

pub(super) struct Rings {
    kept: Cache<ConversationId, Kept>,
    /// Messages in one ring at most.
    messages: usize,
}

#[derive(Clone)]
struct Kept {
    ring: Arc<Mutex<Ring>>,
    scope: Scope,
    /// The look at all conversations that came before it.
    born: u64,
    weight: u32,
}

impl Kept {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rings {
    /// At most so many messages in one, and so many bytes in all.
    pub(super) fn new(messages: usize, bytes: u64) -> Self {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, kept: &Kept| kept.weight)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(INTEREST)
            .build();
        Self { kept, messages }
    }

    /// Begins to keep what happens from here on, unless that was begun before.
    pub(super) fn begin(&self, outline: Outline, born: u64) {
        if self.kept.get(&outline.conversation).is_none() {
            let ring = Arc::new(Mutex::new(Ring::new(outline, self.messages)));
            self.put(outline.conversation, Kept { ring, scope: outline.scope, born, weight: 0 });
        }
    }

    /// Weighs it anew.
    fn put(&self, id: ConversationId, kept: Kept) {
        let weight = kept.ring().weight();
        self.kept.insert(id, Kept { weight, ..kept });
    }

    /// Shows interest.
    pub(super) fn touch(&self, id: ConversationId) {
        self.kept.get(&id);
    }

    /// Keeps news that were told; where they are not the next, or not `certain`, there is nothing to keep any more.
    pub(super) fn take(&self, news: &Announcement, certain: bool) {
        let id = news.event.after.conversation;
        let Some(kept) = self.kept.get(&id) else { return };
        if certain && kept.ring().take(news) {
            self.put(id, kept);
        } else {
            self.drop(id);
        }
    }

    /// Keeps what was told at once, where so much had been told before. Half of it is of no use.
    pub(super) fn catch_up(&self, since: &Since, told: Stand) {
        let id = since.outline.conversation;
        let Some(kept) = self.kept.get(&id) else { return };
        if since.more || kept.ring().stand() != told {
            return self.drop(id);
        }
        kept.ring().catch_up(since);
        self.put(id, kept);
    }

    /// What has happened since a cursor, if all of it was kept, up to what was told.
    pub(super) fn since(&self, from: Cursor, told: Stand) -> Option<Since> {
        let kept = self.kept.get(&from.conversation)?;
        let ring = kept.ring();
        // A ring that is not where the telling is has missed something.
        (ring.stand() == told).then(|| ring.since(from))?
    }

    pub(super) fn drop(&self, id: ConversationId) {
        self.kept.invalidate(&id);
    }

    /// Those of scopes that are not among these, which have been there since before that look.
    pub(super) fn unheard(&self, heard: &HashSet<Scope>, look: u64) -> Vec<ConversationId> {
        let unheard = self.kept.iter().filter(|(_, kept)| kept.born < look && !heard.contains(&kept.scope));
        unheard.map(|(id, _)| *id).collect()
    }

    /// What they weigh together, in bytes.
    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.weighted_size()
    }
}
