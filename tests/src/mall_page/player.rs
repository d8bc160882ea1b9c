//! A page at work on real sockets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::browser::{Act, Browser, Page};
use super::console::Console;
use super::network::{Event, Order, request, socket};
use super::shopper::Shopper;
use super::{Pace, PageState};
use crate::canary::Leak;
use crate::{PATIENCE, Person, Side};

/// Something that its user does.
enum Wish {
    Select(i64),
    Send(i64, String),
    ScrollUp,
    Hide(bool),
}

struct Shared {
    browser: Mutex<Browser>,
    leak: Mutex<Option<Leak>>,
    grow: watch::Sender<u64>,
}

/// An open page of the mall. Dropping it closes the tab.
pub struct MallPage {
    shared: Arc<Shared>,
    wishes: mpsc::Sender<Wish>,
    side: Side,
    task: tokio::task::JoinHandle<()>,
}

impl MallPage {
    /// The agents' page in an agent's browser.
    #[must_use]
    pub fn console(agent: &Person, pace: Pace) -> Self {
        Self::begin(agent, pace, Console::default())
    }

    /// The shoppers' page in a member's browser.
    #[must_use]
    pub fn shopper(member: &Person, pace: Pace) -> Self {
        Self::begin(member, pace, Shopper::default())
    }

    fn begin(person: &Person, pace: Pace, page: impl Page + 'static) -> Self {
        let browser = Mutex::new(Browser::new(pace));
        let shared = Arc::new(Shared { browser, leak: Mutex::default(), grow: watch::channel(0).0 });
        let (wishes, wished) = mpsc::channel(64);
        let task = tokio::spawn(live(person.clone(), page, shared.clone(), wished));
        Self { shared, wishes, side: person.side, task }
    }

    /// Its user looks at a conversation. For the console.
    pub async fn select(&self, conversation: i64) {
        self.wish(Wish::Select(conversation)).await;
    }

    /// Its user sends a text, and waits until that was answered: the message's id, or the code.
    pub async fn send(&self, text: &str) -> Result<i64, i64> {
        self.send_as(1, json!({ "text": text }).to_string()).await
    }

    /// Its user sends a picture, and waits until that was answered.
    pub async fn send_picture(&self, address: &str) -> Result<i64, i64> {
        self.send_as(2, json!({ "picUrl": address }).to_string()).await
    }

    async fn send_as(&self, kind: i64, content: String) -> Result<i64, i64> {
        let before = self.state().sent.len();
        self.wish(Wish::Send(kind, content)).await;
        self.until("an answer", |state| state.sent.len() > before).await;
        self.state().sent[before]
    }

    /// Its user looks for older messages, and waits until they are there.
    pub async fn scroll_up(&self) {
        let before = self.state().lists.len();
        self.wish(Wish::ScrollUp).await;
        self.until("older messages", |state| state.lists.len() > before).await;
    }

    /// Its user looks at another tab.
    pub async fn hide(&self) {
        self.wish(Wish::Hide(true)).await;
    }

    /// Its user looks at it again.
    pub async fn show(&self) {
        self.wish(Wish::Hide(false)).await;
    }

    /// Which end of its conversations it is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// All that it knows now.
    #[must_use]
    pub fn state(&self) -> PageState {
        self.lock().state.clone()
    }

    /// Waits until what it knows is as it should be, and gives up in time.
    pub async fn until(&self, what: &str, holds: impl FnMut(&PageState) -> bool) {
        self.wait(what, PATIENCE, holds).await;
    }

    /// Waits so long until what it knows is as it should be.
    pub async fn wait(&self, what: &str, within: Duration, mut holds: impl FnMut(&PageState) -> bool) {
        let mut grown = self.shared.grow.subscribe();
        let waited = tokio::time::timeout(within, async {
            loop {
                grown.borrow_and_update();
                if holds(&self.lock().state) || grown.changed().await.is_err() {
                    return;
                }
            }
        });
        let _ = waited.await;
        let browser = self.lock();
        let state = &browser.state;
        assert!(
            holds(state),
            "in vain waited for {what}: {} on the screen, {} sockets, {} open, asked for {:?}, answered {:?}",
            state.screen.len(),
            state.sockets.len(),
            state.open_sockets(),
            state.asked,
            state.sent,
        );
    }

    async fn wish(&self, wish: Wish) {
        self.wishes.send(wish).await.expect("the page is open");
    }

    /// What it knows, unless something came that was for somebody else: whoever asks then learns of that instead.
    fn lock(&self) -> MutexGuard<'_, Browser> {
        if let Some(leak) = &*self.shared.leak.lock().unwrap_or_else(PoisonError::into_inner) {
            panic!("{leak}");
        }
        self.shared.browser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MallPage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The page's one thread of script, until the tab is closed; its sockets and requests end with it.
async fn live(person: Person, mut page: impl Page, shared: Arc<Shared>, mut wished: mpsc::Receiver<Wish>) {
    let began = Instant::now();
    let (tell, mut events) = mpsc::channel(1_024);
    let mut work = tokio::task::JoinSet::new();
    let mut sockets: Vec<mpsc::Sender<Order>> = Vec::new();
    let on = |happen: &mut dyn FnMut(&mut Browser)| {
        let mut browser = shared.browser.lock().unwrap_or_else(PoisonError::into_inner);
        browser.now = began.elapsed();
        happen(&mut browser);
        (std::mem::take(&mut browser.todo), browser.timers.next())
    };
    let (mut todo, mut next) = on(&mut |browser| page.begin(browser));
    loop {
        for act in todo {
            match act {
                Act::Connect(number) => {
                    let (order, orders) = mpsc::channel(64);
                    sockets.push(order);
                    let closing = shared.browser.lock().unwrap_or_else(PoisonError::into_inner).pace.closing;
                    work.spawn(socket(person.clone(), number, orders, tell.clone(), closing));
                }
                // A socket that has ended, or takes nothing, has nothing to be told.
                Act::Ping(number) => drop(sockets[number].try_send(Order::Ping)),
                Act::Close(number) => drop(sockets[number].try_send(Order::Close)),
                Act::Ask(ask) => {
                    let (person, tell) = (person.clone(), tell.clone());
                    work.spawn(async move {
                        let outcome = request(&person, &ask).await;
                        // The tab may be closed by now.
                        let _ = tell.send(Event::Answered(ask, outcome)).await;
                    });
                }
            }
        }
        shared.grow.send_modify(|count| *count += 1);
        let due = began + next.unwrap_or(Duration::from_secs(3_600));
        (todo, next) = tokio::select! {
            Some(event) = events.recv() => on(&mut |browser| happen(&mut page, browser, &event, &shared.leak)),
            wish = wished.recv() => match wish {
                Some(Wish::Select(conversation)) => on(&mut |browser| page.select(browser, conversation)),
                Some(Wish::Send(kind, content)) => on(&mut |browser| page.send(browser, kind, content.clone())),
                Some(Wish::ScrollUp) => on(&mut |browser| page.scroll_up(browser)),
                Some(Wish::Hide(hidden)) => on(&mut |browser| browser.hide(hidden)),
                None => return,
            },
            Some(_) = work.join_next() => on(&mut |_| ()),
            () = sleep_until(due) => on(&mut |browser| {
                while let Some(timer) = browser.timers.take_due(browser.now) {
                    page.rang(browser, timer);
                }
            }),
        };
    }
}

fn happen(page: &mut impl Page, browser: &mut Browser, event: &Event, leaked: &Mutex<Option<Leak>>) {
    let now = browser.now;
    match event {
        Event::Opened(number) => {
            browser.state.sockets[*number].opened = Some(now);
            page.opened(browser, *number);
        }
        // A browser passes nothing on of a socket that is being closed.
        Event::Heard(number, _) if browser.state.sockets[*number].closed_by_page => {}
        Event::Heard(number, text) => page.heard(browser, *number, text),
        Event::Ended(number) => {
            browser.state.sockets[*number].ended = Some(now);
            page.closed(browser, *number);
        }
        Event::Answered(ask, outcome) => page.answered(browser, ask, outcome),
        Event::Astray(leak) => *leaked.lock().unwrap_or_else(PoisonError::into_inner) = Some(leak.clone()),
    }
}
