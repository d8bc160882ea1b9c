//! What is remembered of conversations: how far each was told here, and for whom news are kept at hand.

use std::collections::HashSet;

use kefu_domain::{Conversation, ConversationId, Cursor, Outline, Scope, Since};

use super::Live;
use super::others::Others;
use super::stand::Stand;

/// How far a conversation was told here. It counts as long as somebody listens to its scope: nobody looks elsewhere for
/// what the bus has lost, and whoever comes there later is not told what they have missed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    stand: Stand,
    scope: Scope,
    /// The look at all conversations that came before it.
    look: u64,
}

impl Live {
    /// How far conversations were told here, and interest in them.
    pub(crate) fn heads(&self, ids: &[ConversationId]) -> Vec<Cursor> {
        let head = |&id: &ConversationId| {
            self.rings.touch(id);
            self.stand(id).map(|told| Cursor { conversation: id, seq: told.seq, change: told.change })
        };
        ids.iter().filter_map(head).collect()
    }

    /// What has happened since a cursor, if all of it is at hand.
    pub(crate) fn recall(&self, from: Cursor) -> Option<Since> {
        let id = from.conversation;
        let _held = self.hold(id);
        if self.others.as_ref().is_some_and(|others| others.behind.contains(id)) {
            return None;
        }
        self.rings.since(from, self.stand(id)?)
    }

    /// Somebody has read the conversation as it was then: from here on its news are kept.
    pub(crate) fn was_read(&self, found: &Conversation) {
        let outline = Outline::from(found);
        let (id, now) = (outline.conversation, Stand::from(outline));
        let _held = self.hold(id);
        let told = self.stand(id);
        let (known, born) = match (&self.others, told) {
            // The lane that has done more tells it in a moment.
            (None, told) => (told.is_none_or(|told| told.change <= now.change), 0),
            (Some(others), None) => {
                let settled = others.is_settled(id, outline.scope, found.changed);
                if !settled {
                    others.miss(id, outline.scope, None);
                }
                (settled, others.looks())
            }
            (Some(others), Some(told)) => {
                if told.change < now.change {
                    others.miss(id, outline.scope, None);
                }
                (told == now, others.looks())
            }
        };
        if !known {
            return;
        }
        self.stands(id, outline.scope, now);
        self.rings.begin(outline, born);
    }

    /// How far a conversation was told here, if that is known.
    pub(super) fn stand(&self, id: ConversationId) -> Option<Stand> {
        let known = self.told.get(&id)?;
        let counts = self.others.as_ref().is_none_or(|others| others.were_heard(known.scope, known.look));
        counts.then_some(known.stand)
    }

    /// Whoever calls this holds the conversation.
    pub(super) fn stands(&self, id: ConversationId, scope: Scope, stand: Stand) {
        let look = self.others.as_ref().map_or(0, Others::looks);
        self.told.insert(id, Known { stand, scope, look });
    }

    /// Takes a conversation of which nothing was known as told up to here.
    pub(super) fn was_told(&self, id: ConversationId, scope: Scope, up_to: Stand) {
        let _held = self.hold(id);
        if self.stand(id).is_none() {
            self.stands(id, scope, up_to);
        }
    }

    /// The same of one that has not changed for so long that it was told by now, unless it is known to be missing.
    pub(super) fn settle(&self, others: &Others, id: ConversationId, scope: Scope, up_to: Stand) {
        let _held = self.hold(id);
        if self.stand(id).is_none() && !others.behind.contains(id) {
            self.stands(id, scope, up_to);
        }
    }

    /// Nobody listens to it.
    pub(super) fn forget(&self, id: ConversationId) {
        let _held = self.hold(id);
        self.told.invalidate(&id);
        self.rings.drop(id);
    }

    /// Something may have been done that no lane will ever tell: what is known here may be old.
    pub(crate) fn doubt(&self, id: ConversationId, scope: Scope) {
        match &self.others {
            None => self.forget(id),
            Some(others) => {
                others.miss(id, scope, None);
            }
        }
    }

    /// Drops what is kept of scopes that nobody listens to. What was kept only since that look began may have somebody
    /// who is about to listen.
    pub(super) fn drop_unheard(&self, heard: &HashSet<Scope>, look: u64) {
        for id in self.rings.unheard(heard, look) {
            let _held = self.hold(id);
            self.rings.drop(id);
        }
    }
}
