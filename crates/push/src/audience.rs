//! Who is to be told of an event, and what was told before.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use kefu_domain::{ConversationId, Event, Party};

use crate::hub::Hub;
use crate::pigeonhole::Pigeonhole;
use crate::seats::Chair;

/// How far the desk has read, and how much it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) up_to: i64,
    pub(crate) unread: i64,
}

/// Who is to be told of one event.
pub(crate) struct Audience {
    /// The number of the announcement.
    pub(crate) number: u64,
    pub(crate) chairs: Vec<Arc<Chair>>,
    pub(crate) holes: Vec<(Party, Arc<Pigeonhole>)>,
}

impl Hub {
    /// Those who hear an event, and the pigeonholes of those who would. They are looked for in one go, so that a
    /// socket that comes at the same time is either among them or is told later what it missed.
    pub(crate) fn audience(&self, event: &Event) -> Audience {
        let seats = self.seats();
        let number = self.shared().announced.fetch_add(1, Ordering::Relaxed) + 1;
        let (mut chairs, mut holes) = (Vec::new(), Vec::new());
        for recipient in &event.audience() {
            seats.find(recipient, &mut chairs);
            seats.holes.find(recipient, &mut holes);
        }
        Audience { number, chairs, holes }
    }

    /// Notes how far the desk has read, and says what was noted before.
    pub(crate) fn note_reading(&self, conversation: ConversationId, now: Reading) -> Option<Reading> {
        let mut reading = self.shared().reading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = reading.get(conversation).copied();
        if before != Some(now) {
            reading.put(conversation, now);
        }
        before
    }
}
