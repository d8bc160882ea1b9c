//! Everything that a page has heard, asked for and shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::answer::number;

/// A message as a page got it, pushed or listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Its id.
    pub id: i64,
    /// Its number; 0 where a server has none.
    pub seq: i64,
    /// Its conversation.
    pub conversation: i64,
    /// Its contentType.
    pub kind: i64,
    /// Its content, as it came.
    pub content: String,
    /// When it was said, in milliseconds since the epoch.
    pub time: i64,
    /// When it came, since the page was opened.
    pub at: Duration,
}

impl Push {
    pub(super) fn of(message: &Value, at: Duration) -> Option<Self> {
        Some(Self {
            id: number(&message["id"])?,
            seq: message["seq"].as_i64().unwrap_or(0),
            conversation: number(&message["conversationId"])?,
            kind: message["contentType"].as_i64()?,
            content: message["content"].as_str()?.to_owned(),
            time: message["createTime"].as_i64()?,
            at,
        })
    }
}

/// What came over one socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SocketLog {
    /// When it opened, since the page was.
    pub opened: Option<Duration>,
    /// When it ended.
    pub ended: Option<Duration>,
    /// Whether the page has closed it.
    pub closed_by_page: bool,
    /// The messages.
    pub pushes: Vec<Push>,
    /// The conversations of which the desk has read.
    pub reads: Vec<i64>,
    /// Pings that went up.
    pub pings: usize,
    /// Pongs that came down.
    pub pongs: usize,
    /// Frames that a page complains of.
    pub unreadable: Vec<String>,
}

/// All that a page knows.
#[derive(Debug, Clone, Default)]
pub struct PageState {
    /// The messages on the screen, in its order: the newest last on the console, first on the shopper's page.
    pub screen: Vec<Push>,
    /// Its sockets, in the order in which they were begun.
    pub sockets: Vec<SocketLog>,
    /// The answers to its asking for messages.
    pub lists: Vec<Vec<Push>>,
    /// The unread messages of each conversation, as its list shows them.
    pub unread: BTreeMap<i64, i64>,
    /// How often it told its user that the desk has read.
    pub toasts: usize,
    /// How often it asked for what: `send`, `list`, `read`, `get`, `conversations`.
    pub asked: BTreeMap<&'static str, usize>,
    /// What was answered to its sendings, ids or codes, in the order of the answers.
    pub sent: Vec<Result<i64, i64>>,
    /// How long the slowest answer to a ping took.
    pub slowest_pong: Duration,
}

impl PageState {
    /// How many sockets are open now.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.sockets.iter().filter(|socket| socket.opened.is_some() && socket.ended.is_none()).count()
    }

    /// How often it asked for that.
    #[must_use]
    pub fn asked_for(&self, what: &str) -> usize {
        self.asked.get(what).copied().unwrap_or(0)
    }

    /// The messages of a conversation that came, pushed or listed.
    #[must_use]
    pub fn heard_of(&self, conversation: i64) -> BTreeSet<i64> {
        let pushes = self.sockets.iter().flat_map(|socket| &socket.pushes);
        let all = pushes.chain(self.lists.iter().flatten());
        all.filter(|push| push.conversation == conversation).map(|push| push.id).collect()
    }

    /// The messages that stand on the screen more than once.
    #[must_use]
    pub fn doubles(&self) -> Vec<i64> {
        let mut seen = BTreeSet::new();
        self.screen.iter().map(|push| push.id).filter(|id| !seen.insert(*id)).collect()
    }
}
