//! A talk that is stored already, for rules about what becomes of it.

use super::*;
use crate::LastMessage;

pub(super) const MINUTE: i64 = 60_000;

/// A conversation and its messages between two batches, as a store keeps them.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) conversation: Conversation,
    pub(super) messages: Vec<Message>,
}

impl Talk {
    /// The member says 1 and 2, the desk 3, the member 4; at 1,000 ms, 1,001 ms and so on.
    pub(super) fn of_four() -> Self {
        Self::of(&[member_says("k1", "1"), member_says("k2", "2"), desk_says("k3", "3"), member_says("k4", "4")])
    }

    pub(super) fn of(commands: &[Command]) -> Self {
        let mut work = loaded();
        commands.iter().for_each(|command| drop(run(&mut work, command).unwrap()));
        let conversation = work.conversation(ID).unwrap().clone();
        Self { conversation, messages: work.into_committed((1..).map(MessageId)).messages }
    }

    /// What a store loads for a batch that may name any of the messages.
    pub(super) fn at(&self, now: i64) -> UnitOfWork {
        let mut work = UnitOfWork::new(Timestamp(now));
        work.lock(self.conversation.clone());
        for side in [Side::Member, Side::Desk] {
            let cursor = self.conversation.read_seq(side);
            let unread = self.messages.iter().filter(|it| it.seq > cursor && it.awaits(side));
            work.has_unread(ID, side, unread.map(|it| it.seq).collect());
        }
        for message in &self.messages {
            work.remember(message.clone());
            work.has_message(message.clone());
        }
        work.has_newest(ID, self.messages.iter().rev().filter(|it| !it.deleted.by_desk).cloned().collect());
        work
    }

    /// What a store keeps of a batch.
    pub(super) fn kept(self, work: UnitOfWork) -> Self {
        let (conversation, mut messages) = (work.conversation(ID).unwrap().clone(), self.messages);
        for altered in work.altered() {
            *messages.iter_mut().find(|it| it.id == altered.id).unwrap() = altered.clone();
        }
        let next = i64::try_from(messages.len()).unwrap() + 1;
        messages.extend(work.into_committed((next..).map(MessageId)).messages);
        Self { conversation, messages }
    }

    /// After a batch two seconds later, none of which is refused.
    pub(super) fn and(self, commands: &[Command]) -> Self {
        let mut work = self.at(3_000);
        commands.iter().for_each(|command| drop(run(&mut work, command).unwrap()));
        self.kept(work)
    }

    pub(super) fn preview(&self) -> (i32, &str) {
        let LastMessage { kind, content, .. } = &self.conversation.last;
        (*kind, content)
    }
}

pub(super) fn revoke(message: i64) -> Act {
    Act::Revoke { message: MessageId(message), within: 2 * MINUTE }
}

pub(super) fn delete(message: i64) -> Act {
    Act::Delete(MessageId(message))
}

pub(super) fn member(act: Act) -> Command {
    Command::of_member(ALICE, ID, act)
}
