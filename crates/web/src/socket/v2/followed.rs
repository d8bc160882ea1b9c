//! The conversations that one socket follows: what it was given of each, and what its client says it has.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::rt::time::Instant;
use kefu_domain::{ConversationId, Cursor};

/// A client that has nothing to say about what it was given for this long, although it is there, is given it again,
/// and after the same time once more is let go: it comes back and resumes.
pub(super) const STILL: Duration = Duration::from_secs(10);
/// Nobody has more conversations open on a screen. Beyond that the one that was resumed longest ago is followed no
/// longer: its news still come, and whoever misses some asks.
pub(super) const MOST: usize = 256;

/// What is to become of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// They are the next, or of a conversation that is not followed.
    Next,
    /// The socket has them.
    Old,
    /// There is something between this and them.
    Gap(Cursor),
}

/// What is to be done about clients that do not say that they have what they were given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Give it to them again, from here on; nothing, mostly.
    Again(Vec<Cursor>),
    /// It was given again and that did not help.
    TooLate,
}

/// The conversations of one socket.
#[derive(Default)]
pub(super) struct Followed {
    rows: HashMap<ConversationId, Row>,
    resumed: u64,
}

struct Row {
    /// What was given last, or is about to be.
    sent: Cursor,
    /// The highest that was ever given.
    top: Cursor,
    /// What the client has.
    has: Cursor,
    /// Since it has not all that it was given.
    behind: Option<Behind>,
    /// The number of its resuming.
    resumed: u64,
    /// Something was given: it is one that this client may see.
    confirmed: bool,
}

struct Behind {
    /// Since when nothing has moved.
    since: Instant,
    /// A heartbeat came since then, or since it was given again.
    alive: bool,
    /// When it was given again.
    again: Option<Instant>,
}

impl Followed {
    /// Follows a conversation from here on, which the client has.
    pub(super) fn follow(&mut self, from: Cursor) {
        self.resumed += 1;
        let row = Row { sent: from, top: from, has: from, behind: None, resumed: self.resumed, confirmed: false };
        self.rows.insert(from.conversation, row);
        if self.rows.len() > MOST {
            let oldest = self.rows.iter().min_by_key(|(_, row)| row.resumed).map(|(id, _)| *id);
            self.rows.retain(|id, _| Some(*id) != oldest);
        }
    }

    /// Follows it no longer.
    pub(super) fn forget(&mut self, id: ConversationId) {
        self.rows.remove(&id);
    }

    pub(super) fn follows(&self, id: ConversationId) -> bool {
        self.rows.contains_key(&id)
    }

    /// Those that are known to be the client's to see.
    pub(super) fn ids(&self) -> Vec<ConversationId> {
        self.rows.iter().filter(|(_, row)| row.confirmed).map(|(id, _)| *id).collect()
    }

    /// What was given of each.
    pub(super) fn cursors(&self) -> Vec<Cursor> {
        self.rows.values().map(|row| row.sent).collect()
    }

    /// What becomes of news that lead here; those that are next count as given.
    pub(super) fn judge(&mut self, at: Cursor) -> Fate {
        let Some(row) = self.rows.get_mut(&at.conversation) else { return Fate::Next };
        if at.change <= row.sent.change {
            return Fate::Old;
        }
        if at.change > row.sent.change + 1 {
            return Fate::Gap(row.sent);
        }
        row.give(at);
        Fate::Next
    }

    /// Everything up to here is given.
    pub(super) fn give(&mut self, at: Cursor) {
        if let Some(row) = self.rows.get_mut(&at.conversation) {
            row.give(at);
        }
    }

    /// The client starts over: it has nothing of this conversation. Where that is because it was given everything again,
    /// it is still the one time.
    pub(super) fn start_over(&mut self, id: ConversationId) {
        let nothing = Cursor::of_nothing(id);
        if let Some(row) = self.rows.get_mut(&id) {
            (row.sent, row.top, row.has) = (nothing, nothing, nothing);
            row.behind = row.behind.take().filter(|behind| behind.again.is_some());
        }
    }

    /// The writer has what leads here.
    pub(super) fn handed(&mut self, at: Cursor, now: Instant) {
        let Some(row) = self.rows.get_mut(&at.conversation) else { return };
        if row.behind.is_none() && row.is_behind() {
            row.behind = Some(Behind { since: now, alive: false, again: None });
        }
    }

    /// The client says what it has. What it cannot have is not believed.
    pub(super) fn received(&mut self, said: &[Cursor], now: Instant) {
        for said in said {
            let Some(row) = self.rows.get_mut(&said.conversation) else { continue };
            let seq = said.seq.min(row.top.seq).max(row.has.seq);
            let change = said.change.min(row.top.change).max(row.has.change);
            if (seq, change) == (row.has.seq, row.has.change) {
                continue;
            }
            row.has = Cursor { seq, change, ..row.has };
            let behind = row.behind.is_some() && row.is_behind();
            row.behind = behind.then_some(Behind { since: now, alive: false, again: None });
        }
    }

    /// The client is there.
    pub(super) fn beat(&mut self) {
        for behind in self.rows.values_mut().filter_map(|row| row.behind.as_mut()) {
            behind.alive = true;
        }
    }

    /// When [`Followed::overdue`] is worth a look, as far as it is known now.
    pub(super) fn due(&self) -> Option<Instant> {
        let alive = self.rows.values().filter_map(|row| row.behind.as_ref()).filter(|behind| behind.alive);
        alive.map(Behind::due).min()
    }

    /// Whom to give it again; they count as having been given what they have, and no more.
    pub(super) fn overdue(&mut self, now: Instant) -> Overdue {
        let mut again = Vec::new();
        for row in self.rows.values_mut() {
            let Some(behind) = row.behind.as_mut().filter(|behind| behind.alive && behind.due() <= now) else {
                continue;
            };
            if behind.again.is_some() {
                return Overdue::TooLate;
            }
            (behind.again, behind.alive) = (Some(now), false);
            row.sent = row.has;
            again.push(row.has);
        }
        Overdue::Again(again)
    }
}

impl Row {
    fn give(&mut self, at: Cursor) {
        self.confirmed = true;
        self.sent = at;
        self.top.seq = self.top.seq.max(at.seq);
        self.top.change = self.top.change.max(at.change);
    }

    /// Whoever has nothing is not behind where there is nothing.
    fn is_behind(&self) -> bool {
        self.has.seq.max(0) < self.top.seq || self.has.change.max(0) < self.top.change
    }
}

impl Behind {
    fn due(&self) -> Instant {
        self.again.unwrap_or(self.since) + STILL
    }
}

#[cfg(test)]
mod tests;
