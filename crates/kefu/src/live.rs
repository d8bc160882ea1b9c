//! News on their way to whoever listens here: in the order of each conversation, none missing, none twice.
//!
//! Three tell: the lanes what was done here, the bus what was done at other nodes, the follower what it has read in
//! the database. Alone with its database a process passes on what its lanes say, which is contiguous. Where there are
//! several, what continues a conversation's last known numbers is passed on, what is known already is dropped, and
//! where something is missing the follower reads it and tells all of it at once, as [`What::CaughtUp`].
//!
//! What has happened of late in the conversations that somebody has resumed is kept, within bounds: most of those who
//! come back were away for a moment.
//!
//! The announcer is called while the conversation is held here, so that its news go out in order whoever tells them.
//! It never blocks, and must not call back.

mod behind;
mod ear;
mod follower;
mod others;
mod ring;
mod rings;
mod stand;
mod sweep;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kefu_domain::{
    Announcement, Announcer, Bus, Conversation, ConversationId, Cursor, Event, Outline, Party, Scope, Since, Typing,
    What,
};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

pub(crate) use follower::Follower;
use others::Others;
use rings::Rings;
use stand::{Comes, Stand};

/// Conversations are held one by one, or by chance with one in so many.
const STRIPES: usize = 256;

/// How much is remembered at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Conversations of which it is known what was told.
    pub(crate) conversations: u64,
    /// Messages at hand of one conversation.
    pub(crate) messages: usize,
    /// Bytes at hand of all conversations.
    pub(crate) bytes: u64,
    /// Conversations that wait to be read.
    pub(crate) behind: usize,
}

/// News that a lane of this process tells.
pub(crate) struct Told {
    pub(crate) news: Announcement,
    /// Its commit was not answered, and it was found done: the numbers after it may have moved on since.
    pub(crate) found_again: bool,
}

pub(crate) struct Live {
    announcer: Arc<dyn Announcer>,
    bus: Option<Arc<dyn Bus>>,
    stripes: Box<[Mutex<()>]>,
    /// How far each conversation was told here. Changed only while the conversation is held, as are the rings.
    told: Cache<ConversationId, Stand>,
    rings: Rings,
    /// Set where there are several nodes.
    others: Option<Others>,
}

impl Live {
    pub(crate) fn new(
        announcer: Arc<dyn Announcer>,
        bus: Option<Arc<dyn Bus>>,
        several_nodes: bool,
        bounds: Bounds,
    ) -> Self {
        Self {
            announcer,
            bus,
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            told: Cache::builder().max_capacity(bounds.conversations).eviction_policy(EvictionPolicy::lru()).build(),
            rings: Rings::new(bounds.messages, bounds.bytes),
            others: several_nodes.then(|| Others::new(bounds.behind)),
        }
    }

    /// Holds a conversation, and a few others by chance.
    fn hold(&self, id: ConversationId) -> MutexGuard<'_, ()> {
        let at = usize::try_from(id.0.unsigned_abs() % STRIPES as u64).unwrap_or(0);
        self.stripes[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- telling ----

    /// Tells what was done here, in this order, and hints at it to the other nodes.
    pub(crate) fn tell(&self, news: Vec<Told>) {
        let hints = self.bus.as_ref().map(|bus| (bus, hints(&news)));
        for Told { news, found_again } in news {
            self.pass(news, found_again);
        }
        if let Some((bus, hints)) = hints.filter(|(_, hints)| !hints.is_empty())
            && catch_unwind(AssertUnwindSafe(|| bus.publish(&hints))).is_err()
        {
            tracing::error!("the bus panicked; the other nodes find out by asking");
        }
    }

    /// Passes on what comes next in its conversation. Whoever waits for news that are not passed on need not.
    fn pass(&self, news: Announcement, found_again: bool) {
        let after = news.event.after;
        let id = after.conversation;
        let certain = is_certain(&news.event, found_again);
        let _held = self.hold(id);
        let told = self.told.get(&id);
        let Some(others) = &self.others else {
            let highest = told.map_or(after.change, |told| told.change.max(after.change));
            if highest == after.change {
                self.told.insert(id, after.into());
            }
            self.rings.take(&news, certain);
            return self.announce(news);
        };
        match Stand::meets(told, &news.event) {
            Comes::Late => {}
            Comes::Next if certain => {
                self.told.insert(id, after.into());
                self.rings.take(&news, certain);
                self.announce(news);
            }
            Comes::Next | Comes::Early => {
                let before = stand::before(&news.event);
                others.miss(id, after.scope, Some(before));
            }
        }
    }

    fn announce(&self, news: Announcement) {
        if catch_unwind(AssertUnwindSafe(|| self.announcer.announce(vec![news]))).is_err() {
            tracing::error!("the announcer panicked; what was to be told is found by asking");
        }
    }

    /// Tells the rest of what was read since a point; says how far everything was told afterwards.
    fn catch_up(&self, since: Since, from: Stand) -> Stand {
        let id = since.outline.conversation;
        let _held = self.hold(id);
        let told = self.told.get(&id).unwrap_or(from);
        let Some(since) = stand::beyond(since, told) else { return told };
        let after = stand::after(&since, told);
        self.told.insert(id, after);
        self.rings.catch_up(&since, told);
        let event = Event { after: since.outline, by: Party::System, what: What::CaughtUp(Box::new(since)) };
        self.announce(Announcement { event, avatar: None, handed: None });
        after
    }

    /// Says that somebody is writing, here and at the other nodes.
    pub(crate) fn whisper(&self, typing: &Typing) {
        self.whisper_here(typing);
        if let Some(bus) = &self.bus {
            bus.whisper(typing);
        }
    }

    fn whisper_here(&self, typing: &Typing) {
        self.announcer.whisper(typing);
    }

    // ---- remembering ----

    /// How far conversations were told here, and interest in them.
    pub(crate) fn heads(&self, ids: &[ConversationId]) -> Vec<Cursor> {
        let head = |&id: &ConversationId| {
            self.rings.touch(id);
            self.told.get(&id).map(|told| Cursor { conversation: id, seq: told.seq, change: told.change })
        };
        ids.iter().filter_map(head).collect()
    }

    /// What has happened since a cursor, if all of it is at hand.
    pub(crate) fn recall(&self, from: Cursor) -> Option<Since> {
        let id = from.conversation;
        let _held = self.hold(id);
        if self.others.as_ref().is_some_and(|others| others.behind.contains(id)) {
            return None;
        }
        self.rings.since(from, self.told.get(&id)?)
    }

    /// Somebody has read the conversation as it was then: from here on its news are kept.
    pub(crate) fn was_read(&self, found: &Conversation) {
        let outline = Outline::from(found);
        let (id, now) = (outline.conversation, Stand::from(outline));
        let _held = self.hold(id);
        let told = self.told.get(&id);
        let (known, born) = match (&self.others, told) {
            // The lane that has done more tells it in a moment.
            (None, told) => (told.is_none_or(|told| told.change <= now.change), 0),
            (Some(others), None) => {
                let settled = others.is_settled(id, found.changed);
                if !settled {
                    others.miss(id, outline.scope, None);
                }
                (settled, others.looks())
            }
            (Some(others), Some(told)) => {
                if told.change < now.change {
                    others.miss(id, outline.scope, None);
                }
                (told == now, others.looks())
            }
        };
        if !known {
            return;
        }
        self.told.insert(id, now);
        self.rings.begin(outline, born);
    }

    fn stand(&self, id: ConversationId) -> Option<Stand> {
        self.told.get(&id)
    }

    /// Takes a conversation of which nothing was known as told up to here.
    fn was_told(&self, id: ConversationId, up_to: Stand) {
        let _held = self.hold(id);
        if self.told.get(&id).is_none() {
            self.told.insert(id, up_to);
        }
    }

    /// The same of one that has not changed for so long that it was told by now, unless it is known to be missing.
    fn settle(&self, others: &Others, id: ConversationId, up_to: Stand) {
        let _held = self.hold(id);
        if self.told.get(&id).is_none() && !others.behind.contains(id) {
            self.told.insert(id, up_to);
        }
    }

    /// Nobody listens to it.
    fn forget(&self, id: ConversationId) {
        let _held = self.hold(id);
        self.told.invalidate(&id);
        self.rings.drop(id);
    }

    /// Drops what is kept of scopes that nobody listens to: nobody looks there for what the bus has lost. What was
    /// kept only since that look began may have somebody who is about to listen.
    fn drop_unheard(&self, heard: &[Scope], look: u64) {
        for id in self.rings.unheard(heard, look) {
            let _held = self.hold(id);
            self.rings.drop(id);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(others) = &self.others {
            others.behind.stop();
        }
    }
}

/// What is worth telling the other nodes, without those who wait for it here; the rest is found by asking.
fn hints(news: &[Told]) -> Vec<Announcement> {
    let certain = news.iter().filter(|told| is_certain(&told.news.event, told.found_again));
    certain.map(|told| Announcement { handed: None, ..told.news.clone() }).collect()
}

/// What was found done after a commit of unknown fate says which change it was if it has a message; the conversation
/// after it may be that of a later change.
const fn is_certain(event: &Event, found_again: bool) -> bool {
    !found_again || matches!(event.what, What::Posted(_) | What::Revoked(_) | What::Deleted(..))
}

#[cfg(test)]
mod tests;
