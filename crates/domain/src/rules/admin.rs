//! What the desk may do: write, read, take back, delete, pin and hide in the conversations of its scope.

use super::{Outcome, delete, read, revoke, send};
use crate::{Act, ConversationId, Party, Refusal, Scope, Side, UnitOfWork, What};

/// Runs a request of an admin, or of the desk itself. A conversation of another tenant or shop does not exist.
pub fn run(work: &mut UnitOfWork, by: Party, scope: Scope, id: ConversationId, act: &Act) -> Result<Outcome, Refusal> {
    if work.conversation(id).is_none_or(|found| found.scope != scope) {
        return Err(Refusal::NoSuchConversation(id));
    }
    match act {
        Act::Send(draft) => send(work, by, id, draft),
        Act::ReadUpTo(seq) => Ok(read(work, id, Side::Desk, *seq)),
        Act::Revoke { message, within } => revoke(work, by, id, *message, *within),
        Act::Delete(message) => delete(work, Side::Desk, id, *message),
        Act::Pin(pinned) => {
            let changed = work.alter(id, |conversation, now| twice(conversation.pin(*pinned, now)));
            Ok(Outcome::Marked { what: What::Pinned(*pinned), changed: changed.unwrap_or(false) })
        }
        Act::Hide(up_to) => {
            let said_since = |head| up_to.is_some_and(|up_to| head > up_to);
            let changed =
                work.alter(id, |conversation, now| twice(!said_since(conversation.head_seq) && conversation.hide(now)));
            Ok(Outcome::Marked { what: What::Hidden, changed: changed.unwrap_or(false) })
        }
    }
}

fn twice(changed: bool) -> (bool, bool) {
    (changed, changed)
}
