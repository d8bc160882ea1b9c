//! What somebody asks of one conversation, as data: a lane may have to run it more than once.

use crate::{Admin, ConversationId, Draft, Member, Need, Party, Scope};

/// One request for one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Whose data it must be; a conversation of another scope does not exist.
    pub scope: Scope,
    /// Who asks.
    pub by: Party,
    /// What for.
    pub act: Act,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Say something.
    Send(Draft),
    /// Have read everything up to this number.
    ReadUpTo(i64),
    /// Pin or unpin; the desk only.
    Pin(bool),
    /// Hide from the desk's list; the desk only.
    Hide,
}

impl Command {
    /// A member's request.
    #[must_use]
    pub fn of_member(me: Member, conversation: ConversationId, act: Act) -> Self {
        Self { conversation, scope: me.scope, by: me.party(), act }
    }

    /// An admin's request.
    #[must_use]
    pub fn of_admin(me: Admin, conversation: ConversationId, act: Act) -> Self {
        Self { conversation, scope: me.scope, by: me.party(), act }
    }

    /// What a store must load for it, besides the conversation itself.
    ///
    /// A key made by this process is only looked up when the command runs `again`, after a commit whose fate is
    /// unknown: before that, nobody can have stored it.
    #[must_use]
    pub fn need(&self, again: bool) -> Need {
        let mut need = Need { conversation: self.conversation, key: None, unread: None };
        match &self.act {
            Act::Send(draft) if again || !draft.key_is_ours => need.key = Some((self.by, draft.key.clone())),
            Act::ReadUpTo(_) => need.unread = Some(self.by.side()),
            Act::Send(_) | Act::Pin(_) | Act::Hide => {}
        }
        need
    }
}
