//! One conversation, as a client applies it.

use super::{Anomaly, Cursor, V2Frame};

/// A message as the client shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: i64,
    /// The sender's key.
    pub client_msg_id: Option<String>,
    /// Who said it, `member:101`.
    pub from: String,
    /// Its `style` and `kind`.
    pub form: (String, String),
    /// What it says.
    pub content: String,
    /// When, in milliseconds since the epoch.
    pub created_at: i64,
    /// The message that it quotes.
    pub quote: Option<i64>,
    /// Whether it is a tombstone.
    pub revoked: bool,
    /// Whether this side has deleted it.
    pub deleted: bool,
}

impl Applied {
    /// The message that a frame, or an envelope in a resuming, shows.
    pub(super) fn of(frame: &V2Frame) -> Result<Self, Anomaly> {
        let missing = |what| Anomaly::Malformed(format!("a message without {what}"));
        Ok(Self {
            seq: frame.seq().ok_or_else(|| missing("ext.seq"))?,
            id: frame.id().ok_or_else(|| missing("id"))?,
            client_msg_id: frame.key().map(str::to_owned),
            from: frame.value["from"].as_str().ok_or_else(|| missing("from"))?.to_owned(),
            form: (frame.text("style").to_owned(), frame.text("kind").to_owned()),
            content: frame.text("content").to_owned(),
            created_at: frame.value["created_at"].as_i64().ok_or_else(|| missing("created_at"))?,
            // On a tombstone and on a deleted one `quote` is the message itself.
            quote: crate::answer::number(&frame.value["quote"]).filter(|quote| frame.id() != Some(*quote)),
            revoked: frame.flag("is_revoke"),
            deleted: frame.flag("is_delete"),
        })
    }
}

/// What became of a piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It was the next one, and is applied.
    Applied,
    /// The client had it.
    Known,
    /// Something before it is missing.
    Gap,
}

/// A conversation that the client follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    pub(super) conversation: i64,
    /// The messages in the order in which they were applied.
    pub(super) applied: Vec<Applied>,
    seq: i64,
    change: i64,
    /// The highest change that anything spoke of.
    heard: i64,
    /// What is missing was asked for, and has not all come: for so many heartbeats.
    pub(super) fetching: Option<u32>,
    /// How often it was begun anew.
    pub resets: usize,
    /// How far the member has read.
    pub member_read: i64,
    /// How far the desk has read.
    pub desk_read: i64,
    /// As the last resuming said.
    pub unread: i64,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether it is hidden from the desk's list.
    pub hidden: bool,
}

impl Thread {
    pub(super) fn new(conversation: i64) -> Self {
        Self { conversation, ..Self::default() }
    }

    /// How far the client has come.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { conversation: self.conversation, seq: self.seq, change: self.change }
    }

    /// The messages in the order in which they were applied.
    #[must_use]
    pub fn applied(&self) -> &[Applied] {
        &self.applied
    }

    /// Whether something was spoken of that has not come.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.change < self.heard
    }

    /// Somebody spoke of that change.
    pub(super) fn hear_of(&mut self, change: i64) {
        self.heard = self.heard.max(change);
    }

    /// Takes in a piece of news: ignored when known, applied when next, a gap when above.
    pub(super) fn hear(&mut self, frame: &V2Frame, anomalies: &mut Vec<Anomaly>) -> Heard {
        let Some(change) = frame.change() else { return Heard::Known };
        self.hear_of(change);
        if change <= self.change {
            self.compare(frame, anomalies);
            return Heard::Known;
        }
        if change > self.change + 1 || self.fetching.is_some() {
            return Heard::Gap;
        }
        match frame.action() {
            "send" => {
                let Some(message) = noted(Applied::of(frame), anomalies) else { return Heard::Gap };
                if message.seq != self.seq + 1 {
                    let (conversation, expected) = (self.conversation, self.seq + 1);
                    anomalies.push(Anomaly::NumberOutOfStep { conversation, expected, came: message.seq });
                    return Heard::Gap;
                }
                self.push(message);
            }
            "revoke" | "delete" => {
                let Some(message) = noted(Applied::of(frame), anomalies) else { return Heard::Gap };
                self.replace(message, anomalies);
            }
            "read" => {
                let seq = frame.seq().unwrap_or(0);
                let mark = if frame.category() == "customer" { "member" } else { "desk" };
                self.read(mark, seq, anomalies);
            }
            _ => self.mark(frame),
        }
        self.change = change;
        Heard::Applied
    }

    /// Takes in a page of a resuming; says whether it was the last.
    pub(super) fn resume(&mut self, frame: &V2Frame, anomalies: &mut Vec<Anomaly>) -> bool {
        let (Some(head), Some(change)) = (frame.seq(), frame.change()) else {
            anomalies.push(Anomaly::Malformed("a resuming without its heads".into()));
            return true;
        };
        let fresh = frame.ext("reset").as_bool().unwrap_or(false);
        if fresh {
            let (resets, fetching) = (self.resets + 1, self.fetching);
            *self = Self { resets, fetching, ..Self::new(self.conversation) };
        }
        self.hear_of(change);
        let begins = [0, 1].map(|place| frame.ext("since")[place].as_i64().unwrap_or(-1));
        if begins[0] > self.seq || begins[1] > self.change {
            // It goes on from where somebody else is; what lies between is asked for.
            return true;
        }
        let envelopes = |name: &str| {
            let envelopes = frame.ext(name).as_array().cloned().unwrap_or_default();
            envelopes.into_iter().map(|value| V2Frame { value, ..frame.clone() })
        };
        let mut first = fresh;
        for envelope in envelopes("messages") {
            let Some(message) = noted(Applied::of(&envelope), anomalies) else { continue };
            if message.seq <= self.seq {
                // Resumed unasked, from where the server thought the client to be.
                self.compare(&envelope, anomalies);
                self.replace(message, anomalies);
                continue;
            }
            if message.seq != self.seq + 1 && !first {
                let (conversation, expected) = (self.conversation, self.seq + 1);
                anomalies.push(Anomaly::GapInResume { conversation, expected, came: message.seq });
            }
            first = false;
            self.push(message);
        }
        for envelope in envelopes("changed") {
            if let Some(message) = noted(Applied::of(&envelope), anomalies) {
                self.replace(message, anomalies);
            }
        }
        let more = frame.ext("more").as_bool().unwrap_or(false);
        if more {
            return false;
        }
        if change < self.change {
            if self.fetching.is_some() {
                let (conversation, had) = (self.conversation, self.change);
                anomalies.push(Anomaly::ChangeWentBack { conversation, had, came: change });
            }
            // Otherwise it was on its way when something newer overtook it.
            return true;
        }
        if self.seq != head {
            let (conversation, reached) = (self.conversation, self.seq);
            anomalies.push(Anomaly::ShortOfHead { conversation, head, reached });
        }
        self.change = change;
        for (mark, name) in [("member", "member_read"), ("desk", "desk_read")] {
            if let Some(seq) = frame.ext_number(name) {
                self.read(mark, seq, anomalies);
            }
        }
        self.unread = frame.ext_number("unread").unwrap_or(self.unread);
        self.mark(frame);
        true
    }

    fn push(&mut self, message: Applied) {
        self.seq = message.seq;
        self.applied.push(message);
    }

    fn find(&mut self, seq: i64) -> Option<&mut Applied> {
        self.applied.iter_mut().rev().find(|known| known.seq == seq)
    }

    /// A message is now another than it was. One from before the newest page is not shown.
    fn replace(&mut self, message: Applied, anomalies: &mut Vec<Anomaly>) {
        let conversation = self.conversation;
        let Some(known) = self.find(message.seq) else { return };
        if known.id == message.id {
            // A frame about a message need not repeat its sender's key.
            let client_msg_id = message.client_msg_id.clone().or_else(|| known.client_msg_id.take());
            *known = Applied { client_msg_id, ..message };
        } else {
            let (seq, ids) = (message.seq, (known.id, message.id));
            anomalies.push(Anomaly::TwoAtOneNumber { conversation, seq, ids });
        }
    }

    /// What the client has already must be the same message.
    fn compare(&mut self, frame: &V2Frame, anomalies: &mut Vec<Anomaly>) {
        let (conversation, Some(seq), Some(id)) = (self.conversation, frame.seq(), frame.id()) else { return };
        if let Some(known) = self.find(seq).filter(|known| known.id != id) {
            anomalies.push(Anomaly::TwoAtOneNumber { conversation, seq, ids: (known.id, id) });
        }
    }

    fn read(&mut self, mark: &'static str, seq: i64, anomalies: &mut Vec<Anomaly>) {
        let conversation = self.conversation;
        let place = if mark == "member" { &mut self.member_read } else { &mut self.desk_read };
        if seq < *place {
            anomalies.push(Anomaly::ReadWentBack { conversation, mark: (mark, *place, seq) });
        }
        *place = seq.max(*place);
    }

    fn mark(&mut self, frame: &V2Frame) {
        self.pinned = frame.ext("pinned").as_bool().unwrap_or(self.pinned);
        self.hidden = frame.ext("hidden").as_bool().unwrap_or(self.hidden);
    }
}

fn noted<T>(result: Result<T, Anomaly>, anomalies: &mut Vec<Anomaly>) -> Option<T> {
    result.map_err(|anomaly| anomalies.push(anomaly)).ok()
}
