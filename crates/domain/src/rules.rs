//! The rules, as functions of a unit of work: what a member may do, what an admin may do.
//!
//! A rule sees locked conversations and returns facts. It can be run again from the same mark with the same
//! result, so a lane may repeat a batch whose commit failed.

pub mod admin;
pub mod member;

use crate::work::Earlier;
use crate::{
    Command, Committed, ConversationId, Draft, Event, Member, Message, MessageId, Outline, Party, Quote, Refusal, Side,
    UnitOfWork, What,
};

/// What a sender is told: the message as it stands, and whether it had been sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The stored message.
    pub message: Message,
    /// The key was used before for this content; this is the message of that time.
    pub duplicate: bool,
}

/// What a rule came to, before the commit gave the messages their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A new message, at this place among the drafts.
    Posted(usize),
    /// The same message as the draft at this place.
    PostedAlready(usize),
    /// The same message as one stored earlier.
    Stored(Message),
    /// The cursor moved past messages of the other side, or merely moved, or stayed.
    Read {
        /// The side that read.
        side: Side,
        /// How far it has read now.
        up_to: i64,
        /// Messages of the other side that were passed.
        passed: usize,
    },
    /// Pinned, unpinned or hidden; taken back or deleted.
    Marked {
        /// What the conversation is now.
        what: What,
        /// Whether it was not that before.
        changed: bool,
    },
}

/// A rule that has run: what it came to, and the conversation's numbers as it left them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    outcome: Outcome,
    after: Outline,
    by: Party,
}

/// Runs a command's rule. After a refusal the caller must restore its mark; lanes do.
pub fn run(work: &mut UnitOfWork, command: &Command) -> Result<Done, Refusal> {
    let id = command.conversation;
    let outcome = match command.by {
        Party::Member(me) => member::run(work, Member { scope: command.scope, id: me }, id, &command.act),
        Party::Admin(_) | Party::System => admin::run(work, command.by, command.scope, id, &command.act),
    }?;
    let after = work.conversation(id).ok_or(Refusal::NoSuchConversation(id))?;
    Ok(Done { outcome, after: after.into(), by: command.by })
}

impl Done {
    /// Whether it did something that others are to be told of. Should the fate of its commit be unknown, this is
    /// what makes the command, when it is repeated, one whose deed may be `found_again`.
    #[must_use]
    pub fn is_news(&self) -> bool {
        match &self.outcome {
            Outcome::Posted(_) => true,
            Outcome::Read { passed, .. } => *passed > 0,
            Outcome::Marked { changed, .. } => *changed,
            Outcome::PostedAlready(_) | Outcome::Stored(_) => false,
        }
    }

    /// The event it amounts to, if anybody is to be told.
    ///
    /// `found_again` is for a command that was news, and is repeated because the fate of its commit is unknown:
    /// what it finds done was done by that commit, and nobody has been told yet.
    #[must_use]
    pub fn event(&self, committed: &Committed, found_again: bool) -> Option<Event> {
        let what = match &self.outcome {
            Outcome::Posted(at) => What::Posted(committed.messages.get(*at)?.clone()),
            Outcome::Stored(message) if found_again => What::Posted(message.clone()),
            Outcome::Read { side, up_to, passed } if *passed > 0 || found_again => What::Read(*side, *up_to),
            Outcome::Marked { what, changed } if *changed || found_again => what.clone(),
            Outcome::PostedAlready(_) | Outcome::Stored(_) | Outcome::Read { .. } | Outcome::Marked { .. } => {
                return None;
            }
        };
        Some(Event { after: self.after, by: self.by, what })
    }

    /// What the sender is told, if it was a sending.
    #[must_use]
    pub fn sent(&self, committed: &Committed, found_again: bool) -> Option<Sent> {
        let drafted = |at: &usize, duplicate| Some(Sent { message: committed.messages.get(*at)?.clone(), duplicate });
        match &self.outcome {
            Outcome::Posted(at) => drafted(at, false),
            Outcome::PostedAlready(at) => drafted(at, true),
            Outcome::Stored(message) => Some(Sent { message: message.clone(), duplicate: !found_again }),
            Outcome::Read { .. } | Outcome::Marked { .. } => None,
        }
    }
}

/// Says something, once per key.
fn send(work: &mut UnitOfWork, by: Party, id: ConversationId, draft: &Draft) -> Result<Outcome, Refusal> {
    if let Some(earlier) = work.earlier(id, by, &draft.key).cloned() {
        let (message, outcome) = match &earlier {
            Earlier::Stored(message) => {
                // An earlier command of this batch may have taken it back.
                let message = work.message(id, message.id).unwrap_or(message);
                (Some(message), Outcome::Stored(message.clone()))
            }
            Earlier::Drafted(at) => (work.draft(*at), Outcome::PostedAlready(*at)),
        };
        let same = message.and_then(|message| message.fingerprint) == Some(draft.content.fingerprint());
        return if same { Ok(outcome) } else { Err(Refusal::KeyReused) };
    }
    let quote = draft.quote.map(|quoted| quote(work, by.side(), id, quoted)).transpose()?;
    let message = work
        .alter(id, |conversation, now| (true, conversation.post(by, draft, quote, now)))
        .ok_or(Refusal::NoSuchConversation(id))?;
    Ok(Outcome::Posted(work.append(message)))
}

/// What somebody refers to: a message of this conversation that their side still has. One that was taken back
/// meanwhile will do; it is shown as what is left of it.
fn quote(work: &UnitOfWork, side: Side, id: ConversationId, quoted: MessageId) -> Result<Quote, Refusal> {
    let message = work.message(id, quoted).filter(|message| !message.deleted.by(side));
    message.map(|message| Quote { id: message.id, seq: message.seq }).ok_or(Refusal::NoSuchMessage(quoted))
}

/// Takes a message back, in time and by whoever said it; doing it again changes nothing.
fn revoke(
    work: &mut UnitOfWork,
    by: Party,
    id: ConversationId,
    message: MessageId,
    within: i64,
) -> Result<Outcome, Refusal> {
    let found = work.message(id, message).filter(|found| !found.deleted.by(by.side()));
    let found = found.ok_or(Refusal::NoSuchMessage(message))?.clone();
    if found.sender != by {
        return Err(Refusal::NotTheirs(message));
    }
    if found.revoked.is_some() {
        return Ok(Outcome::Marked { what: What::Revoked(found), changed: false });
    }
    if work.now().0 - found.time.0 > within {
        return Err(Refusal::TooLate(within));
    }
    let revoked = work.touch(id, message, |conversation, found, now| conversation.revoke(found, now))?;
    Ok(Outcome::Marked { what: What::Revoked(revoked), changed: true })
}

/// Deletes a message for a side; doing it again changes nothing.
fn delete(work: &mut UnitOfWork, side: Side, id: ConversationId, message: MessageId) -> Result<Outcome, Refusal> {
    let found = work.message(id, message).ok_or(Refusal::NoSuchMessage(message))?.clone();
    if found.deleted.by(side) {
        return Ok(Outcome::Marked { what: What::Deleted(side, found), changed: false });
    }
    let deleted = work.touch(id, message, |conversation, found, now| conversation.delete(found, side, now))?;
    Ok(Outcome::Marked { what: What::Deleted(side, deleted), changed: true })
}

/// Has read everything up to a number.
fn read(work: &mut UnitOfWork, id: ConversationId, side: Side, to: i64) -> Outcome {
    let passed = work.read(id, side, to).map_or(0, |moved| moved.passed);
    let up_to = work.conversation(id).map_or(0, |conversation| conversation.read_seq(side));
    Outcome::Read { side, up_to, passed }
}

#[cfg(test)]
mod tests;
