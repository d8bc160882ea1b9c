//! The endless thread of one member with one shop: the aggregate that numbers, counts and remembers.

use std::borrow::Cow;
use std::ops::Deref;

use crate::{
    ConversationId, Deleted, Draft, MemberId, Message, MessageId, Party, Quote, Scope, Side, Timestamp, shown,
};

/// Preview of the newest message, for the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// When it was said; for a conversation without messages, when it was opened.
    pub time: Timestamp,
    /// Its full content as it is stored, which may be as the mall's own server left it ([`LastMessage::shown`]); empty
    /// for a conversation without messages.
    pub content: String,
    /// Its content type; 1 for a conversation without messages.
    pub kind: i32,
}

impl LastMessage {
    /// Its kind and content as pages can bear them, whoever wrote them; see [`shown`].
    #[must_use]
    pub fn shown(&self) -> (i32, Cow<'_, str>) {
        // Empty before the first message.
        if self.content.is_empty() { (self.kind, Cow::Borrowed("")) } else { shown(self.kind, &self.content) }
    }
}

/// A conversation's row, all of it. What is written back is always the full row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationState {
    /// The row's id.
    pub id: ConversationId,
    /// Whose.
    pub scope: Scope,
    /// The member.
    pub member: MemberId,
    /// When it was opened.
    pub created: Timestamp,
    /// Preview of the newest message.
    pub last: LastMessage,
    /// Pinned at the top of the desk's list, for all agents.
    pub pinned: bool,
    /// Hidden from the member's side; nothing sets it today.
    pub hidden_from_member: bool,
    /// Hidden from the desk's list until the next message.
    pub hidden_from_desk: bool,
    /// The member's messages above `desk_read_seq` that were neither taken back nor deleted by the desk.
    pub desk_unread: i64,
    /// The number of the newest message; 0 before the first.
    pub head_seq: i64,
    /// How many visible changes there were.
    pub change: i64,
    /// When the last one was.
    pub changed: Timestamp,
    /// How far the member has read.
    pub member_read_seq: i64,
    /// How far the desk has read.
    pub desk_read_seq: i64,
}

impl ConversationState {
    /// A conversation as it is before its first message.
    #[must_use]
    pub fn opened(id: ConversationId, scope: Scope, member: MemberId, now: Timestamp) -> Self {
        Self {
            id,
            scope,
            member,
            created: now,
            last: LastMessage { time: now, content: String::new(), kind: 1 },
            pinned: false,
            hidden_from_member: false,
            hidden_from_desk: false,
            desk_unread: 0,
            head_seq: 0,
            change: 0,
            changed: now,
            member_read_seq: 0,
            desk_read_seq: 0,
        }
    }
}

/// A conversation: anybody may look at its state, only its own methods change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation(ConversationState);

impl Deref for Conversation {
    type Target = ConversationState;

    fn deref(&self) -> &ConversationState {
        &self.0
    }
}

impl Conversation {
    /// The conversation that a store has kept.
    #[must_use]
    pub fn restore(state: ConversationState) -> Self {
        Self(state)
    }

    /// How far a side has read.
    #[must_use]
    pub fn read_seq(&self, side: Side) -> i64 {
        match side {
            Side::Member => self.member_read_seq,
            Side::Desk => self.desk_read_seq,
        }
    }

    /// Says something: takes the next number, moves the preview and the counter, returns to the desk's view.
    ///
    /// The message's id is 0 until the store has written it.
    pub(crate) fn post(&mut self, sender: Party, draft: &Draft, quote: Option<Quote>, now: Timestamp) -> Message {
        let time = now.strictly_after(self.last.time);
        self.0.head_seq += 1;
        self.0.last = LastMessage { time, content: draft.content.body().to_owned(), kind: draft.content.kind().code() };
        self.0.hidden_from_desk = false;
        if sender.side() == Side::Member {
            self.0.desk_unread += 1;
        }
        self.touch(time);
        Message {
            id: MessageId(0),
            conversation: self.id,
            seq: self.head_seq,
            change: self.change,
            sender,
            receiver: (sender.side() == Side::Desk).then_some(Party::Member(self.member)),
            kind: self.last.kind,
            content: self.last.content.clone(),
            read: false,
            time,
            key: Some(draft.key.clone()),
            fingerprint: Some(draft.content.fingerprint()),
            quote,
            revoked: None,
            deleted: Deleted::default(),
        }
    }

    /// Moves a side's cursor up to `to`, at most to the head, never down; `unread` are the numbers of the other
    /// side's messages above the cursor, ascending. Returns the old and the new cursor when it moved.
    ///
    /// Passing a message of the other side is a visible change; passing only one's own is silent.
    pub(crate) fn read_by(&mut self, side: Side, to: i64, unread: &[i64], now: Timestamp) -> Option<CursorMoved> {
        let (from, to) = (self.read_seq(side), to.min(self.head_seq));
        if to <= from {
            return None;
        }
        let passed = unread.partition_point(|seq| *seq <= to);
        match side {
            Side::Member => self.0.member_read_seq = to,
            Side::Desk => {
                self.0.desk_read_seq = to;
                self.0.desk_unread = i64::try_from(unread.len() - passed).unwrap_or(i64::MAX);
            }
        }
        if passed > 0 {
            self.touch(now);
        }
        Some(CursorMoved { from, to, passed })
    }

    /// Pins or unpins; says whether that changed anything.
    pub(crate) fn pin(&mut self, pinned: bool, now: Timestamp) -> bool {
        let changed = self.pinned != pinned;
        if changed {
            self.0.pinned = pinned;
            self.touch(now);
        }
        changed
    }

    /// Leaves the desk's list until somebody writes again; says whether it was there.
    pub(crate) fn hide(&mut self, now: Timestamp) -> bool {
        let changed = !self.hidden_from_desk;
        if changed {
            self.0.hidden_from_desk = true;
            self.touch(now);
        }
        changed
    }

    /// Takes a message back: what is left of it has its number. The counter follows.
    pub(crate) fn revoke(&mut self, message: Message, now: Timestamp) -> Message {
        self.no_longer_unread(&message);
        self.touch(now);
        message.taken_back(self.change, now)
    }

    /// Deletes a message for a side. The counter follows.
    pub(crate) fn delete(&mut self, message: Message, side: Side, now: Timestamp) -> Message {
        if side == Side::Desk {
            self.no_longer_unread(&message);
        }
        self.touch(now);
        Message { deleted: message.deleted.and_by(side), change: self.change, ..message }
    }

    /// Shows another message in the list, or none. The conversation keeps its place there: the time stays.
    pub(crate) fn preview(&mut self, newest: Option<&Message>) {
        let (kind, content) = newest.map_or((1, ""), |message| (message.kind, &message.content));
        self.0.last = LastMessage { time: self.last.time, content: content.to_owned(), kind };
    }

    fn no_longer_unread(&mut self, message: &Message) {
        if message.seq > self.desk_read_seq && message.awaits(Side::Desk) {
            self.0.desk_unread = (self.desk_unread - 1).max(0);
        }
    }

    /// Counts a visible change. The time of changes never runs backwards, whatever the clock does.
    fn touch(&mut self, now: Timestamp) {
        self.0.change += 1;
        self.0.changed = self.changed.max(now);
    }
}

/// What moving a cursor came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CursorMoved {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Messages of the other side that were passed.
    pub(crate) passed: usize,
}

#[cfg(test)]
mod tests;
