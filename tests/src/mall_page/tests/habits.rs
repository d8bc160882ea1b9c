use std::time::Duration;

use serde_json::{Value, json};

use super::super::Pace;
use super::super::browser::{Act, Ask, Browser, Outcome, Page};
use super::super::console::Console;
use super::super::shopper::Shopper;

/// A page in a browser whose clock the test turns.
struct Stage<P> {
    page: P,
    browser: Browser,
    /// Pings are answered.
    answers: bool,
}

const SECOND: Duration = Duration::from_secs(1);

impl<P: Page> Stage<P> {
    fn open(page: P, pace: Pace) -> Self {
        let mut stage = Self { page, browser: Browser::new(pace), answers: true };
        stage.page.begin(&mut stage.browser);
        stage.act();
        stage
    }

    /// Does what the browser is to do: connections open, closed ones end, requests are answered with nothing much.
    fn act(&mut self) {
        let browser = &mut self.browser;
        while let Some(act) = browser.todo.pop_front() {
            match act {
                Act::Connect(socket) if !browser.todo.contains(&Act::Close(socket)) => {
                    browser.state.sockets[socket].opened = Some(browser.now);
                    self.page.opened(browser, socket);
                }
                Act::Connect(_) => {}
                Act::Close(socket) => {
                    browser.state.sockets[socket].ended = Some(browser.now);
                    self.page.closed(browser, socket);
                }
                Act::Ping(socket) if self.answers => self.page.heard(browser, socket, "pong"),
                Act::Ping(_) => {}
                Act::Ask(ask) => {
                    let data = match ask {
                        Ask::List { .. } => json!([message(1), message(0)]),
                        Ask::Send { .. } => json!(4_711),
                        _ => json!(null),
                    };
                    self.page.answered(browser, &ask, &Outcome::Data(data));
                }
            }
        }
    }

    /// Lets time pass, timer by timer.
    fn pass(&mut self, time: Duration) {
        let until = self.browser.now + time;
        while let Some(next) = self.browser.timers.next().filter(|next| *next <= until) {
            self.browser.now = next.max(self.browser.now);
            while let Some(timer) = self.browser.timers.take_due(self.browser.now) {
                self.page.rang(&mut self.browser, timer);
                self.act();
            }
        }
        self.browser.now = until;
    }

    fn hear(&mut self, socket: usize, kind: &str, content: &Value) {
        let frame = json!({ "type": kind, "content": content.to_string() }).to_string();
        self.page.heard(&mut self.browser, socket, &frame);
        self.act();
    }

    fn cut(&mut self, socket: usize) {
        self.browser.state.sockets[socket].ended = Some(self.browser.now);
        self.page.closed(&mut self.browser, socket);
        self.act();
    }

    fn screen(&self) -> Vec<i64> {
        self.browser.state.screen.iter().map(|push| push.id).collect()
    }

    fn pings(&self) -> Vec<usize> {
        self.browser.state.sockets.iter().map(|socket| socket.pings).collect()
    }

    fn asked(&self, what: [&str; 4]) -> [usize; 4] {
        what.map(|what| self.browser.state.asked_for(what))
    }
}

fn message(n: i64) -> Value {
    json!({ "id": 1_000 + n, "conversationId": 9, "senderId": 101, "senderType": 1, "contentType": 1,
        "content": r#"{"text":"hi"}"#, "createTime": 1_795_287_600_000_i64 + n, "seq": n + 1 })
}

fn console() -> Stage<Console> {
    Stage::open(Console::default(), Pace::console())
}

fn shopper() -> Stage<Shopper> {
    Stage::open(Shopper::default(), Pace::shopper())
}

#[test]
fn the_console_drops_its_first_socket_and_pings_every_second() {
    let mut stage = console();
    stage.pass(10 * SECOND);

    let sockets = &stage.browser.state.sockets;
    assert_eq!(sockets.iter().map(|socket| socket.closed_by_page).collect::<Vec<_>>(), [true, false]);
    assert_eq!(stage.pings(), [0, 10]);
    assert_eq!(sockets[1].pongs, 10);
}

#[test]
fn the_console_closes_a_silent_line_after_a_second_and_is_back_after_another() {
    let mut stage = console();
    stage.pass(5 * SECOND);
    stage.answers = false;

    stage.pass(4 * SECOND);

    let sockets = &stage.browser.state.sockets;
    // The ping of second 6 was not answered by 7; the next connection is of second 8.
    assert_eq!(sockets.len(), 3);
    assert_eq!((sockets[1].ended, sockets[2].opened), (Some(7 * SECOND), Some(8 * SECOND)));
}

#[test]
fn any_frame_keeps_the_console_s_line_alive() {
    let mut stage = console();
    stage.answers = false;
    for _ in 0..20 {
        stage.pass(SECOND / 2);
        stage.hear(1, "notice-push", &json!({}));
    }

    assert_eq!(stage.browser.state.sockets.len(), 2);
}

#[test]
fn the_console_shows_a_message_once_and_asks_for_nothing_when_it_is_back() {
    let mut stage = console();
    stage.page.select(&mut stage.browser, 9);
    stage.act();
    stage.pass(SECOND / 2);
    assert_eq!(stage.asked(["list", "read", "get", "conversations"]), [2, 2, 0, 1], "as it was measured");

    stage.hear(1, "kefu_message_type", &message(2));
    stage.hear(1, "kefu_message_type", &message(2));
    stage.hear(
        1,
        "kefu_message_type",
        &json!({ "id": 5, "conversationId": 8, "contentType": 1, "content": "x",
        "createTime": 1 }),
    );
    stage.pass(SECOND / 2);
    assert_eq!(stage.screen(), [1_000, 1_001, 1_002]);
    assert_eq!(stage.browser.state.sockets[1].pushes.len(), 3, "every push is remembered");
    assert_eq!(stage.asked(["list", "read", "get", "conversations"]), [3, 5, 3, 1]);

    stage.cut(1);
    stage.pass(3 * SECOND);
    assert_eq!(stage.browser.state.sockets.len(), 3);
    assert_eq!(stage.asked(["list", "read", "get", "conversations"]), [3, 5, 3, 1], "nothing was asked for");
}

#[test]
fn the_console_asks_after_sending_as_often_as_was_measured() {
    let mut stage = console();
    stage.page.select(&mut stage.browser, 9);
    stage.act();
    stage.pass(SECOND / 2);
    stage.browser.state.asked.clear();

    stage.page.send(&mut stage.browser, 1, "x".into());
    stage.hear(1, "kefu_message_type", &message(3));
    stage.pass(SECOND / 2);

    assert_eq!(stage.asked(["send", "list", "read", "get"]), [1, 2, 3, 2]);
    assert_eq!(stage.browser.state.sent, [Ok(4_711)]);
}

#[test]
fn a_read_frame_clears_the_badge_of_the_console() {
    let mut stage = console();
    let conversation = json!({ "id": 9, "adminUnreadMessageCount": 3 });
    stage.page.answered(&mut stage.browser, &Ask::Get(9), &Outcome::Data(conversation));
    assert_eq!(stage.browser.state.unread[&9], 3);

    stage.hear(1, "kefu_message_read_status_change", &json!({ "conversationId": 9, "id": null }));

    assert_eq!(stage.browser.state.unread[&9], 0);
}

#[test]
fn a_hidden_tab_pings_once_a_minute_and_comes_back_as_slowly() {
    let mut stage = console();
    stage.pass(3 * SECOND);
    stage.browser.hide(true);
    stage.pass(297 * SECOND);
    assert_eq!(stage.pings()[1], 3 + 5, "at the full minutes");
    assert_eq!(stage.browser.state.sockets.len(), 2);

    stage.cut(1);
    stage.pass(59 * SECOND);
    assert_eq!(stage.browser.state.sockets.len(), 2, "its timer has not run");
    stage.pass(SECOND);
    assert_eq!(stage.browser.state.sockets.len(), 3);

    stage.browser.hide(false);
    let before = stage.pings()[2];
    stage.pass(10 * SECOND);
    assert_eq!(stage.pings()[2], before + 10);
}

#[test]
fn the_shopper_pings_every_five_seconds_and_leaves_a_line_that_is_late_open() {
    let mut stage = shopper();
    stage.pass(11 * SECOND);
    assert_eq!(stage.pings(), [2]);

    stage.answers = false;
    stage.pass(8 * SECOND);

    let sockets = &stage.browser.state.sockets;
    // The ping of second 15 was not answered by 16; three seconds later there is another socket beside the old one.
    assert_eq!((sockets.len(), sockets[1].opened), (2, Some(19 * SECOND)));
    assert!(sockets[0].ended.is_none() && !sockets[0].closed_by_page);
    assert_eq!(stage.browser.state.open_sockets(), 2);

    stage.answers = true;
    stage.pass(20 * SECOND);
    // The old interval, which nobody cleared, pings the new socket too.
    assert_eq!(stage.pings(), [3, 8]);
}

#[test]
fn an_old_socket_that_ends_makes_the_shopper_s_page_open_another() {
    let mut stage = shopper();
    stage.answers = false;
    stage.pass(9 * SECOND);
    stage.answers = true;
    assert_eq!(stage.browser.state.open_sockets(), 2);

    stage.cut(0);
    stage.pass(4 * SECOND);

    assert_eq!((stage.browser.state.sockets.len(), stage.browser.state.open_sockets()), (3, 2));
}

#[test]
fn the_shopper_s_page_shows_twice_what_it_hears_twice() {
    let mut stage = shopper();
    assert_eq!(stage.screen(), [1_001, 1_000]);

    stage.hear(0, "kefu_message_type", &message(2));
    stage.hear(0, "kefu_message_type", &message(2));

    assert_eq!(stage.screen(), [1_002, 1_002, 1_001, 1_000]);
    assert_eq!(stage.browser.state.doubles(), [1_002]);
}

#[test]
fn the_shopper_s_page_asks_again_after_a_picture_and_not_after_a_text_or_a_cut() {
    let mut stage = shopper();
    stage.hear(0, "kefu_message_type", &message(2));

    stage.page.send(&mut stage.browser, 1, "x".into());
    stage.act();
    stage.cut(0);
    stage.pass(4 * SECOND);
    assert_eq!(stage.asked(["send", "list", "read", "get"]), [1, 1, 0, 0]);
    assert_eq!(stage.browser.state.sockets.len(), 2);

    stage.page.send(&mut stage.browser, 2, "x".into());
    stage.act();
    assert_eq!(stage.asked(["send", "list", "read", "get"]), [2, 2, 0, 0]);
    assert_eq!(stage.screen(), [1_001, 1_000], "the list replaces what was there");
}

#[test]
fn a_page_that_lives_faster_does_the_same_in_less_time() {
    let mut stage = Stage::open(Shopper::default(), Pace::shopper().times(0.1));
    stage.answers = false;

    stage.pass(SECOND);

    assert_eq!((stage.pings()[0], stage.browser.state.sockets.len()), (1, 2));
}
