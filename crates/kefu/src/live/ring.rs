//! What has happened in a conversation of late, for whoever comes back after a moment.

use std::collections::{BTreeMap, HashMap};

use kefu_domain::{AdminId, Announcement, Cursor, Deleted, Message, Outline, Party, Profile, Side, Since, What};

use super::stand::{Comes, Stand};
use crate::archive::PAGE;

/// What a ring and a message weigh besides their texts, in bytes.
const RING: usize = 512;
const MESSAGE: usize = 320;

/// The messages that were said or altered since some point, as they are now, and the conversation as it is now. What
/// else has happened needs no keeping: it is in the outline.
pub(super) struct Ring {
    outline: Outline,
    /// Whoever has all up to here can be told the rest.
    from: Stand,
    messages: BTreeMap<i64, Message>,
    admins: HashMap<AdminId, Profile>,
    /// Messages kept at most.
    most: usize,
}

impl Ring {
    pub(super) fn new(outline: Outline, most: usize) -> Self {
        Self { outline, from: outline.into(), messages: BTreeMap::new(), admins: HashMap::new(), most }
    }

    /// How far it goes.
    pub(super) fn stand(&self) -> Stand {
        self.outline.into()
    }

    /// Takes news in; says whether the ring is good for anything afterwards.
    pub(super) fn take(&mut self, news: &Announcement) -> bool {
        match Stand::meets(Some(self.outline.into()), &news.event) {
            Comes::Late => return true,
            Comes::Early => return false,
            Comes::Next => {}
        }
        self.outline = news.event.after;
        if let (Party::Admin(id), Some(_)) = (news.event.by, &news.avatar) {
            self.admins.insert(id, Profile { nickname: None, avatar: news.avatar.clone() });
        }
        match &news.event.what {
            What::Posted(message) | What::Revoked(message) | What::Deleted(_, message) => {
                self.messages.insert(message.seq, message.clone());
            }
            What::Read(..) | What::Pinned(_) | What::Hidden | What::CaughtUp(_) => {}
        }
        self.shed();
        true
    }

    /// Takes in what was missed since the point that the ring has come to.
    pub(super) fn catch_up(&mut self, since: &Since) {
        self.outline = since.outline;
        let news = since.messages.iter().chain(&since.changed);
        self.messages.extend(news.map(|message| (message.seq, message.clone())));
        self.admins.extend(since.admins.iter().map(|(id, profile)| (*id, profile.clone())));
        self.shed();
    }

    /// Drops what was touched the longest ago; who has not seen that must ask the database.
    fn shed(&mut self) {
        while self.messages.len() > self.most {
            let oldest = self.messages.values().min_by_key(|message| message.change);
            let Some((seq, change)) = oldest.map(|oldest| (oldest.seq, oldest.change)) else { return };
            self.messages.remove(&seq);
            self.from = Stand { seq: self.from.seq.max(seq), change: self.from.change.max(change) };
        }
    }

    /// What is new since a cursor, if it is all here.
    pub(super) fn since(&self, from: Cursor) -> Option<Since> {
        let here = (self.from.seq..=self.outline.head_seq).contains(&from.seq)
            && (self.from.change..=self.outline.change).contains(&from.change)
            && self.outline.head_seq - from.seq <= i64::from(PAGE);
        if !here {
            return None;
        }
        let messages: Vec<_> = self.messages.range(from.seq + 1..).map(|(_, message)| self.now(message)).collect();
        let is_altered = |message: &&Message| message.revoked.is_some() || message.deleted != Deleted::default();
        let older = self.messages.range(..=from.seq).map(|(_, message)| message);
        let mut changed: Vec<_> = older
            .filter(is_altered)
            .filter(|message| message.change > from.change)
            .map(|message| self.now(message))
            .collect();
        changed.sort_by_key(|message| message.change);
        let wrote = |id: &AdminId| messages.iter().chain(&changed).any(|message| message.sender == Party::Admin(*id));
        let admins = self.admins.iter().filter(|(id, _)| wrote(id)).map(|(id, it)| (*id, it.clone())).collect();
        let outline = self.outline;
        Some(Since { outline, from: Some(from), messages, changed, reset: false, more: false, admins })
    }

    /// A message, read by whoever has read it since.
    fn now(&self, message: &Message) -> Message {
        let reader = match message.sender.side() {
            Side::Member => Side::Desk,
            Side::Desk => Side::Member,
        };
        Message { read: message.read || message.seq <= self.outline.read_seq(reader), ..message.clone() }
    }

    /// Roughly, in bytes.
    pub(super) fn weight(&self) -> u32 {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let key = |message: &Message| message.key.as_ref().map_or(0, |key| key.as_str().len());
        let messages: usize = self.messages.values().map(|one| MESSAGE + one.content.len() + key(one)).sum();
        let admins: usize = self.admins.values().map(|one| MESSAGE + text(&one.nickname) + text(&one.avatar)).sum();
        u32::try_from(RING + messages + admins).unwrap_or(u32::MAX)
    }
}
