//! The agents' page.
//!
//! Its socket is VueUse's: a ping every second, any frame within a second of a ping, otherwise it closes and opens
//! another a second after the end. It opens one when it is made and another when it is shown, and drops the first.

use super::browser::{Ask, Browser, MESSAGE, Outcome, Page, READ, Then, read_frame};
use super::seen::Push;
use super::timers::TimerId;
use crate::answer::number;

#[derive(Default)]
pub(super) struct Console {
    socket: Option<usize>,
    is_open: bool,
    heartbeat: Option<TimerId>,
    pong_wait: Option<TimerId>,
    retry: Option<TimerId>,
    scroll: Option<TimerId>,
    selected: Option<i64>,
}

impl Console {
    fn open(&mut self, browser: &mut Browser) {
        self.close(browser);
        self.socket = Some(browser.connect());
    }

    fn close(&mut self, browser: &mut Browser) {
        browser.clear(self.retry.take());
        if let Some(socket) = self.socket.take() {
            self.quiet(browser);
            browser.close(socket);
        }
    }

    /// No more pings, and nothing to wait for.
    fn quiet(&mut self, browser: &mut Browser) {
        browser.clear(self.pong_wait.take());
        browser.clear(self.heartbeat.take());
    }

    /// The page has new messages: it says so to the server, and its scrolling leads to one more asking.
    fn go_to_the_end(&mut self, browser: &mut Browser, conversation: i64) {
        browser.ask(Ask::Read { conversation, then: Then::Rest });
        browser.clear(self.scroll.take());
        self.scroll = Some(browser.set_timeout(browser.pace.debounce));
    }

    /// Adds what is not there by its id; the screen is in the order of the times.
    fn show(browser: &mut Browser, message: Push) {
        if browser.state.screen.iter().all(|known| known.id != message.id) {
            browser.state.screen.push(message);
            browser.state.screen.sort_by_key(|known| known.time);
        }
    }

    fn list(conversation: i64, then: Then) -> Ask {
        Ask::List { conversation: Some(conversation), before: None, then }
    }
}

impl Page for Console {
    fn begin(&mut self, browser: &mut Browser) {
        self.open(browser);
        browser.ask(Ask::Conversations);
        self.open(browser);
    }

    fn opened(&mut self, browser: &mut Browser, _: usize) {
        self.is_open = true;
        browser.clear(self.heartbeat.take());
        self.heartbeat = Some(browser.set_interval(browser.pace.ping_every));
    }

    fn heard(&mut self, browser: &mut Browser, socket: usize, text: &str) {
        browser.clear(self.pong_wait.take());
        if text == "pong" {
            browser.pong(socket);
            return;
        }
        let Some((kind, content)) = read_frame(text) else {
            browser.state.sockets[socket].unreadable.push(text.to_owned());
            return;
        };
        if kind == MESSAGE {
            let Some(message) = Push::of(&content, browser.now) else {
                browser.state.sockets[socket].unreadable.push(text.to_owned());
                return;
            };
            browser.state.sockets[socket].pushes.push(message.clone());
            browser.ask(Ask::Get(message.conversation));
            if self.selected == Some(message.conversation) {
                Self::show(browser, message.clone());
                self.go_to_the_end(browser, message.conversation);
            }
        } else if let Some(conversation) = number(&content["conversationId"]).filter(|_| kind == READ) {
            browser.state.sockets[socket].reads.push(conversation);
            browser.state.unread.insert(conversation, 0);
        }
    }

    fn closed(&mut self, browser: &mut Browser, socket: usize) {
        self.is_open = false;
        self.quiet(browser);
        if self.socket.is_none_or(|current| current == socket) {
            self.retry = Some(browser.set_timeout(browser.pace.reconnect_after));
        }
    }

    fn rang(&mut self, browser: &mut Browser, timer: TimerId) {
        if self.heartbeat == Some(timer) {
            if let Some(socket) = self.socket.filter(|_| self.is_open) {
                browser.ping(socket);
            }
            if self.pong_wait.is_none() {
                self.pong_wait = Some(browser.set_timeout(browser.pace.pong_within));
            }
        } else if self.pong_wait == Some(timer) {
            self.close(browser);
        } else if self.retry == Some(timer) {
            self.retry = None;
            self.socket = Some(browser.connect());
        } else if self.scroll == Some(timer) {
            self.scroll = None;
            if let Some(selected) = self.selected {
                browser.ask(Self::list(selected, Then::Read));
            }
        }
    }

    fn answered(&mut self, browser: &mut Browser, ask: &Ask, outcome: &Outcome) {
        let Outcome::Data(data) = outcome else {
            if let (Ask::Send { .. }, Outcome::Failed(code)) = (ask, outcome) {
                browser.state.sent.push(Err(*code));
            }
            return;
        };
        match ask {
            Ask::Send { conversation, .. } => {
                browser.state.sent.push(Ok(number(data).unwrap_or(0)));
                conversation.iter().for_each(|id| browser.ask(Self::list(*id, Then::Refresh)));
            }
            Ask::List { conversation, then, .. } => {
                let rows = browser.listed(data);
                let Some(conversation) = conversation.filter(|id| self.selected == Some(*id)) else { return };
                rows.into_iter().for_each(|row| Self::show(browser, row));
                match then {
                    Then::Rest => {}
                    Then::Read => browser.ask(Ask::Read { conversation, then: Then::Rest }),
                    Then::Scroll => self.go_to_the_end(browser, conversation),
                    Then::Refresh => {
                        browser.ask(Ask::Read { conversation, then: Then::Refresh });
                        browser.clear(self.scroll.take());
                        self.scroll = Some(browser.set_timeout(browser.pace.debounce));
                    }
                }
            }
            Ask::Read { conversation, then: Then::Refresh } => browser.ask(Ask::Get(*conversation)),
            Ask::Read { .. } => {}
            Ask::Get(_) => note_unread(browser, data),
            Ask::Conversations => data.as_array().into_iter().flatten().for_each(|row| note_unread(browser, row)),
        }
    }

    fn select(&mut self, browser: &mut Browser, conversation: i64) {
        self.selected = Some(conversation);
        browser.state.screen.clear();
        browser.ask(Self::list(conversation, Then::Scroll));
    }

    fn send(&mut self, browser: &mut Browser, kind: i64, content: String) {
        browser.ask(Ask::Send { conversation: self.selected, kind, content });
    }

    fn scroll_up(&mut self, browser: &mut Browser) {
        let before = browser.state.screen.first().map(|oldest| oldest.time);
        browser.ask(Ask::List { conversation: self.selected, before, then: Then::Rest });
    }
}

fn note_unread(browser: &mut Browser, conversation: &serde_json::Value) {
    if let (Some(id), Some(unread)) = (number(&conversation["id"]), conversation["adminUnreadMessageCount"].as_i64()) {
        browser.state.unread.insert(id, unread);
    }
}
