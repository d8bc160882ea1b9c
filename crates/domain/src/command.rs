//! What somebody asks of one conversation, as data: a lane may have to run it more than once.

use crate::{Admin, ConversationId, Draft, Member, MessageId, Need, Party, Scope};

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
    /// Hide from the desk's list; the desk only. With a number, only as long as nothing was said above it: whoever carries
    /// it out a second time must not hide what was said since the first.
    Hide(Option<i64>),
    /// Take back a message of one's own, for everybody.
    Revoke {
        /// Which.
        message: MessageId,
        /// How old it may be, in milliseconds by the database's clock.
        within: i64,
    },
    /// Delete a message for one's own side.
    Delete(MessageId),
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
        let mut need = Need::of(self.conversation);
        match &self.act {
            Act::Send(draft) => {
                need.key = (again || !draft.key_is_ours).then(|| (self.by, draft.key.clone()));
                need.message = draft.quote;
            }
            Act::ReadUpTo(_) => need.unread = Some(self.by.side()),
            Act::Revoke { message, .. } | Act::Delete(message) => {
                need.message = Some(*message);
                need.preview = true;
            }
            Act::Pin(_) | Act::Hide(_) => {}
        }
        need
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdminId, ClientMsgId, Content, Kind, MemberId, Side, TenantId};

    const SCOPE: Scope = Scope::platform(TenantId(1));
    const ALICE: Member = Member { scope: SCOPE, id: MemberId(101) };
    const AGENT: Admin = Admin { scope: SCOPE, id: AdminId(7) };
    const ID: ConversationId = ConversationId(1);

    fn draft(key_is_ours: bool) -> Draft {
        let key = ClientMsgId::new("tap").unwrap();
        Draft { content: Content::new(Kind::Text, "hi").unwrap(), key, key_is_ours, quote: None }
    }

    #[track_caller]
    fn check(command: &Command, again: bool, key: Option<Party>, unread: Option<Side>) {
        let key = key.map(|sender| (sender, ClientMsgId::new("tap").unwrap()));
        assert_eq!(command.need(again), Need { key, unread, ..Need::of(ID) });
    }

    #[test]
    fn a_key_is_looked_up_unless_nobody_can_have_stored_it() {
        let by_member = |ours| Command::of_member(ALICE, ID, Act::Send(draft(ours)));
        let by_admin = Command::of_admin(AGENT, ID, Act::Send(draft(false)));

        check(&by_member(false), false, Some(ALICE.party()), None);
        check(&by_member(false), true, Some(ALICE.party()), None);
        check(&by_member(true), false, None, None);
        check(&by_member(true), true, Some(ALICE.party()), None);
        check(&by_admin, false, Some(AGENT.party()), None);
    }

    #[test]
    fn a_reader_needs_what_its_own_side_has_not_read() {
        check(&Command::of_member(ALICE, ID, Act::ReadUpTo(3)), false, None, Some(Side::Member));
        check(&Command::of_admin(AGENT, ID, Act::ReadUpTo(3)), true, None, Some(Side::Desk));
        check(&Command::of_admin(AGENT, ID, Act::Pin(true)), false, None, None);
        check(&Command::of_admin(AGENT, ID, Act::Hide(None)), true, None, None);
    }

    #[test]
    fn whoever_names_a_message_needs_it_and_whoever_changes_one_the_preview_too() {
        let quoting = Draft { quote: Some(MessageId(9)), ..draft(true) };
        let of = |act| Command::of_member(ALICE, ID, act).need(false);
        let named = Need { message: Some(MessageId(9)), ..Need::of(ID) };

        assert_eq!(of(Act::Send(quoting)), named);
        assert_eq!(of(Act::Delete(MessageId(9))), Need { preview: true, ..named.clone() });
        assert_eq!(of(Act::Revoke { message: MessageId(9), within: 1 }), Need { preview: true, ..named });
    }
}
