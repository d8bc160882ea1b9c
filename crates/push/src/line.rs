//! The queue of one socket: what waits, what is held back, what falls out.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;
use kefu_domain::{ConversationId, Handed};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::hub::Settings;
use crate::meter::{self, Dropped};
use crate::seen::Seen;

/// One frame for one socket, to be kept until its writer has it: whoever waits for the hand-over of it waits until
/// the parcel is dropped.
pub struct Parcel {
    /// The frame.
    pub text: ByteString,
    /// The message it shows, as conversation and `seq`.
    pub shown: Option<(ConversationId, i64)>,
    handed: Option<Handed>,
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.text.len();
        f.debug_struct("Parcel").field("bytes", &bytes).field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A frame on offer to a socket.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) text: &'a ByteString,
    pub(crate) shown: Option<(ConversationId, i64)>,
    /// Kept with the frame, unless it would be waited for in vain.
    pub(crate) handed: Option<&'a Handed>,
}

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It waits in a queue of this length.
    Waiting(usize),
    /// The socket has it already, or is gone.
    Refused,
}

pub(crate) struct Line {
    settings: Settings,
    state: Mutex<State>,
    bell: Notify,
}

struct State {
    queue: VecDeque<Parcel>,
    door: Door,
    pinged: Instant,
    /// While held and not lagging: how many frames had been queued before.
    before_hold: Option<usize>,
    /// Since the queue was full, until it is empty.
    lagging: bool,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// Out only.
    Draining,
    Shut,
}

/// What fell out of a queue. It is dropped after the lock: what a parcel keeps is somebody else's code.
#[derive(Default)]
struct Fallen {
    parcels: Vec<Parcel>,
    guards: Vec<Handed>,
}

enum Next {
    Here(Parcel),
    NotYet,
    Over,
}

impl Line {
    pub(crate) fn new(settings: Settings, now: Instant) -> Self {
        let state = State {
            queue: VecDeque::new(),
            door: Door::Open,
            pinged: now,
            before_hold: None,
            lagging: false,
            seen: Seen::default(),
        };
        Self { settings, state: Mutex::new(state), bell: Notify::new() }
    }

    /// Puts a frame at the end of the queue. What does not fit falls out at the front.
    pub(crate) fn push(&self, offer: Offer<'_>, now: Instant) -> Taken {
        let mut state = self.lock();
        if state.door != Door::Open {
            return Taken::Refused;
        }
        if let Some((conversation, seq)) = offer.shown
            && !state.seen.is_new(conversation, seq)
        {
            return Taken::Refused;
        }

        let held = state.is_held(&self.settings, now);
        if held && state.before_hold.is_none() && !state.lagging {
            state.before_hold = Some(state.queue.len());
        }
        state.queue.push_back(Parcel { text: offer.text.clone(), shown: offer.shown, handed: offer.handed.cloned() });
        let fallen = state.shorten(&self.settings, held);
        let why = if state.lagging { Dropped::Lagging } else { Dropped::Held };
        let depth = state.queue.len();
        drop(state);

        meter::dropped(why, fallen.parcels.len());
        if !held {
            self.bell.notify_one();
        }
        Taken::Waiting(depth)
    }

    pub(crate) async fn next(&self) -> Option<Parcel> {
        loop {
            match self.take(Instant::now()) {
                Next::Here(parcel) => return Some(parcel),
                Next::Over => return None,
                // A bell that rang since then is remembered.
                Next::NotYet => self.bell.notified().await,
            }
        }
    }

    pub(crate) fn pinged(&self, now: Instant) {
        let mut state = self.lock();
        state.pinged = now;
        state.before_hold = None;
        drop(state);
        self.bell.notify_one();
    }

    /// Lets the socket go after what waits for it; `false` when it was let go before.
    pub(crate) fn drain(&self) -> bool {
        let mut state = self.lock();
        let open = state.door == Door::Open;
        if open {
            state.door = Door::Draining;
        }
        drop(state);
        self.bell.notify_one();
        open
    }

    /// Lets the socket go with what waits for it; `false` when it was let go before.
    pub(crate) fn shut(&self) -> bool {
        let mut state = self.lock();
        let open = std::mem::replace(&mut state.door, Door::Shut) == Door::Open;
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        meter::dropped(Dropped::Closed, queue.len());
        self.bell.notify_one();
        open
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.lock().is_over(&self.settings, now)
    }

    fn take(&self, now: Instant) -> Next {
        let mut state = self.lock();
        if state.is_over(&self.settings, now) {
            return Next::Over;
        }
        if state.is_held(&self.settings, now) {
            return Next::NotYet;
        }
        let next = state.queue.pop_front();
        if state.queue.is_empty() {
            state.lagging = false;
        }
        next.map_or(Next::NotYet, Next::Here)
    }

    // Every change under the lock is complete or has not begun, whoever panicked.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_held(&self, settings: &Settings, now: Instant) -> bool {
        now.duration_since(self.pinged) >= settings.hold_after
    }

    fn is_over(&self, settings: &Settings, now: Instant) -> bool {
        match self.door {
            Door::Open => false,
            Door::Draining => self.queue.is_empty() || self.is_held(settings, now),
            Door::Shut => true,
        }
    }

    /// Cuts the queue down to what a held or lagging socket keeps.
    fn shorten(&mut self, settings: &Settings, held: bool) -> Fallen {
        let mut fallen = Fallen::default();
        if self.queue.len() > settings.queue {
            self.lagging = true;
        }
        if !held && !self.lagging {
            return fallen;
        }

        fallen.guards.extend(self.queue.iter_mut().filter_map(|parcel| parcel.handed.take()));
        // What waited before a hold was accepted for a socket that was still there; it stays. A lagging one is too
        // far behind for that.
        if self.lagging {
            self.before_hold = None;
        }
        let stays = self.before_hold.unwrap_or(0);
        while self.queue.len() > stays + settings.keep {
            fallen.parcels.extend(self.queue.remove(stays));
        }
        fallen
    }
}

#[cfg(test)]
mod tests;
