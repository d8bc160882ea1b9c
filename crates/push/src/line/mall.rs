//! What waits for a socket of the mall's dialect: what is held back, what falls out, what is replayed.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use kefu_domain::ConversationId;
use tokio::time::Instant;

use super::{Absence, Fallen, Next, Pushed, Taken};
use crate::meter::{self, Dropped};
use crate::parcel::{Offer, Parcel};
use crate::pigeonhole::Pigeonhole;
use crate::seen::Seen;
use crate::settings::Settings;

/// How long a page has to list what it missed by itself.
const GRACE: Duration = Duration::from_millis(1_500);

pub(super) struct Mall {
    pub(super) queue: VecDeque<Parcel>,
    pinged: Instant,
    /// While held and not lagging: how many frames had been queued before.
    before_hold: Option<usize>,
    /// Since the queue was full, until it is empty.
    lagging: bool,
    seen: Seen,
    hole: Option<Arc<Pigeonhole>>,
    returning: Option<Returning>,
}

/// Until what was missed has been found out.
struct Returning {
    due: Instant,
    absence: Absence,
    /// The conversations of which something new was given meanwhile. What is older would come too late.
    went_on: HashSet<ConversationId>,
}

impl Mall {
    pub(super) fn new(now: Instant, hole: Option<Arc<Pigeonhole>>, absence: Option<Absence>) -> Self {
        let returning = absence.map(|absence| Returning { due: now + GRACE, absence, went_on: HashSet::new() });
        Self {
            queue: VecDeque::new(),
            pinged: now,
            before_hold: None,
            lagging: false,
            seen: Seen::default(),
            hole,
            returning,
        }
    }

    pub(super) fn push(&mut self, settings: &Settings, offer: Offer<'_>, now: Instant) -> Pushed {
        let mut pushed = Pushed { taken: Taken::Refused, fallen: Fallen::default(), why: Dropped::Held, rings: false };
        if let Some((conversation, seq)) = offer.frame.shown
            && !self.seen.is_new(conversation, seq)
        {
            return pushed;
        }

        let held = self.is_held(settings, now);
        if held && self.before_hold.is_none() && !self.lagging {
            self.before_hold = Some(self.queue.len());
        }
        self.queue.push_back(Parcel::new(offer, self.hole.as_ref()));
        pushed.fallen = self.shorten(settings, held);
        if self.lagging {
            pushed.why = Dropped::Lagging;
        }
        pushed.taken = Taken::Waiting(self.queue.len());
        pushed.rings = !held;
        pushed
    }

    pub(super) fn take(&mut self, settings: &Settings, now: Instant, draining: bool) -> Next {
        if self.is_held(settings, now) {
            return Next::NotYet(None);
        }
        // Whoever is about to go is given what waits, and nothing that they may have listed.
        if draining {
            self.returning = None;
        }
        if self.returning.as_ref().is_some_and(|returning| returning.due <= now) {
            self.replay(now);
        }

        let next = match &mut self.returning {
            None => self.queue.pop_front(),
            Some(returning) => {
                let owed = self.hole.as_ref().map(|hole| hole.owing(&returning.absence, now)).unwrap_or_default();
                let flows = |parcel: &Parcel| parcel.news.is_none_or(|(_, conversation)| !owed.contains(&conversation));
                let next = self.queue.iter().position(flows).and_then(|at| self.queue.remove(at));
                returning.went_on.extend(next.as_ref().and_then(|parcel| parcel.news).map(|(_, about)| about));
                next
            }
        };
        if self.queue.is_empty() {
            self.lagging = false;
        }
        let due = self.returning.as_ref().map(|returning| returning.due);
        next.map_or(Next::NotYet(due), Next::Here)
    }

    pub(super) fn pinged(&mut self, now: Instant) {
        self.pinged = now;
        self.before_hold = None;
    }

    pub(super) fn amend(&mut self, message: (ConversationId, i64), text: Option<&ByteString>) -> Option<Parcel> {
        let at = self.queue.iter().position(|parcel| parcel.shown == Some(message))?;
        if let Some(text) = text {
            self.queue[at].text = text.clone();
            return None;
        }
        self.before_hold = self.before_hold.map(|before| before - usize::from(at < before));
        self.queue.remove(at)
    }

    /// A page has listed a conversation up to this number: while it is found out what this socket has missed, what
    /// waits for it is among that, and falls out.
    pub(super) fn listed(&mut self, conversation: ConversationId, up_to: i64) -> VecDeque<Parcel> {
        if self.returning.is_none() {
            return VecDeque::new();
        }
        let is_listed = |parcel: &Parcel| parcel.shown.is_some_and(|(its, seq)| its == conversation && seq <= up_to);
        let before = self.before_hold.unwrap_or(0);
        let listed_before = self.queue.iter().take(before).filter(|parcel| is_listed(parcel)).count();
        self.before_hold = self.before_hold.map(|before| before - listed_before);
        let (listed, rest) = std::mem::take(&mut self.queue).into_iter().partition(is_listed);
        self.queue = rest;
        listed
    }

    pub(super) fn clear(&mut self) -> VecDeque<Parcel> {
        std::mem::take(&mut self.queue)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn is_held(&self, settings: &Settings, now: Instant) -> bool {
        now.duration_since(self.pinged) >= settings.hold_after
    }

    /// Puts what was missed before what waits.
    fn replay(&mut self, now: Instant) {
        let Some((returning, hole)) = self.returning.take().zip(self.hole.as_ref()) else { return };
        let mut missed = hole.owed(&returning.absence, now);
        missed.retain(|frame| {
            let Some((_, about)) = frame.news else { return false };
            let first =
                self.queue.iter().filter_map(|parcel| parcel.shown).find(|(conversation, _)| *conversation == about);
            let in_order = first.zip(frame.shown).is_none_or(|((_, waiting), (_, missed))| missed < waiting);
            in_order && !returning.went_on.contains(&about)
        });

        meter::replayed(missed.len());
        for frame in missed.iter().rev() {
            self.queue.push_front(Parcel::new(Offer { frame, handed: None }, Some(hole)));
        }
    }

    /// Cuts the queue down to what a held or lagging socket keeps.
    fn shorten(&mut self, settings: &Settings, held: bool) -> Fallen {
        let mut fallen = Fallen::default();
        if self.queue.len() > settings.queue {
            if !self.lagging {
                meter::lagged();
            }
            self.lagging = true;
        }
        if !held && !self.lagging {
            return fallen;
        }

        fallen.guards.extend(self.queue.iter_mut().filter_map(Parcel::unguarded));
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
