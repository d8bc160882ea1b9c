//! What happened, and who is to be told.

use crate::{ConversationId, MemberId, Message, Party, Permission, Recipient, Scope, Side};

/// A fact that was committed. An event knows its audience; how it is put on the wire is push's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose.
    pub scope: Scope,
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its member.
    pub member: MemberId,
    /// Who did it.
    pub by: Party,
    /// The conversation's head after it.
    pub head_seq: i64,
    /// The conversation's change after it.
    pub change: i64,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody said something.
    Posted(Message),
    /// A side has read messages of the other side, up to this number.
    Read(Side, i64),
    /// Pinned or unpinned.
    Pinned(bool),
    /// Hidden from the desk's list.
    Hidden,
}

impl Event {
    /// Everybody entitled to know, each once: the member where it concerns the member, and the admins of the
    /// scope who may read messages.
    #[must_use]
    pub fn audience(&self) -> Vec<Recipient> {
        let desk = Recipient::Admins(self.scope, Permission::MessageQuery);
        match self.what {
            What::Posted(_) | What::Read(..) => vec![Recipient::Member(self.scope, self.member), desk],
            What::Pinned(_) | What::Hidden => vec![desk],
        }
    }
}
