//! What a conversation has become: its numbers, and what is new to somebody who knew it at an earlier point.

use std::collections::HashMap;

use crate::{AdminId, Conversation, ConversationId, MemberId, Message, Profile, Scope, Side, Timestamp};

/// A conversation's numbers and marks, without a word of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// The row's id.
    pub conversation: ConversationId,
    /// Whose.
    pub scope: Scope,
    /// The member.
    pub member: MemberId,
    /// The number of the newest message; 0 before the first.
    pub head_seq: i64,
    /// How many visible changes there were.
    pub change: i64,
    /// How far the member has read.
    pub member_read_seq: i64,
    /// How far the desk has read.
    pub desk_read_seq: i64,
    /// What the desk has not read.
    pub desk_unread: i64,
    /// Pinned at the top of the desk's list.
    pub pinned: bool,
    /// Hidden from the desk's list until the next message.
    pub hidden: bool,
}

impl Outline {
    /// How far a side has read.
    #[must_use]
    pub const fn read_seq(&self, side: Side) -> i64 {
        match side {
            Side::Member => self.member_read_seq,
            Side::Desk => self.desk_read_seq,
        }
    }

    /// Whether somebody may have been told so much of it and no more. Whoever is being told page after page has more
    /// messages than changes.
    #[must_use]
    pub fn may_have_been_at(&self, cursor: Cursor) -> bool {
        cursor.conversation == self.conversation
            && (0..=self.head_seq).contains(&cursor.seq)
            && (0..=self.change).contains(&cursor.change)
    }

    /// Where somebody stands who knows all of this.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { conversation: self.conversation, seq: self.head_seq, change: self.change }
    }
}

impl From<&Conversation> for Outline {
    fn from(from: &Conversation) -> Self {
        Self {
            conversation: from.id,
            scope: from.scope,
            member: from.member,
            head_seq: from.head_seq,
            change: from.change,
            member_read_seq: from.member_read_seq,
            desk_read_seq: from.desk_read_seq,
            desk_unread: from.desk_unread,
            pinned: from.pinned,
            hidden: from.hidden_from_desk,
        }
    }
}

/// What somebody has of a conversation: every message up to `seq`, every change up to `change`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which.
    pub conversation: ConversationId,
    /// The last message.
    pub seq: i64,
    /// The last change.
    pub change: i64,
}

impl Cursor {
    /// Of somebody who has nothing of it, and starts over.
    #[must_use]
    pub const fn of_nothing(conversation: ConversationId) -> Self {
        Self { conversation, seq: -1, change: -1 }
    }
}

/// What is new in a conversation since a [`Cursor`]. Applied in this order: the messages, what has changed of older
/// ones, and, unless there is more, the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// What the conversation is now; never older than the messages here were when they were read.
    pub outline: Outline,
    /// Where it begins: whoever has all up to here has everything once this is applied. `None` where `reset`.
    pub from: Option<Cursor>,
    /// Messages above the cursor as they are now, ascending and without a gap. Where `reset`, the newest ones.
    pub messages: Vec<Message>,
    /// Messages at or below the cursor that were taken back or deleted since, in the order of their changes.
    pub changed: Vec<Message>,
    /// Whoever holds the cursor starts over: it is of another life of the database, or of none.
    pub reset: bool,
    /// There is more than fits: ask again from the last message that is here.
    pub more: bool,
    /// Those who speak for the desk in it, as far as they are known.
    pub admins: HashMap<AdminId, Profile>,
}

/// Where a conversation stands, as a look at many of them finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which.
    pub conversation: ConversationId,
    /// Whose.
    pub scope: Scope,
    /// The member.
    pub member: MemberId,
    /// The number of the newest message.
    pub seq: i64,
    /// How many visible changes there were.
    pub change: i64,
}

/// Somebody is writing, or has stopped to. Never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typing {
    /// Whose.
    pub scope: Scope,
    /// Where.
    pub conversation: ConversationId,
    /// Its member.
    pub member: MemberId,
    /// Who.
    pub by: crate::Party,
    /// Whether they are.
    pub on: bool,
}

/// Which page of what has changed at a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedPage {
    /// Changed at this time or later, by the database's clock.
    pub since: Timestamp,
    /// Only those that come after this place.
    pub after: Option<(Timestamp, ConversationId)>,
    /// At most this many.
    pub limit: u32,
}
