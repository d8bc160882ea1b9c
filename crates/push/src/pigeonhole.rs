//! What was said to somebody and no page of theirs has been given yet. The mall's pages neither acknowledge nor ask
//! again, so what falls between two of their sockets is kept here for a while.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytestring::ByteString;
use kefu_domain::{ConversationId, ShopId};
use tokio::time::Instant;

use crate::line::Absence;
use crate::parcel::Frame;
use crate::seen::Seen;

/// What is older is not worth while: the page will be loaded anew.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(600);

/// Shared by all sockets of one token of one person.
#[derive(Default)]
pub(crate) struct Pigeonhole {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    /// In the order in which they were announced.
    notes: VecDeque<Note>,
    /// Whatever was put in, whether it still is there or not.
    seen: Seen,
    /// How far a page of theirs has listed.
    listed: Seen,
}

struct Note {
    frame: Frame,
    shop: ShopId,
    put: Instant,
}

impl Note {
    fn is_owed(&self, absence: &Absence, now: Instant) -> bool {
        self.frame.news.is_some_and(|(number, _)| number < absence.since)
            && absence.shops.contains(&self.shop)
            && now.duration_since(self.put) < KEPT_FOR
    }
}

impl Pigeonhole {
    /// Keeps a frame until a socket has accepted it, or a page has listed it; of several, the newest `keep`.
    /// `false` when this person knows the message: no socket of theirs needs it.
    pub(crate) fn put(&self, frame: &Frame, shop: ShopId, keep: usize, now: Instant) -> bool {
        let mut inside = self.lock();
        if let Some((conversation, seq)) = frame.shown {
            if !inside.seen.is_new(conversation, seq) {
                return false;
            }
            if inside.listed.has(conversation, seq) {
                return true;
            }
        } else {
            // That the desk has read says no more when it is said twice.
            let about = frame.news.map(|(_, about)| about);
            inside.notes.retain(|note| note.frame.shown.is_some() || note.frame.news.map(|(_, about)| about) != about);
        }
        if inside.notes.len() >= keep {
            inside.notes.pop_front();
        }
        inside.notes.push_back(Note { frame: frame.clone(), shop, put: now });
        true
    }

    /// A socket has accepted it.
    pub(crate) fn taken(&self, number: u64, shown: Option<(ConversationId, i64)>) {
        self.lock()
            .notes
            .retain(|note| note.frame.news.map(|(its, _)| its) != Some(number) || note.frame.shown != shown);
    }

    /// A message has changed: what is kept of it gets another text, or is not kept any longer.
    pub(crate) fn amend(&self, message: (ConversationId, i64), text: Option<&ByteString>) {
        let mut inside = self.lock();
        let Some(at) = inside.notes.iter().position(|note| note.frame.shown == Some(message)) else { return };
        match text {
            Some(text) => inside.notes[at].frame.text = text.clone(),
            None => drop(inside.notes.remove(at)),
        }
    }

    /// A page has listed the newest messages, up to this one.
    pub(crate) fn listed(&self, conversation: ConversationId, up_to: i64) {
        let mut inside = self.lock();
        inside.listed.is_new(conversation, up_to);
        inside.notes.retain(|note| match (note.frame.news, note.frame.shown) {
            (Some((_, about)), _) if about != conversation => true,
            (_, shown) => shown.is_some_and(|(_, seq)| seq > up_to),
        });
    }

    /// Whether a page has listed it.
    pub(crate) fn has_listed(&self, conversation: ConversationId, seq: i64) -> bool {
        self.lock().listed.has(conversation, seq)
    }

    /// The conversations of which something is to be replayed.
    pub(crate) fn owing(&self, absence: &Absence, now: Instant) -> Vec<ConversationId> {
        let inside = self.lock();
        let owed = inside.notes.iter().filter(|note| note.is_owed(absence, now));
        owed.filter_map(|note| note.frame.news).map(|(_, about)| about).collect()
    }

    /// What is to be replayed, in order. It stays here until it is accepted.
    pub(crate) fn owed(&self, absence: &Absence, now: Instant) -> Vec<Frame> {
        let inside = self.lock();
        inside.notes.iter().filter(|note| note.is_owed(absence, now)).map(|note| note.frame.clone()).collect()
    }

    // Every change under the lock is complete or has not begun, whoever panicked.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
