//! What somebody has been given already: the highest number per conversation.

use kefu_domain::ConversationId;

use crate::generations::Generations;

/// The newest number per conversation. A repetition follows its original within seconds; in that time nobody hears of
/// more conversations than are remembered.
#[derive(Default)]
pub(crate) struct Seen(Generations<i64>);

impl Seen {
    /// Notes a message; `false` when it, or a later one of its conversation, was noted before.
    pub(crate) fn is_new(&mut self, conversation: ConversationId, seq: i64) -> bool {
        let new = !self.has(conversation, seq);
        if new {
            self.0.put(conversation, seq);
        }
        new
    }

    /// Whether it, or a later one of its conversation, was noted.
    pub(crate) fn has(&self, conversation: ConversationId, seq: i64) -> bool {
        self.0.get(conversation).is_some_and(|last| seq <= *last)
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
}
