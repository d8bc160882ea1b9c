//! Somebody with a kefu.v2 client: joins, resumes, applies what they hear, leaves, comes back anywhere.

use std::collections::BTreeMap;

use kefu_domain::{Announcement, ConversationId, Cursor, Deleted, Message, Outline, Since, What};

use super::world::Shared;
use crate::archive::Archive;

/// What a client has of a message.
type Line = (String, bool, Deleted);

fn line(message: &Message) -> Line {
    (message.content.clone(), message.revoked.is_some(), message.deleted)
}

pub(super) struct Client {
    id: ConversationId,
    /// Nothing to begin with; then what was applied.
    seq: i64,
    change: i64,
    lines: BTreeMap<i64, Line>,
    outline: Option<Outline>,
    /// Where they listen, and how much of what was told there they have heard.
    at: Option<(usize, usize)>,
    /// Theirs is the shop where nobody else listens.
    small: bool,
}

impl Client {
    pub(super) fn new(id: ConversationId, small: bool) -> Self {
        Self { id, seq: -1, change: 0, lines: BTreeMap::new(), outline: None, at: None, small }
    }

    pub(super) fn from_the_beginning(id: ConversationId, node: usize) -> Self {
        Self { seq: 0, at: Some((node, 0)), ..Self::new(id, false) }
    }

    pub(super) fn is_here(&self) -> bool {
        self.at.is_some()
    }

    /// Joins first, then resumes, page after page.
    pub(super) fn come(&mut self, shared: &Shared, archive: &Archive, node: usize) {
        if self.small {
            shared.opens_door(node, shared.found(self.id).scope);
        }
        self.at = Some((node, shared.rooms[node].heard.lock().unwrap().len()));
        if !self.resume(shared, archive, node) {
            self.leave(shared);
        }
    }

    fn resume(&mut self, shared: &Shared, archive: &Archive, node: usize) -> bool {
        loop {
            let from = Cursor { conversation: self.id, seq: self.seq, change: self.change };
            let Some(since) = shared.resume(node, archive, from) else { return false };
            assert_eq!(since.from, (!since.reset).then_some(from));
            self.adopt(&since, true);
            if !since.more {
                return true;
            }
        }
    }

    pub(super) fn leave(&mut self, shared: &Shared) {
        if let Some((node, _)) = self.at.take()
            && self.small
        {
            shared.closes_door(node, shared.found(self.id).scope);
        }
    }

    /// Applies what was told since they heard last.
    pub(super) fn listen(&mut self, shared: &Shared) {
        let Some((node, heard)) = self.at else { return };
        let news = shared.rooms[node].heard.lock().unwrap()[heard..].to_vec();
        self.at = Some((node, heard + news.len()));
        news.iter().for_each(|one| self.apply(shared, one, false));
    }

    /// The rule of kefu.v2. `first` have they been told it all: nothing may come twice.
    pub(super) fn apply(&mut self, shared: &Shared, news: &Announcement, first: bool) {
        let event = &news.event;
        if event.after.conversation != self.id {
            return;
        }
        if let What::CaughtUp(since) = &event.what {
            assert!(!since.reset, "nobody who listens starts over");
            if first {
                assert!(since.messages.iter().all(|message| message.seq > self.seq), "told twice");
                assert!(since.more || event.after.change > self.change, "no news");
            }
            let from = since.from.unwrap();
            if from.seq > self.seq || from.change > self.change {
                return self.missed(shared);
            }
            assert!(!first || (from.seq, from.change) == (self.seq, self.change), "it begins where they are");
            return self.adopt(since, false);
        }
        assert!(!first || event.after.change == self.change + 1, "{} after {}", event.after.change, self.change);
        if event.after.change <= self.change {
            return;
        }
        let posted = i64::from(matches!(event.what, What::Posted(_)));
        if event.after.change != self.change + 1 || event.after.head_seq - posted != self.seq {
            return self.missed(shared);
        }
        self.change = event.after.change;
        self.seq = event.after.head_seq;
        self.outline = Some(event.after);
        if let What::Posted(message) | What::Revoked(message) | What::Deleted(_, message) = &event.what {
            self.lines.insert(message.seq, line(message));
        }
    }

    /// There is a gap: they ask for what they miss. Where there are several nodes, nobody ever has to.
    fn missed(&mut self, shared: &Shared) {
        assert!(
            shared.rooms.len() == 1,
            "a gap {} {} at {:?} {:#?}",
            self.seq,
            self.change,
            self.at,
            shared
                .rooms
                .iter()
                .map(|r| r
                    .heard
                    .lock()
                    .unwrap()
                    .iter()
                    .filter(|n| n.event.after.conversation == self.id)
                    .map(|n| format!(
                        "{} {} {}",
                        n.event.after.head_seq,
                        n.event.after.change,
                        format!("{:?}", n.event.what).chars().take(400).collect::<String>()
                    ))
                    .collect::<Vec<_>>())
                .collect::<Vec<_>>()
        );
        let since = shared.straight(Cursor { conversation: self.id, seq: self.seq, change: self.change });
        self.adopt(&since, true);
    }

    fn adopt(&mut self, since: &Since, asked: bool) {
        if since.reset {
            assert!(asked);
            self.lines.clear();
            self.seq = since.messages.first().map_or(0, |first| first.seq - 1);
            self.change = 0;
        }
        for message in &since.messages {
            if message.seq <= self.seq {
                continue;
            }
            assert_eq!(message.seq, self.seq + 1, "messages without a gap");
            self.seq = message.seq;
        }
        if since.outline.change < self.change {
            return;
        }
        for message in since.messages.iter().chain(&since.changed) {
            // A page of those who started over does not reach back to all that was altered.
            if self.lines.contains_key(&message.seq) || since.messages.contains(message) {
                self.lines.insert(message.seq, line(message));
            }
        }
        if !since.more {
            assert!(since.outline.head_seq <= self.seq, "a head that was not delivered");
            self.change = since.outline.change;
            self.outline = Some(since.outline);
        }
    }

    /// They have what the store has.
    pub(super) fn compare(&self, shared: &Shared) {
        let stored = shared.messages(self.id);
        let found = shared.found(self.id);
        let first = self.lines.keys().next().copied().unwrap_or(1);
        let expected: BTreeMap<_, _> =
            stored.iter().filter(|one| one.seq >= first).map(|one| (one.seq, line(one))).collect();
        assert_eq!(self.lines, expected, "of conversation {}", self.id);
        assert!(first == 1 || stored.len() > 50);
        assert_eq!((self.seq.max(0), self.change), (found.head_seq, found.change));
        if let Some(outline) = self.outline {
            assert_eq!((outline.pinned, outline.hidden), (found.pinned, found.hidden_from_desk));
            assert_eq!(outline.desk_unread, found.desk_unread);
        }
    }
}
