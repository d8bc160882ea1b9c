//! What a member may do: write, read, take back and delete in the one conversation that is theirs.

use super::{Outcome, delete, read, revoke, send};
use crate::{Act, ConversationId, Member, Refusal, Side, UnitOfWork};

/// Runs a member's request. Somebody else's conversation does not exist.
pub fn run(work: &mut UnitOfWork, me: Member, id: ConversationId, act: &Act) -> Result<Outcome, Refusal> {
    let mine = work
        .conversation(id)
        .is_some_and(|conversation| conversation.scope == me.scope && conversation.member == me.id);
    match act {
        _ if !mine => Err(Refusal::NoSuchConversation(id)),
        Act::Send(draft) if !draft.content.kind().may_be_said_by(Side::Member) => {
            Err(crate::ContentError::NotForMembers(draft.content.kind().code()).into())
        }
        Act::Send(draft) => send(work, me.party(), id, draft),
        Act::ReadUpTo(seq) => Ok(read(work, id, Side::Member, *seq)),
        Act::Revoke { message, within } => revoke(work, me.party(), id, *message, *within),
        Act::Delete(message) => delete(work, Side::Member, id, *message),
        // Only the desk has a list to pin in and to hide from.
        Act::Pin(_) | Act::Hide(_) => Err(Refusal::NoSuchConversation(id)),
    }
}
