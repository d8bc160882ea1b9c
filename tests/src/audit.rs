//! What must hold of the books whatever happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::canary::{Owner, whose};
use crate::load::Acknowledged;
use crate::{Books, MessageRow};

impl Books {
    /// Every conversation counts its messages 1, 2, 3 … to its head, in the order of their times; no key occurs
    /// twice, and no change above its head or at two messages; what is unread is what a recount gives, without what
    /// was taken back and what the desk has deleted.
    #[track_caller]
    pub fn audit(&self) {
        let mut by_conversation: BTreeMap<i64, Vec<MessageRow>> = BTreeMap::new();
        for row in self.all_messages() {
            by_conversation.entry(row.conversation).or_default().push(row);
        }
        for conversation in self.conversations() {
            let id = conversation.id;
            let rows = by_conversation.remove(&id).unwrap_or_default();
            let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
            assert_eq!(seqs, (1..=conversation.head).collect::<Vec<_>>(), "numbers of conversation {id}");
            assert!(rows.is_sorted_by(|a, b| a.time < b.time), "times of conversation {id} do not increase");

            let keys: BTreeSet<_> = rows.iter().map(|row| (row.sender_type, row.sender, row.key.clone())).collect();
            assert_eq!(keys.len(), rows.len(), "a key occurs twice in conversation {id}");

            let mut changes: Vec<i64> = rows.iter().map(|row| row.change).filter(|change| *change != 0).collect();
            changes.sort_unstable();
            assert!(changes.is_sorted_by(|a, b| a < b), "a change at two messages of conversation {id}");
            assert!(changes.last() <= Some(&conversation.change), "a change above the head of conversation {id}");

            let unread = |row: &&MessageRow| {
                let awaits = row.sender_type == 1 && row.revoked == 0 && row.desk_deleted == 0;
                awaits && row.seq > conversation.desk_read
            };
            let recount = rows.iter().filter(unread).count();
            assert_eq!(conversation.desk_unread, i64::try_from(recount).unwrap(), "unread of conversation {id}");
            for row in &rows {
                let cursor = if row.sender_type == 1 { conversation.desk_read } else { conversation.member_read };
                assert_eq!(row.read == 1, row.seq <= cursor, "whether {} of conversation {id} was read", row.seq);
            }
        }
        assert!(by_conversation.is_empty(), "messages without a conversation");
        self.nothing_strayed();
    }

    /// Every text is in the conversation in which it was said.
    #[track_caller]
    pub fn nothing_strayed(&self) {
        for (home, content) in self.stored() {
            for ring in whose(content.as_bytes()) {
                let owner = Owner::Conversation { shop: home.shop, member: home.member };
                assert_eq!((ring.tenant, ring.owner), (home.tenant, owner), "{ring} in conversation {}", home.id);
            }
        }
    }

    /// Everything that was acknowledged is there exactly once, under its id and its number, as it was sent.
    #[track_caller]
    pub fn hold(&self, acknowledged: &[Acknowledged]) {
        let rows = self.all_messages();
        let by_id: HashMap<i64, &MessageRow> = rows.iter().map(|row| (row.id, row)).collect();
        let mut copies: HashMap<(i64, &str), usize> = HashMap::new();
        for row in &rows {
            *copies.entry((row.sender, row.key.as_deref().unwrap_or_default())).or_default() += 1;
        }
        for one in acknowledged {
            let Some(row) = by_id.get(&one.id) else { panic!("an acknowledged message is lost: {one:?}") };
            // Of what was taken back nothing is left but its place.
            let text = if row.revoked == 1 { one.text.clone() } else { text_of(&row.content) };
            let stored = (row.sender, row.key.as_deref(), row.seq, text);
            assert_eq!(stored, (one.sender, Some(one.key.as_str()), one.seq, one.text.clone()), "stored otherwise");
            assert_eq!(copies.get(&(one.sender, one.key.as_str())), Some(&1), "stored twice: {one:?}");
        }
    }

    /// That, and nothing else is there.
    #[track_caller]
    pub fn hold_exactly(&self, acknowledged: &[Acknowledged]) {
        self.hold(acknowledged);
        let rows = self.all_messages();
        let stored: BTreeSet<_> = rows.iter().map(|row| (row.sender, row.key.clone().unwrap_or_default())).collect();
        let sent: BTreeSet<_> = acknowledged.iter().map(|one| (one.sender, one.key.clone())).collect();
        assert_eq!(stored, sent, "what is stored is not what was acknowledged");
        assert_eq!(rows.len(), acknowledged.len(), "something is stored twice");
    }
}

/// The text in a content of kind 1.
fn text_of(content: &str) -> String {
    let content: Value = serde_json::from_str(content).unwrap_or_default();
    content["text"].as_str().unwrap_or_default().to_owned()
}
