//! A memory with an end: something about each of the conversations that were heard of last.

use std::collections::HashMap;

use kefu_domain::ConversationId;

/// At least this many conversations are remembered, and at most twice as many.
const CONVERSATIONS: usize = 512;

/// Two generations: when the young one is full, the old one is forgotten.
pub(crate) struct Generations<V> {
    young: HashMap<ConversationId, V>,
    old: HashMap<ConversationId, V>,
}

impl<V> Default for Generations<V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<V> Generations<V> {
    pub(crate) fn get(&self, conversation: ConversationId) -> Option<&V> {
        self.young.get(&conversation).or_else(|| self.old.get(&conversation))
    }

    pub(crate) fn put(&mut self, conversation: ConversationId, value: V) {
        if self.young.len() >= CONVERSATIONS && !self.young.contains_key(&conversation) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(conversation, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_bounded_and_forgets_the_longest_silent_first() {
        let mut memory = Generations::default();

        for id in 0..100_000 {
            memory.put(ConversationId(id), id);
            memory.put(ConversationId(-1), -id);
        }

        assert!(memory.young.len() + memory.old.len() <= 2 * CONVERSATIONS);
        assert_eq!(memory.get(ConversationId(-1)), Some(&-99_999), "the busy one is never forgotten");
        for id in 100_001 - CONVERSATIONS as i64..100_000 {
            assert_eq!(memory.get(ConversationId(id)), Some(&id), "among the last");
        }
        assert_eq!(memory.get(ConversationId(0)), None, "long ago");
    }
}
