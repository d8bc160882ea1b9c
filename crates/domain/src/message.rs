//! One message, as it is kept for good.

use crate::{ClientMsgId, Content, ConversationId, Fingerprint, Kind, MessageId, Party, Side, Timestamp};

/// What is left of a message that was taken back: a system line.
pub const TOMBSTONE: &str = "消息已撤回";

/// A stored message. `seq` is its place in the conversation, the only order there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The row's id.
    pub id: MessageId,
    /// Where it was said.
    pub conversation: ConversationId,
    /// 1, 2, 3 … within the conversation, without gaps.
    pub seq: i64,
    /// The change of the conversation that last touched this message.
    pub change: i64,
    /// Who said it.
    pub sender: Party,
    /// The member, when the desk spoke; nobody in particular otherwise.
    pub receiver: Option<Party>,
    /// The mall's content type. Rows written by others may hold numbers that are no [`crate::Kind`].
    pub kind: i32,
    /// The normalised content.
    pub content: String,
    /// Whether the other side has read it.
    pub read: bool,
    /// When, strictly increasing within the conversation.
    pub time: Timestamp,
    /// The sender's key; rows written by others have none.
    pub key: Option<ClientMsgId>,
    /// What the key was used for.
    pub fingerprint: Option<Fingerprint>,
    /// The message that it refers to.
    pub quote: Option<Quote>,
    /// When it was taken back; what is left is a [`TOMBSTONE`] with its number.
    pub revoked: Option<Timestamp>,
    /// Who has deleted it for themselves.
    pub deleted: Deleted,
}

/// A message of the same conversation that another one refers to. What it said is never copied: it may be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quote {
    /// Its row.
    pub id: MessageId,
    /// Its number.
    pub seq: i64,
}

/// The sides that have deleted a message; the other side still has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Deleted {
    /// The member.
    pub by_member: bool,
    /// The desk, for all agents.
    pub by_desk: bool,
}

impl Deleted {
    /// Whether that side has deleted it.
    #[must_use]
    pub const fn by(self, side: Side) -> bool {
        match side {
            Side::Member => self.by_member,
            Side::Desk => self.by_desk,
        }
    }

    pub(crate) const fn and_by(self, side: Side) -> Self {
        match side {
            Side::Member => Self { by_member: true, ..self },
            Side::Desk => Self { by_desk: true, ..self },
        }
    }
}

impl Message {
    /// Whether it counts as unread for a reader who has not come to it: said by the other side, not taken back, not
    /// deleted by the reader's side.
    #[must_use]
    pub fn awaits(&self, reader: Side) -> bool {
        self.sender.side() != reader && self.revoked.is_none() && !self.deleted.by(reader)
    }

    /// The message as a side may see it: of one that this side has deleted, the number is left and nothing of what it
    /// said.
    #[must_use]
    pub fn seen_by(self, side: Side) -> Self {
        if !self.deleted.by(side) {
            return self;
        }
        Self { kind: Kind::System.code(), content: String::new(), quote: None, ..self }
    }

    /// What is left when it is taken back. The key stays taken by what it was used for.
    pub(crate) fn taken_back(self, change: i64, now: Timestamp) -> Self {
        let content = TOMBSTONE.to_owned();
        Self { kind: Kind::System.code(), content, quote: None, revoked: Some(now), change, ..self }
    }
}

/// What somebody wants to say: a content and the key that makes saying it twice harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What.
    pub content: Content,
    /// The sender's key.
    pub key: ClientMsgId,
    /// The key was made by this process a moment ago, so no earlier message can have it.
    pub key_is_ours: bool,
    /// The message of the same conversation that it refers to.
    pub quote: Option<MessageId>,
}
