//! Everything that a client has seen and done.

use std::time::Instant;

use super::{Ack, Anomaly, Applied, Notebook, Outbox, Refusal, Thread, V2Frame};
use crate::canary::Leak;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Which one, the first being 1.
    pub connection: usize,
    /// The code with which the server closed it, if it did.
    pub code: Option<u16>,
    /// Whether it was the client that had enough.
    pub by_client: bool,
    /// When.
    pub at: Instant,
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// News that were applied as they came.
    pub applied: usize,
    /// News that the client had already.
    pub known: usize,
    /// News before which something was missing.
    pub gaps: usize,
    /// Resumings that the client asked for, in its first frame too.
    pub asked: usize,
    /// Frames of resumings that came.
    pub resumed: usize,
    /// Conversations that were begun anew, the first time included.
    pub resets: usize,
    /// Resumings that were refused.
    pub resume_refused: usize,
    /// Sendings that were said again.
    pub repeated: usize,
    /// Sendings that were answered again.
    pub answered_again: usize,
    /// Sendings that the server put off.
    pub put_off: usize,
    /// Times that the server asked to leave.
    pub byes: usize,
    /// Times that the server said that the client is too slow.
    pub laggings: usize,
    /// Connections that the client gave up because no heartbeat was answered.
    pub watchdog: usize,
}

/// Everything that a client knows.
#[derive(Debug, Clone)]
pub struct V2State {
    pub(super) notebook: Notebook,
    pub(super) outbox: Outbox,
    pub(super) frames: Vec<V2Frame>,
    pub(super) endings: Vec<Ending>,
    pub(super) asked: usize,
    pub(super) watchdog: usize,
    pub(super) connections: usize,
    pub(super) greeted: bool,
    pub(super) stays_out: Option<i64>,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) leak: Option<Leak>,
}

impl V2State {
    pub(super) fn new(notebook: Notebook, outbox: Outbox) -> Self {
        Self {
            notebook,
            outbox,
            frames: Vec::new(),
            endings: Vec::new(),
            asked: 0,
            watchdog: 0,
            connections: 0,
            greeted: false,
            stays_out: None,
            anomalies: Vec::new(),
            leak: None,
        }
    }

    /// The conversations that it follows.
    #[must_use]
    pub fn notebook(&self) -> &Notebook {
        &self.notebook
    }

    /// What it sends and has sent.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Every frame as it came, on all connections.
    #[must_use]
    pub fn frames(&self) -> &[V2Frame] {
        &self.frames
    }

    /// How its connections ended.
    #[must_use]
    pub fn endings(&self) -> &[Ending] {
        &self.endings
    }

    /// How many connections the server has greeted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Whether it is connected, and the server has greeted it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.greeted
    }

    /// The code with which the server turned it away for good, if it did.
    #[must_use]
    pub fn turned_away(&self) -> Option<i64> {
        self.stays_out
    }

    /// A conversation that it follows.
    #[must_use]
    pub fn thread(&self, conversation: i64) -> Option<&Thread> {
        self.notebook.threads().get(&conversation)
    }

    /// What it shows of a conversation, in the order in which it was applied.
    #[must_use]
    pub fn applied_in(&self, conversation: i64) -> &[Applied] {
        self.thread(conversation).map_or(&[], Thread::applied)
    }

    /// What it shows of the only conversation that it follows: a member's.
    ///
    /// # Panics
    ///
    /// When it follows several.
    #[must_use]
    pub fn applied(&self) -> &[Applied] {
        let mut threads = self.notebook.threads().values();
        let applied = threads.next().map_or(&[][..], Thread::applied);
        assert!(threads.next().is_none(), "of which conversation?");
        applied
    }

    /// Whether nothing that was asked for or spoken of is missing, and nothing waits to be stored.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let behind = |thread: &Thread| thread.fetching.is_some() || thread.is_behind();
        self.greeted && self.outbox.is_empty() && !self.notebook.threads().values().any(behind)
    }

    /// What became of a key, if anything has.
    #[must_use]
    pub fn outcome(&self, key: &str) -> Option<Result<&Ack, &Refusal>> {
        self.outbox.outcome(key)
    }

    /// What a server that keeps its promises never does.
    #[must_use]
    pub fn anomalies(&self) -> Vec<Anomaly> {
        self.notebook.anomalies.iter().chain(&self.anomalies).cloned().collect()
    }

    /// How often what happened.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        let said = |action| move |frame: &&V2Frame| frame.category() == "system" && frame.action() == action;
        let counts = self.notebook.counts;
        Tallies {
            applied: counts.applied,
            known: counts.known,
            gaps: counts.gaps,
            asked: self.asked,
            resumed: counts.resumed,
            resets: self.notebook.threads().values().map(|thread| thread.resets).sum(),
            resume_refused: counts.refused,
            repeated: self.outbox.repeated,
            answered_again: self.outbox.answered_again,
            put_off: self.outbox.put_off,
            byes: self.frames.iter().filter(said("bye")).count(),
            laggings: self.frames.iter().filter(said("update")).filter(|frame| frame.ext("lagging") == true).count(),
            watchdog: self.watchdog,
        }
    }
}
