//! A unit of work: the rows that a batch of commands needs, locked and loaded beforehand.
//!
//! Rules change it in memory and never query. The store that filled it writes back what changed.

use std::collections::{BTreeMap, HashMap};

use crate::conversation::CursorMoved;
use crate::{ClientMsgId, Conversation, ConversationId, Message, MessageId, Party, Refusal, Side, Timestamp};

/// What one command needs to have loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its conversation, locked.
    pub conversation: ConversationId,
    /// The message that this party may have sent earlier with this key.
    pub key: Option<(Party, ClientMsgId)>,
    /// The numbers of the messages that this side has not read and that [await](Message::awaits) it.
    pub unread: Option<Side>,
    /// A message of the conversation that the command names.
    pub message: Option<MessageId>,
    /// The newest messages that the desk has not deleted: one of them may become the list's preview.
    pub preview: bool,
}

impl Need {
    /// Only the conversation itself.
    #[must_use]
    pub fn of(conversation: ConversationId) -> Self {
        Self { conversation, key: None, unread: None, message: None, preview: false }
    }
}

/// A cursor that moved: what lies above `from`, up to `to`, sent by the other side, is read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorMove {
    /// Where.
    pub conversation: ConversationId,
    /// Who has read.
    pub side: Side,
    /// The cursor before.
    pub from: i64,
    /// The cursor after.
    pub to: i64,
}

/// What a commit gave back: the messages with their ids, in the order they were written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The messages.
    pub messages: Vec<Message>,
}

/// An identity map over one batch: conversations locked, earlier messages by key, unread numbers, and the
/// drafts that the batch's rules have written so far.
#[derive(Debug)]
pub struct UnitOfWork {
    now: Timestamp,
    held: HashMap<ConversationId, Held>,
    earlier: HashMap<(ConversationId, Party, ClientMsgId), Earlier>,
    unread: HashMap<(ConversationId, Side), Vec<i64>>,
    /// Stored messages that commands of this batch name, and what has become of them.
    named: BTreeMap<MessageId, Named>,
    /// The newest messages that the desk has not deleted, newest first, as they were loaded.
    newest: HashMap<ConversationId, Vec<Message>>,
    drafts: Vec<Message>,
    moves: Vec<CursorMove>,
}

#[derive(Debug, Clone)]
struct Named {
    message: Message,
    changed: bool,
}

#[derive(Debug)]
enum Held {
    Locked { conversation: Conversation, changed: bool },
    Elsewhere,
}

/// A message that was sent with the same key before: stored, or drafted by an earlier command of this batch.
#[derive(Debug, Clone)]
pub(crate) enum Earlier {
    Stored(Message),
    Drafted(usize),
}

/// A place to return to when a rule refuses or panics.
#[derive(Debug)]
pub struct Mark {
    conversation: Option<(Conversation, bool)>,
    drafts: usize,
    moves: usize,
    unread: Vec<(Side, Option<Vec<i64>>)>,
    named: Vec<(MessageId, Named)>,
}

impl UnitOfWork {
    /// An empty unit of work at the database's time, for a store to fill.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            held: HashMap::new(),
            earlier: HashMap::new(),
            unread: HashMap::new(),
            named: BTreeMap::new(),
            newest: HashMap::new(),
            drafts: Vec::new(),
            moves: Vec::new(),
        }
    }

    // ---- a store fills it ----

    /// Takes in a conversation whose row is locked.
    pub fn lock(&mut self, conversation: Conversation) {
        self.held.insert(conversation.id, Held::Locked { conversation, changed: false });
    }

    /// Notes that a conversation exists, but somebody else holds its lock.
    pub fn is_elsewhere(&mut self, id: ConversationId) {
        self.held.insert(id, Held::Elsewhere);
    }

    /// Takes in a message that was stored earlier with a key.
    pub fn remember(&mut self, message: Message) {
        if let Some(key) = message.key.clone() {
            self.earlier.insert((message.conversation, message.sender, key), Earlier::Stored(message));
        }
    }

    /// Takes in the numbers, ascending, of the other side's messages above a side's cursor.
    pub fn has_unread(&mut self, id: ConversationId, side: Side, seqs: Vec<i64>) {
        self.unread.insert((id, side), seqs);
    }

    /// Takes in a stored message that a command names.
    pub fn has_message(&mut self, message: Message) {
        self.named.insert(message.id, Named { message, changed: false });
    }

    /// Takes in a conversation's newest messages that the desk has not deleted, newest first: one more than commands
    /// of the batch may delete of them, or all there are.
    pub fn has_newest(&mut self, id: ConversationId, newest: Vec<Message>) {
        self.newest.insert(id, newest);
    }

    // ---- a lane asks it ----

    /// Whether somebody else holds the conversation's lock: its commands must wait.
    #[must_use]
    pub fn must_wait_for(&self, id: ConversationId) -> bool {
        matches!(self.held.get(&id), Some(Held::Elsewhere))
    }

    /// Where a rule for this conversation starts from.
    #[must_use]
    pub fn mark(&self, id: ConversationId) -> Mark {
        let conversation = match self.held.get(&id) {
            Some(Held::Locked { conversation, changed }) => Some((conversation.clone(), *changed)),
            _ => None,
        };
        let unread =
            [Side::Member, Side::Desk].into_iter().map(|side| (side, self.unread.get(&(id, side)).cloned())).collect();
        let named = self.named.iter().filter(|(_, named)| named.message.conversation == id);
        let named = named.map(|(message, named)| (*message, named.clone())).collect();
        Mark { conversation, drafts: self.drafts.len(), moves: self.moves.len(), unread, named }
    }

    /// Undoes everything that was done for this conversation since the mark.
    pub fn restore(&mut self, id: ConversationId, mark: Mark) {
        if let Some((conversation, changed)) = mark.conversation {
            self.held.insert(id, Held::Locked { conversation, changed });
        }
        for (side, seqs) in mark.unread {
            match seqs {
                Some(seqs) => self.unread.insert((id, side), seqs),
                None => self.unread.remove(&(id, side)),
            };
        }
        self.named.extend(mark.named);
        self.moves.truncate(mark.moves);
        self.drafts.truncate(mark.drafts);
        self.earlier.retain(|_, earlier| !matches!(earlier, Earlier::Drafted(at) if *at >= mark.drafts));
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.drafts.is_empty()
            && self.moves.is_empty()
            && self.altered().next().is_none()
            && !self.held.values().any(|held| matches!(held, Held::Locked { changed: true, .. }))
    }

    // ---- a store writes it ----

    /// The messages to insert, in order.
    #[must_use]
    pub fn drafts(&self) -> &[Message] {
        &self.drafts
    }

    /// The stored messages whose rows differ from what was loaded, in the order of their ids.
    pub fn altered(&self) -> impl Iterator<Item = &Message> {
        self.named.values().filter(|named| named.changed).map(|named| &named.message)
    }

    /// The conversations whose rows differ from what was loaded, in the order of their ids.
    #[must_use]
    pub fn changed(&self) -> Vec<&Conversation> {
        let mut changed: Vec<_> = self
            .held
            .values()
            .filter_map(|held| match held {
                Held::Locked { conversation, changed: true } => Some(conversation),
                _ => None,
            })
            .collect();
        changed.sort_by_key(|conversation| conversation.id);
        changed
    }

    /// The cursors that moved.
    #[must_use]
    pub fn moves(&self) -> &[CursorMove] {
        &self.moves
    }

    /// The locked conversation, if it is here.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        match self.held.get(&id) {
            Some(Held::Locked { conversation, .. }) => Some(conversation),
            _ => None,
        }
    }

    /// Ends the work: its drafts, each with the id that the store gave it.
    #[must_use]
    pub fn into_committed(self, ids: impl IntoIterator<Item = MessageId>) -> Committed {
        let messages = self.drafts.into_iter().zip(ids).map(|(draft, id)| Message { id, ..draft }).collect();
        Committed { messages }
    }

    /// What the store has loaded as unread, and what this batch has added.
    #[cfg(feature = "testing")]
    pub(crate) fn unread(&self, id: ConversationId, side: Side) -> &[i64] {
        self.unread.get(&(id, side)).map_or(&[], Vec::as_slice)
    }

    // ---- rules change it ----

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// A stored message of the conversation that a command names, as this batch has left it.
    pub(crate) fn message(&self, id: ConversationId, message: MessageId) -> Option<&Message> {
        self.named.get(&message).map(|named| &named.message).filter(|found| found.conversation == id)
    }

    /// Changes a stored message and what its conversation says of it; the counters and the list's preview follow.
    pub(crate) fn touch(
        &mut self,
        id: ConversationId,
        message: MessageId,
        change: impl FnOnce(&mut Conversation, Message, Timestamp) -> Message,
    ) -> Result<Message, Refusal> {
        let before = self.message(id, message).ok_or(Refusal::NoSuchMessage(message))?.clone();
        let was_shown = self.shown(id).is_some_and(|shown| shown.id == message);
        let after = self
            .alter(id, |conversation, now| (true, change(conversation, before, now)))
            .ok_or(Refusal::NoSuchConversation(id))?;
        for side in [Side::Member, Side::Desk] {
            if let Some(seqs) = self.unread.get_mut(&(id, side)).filter(|_| !after.awaits(side)) {
                seqs.retain(|seq| *seq != after.seq);
            }
        }
        self.named.insert(message, Named { message: after.clone(), changed: true });
        if was_shown {
            let shown = self.shown(id).cloned();
            self.alter(id, |conversation, _| (true, conversation.preview(shown.as_ref())));
        }
        Ok(after)
    }

    /// The newest message that the desk has not deleted, as this batch has left it.
    fn shown(&self, id: ConversationId) -> Option<&Message> {
        let drafted = self.drafts.iter().rev().find(|draft| draft.conversation == id);
        let stored = self.newest.get(&id).into_iter().flatten();
        let stored = stored.map(|loaded| self.named.get(&loaded.id).map_or(loaded, |named| &named.message));
        drafted.or_else(|| stored.into_iter().find(|message| !message.deleted.by_desk))
    }

    pub(crate) fn earlier(&self, id: ConversationId, sender: Party, key: &ClientMsgId) -> Option<&Earlier> {
        self.earlier.get(&(id, sender, key.clone()))
    }

    pub(crate) fn draft(&self, at: usize) -> Option<&Message> {
        self.drafts.get(at)
    }

    /// Changes a locked conversation; what `change` returns says whether its row differs now.
    pub(crate) fn alter<T>(
        &mut self,
        id: ConversationId,
        change: impl FnOnce(&mut Conversation, Timestamp) -> (bool, T),
    ) -> Option<T> {
        let now = self.now;
        match self.held.get_mut(&id) {
            Some(Held::Locked { conversation, changed }) => {
                let (differs, result) = change(conversation, now);
                *changed |= differs;
                Some(result)
            }
            _ => None,
        }
    }

    /// Writes a message down, to be inserted with the batch; returns its place among the drafts.
    pub(crate) fn append(&mut self, message: Message) -> usize {
        let at = self.drafts.len();
        let reader = match message.sender.side() {
            Side::Member => Side::Desk,
            Side::Desk => Side::Member,
        };
        self.unread.entry((message.conversation, reader)).or_default().push(message.seq);
        if let Some(key) = message.key.clone() {
            self.earlier.insert((message.conversation, message.sender, key), Earlier::Drafted(at));
        }
        self.drafts.push(message);
        at
    }

    /// Moves a side's cursor of a locked conversation; `None` when it did not move.
    pub(crate) fn read(&mut self, id: ConversationId, side: Side, to: i64) -> Option<CursorMoved> {
        let unread = self.unread.get(&(id, side)).map_or(&[][..], Vec::as_slice).to_vec();
        let moved = self.alter(id, |conversation, now| {
            let cursor = conversation.read_seq(side);
            let above = &unread[unread.partition_point(|seq| *seq <= cursor)..];
            let moved = conversation.read_by(side, to, above, now);
            (moved.is_some(), moved)
        })??;
        self.moves.push(CursorMove { conversation: id, side, from: moved.from, to: moved.to });
        Some(moved)
    }
}

#[cfg(test)]
mod tests;
