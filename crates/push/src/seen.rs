//! What a socket has been given already: the highest number per conversation.

use std::collections::HashMap;

use kefu_domain::ConversationId;

/// At least this many conversations are remembered, and at most twice as many. A repetition follows its original
/// within seconds; in that time nobody hears of more.
const CONVERSATIONS: usize = 512;

/// The newest number per conversation, in two generations: when the young one is full, the old one is forgotten.
#[derive(Default)]
pub(crate) struct Seen {
    young: HashMap<ConversationId, i64>,
    old: HashMap<ConversationId, i64>,
}

impl Seen {
    /// Notes a message; `false` when it, or a later one of its conversation, was noted before.
    pub(crate) fn is_new(&mut self, conversation: ConversationId, seq: i64) -> bool {
        let last = self.young.get(&conversation).or_else(|| self.old.get(&conversation));
        if last.is_some_and(|last| seq <= *last) {
            return false;
        }
        if self.young.len() >= CONVERSATIONS && !self.young.contains_key(&conversation) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(conversation, seq);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once_per_conversation() {
        let mut seen = Seen::default();

        assert!(seen.is_new(ConversationId(1), 1));
        assert!(!seen.is_new(ConversationId(1), 1));
        assert!(seen.is_new(ConversationId(2), 1));
        assert!(seen.is_new(ConversationId(1), 3));
        assert!(!seen.is_new(ConversationId(1), 2));
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_longest_silent_first() {
        let mut seen = Seen::default();

        for id in 0..100_000 {
            assert!(seen.is_new(ConversationId(id), 1));
            assert!(seen.is_new(ConversationId(-1), id + 1), "the busy one is never forgotten");
        }

        assert!(seen.young.len() + seen.old.len() <= 2 * CONVERSATIONS);
        assert!(!seen.is_new(ConversationId(-1), 100_000));
        for id in 100_001 - CONVERSATIONS as i64..100_000 {
            assert!(!seen.is_new(ConversationId(id), 1), "{id} is among the last");
        }
        assert!(seen.is_new(ConversationId(0), 1), "long ago");
    }
}
