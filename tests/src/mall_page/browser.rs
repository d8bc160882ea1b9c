//! What a page may do, and what its browser does for it.

use std::collections::VecDeque;
use std::time::Duration;

use super::pace::Pace;
use super::seen::{PageState, Push, SocketLog};
use super::timers::{TimerId, Timers};

/// Something that the browser has to do outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Connect.
    Connect(usize),
    /// Close.
    Close(usize),
    /// Say `ping`.
    Ping(usize),
    /// Ask over HTTP.
    Ask(Ask),
}

/// A request of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// A message: contentType and content. Agents name the conversation.
    Send { conversation: Option<i64>, kind: i64, content: String },
    /// Messages, before a time for older ones.
    List { conversation: Option<i64>, before: Option<i64>, then: Then },
    /// That the conversation was read.
    Read { conversation: i64, then: Then },
    /// The conversation.
    Get(i64),
    /// All conversations.
    Conversations,
}

/// What a page does after an answer. The pages wait for one answer before they ask for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing more.
    Rest,
    /// It says that the conversation was read.
    Read,
    /// It says so, and scrolls to the end.
    Scroll,
    /// It does both, and asks for the conversation: it has sent something.
    Refresh,
}

impl Ask {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::List { .. } => "list",
            Self::Read { .. } => "read",
            Self::Get(_) => "get",
            Self::Conversations => "conversations",
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// The `data` of a success.
    Data(serde_json::Value),
    /// The code of anything else; 0 where nothing was answered.
    Failed(i64),
}

/// A tab.
pub(super) struct Browser {
    pub(super) pace: Pace,
    pub(super) now: Duration,
    pub(super) state: PageState,
    pub(super) timers: Timers,
    pub(super) todo: VecDeque<Act>,
    pinged: Option<Duration>,
}

impl Browser {
    pub(super) fn new(pace: Pace) -> Self {
        let (state, timers, todo) = Default::default();
        Self { pace, now: Duration::ZERO, state, timers, todo, pinged: None }
    }

    pub(super) fn connect(&mut self) -> usize {
        self.state.sockets.push(SocketLog::default());
        let socket = self.state.sockets.len() - 1;
        self.todo.push_back(Act::Connect(socket));
        socket
    }

    pub(super) fn close(&mut self, socket: usize) {
        self.state.sockets[socket].closed_by_page = true;
        self.todo.push_back(Act::Close(socket));
    }

    /// Says it where the socket is open, and nothing otherwise.
    pub(super) fn ping(&mut self, socket: usize) {
        let log = &mut self.state.sockets[socket];
        if log.opened.is_some() && log.ended.is_none() && !log.closed_by_page {
            log.pings += 1;
            self.pinged.get_or_insert(self.now);
            self.todo.push_back(Act::Ping(socket));
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        *self.state.asked.entry(ask.name()).or_default() += 1;
        self.todo.push_back(Act::Ask(ask));
    }

    pub(super) fn set_timeout(&mut self, after: Duration) -> TimerId {
        self.timers.set(self.now, after, false)
    }

    pub(super) fn set_interval(&mut self, every: Duration) -> TimerId {
        self.timers.set(self.now, every, true)
    }

    pub(super) fn clear(&mut self, timer: Option<TimerId>) {
        timer.into_iter().for_each(|timer| self.timers.clear(timer));
    }

    /// Hides the tab, or shows it again.
    pub(super) fn hide(&mut self, hidden: bool) {
        self.timers.hide(hidden.then_some(self.pace.hidden_every));
    }

    /// Notes an answer to a ping.
    pub(super) fn pong(&mut self, socket: usize) {
        self.state.sockets[socket].pongs += 1;
        if let Some(pinged) = self.pinged.take() {
            self.state.slowest_pong = self.state.slowest_pong.max(self.now - pinged);
        }
    }

    /// Reads a list of messages, and notes that it came.
    pub(super) fn listed(&mut self, data: &serde_json::Value) -> Vec<Push> {
        let rows = data.as_array().into_iter().flatten();
        let rows: Vec<Push> = rows.filter_map(|row| Push::of(row, self.now)).collect();
        self.state.lists.push(rows.clone());
        rows
    }
}

/// What a page does when something happens.
pub(super) trait Page: Send {
    fn begin(&mut self, browser: &mut Browser);
    fn opened(&mut self, browser: &mut Browser, socket: usize);
    fn heard(&mut self, browser: &mut Browser, socket: usize, text: &str);
    fn closed(&mut self, browser: &mut Browser, socket: usize);
    fn rang(&mut self, browser: &mut Browser, timer: TimerId);
    fn answered(&mut self, browser: &mut Browser, ask: &Ask, outcome: &Outcome);
    /// Its user looks at a conversation.
    fn select(&mut self, browser: &mut Browser, conversation: i64);
    /// Its user sends something.
    fn send(&mut self, browser: &mut Browser, kind: i64, content: String);
    /// Its user looks for older messages.
    fn scroll_up(&mut self, browser: &mut Browser);
}

/// A frame of the mall: its type and its content.
pub(super) fn read_frame(text: &str) -> Option<(String, serde_json::Value)> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    let kind = frame["type"].as_str()?.to_owned();
    let content = serde_json::from_str(frame["content"].as_str().unwrap_or("null")).unwrap_or_default();
    Some((kind, content))
}

/// A message was said.
pub(super) const MESSAGE: &str = "kefu_message_type";
/// The desk has read.
pub(super) const READ: &str = "kefu_message_read_status_change";
