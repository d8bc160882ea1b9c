//! What a client has written down, and the rules by which it does. No socket, no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::thread::Heard;
use super::{Anomaly, Applied, Cursor, Thread, V2Frame};

/// An answer that asks to come again later: busy, and no database.
const LATER: [i64; 2] = [429, 503];
/// So many heartbeats may be answered before what was asked for has come.
const PATIENT_BEATS: u32 = 2;

/// Something to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// From where.
    pub cursor: Cursor,
    /// How much later.
    pub after: Duration,
}

/// A conversation in an agent's list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The newest change heard of.
    pub change: i64,
    /// The newest message heard of.
    pub last: Option<Applied>,
    /// Whether it is pinned, as far as anything said so.
    pub pinned: bool,
    /// Whether it is hidden, as far as anything said so.
    pub hidden: bool,
}

/// How much of what came was what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) applied: usize,
    pub(super) known: usize,
    pub(super) gaps: usize,
    pub(super) resumed: usize,
    pub(super) refused: usize,
}

/// The conversations of one party, as far as it follows them. A member follows their own; an agent those that are
/// open, and of the others knows the line in the list.
#[derive(Debug, Clone, Default)]
pub struct Notebook {
    of_member: bool,
    epoch: Option<String>,
    threads: BTreeMap<i64, Thread>,
    lines: BTreeMap<i64, Line>,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) counts: Counts,
}

impl Notebook {
    /// An empty one.
    #[must_use]
    pub fn new(of_member: bool) -> Self {
        Self { of_member, ..Self::default() }
    }

    /// The life of the database that all of this is from.
    #[must_use]
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// The conversations that it follows.
    #[must_use]
    pub fn threads(&self) -> &BTreeMap<i64, Thread> {
        &self.threads
    }

    /// The conversations that anything was heard of.
    #[must_use]
    pub fn lines(&self) -> &BTreeMap<i64, Line> {
        &self.lines
    }

    /// How far it has come in each.
    #[must_use]
    pub fn cursors(&self) -> Vec<Cursor> {
        self.threads.values().map(Thread::cursor).collect()
    }

    /// Follows a conversation from now on, and says from where.
    pub fn open(&mut self, conversation: i64) -> Resume {
        let thread = self.threads.entry(conversation).or_insert_with(|| Thread::new(conversation));
        ask(thread)
    }

    /// No longer follows it.
    pub fn close(&mut self, conversation: i64) {
        self.threads.remove(&conversation);
    }

    /// The connection is a new one: all that it follows has to be asked for.
    pub fn begin_anew(&mut self) -> Vec<Cursor> {
        self.threads.values_mut().map(|thread| ask(thread).cursor).collect()
    }

    /// The server has said who it is.
    pub fn greeted(&mut self, frame: &V2Frame) {
        match frame.ext("epoch").as_str() {
            Some(epoch) => self.epoch = Some(epoch.to_owned()),
            None => self.anomalies.push(Anomaly::Malformed("a greeting without an epoch".into())),
        }
    }

    /// Takes in news, a resuming, or the refusal of one; says what is to be asked for.
    pub fn hear(&mut self, frame: &V2Frame) -> Option<Resume> {
        if frame.category() == "ack" && frame.action() == "resume" {
            return self.resumed(frame);
        }
        let conversation = frame.conversation().filter(|_| frame.is_news())?;
        self.note_line(conversation, frame);
        let known = self.threads.contains_key(&conversation);
        if !known && !self.of_member {
            return None;
        }
        let thread = self.threads.entry(conversation).or_insert_with(|| Thread::new(conversation));
        match thread.hear(frame, &mut self.anomalies) {
            Heard::Applied => self.counts.applied += 1,
            Heard::Known => self.counts.known += 1,
            Heard::Gap => {
                self.counts.gaps += 1;
                return thread.fetching.is_none().then(|| ask(thread));
            }
        }
        None
    }

    /// Takes in the heads of a heartbeat; says what is to be asked for.
    pub fn beat(&mut self, frame: &V2Frame) -> Vec<Resume> {
        let heads = frame.ext("heads").as_array().cloned().unwrap_or_default();
        let mut wishes = Vec::new();
        for head in heads {
            let Some(head) = Cursor::from_json(&head) else {
                self.anomalies.push(Anomaly::Malformed("a head that is no cursor".into()));
                continue;
            };
            if let Some(thread) = self.threads.get_mut(&head.conversation) {
                thread.hear_of(head.change);
            }
        }
        for thread in self.threads.values_mut() {
            let waited = thread.fetching.as_mut().map(|beats| {
                *beats += 1;
                *beats >= PATIENT_BEATS
            });
            if waited.unwrap_or_else(|| thread.is_behind()) {
                wishes.push(ask(thread));
            }
        }
        wishes
    }

    fn resumed(&mut self, frame: &V2Frame) -> Option<Resume> {
        let conversation = frame.conversation();
        if frame.code() != 0 {
            self.counts.refused += 1;
            let after = frame.ext_number("retry_after").and_then(|millis| u64::try_from(millis).ok());
            let after = Duration::from_millis(after.unwrap_or(1_000));
            let thread = conversation.and_then(|id| self.threads.get_mut(&id))?;
            thread.fetching = None;
            return LATER.contains(&frame.code()).then(|| Resume { after, ..ask(thread) });
        }
        let Some(conversation) = conversation else {
            // A member who has not written yet has no conversation.
            if self.of_member && self.threads.is_empty() && frame.ext("messages").is_null() {
                return None;
            }
            self.anomalies.push(Anomaly::Malformed("a resuming of no conversation".into()));
            return None;
        };
        self.counts.resumed += 1;
        self.note_line(conversation, frame);
        if !self.of_member && !self.threads.contains_key(&conversation) {
            return None;
        }
        let thread = self.threads.entry(conversation).or_insert_with(|| Thread::new(conversation));
        if !thread.resume(frame, &mut self.anomalies) {
            // The next page comes on its own.
            thread.fetching = Some(0);
            return None;
        }
        thread.fetching = None;
        thread.is_behind().then(|| ask(thread))
    }

    fn note_line(&mut self, conversation: i64, frame: &V2Frame) {
        let line = self.lines.entry(conversation).or_default();
        let Some(change) = frame.change().filter(|change| *change > line.change) else { return };
        line.change = change;
        line.pinned = frame.ext("pinned").as_bool().unwrap_or(line.pinned);
        line.hidden = frame.ext("hidden").as_bool().unwrap_or(line.hidden);
        if frame.shows_message() {
            line.last = Applied::of(frame).ok().or(line.last.take());
        }
    }
}

fn ask(thread: &mut Thread) -> Resume {
    thread.fetching = Some(0);
    Resume { cursor: thread.cursor(), after: Duration::ZERO }
}
