//! The rows, and the questions one can ask of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    ChangedPage, ClientMsgId, Conversation, ConversationId, ConversationPage, ConversationState, Deleted, Head,
    ListCursor, Member, MemberId, Message, MessageId, MessagePage, Need, Party, Scope, Side, TenantId, Timestamp,
    UnitOfWork,
};

#[derive(Debug, Default)]
pub(super) struct Tables {
    conversations: BTreeMap<ConversationId, Conversation>,
    of_members: HashMap<(Scope, MemberId), ConversationId>,
    messages: BTreeMap<(ConversationId, i64), Message>,
    seq_of_key: HashMap<(ConversationId, Party, ClientMsgId), i64>,
    nicknames: HashMap<(TenantId, MemberId), String>,
    last_message_id: i64,
}

/// Two rows would have shared a key.
#[derive(Debug, thiserror::Error)]
#[error("unique key")]
pub(super) struct Duplicate;

impl Tables {
    pub(super) fn remember_nickname(&mut self, tenant: TenantId, member: MemberId, nickname: &str) {
        self.nicknames.insert((tenant, member), nickname.to_owned());
    }

    // ---- conversations ----

    pub(super) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    pub(super) fn id_of(&self, member: Member) -> Option<ConversationId> {
        self.of_members.get(&(member.scope, member.id)).copied()
    }

    pub(super) fn open(&mut self, member: Member, now: Timestamp) -> ConversationId {
        if let Some(id) = self.id_of(member) {
            return id;
        }
        let id = ConversationId(self.conversations.keys().next_back().map_or(1, |last| last.0 + 1));
        let opened = ConversationState::opened(id, member.scope, member.id, now);
        self.of_members.insert((member.scope, member.id), id);
        self.conversations.insert(id, Conversation::restore(opened));
        id
    }

    pub(super) fn list(&self, scope: Scope, page: &ConversationPage) -> Vec<Conversation> {
        let name = page.name.as_ref().map(|name| name.to_lowercase());
        let named = |found: &Conversation| {
            let nickname = self.nicknames.get(&(scope.tenant, found.member)).map(|nickname| nickname.to_lowercase());
            name.as_ref().is_none_or(|name| nickname.is_some_and(|nickname| nickname.contains(name)))
        };
        let mut found: Vec<_> = self
            .conversations
            .values()
            .filter(|found| found.scope == scope && found.head_seq > 0 && !found.hidden_from_desk && named(found))
            .filter(|found| page.after.is_none_or(|after| place(found) < rank(after)))
            .collect();
        found.sort_by_key(|found| std::cmp::Reverse(place(found)));
        found.into_iter().take(page.limit as usize).cloned().collect()
    }

    pub(super) fn changes(&self, scope: Scope, page: &ChangedPage) -> Vec<Conversation> {
        let place = |found: &Conversation| (found.changed, found.id);
        let mut found: Vec<_> = self
            .conversations
            .values()
            .filter(|found| found.scope == scope && found.head_seq > 0 && found.changed >= page.since)
            .filter(|found| page.after.is_none_or(|after| place(found) > after))
            .cloned()
            .collect();
        found.sort_by_key(place);
        found.truncate(page.limit as usize);
        found
    }

    pub(super) fn heads(&self, scopes: &[Scope], since: Timestamp) -> Vec<Head> {
        let found = self.conversations.values().filter(|found| scopes.contains(&found.scope) && found.head_seq > 0);
        let head = |found: &Conversation| Head {
            conversation: found.id,
            scope: found.scope,
            member: found.member,
            seq: found.head_seq,
            change: found.change,
        };
        found.filter(|found| found.changed >= since).map(head).collect()
    }

    // ---- messages ----

    pub(super) fn messages(&self, id: ConversationId) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.range((id, i64::MIN)..=(id, i64::MAX)).map(|(_, message)| message)
    }

    pub(super) fn page(&self, id: ConversationId, reader: Side, page: &MessagePage) -> Vec<Message> {
        let all = self.messages(id);
        let left = self.messages(id).filter(|it| !it.deleted.by(reader)).rev();
        match *page {
            MessagePage::Newest(limit) => whole_seconds(left, limit),
            MessagePage::Before(time, limit) => whole_seconds(left.filter(|it| it.time < time), limit),
            MessagePage::BeforeSeq(seq, limit) => {
                all.rev().filter(|it| it.seq < seq).take(limit as usize).cloned().collect()
            }
            MessagePage::SinceSeq(seq, limit) => all.filter(|it| it.seq > seq).take(limit as usize).cloned().collect(),
        }
    }

    pub(super) fn altered(&self, id: ConversationId, since: i64, up_to: i64, limit: u32) -> Vec<Message> {
        let mut altered: Vec<_> =
            self.messages(id).filter(|it| it.change > since && it.seq <= up_to && is_altered(it)).cloned().collect();
        altered.sort_by_key(|it| it.change);
        altered.truncate(limit as usize);
        altered
    }

    // ---- a transaction's rows ----

    /// Loads what a command needs besides its conversation.
    pub(super) fn load(&self, need: &Need, work: &mut UnitOfWork) {
        let id = need.conversation;
        if let Some((sender, key)) = &need.key
            && let Some(seq) = self.seq_of_key.get(&(id, *sender, key.clone()))
            && let Some(message) = self.messages.get(&(id, *seq))
        {
            work.remember(message.clone());
        }
        if let Some(side) = need.unread
            && let Some(conversation) = self.conversation(id)
        {
            let cursor = conversation.read_seq(side);
            let unread = self.messages(id).filter(|it| it.awaits(side) && it.seq > cursor);
            work.has_unread(id, side, unread.map(|it| it.seq).collect());
        }
        if let Some(named) = need.message
            && let Some(message) = self.messages(id).find(|it| it.id == named)
        {
            work.has_message(message.clone());
        }
        if need.preview {
            work.has_newest(id, self.messages(id).rev().filter(|it| !it.deleted.by_desk).cloned().collect());
        }
    }

    /// Writes a unit of work, all of it or nothing; returns the ids of its messages.
    pub(super) fn write(&mut self, work: &UnitOfWork) -> Result<Vec<MessageId>, Duplicate> {
        self.check_keys(work.drafts())?;

        let mut ids = Vec::with_capacity(work.drafts().len());
        for draft in work.drafts() {
            self.last_message_id += 1;
            let id = MessageId(self.last_message_id);
            ids.push(id);
            if let Some(key) = draft.key.clone() {
                self.seq_of_key.insert((draft.conversation, draft.sender, key), draft.seq);
            }
            self.messages.insert((draft.conversation, draft.seq), Message { id, ..draft.clone() });
        }
        for altered in work.altered() {
            self.messages.insert((altered.conversation, altered.seq), altered.clone());
        }
        for changed in work.changed() {
            self.conversations.insert(changed.id, changed.clone());
        }
        for moved in work.moves().iter().filter(|moved| moved.from < moved.to) {
            let range = (moved.conversation, moved.from + 1)..=(moved.conversation, moved.to);
            for (_, message) in self.messages.range_mut(range) {
                message.read |= message.sender.side() != moved.side;
            }
        }
        Ok(ids)
    }

    fn check_keys(&self, drafts: &[Message]) -> Result<(), Duplicate> {
        let mut seqs = HashSet::new();
        let mut keys = HashSet::new();
        for draft in drafts {
            let seq = (draft.conversation, draft.seq);
            let key = draft.key.clone().map(|key| (draft.conversation, draft.sender, key));
            let taken = self.messages.contains_key(&seq) || !seqs.insert(seq);
            let used = key.is_some_and(|key| self.seq_of_key.contains_key(&key) || !keys.insert(key));
            if taken || used {
                return Err(Duplicate);
            }
        }
        Ok(())
    }
}

fn is_altered(message: &Message) -> bool {
    message.revoked.is_some() || message.deleted != Deleted::default()
}

/// Where a conversation stands in the desk's list; the greatest comes first.
fn place(found: &Conversation) -> (bool, Timestamp, ConversationId) {
    (found.pinned, found.last.time, found.id)
}

fn rank(cursor: ListCursor) -> (bool, Timestamp, ConversationId) {
    (cursor.pinned, cursor.last, cursor.id)
}

/// At most `limit`, and then the rest of the last one's second.
fn whole_seconds<'a>(newest_first: impl Iterator<Item = &'a Message>, limit: u32) -> Vec<Message> {
    let second = |message: &Message| message.time.0.div_euclid(1_000);
    let mut page: Vec<Message> = Vec::new();
    for message in newest_first {
        let full = page.len() >= limit as usize;
        if full && page.last().is_none_or(|last| second(last) != second(message)) {
            break;
        }
        page.push(message.clone());
    }
    page
}
