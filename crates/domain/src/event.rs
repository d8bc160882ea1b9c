//! What happened, and who is to be told.

use crate::{Message, Outline, Party, Permission, Recipient, Side, Since};

/// A fact that was committed. An event knows its audience; how it is put on the wire is push's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The conversation after it.
    pub after: Outline,
    /// Who did it.
    pub by: Party,
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
    /// A message was taken back; this is what is left of it.
    Revoked(Message),
    /// A side has deleted a message for itself.
    Deleted(Side, Message),
    /// Several things of which the news was missed: all that is new since they were known here last.
    CaughtUp(Box<Since>),
}

impl Event {
    /// Everybody entitled to know that something has changed, each once: the member, and the admins of the scope who
    /// may read messages. What a side is told of the other's own affairs is no more than that.
    #[must_use]
    pub fn audience(&self) -> [Recipient; 2] {
        let Outline { scope, member, .. } = self.after;
        [Recipient::Member(scope, member), Recipient::Admins(scope, Permission::MessageQuery)]
    }

    /// Whether a side is told what it is, and not only that something has changed.
    #[must_use]
    pub fn concerns(&self, side: Side) -> bool {
        match self.what {
            What::Posted(_) | What::Read(..) | What::Revoked(_) | What::CaughtUp(_) => true,
            What::Pinned(_) | What::Hidden => side == Side::Desk,
            What::Deleted(by, _) => side == by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdminId, Conversation, ConversationId, ConversationState, MemberId, Scope, TenantId, Timestamp};

    const SCOPE: Scope = Scope::platform(TenantId(1));
    const ALICE: MemberId = MemberId(101);

    fn event(by: Party, what: What) -> Event {
        let fresh = ConversationState::opened(ConversationId(1), SCOPE, ALICE, Timestamp(0));
        Event { after: Outline::from(&Conversation::restore(fresh)), by, what }
    }

    #[test]
    fn whatever_happens_the_member_and_the_desk_hear_that_something_has_changed() {
        let desk = Recipient::Admins(SCOPE, Permission::MessageQuery);
        for by in [Party::Member(ALICE), Party::Admin(AdminId(7)), Party::System] {
            for what in [What::Read(Side::Member, 1), What::Read(Side::Desk, 1), What::Pinned(true), What::Hidden] {
                assert_eq!(event(by, what).audience(), [Recipient::Member(SCOPE, ALICE), desk]);
            }
        }
    }

    #[test]
    fn what_happens_to_the_desks_list_is_no_business_of_the_member() {
        for what in [What::Pinned(true), What::Pinned(false), What::Hidden] {
            let event = event(Party::Admin(AdminId(7)), what);
            assert!(event.concerns(Side::Desk) && !event.concerns(Side::Member));
        }
        let read = event(Party::Admin(AdminId(7)), What::Read(Side::Desk, 1));
        assert!(read.concerns(Side::Desk) && read.concerns(Side::Member));
    }
}
