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
mod memory;
mod others;
mod ring;
mod rings;
mod stand;
mod sweep;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kefu_domain::{Announcement, Announcer, Bus, ConversationId, Event, Party, Since, Typing, What};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

pub(crate) use follower::Follower;
use memory::Known;
use others::Others;
pub(crate) use rings::INTEREST;
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
    /// A scope counts as listened to for so long after nobody has been there any more.
    pub(crate) linger: Duration,
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
    told: Cache<ConversationId, Known>,
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
            others: several_nodes.then(|| Others::new(bounds.behind, bounds.linger)),
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
        let told = self.stand(id);
        let Some(others) = &self.others else {
            let highest = told.map_or(after.change, |told| told.change.max(after.change));
            if highest == after.change {
                self.stands(id, after.scope, after.into());
            }
            self.rings.take(&news, certain);
            return self.announce(news);
        };
        match Stand::meets(told, &news.event) {
            Comes::Late => {}
            Comes::Next if certain => {
                self.stands(id, after.scope, after.into());
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
        let told = self.stand(id).unwrap_or(from);
        let Some(since) = stand::beyond(since, told) else { return told };
        let after = stand::after(&since, told);
        self.stands(id, since.outline.scope, after);
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
