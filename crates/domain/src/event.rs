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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdminId, ConversationState, Fingerprint, MessageId, TenantId, Timestamp};

    const SCOPE: Scope = Scope::platform(TenantId(1));
    const ALICE: MemberId = MemberId(101);
    const DESK: Recipient = Recipient::Admins(SCOPE, Permission::MessageQuery);

    fn event(by: Party, what: What) -> Event {
        Event { scope: SCOPE, conversation: ConversationId(1), member: ALICE, by, head_seq: 1, change: 1, what }
    }

    fn posted(by: Party) -> What {
        let fresh = ConversationState::opened(ConversationId(1), SCOPE, ALICE, Timestamp(0));
        What::Posted(Message {
            id: MessageId(1),
            conversation: fresh.id,
            seq: 1,
            change: 1,
            sender: by,
            receiver: None,
            kind: 1,
            content: String::new(),
            read: false,
            time: fresh.created,
            key: None,
            fingerprint: Some(Fingerprint([0; 16])),
        })
    }

    #[test]
    fn whoever_speaks_or_reads_the_member_and_the_desk_hear_of_it_once() {
        for by in [Party::Member(ALICE), Party::Admin(AdminId(7)), Party::System] {
            for what in [posted(by), What::Read(Side::Member, 1), What::Read(Side::Desk, 1)] {
                assert_eq!(event(by, what).audience(), [Recipient::Member(SCOPE, ALICE), DESK]);
            }
        }
    }

    #[test]
    fn what_happens_to_the_desks_list_is_no_business_of_the_member() {
        for what in [What::Pinned(true), What::Pinned(false), What::Hidden] {
            assert_eq!(event(Party::Admin(AdminId(7)), what).audience(), [DESK]);
        }
    }
}
