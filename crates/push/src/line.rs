//! The queue of one socket, and its door.

mod mall;
mod v2;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;
use kefu_domain::{ConversationId, Handed, Shops};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::meter::{self, Dropped};
use crate::parcel::{Offer, Parcel};
use crate::pigeonhole::Pigeonhole;
use crate::settings::Settings;
use mall::Mall;
use v2::V2;

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It waits in a queue of this length.
    Waiting(usize),
    /// The socket has it already, has no room, or is gone.
    Refused,
}

/// Why an inbox ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// This socket was let go: its credential has ended, or whoever it is.
    LetGo,
    /// The hub has stopped.
    Stopping,
}

/// What a new socket may have to be given that others of its token were not.
pub(crate) struct Absence {
    /// What is older than the announcement of this number came before this socket.
    pub(crate) since: u64,
    /// The shops whose news it may hear.
    pub(crate) shops: Shops,
}

pub(crate) struct Line {
    settings: Settings,
    state: Mutex<State>,
    bell: Notify,
}

struct State {
    door: Door,
    stopping: bool,
    queue: Queue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    /// Out only.
    Draining,
    Shut,
}

enum Queue {
    Mall(Mall),
    V2(V2),
}

/// What fell out of a queue. It is dropped after the lock: what a parcel keeps is somebody else's code.
#[derive(Default)]
struct Fallen {
    parcels: Vec<Parcel>,
    guards: Vec<Handed>,
}

/// What came of an offer, inside.
struct Pushed {
    taken: Taken,
    fallen: Fallen,
    why: Dropped,
    /// Whether there is something to take, or to learn.
    rings: bool,
}

enum Next {
    Here(Parcel),
    /// Not before something happens, or this instant.
    NotYet(Option<Instant>),
    Over,
}

impl Line {
    /// A line of the mall's dialect. With a pigeonhole it is told there what was accepted; with an absence, it gives
    /// out what is found there.
    pub(crate) fn mall(
        settings: Settings,
        now: Instant,
        hole: Option<Arc<Pigeonhole>>,
        absence: Option<Absence>,
    ) -> Self {
        Self::new(settings, Queue::Mall(Mall::new(now, hole, absence)))
    }

    /// A line of the v2 dialect.
    pub(crate) fn v2(settings: Settings) -> Self {
        Self::new(settings, Queue::V2(V2::default()))
    }

    fn new(settings: Settings, queue: Queue) -> Self {
        let state = State { door: Door::Open, stopping: false, queue };
        Self { settings, state: Mutex::new(state), bell: Notify::new() }
    }

    /// Puts a frame into the queue. What does not fit falls out.
    pub(crate) fn push(&self, offer: Offer<'_>, now: Instant) -> Taken {
        let mut state = self.lock();
        if state.door != Door::Open {
            return Taken::Refused;
        }
        let pushed = match &mut state.queue {
            Queue::Mall(queue) => queue.push(&self.settings, offer, now),
            Queue::V2(queue) => queue.push(&self.settings, offer),
        };
        drop(state);

        meter::dropped(pushed.why, pushed.fallen.parcels.len());
        if pushed.rings {
            self.bell.notify_one();
        }
        pushed.taken
    }

    /// Gives a message that waits another text, or none: it has changed meanwhile. In the v2 dialect that is told by
    /// frames of its own.
    pub(crate) fn amend(&self, message: (ConversationId, i64), text: Option<&ByteString>) {
        let fallen = match &mut self.lock().queue {
            Queue::Mall(queue) => queue.amend(message, text),
            Queue::V2(_) => None,
        };
        drop(fallen);
    }

    /// A page of this socket's token has listed a conversation up to this number: what it thus knows is not given to a
    /// socket that has just come back.
    pub(crate) fn listed(&self, conversation: ConversationId, up_to: i64) {
        let fallen = match &mut self.lock().queue {
            Queue::Mall(queue) => queue.listed(conversation, up_to),
            Queue::V2(_) => return,
        };
        drop(fallen);
        // What waited behind it need not any longer.
        self.bell.notify_one();
    }

    pub(crate) async fn next(&self) -> Option<Parcel> {
        loop {
            // A bell that rang since then is remembered.
            match self.take(Instant::now()) {
                Next::Here(parcel) => return Some(parcel),
                Next::Over => return None,
                Next::NotYet(None) => self.bell.notified().await,
                Next::NotYet(Some(due)) => drop(timeout_at(due, self.bell.notified()).await),
            }
        }
    }

    pub(crate) fn pinged(&self, now: Instant) {
        if let Queue::Mall(queue) = &mut self.lock().queue {
            queue.pinged(now);
        }
        self.bell.notify_one();
    }

    /// Whether frames were dropped since this was asked last.
    pub(crate) fn has_lagged(&self) -> bool {
        match &mut self.lock().queue {
            Queue::Mall(_) => false,
            Queue::V2(queue) => queue.has_lagged(),
        }
    }

    /// Lets the socket go after what waits for it; `false` when it was let go before.
    pub(crate) fn drain(&self) -> bool {
        let mut state = self.lock();
        let open = state.door == Door::Open;
        if open {
            (state.door, state.stopping) = (Door::Draining, true);
        }
        drop(state);
        self.bell.notify_one();
        open
    }

    /// Lets the socket go with what waits for it; `false` when it was let go before.
    pub(crate) fn shut(&self, ending: Ending) -> bool {
        let mut state = self.lock();
        let open = std::mem::replace(&mut state.door, Door::Shut) == Door::Open;
        state.stopping = ending == Ending::Stopping;
        let fallen = match &mut state.queue {
            Queue::Mall(queue) => queue.clear(),
            Queue::V2(queue) => queue.clear(),
        };
        drop(state);
        meter::dropped(Dropped::Closed, fallen.len());
        self.bell.notify_one();
        open
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.lock().is_over(&self.settings, now)
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        let state = self.lock();
        match (state.door, state.stopping) {
            (Door::Open, _) => None,
            (_, true) => Some(Ending::Stopping),
            (_, false) => Some(Ending::LetGo),
        }
    }

    fn take(&self, now: Instant) -> Next {
        let mut state = self.lock();
        if state.is_over(&self.settings, now) {
            return Next::Over;
        }
        let draining = state.door == Door::Draining;
        match &mut state.queue {
            Queue::Mall(queue) => queue.take(&self.settings, now, draining),
            Queue::V2(queue) => queue.take(),
        }
    }

    // Every change under the lock is complete or has not begun, whoever panicked.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_over(&self, settings: &Settings, now: Instant) -> bool {
        match self.door {
            Door::Open => false,
            Door::Draining => match &self.queue {
                Queue::Mall(queue) => queue.is_empty() || queue.is_held(settings, now),
                Queue::V2(queue) => queue.is_empty(),
            },
            Door::Shut => true,
        }
    }
}

#[cfg(test)]
mod tests;
