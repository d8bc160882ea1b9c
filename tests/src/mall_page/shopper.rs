//! The shoppers' page.
//!
//! A ping every five seconds; the text `pong` within a second, otherwise another socket three seconds later, without
//! closing the old one. Its timers are kept in one variable each, so that a page with two sockets has timers that
//! nobody clears: that is so in the original, and is what a server has to live with.

use super::browser::{Ask, Browser, MESSAGE, Outcome, Page, READ, Then, read_frame};
use super::seen::Push;
use super::timers::TimerId;
use crate::answer::number;

#[derive(Default)]
pub(super) struct Shopper {
    socket: Option<usize>,
    heartbeat: Option<TimerId>,
    /// Every interval that was ever begun and not cleared.
    heartbeats: Vec<TimerId>,
    ping_timeout: Option<TimerId>,
    ping_timeouts: Vec<TimerId>,
    reconnect: Option<TimerId>,
}

impl Shopper {
    fn reconnect(&mut self, browser: &mut Browser) {
        browser.clear(self.reconnect.take());
        self.reconnect = Some(browser.set_timeout(browser.pace.reconnect_after));
    }

    fn clear_ping_timeout(&mut self, browser: &mut Browser) {
        if let Some(timer) = self.ping_timeout.take() {
            self.ping_timeouts.retain(|known| *known != timer);
            browser.clear(Some(timer));
        }
    }

    fn list(before: Option<i64>) -> Ask {
        Ask::List { conversation: None, before, then: Then::Rest }
    }
}

impl Page for Shopper {
    fn begin(&mut self, browser: &mut Browser) {
        self.socket = Some(browser.connect());
        browser.ask(Self::list(None));
    }

    fn opened(&mut self, browser: &mut Browser, _: usize) {
        let timer = browser.set_interval(browser.pace.ping_every);
        self.heartbeats.push(timer);
        self.heartbeat = Some(timer);
    }

    fn heard(&mut self, browser: &mut Browser, socket: usize, text: &str) {
        if text == "pong" {
            browser.pong(socket);
            self.clear_ping_timeout(browser);
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
            // Whether it is there or not.
            browser.state.screen.insert(0, message);
        } else if kind == READ {
            browser.state.sockets[socket].reads.extend(number(&content["conversationId"]));
            browser.state.toasts += 1;
        }
    }

    fn closed(&mut self, browser: &mut Browser, _: usize) {
        if let Some(timer) = self.heartbeat.take() {
            self.heartbeats.retain(|known| *known != timer);
            browser.clear(Some(timer));
        }
        self.clear_ping_timeout(browser);
        self.reconnect(browser);
    }

    fn rang(&mut self, browser: &mut Browser, timer: TimerId) {
        if self.heartbeats.contains(&timer) {
            // An interval that leaked pings the newest socket too.
            self.socket.iter().for_each(|socket| browser.ping(*socket));
            let timer = browser.set_timeout(browser.pace.pong_within);
            self.ping_timeouts.push(timer);
            self.ping_timeout = Some(timer);
        } else if self.ping_timeouts.contains(&timer) {
            self.ping_timeouts.retain(|known| *known != timer);
            self.reconnect(browser);
        } else if self.reconnect == Some(timer) {
            self.socket = Some(browser.connect());
        }
    }

    fn answered(&mut self, browser: &mut Browser, ask: &Ask, outcome: &Outcome) {
        match (ask, outcome) {
            (Ask::Send { kind, .. }, Outcome::Data(data)) => {
                browser.state.sent.push(Ok(number(data).unwrap_or(0)));
                // A text of one's own is shown by its push alone.
                if *kind != 1 {
                    browser.ask(Self::list(None));
                }
            }
            (Ask::Send { .. }, Outcome::Failed(code)) => browser.state.sent.push(Err(*code)),
            (Ask::List { before, .. }, Outcome::Data(data)) => {
                let rows = browser.listed(data);
                if rows.is_empty() {
                    return;
                }
                if before.is_none() {
                    browser.state.screen = rows;
                } else {
                    browser.state.screen.extend(rows);
                }
            }
            _ => {}
        }
    }

    fn select(&mut self, _: &mut Browser, _: i64) {
        unreachable!("a shopper has one conversation")
    }

    fn send(&mut self, browser: &mut Browser, kind: i64, content: String) {
        browser.ask(Ask::Send { conversation: None, kind, content });
    }

    fn scroll_up(&mut self, browser: &mut Browser) {
        let before = browser.state.screen.last().map(|oldest| oldest.time);
        browser.ask(Self::list(before));
    }
}
