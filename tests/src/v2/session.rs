//! One connection.

use std::sync::PoisonError;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::backoff::Backoff;
use super::client::{Shared, Wants};
use super::connection::{Connections, Next, Stream};
use super::{Anomaly, Cursor, Ending, Resume, V2Frame, V2Start, frame};
use crate::wire::{self, Sight};

/// At most so many conversations in one frame.
const AT_ONCE: usize = 64;
/// So many heartbeats may go unanswered.
const UNANSWERED: u32 = 2;
/// A line that takes nothing for so long is dead.
const LONGEST_WRITE: Duration = Duration::from_secs(10);
/// A client to which nobody said otherwise says so often that it lives.
const USUAL_HEARTBEAT: Duration = Duration::from_secs(20);
/// Codes with which the server closes on somebody who need not come back as they are.
const FOR_GOOD: [i64; 2] = [401, 403];

/// One connection, from its first frame to its end.
pub(super) struct Session<'a> {
    start: &'a V2Start,
    shared: &'a Shared,
    wanted: watch::Receiver<Wants>,
    backoff: &'a mut Backoff,
    stream: Stream,
    sight: Sight,
    number: usize,
    cuts: u64,
    began: Instant,
    heartbeat: Duration,
    next_beat: Instant,
    unanswered: u32,
    told: Vec<Cursor>,
    tell_at: Option<Instant>,
    ask_at: Option<(Instant, Vec<i64>)>,
    leave_at: Option<Instant>,
    retry_after: Option<Duration>,
}

/// The connection is over, and how.
struct Over {
    next: Next,
    code: Option<u16>,
    by_client: bool,
}

impl Over {
    fn by_client(next: Next) -> Self {
        Self { next, code: None, by_client: true }
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(connections: &'a mut Connections, stream: Stream, sight: Sight, cuts: u64) -> Self {
        let now = Instant::now();
        let number = connections.shared.raw().endings.len() + 1;
        Self {
            start: &connections.start,
            shared: &connections.shared,
            wanted: connections.wanted.clone(),
            backoff: &mut connections.backoff,
            stream,
            sight,
            number,
            cuts,
            began: now,
            heartbeat: connections.start.manners.heartbeat.unwrap_or(USUAL_HEARTBEAT),
            next_beat: now,
            unanswered: 0,
            told: Vec::new(),
            tell_at: None,
            ask_at: None,
            leave_at: None,
            retry_after: None,
        }
    }

    pub(super) async fn run(mut self, credential: &str) -> (Next, Option<Ending>) {
        let over = match self.introduce(credential).await {
            Ok(()) => loop {
                match self.turn().await {
                    Ok(()) => {}
                    Err(over) => break over,
                }
            },
            Err(over) => over,
        };
        let Over { next, code, by_client } = over;
        let ending = Ending { connection: self.number, code, by_client, at: std::time::Instant::now() };
        (self.retry_after.map_or(next, Next::After), Some(ending))
    }

    async fn introduce(&mut self, credential: &str) -> Result<(), Over> {
        let of_member = self.start.of_member;
        let (epoch, cursors) = self.shared.with(|state| {
            let cursors = state.notebook.begin_anew();
            state.asked += cursors.len();
            (state.notebook.epoch().map(str::to_owned), cursors)
        });
        // The rest is asked for once it is greeted.
        let first: Vec<Cursor> = cursors.iter().take(AT_ONCE).copied().collect();
        let resume = (of_member || !first.is_empty()).then_some(first);
        let shop = of_member.then_some(self.start.shop);
        self.say(&frame::auth(credential, shop, epoch.as_deref(), resume)).await?;
        for rest in cursors.get(AT_ONCE..).unwrap_or_default().chunks(AT_ONCE) {
            self.say(&frame::resume(epoch.as_deref(), rest.to_vec())).await?;
        }
        Ok(())
    }

    /// Waits for the next thing to happen, and deals with it.
    async fn turn(&mut self) -> Result<(), Over> {
        self.obey().await?;
        self.say_what_is_due().await?;
        let (blind, deadline) = (self.wanted.borrow().blind, self.deadline());
        tokio::select! {
            message = self.stream.next(), if !blind => self.take_in(message).await,
            changed = self.wanted.changed() => changed.map_err(|_| Over::by_client(Next::Wait)),
            () = sleep_until(deadline) => Ok(()),
        }
    }

    /// Does what a test wants of the connection.
    async fn obey(&mut self) -> Result<(), Over> {
        let wants = self.wanted.borrow_and_update().clone();
        if wants.cuts > self.cuts {
            let _ = self.stream.get_ref().set_zero_linger();
            return Err(Over::by_client(Next::Wait));
        }
        if wants.away {
            self.leave().await;
            return Err(Over::by_client(Next::Wait));
        }
        Ok(())
    }

    async fn leave(&mut self) {
        let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let _ = timeout(LONGEST_WRITE, self.stream.close(Some(close))).await;
    }

    fn deadline(&self) -> Instant {
        let state = self.shared.raw();
        let outbox =
            if state.greeted { state.outbox.next() } else { Some(self.began + self.start.manners.greeting_within) };
        let ask = self.ask_at.as_ref().map(|(at, _)| *at);
        let beat = state.greeted.then_some(self.next_beat);
        [outbox, ask, beat, self.tell_at, self.leave_at].into_iter().flatten().min().unwrap_or(self.next_beat)
    }

    async fn say_what_is_due(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        if !self.shared.raw().greeted {
            let late = now >= self.began + self.start.manners.greeting_within;
            return if late { Err(Over::by_client(Next::Wait)) } else { Ok(()) };
        }
        if self.leave_at.is_some_and(|at| now >= at) {
            self.leave().await;
            return Err(Over::by_client(Next::Elsewhere));
        }
        let once: Vec<Value> = self.shared.once.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        let due = self.shared.raw().outbox.due(now);
        for frame in once.iter().chain(&due) {
            self.say(frame).await?;
        }
        if let Some((_, conversations)) = self.ask_at.take_if(|(at, _)| now >= *at) {
            let cursors = self.shared.raw().notebook.cursors();
            self.ask(cursors.into_iter().filter(|cursor| conversations.contains(&cursor.conversation)).collect())
                .await?;
        }
        self.beat(now).await
    }

    /// Says that it lives and what it has, each in its time.
    async fn beat(&mut self, now: Instant) -> Result<(), Over> {
        let has = self.shared.raw().notebook.cursors();
        if now >= self.next_beat {
            if self.unanswered >= UNANSWERED && !self.wanted.borrow().blind {
                self.shared.with(|state| state.watchdog += 1);
                let _ = self.stream.get_ref().set_zero_linger();
                return Err(Over::by_client(Next::Wait));
            }
            self.say(&frame::heartbeat(has.clone())).await?;
            self.unanswered += 1;
            self.next_beat = now + self.heartbeat;
            (self.told, self.tell_at) = (has, None);
        } else if has != self.told {
            match self.tell_at {
                None => self.tell_at = Some(now + self.start.manners.receive_after),
                Some(at) if now >= at => {
                    self.say(&frame::receive(has.clone())).await?;
                    (self.told, self.tell_at) = (has, None);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    async fn ask(&mut self, cursors: Vec<Cursor>) -> Result<(), Over> {
        let epoch = self.shared.with(|state| {
            state.asked += cursors.len();
            state.notebook.epoch().map(str::to_owned)
        });
        for some in cursors.chunks(AT_ONCE) {
            self.say(&frame::resume(epoch.as_deref(), some.to_vec())).await?;
        }
        Ok(())
    }

    /// Asks for these now or later, as each of them says.
    async fn ask_for(&mut self, wishes: impl IntoIterator<Item = Resume>) -> Result<(), Over> {
        let (now, later): (Vec<Resume>, Vec<_>) = wishes.into_iter().partition(|wish| wish.after.is_zero());
        for wish in later {
            let (at, conversations) = self.ask_at.get_or_insert_with(|| (Instant::now(), Vec::new()));
            *at = (*at).max(Instant::now() + wish.after);
            conversations.push(wish.cursor.conversation);
        }
        self.ask(now.into_iter().map(|wish| wish.cursor).collect()).await
    }

    async fn say(&mut self, frame: &Value) -> Result<(), Over> {
        let text = self.sight.ring(&frame.to_string());
        let said = timeout(LONGEST_WRITE, self.stream.send(Message::text(text))).await;
        match said {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over { next: Next::Wait, code: None, by_client: false }),
        }
    }

    async fn take_in(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Over> {
        let message = match message {
            Some(Ok(Message::Close(close))) => {
                let code = close.map(|close| u16::from(close.code));
                return Err(Over { next: Next::Wait, code, by_client: false });
            }
            Some(Ok(message)) => message,
            Some(Err(_)) | None => return Err(Over { next: Next::Wait, code: None, by_client: false }),
        };
        match wire::read(&self.sight, &message) {
            Err(leak) => {
                self.shared.with(|state| state.leak = Some(leak));
                Err(Over::by_client(Next::Wait))
            }
            Ok(None) => Ok(()),
            Ok(Some(text)) => self.hear(V2Frame::parse(&text, self.number)).await,
        }
    }

    async fn hear(&mut self, frame: V2Frame) -> Result<(), Over> {
        let deaf = self.wanted.borrow().deaf;
        let wishes = self.shared.with(|state| {
            state.frames.push(frame.clone());
            match (frame.category(), frame.action()) {
                ("heartbeat", _) => state.notebook.beat(&frame),
                ("ack", "auth") => {
                    if frame.code() == 0 {
                        state.notebook.greeted(&frame);
                        state.greeted = true;
                        state.connections += 1;
                    } else if FOR_GOOD.contains(&frame.code()) {
                        state.stays_out = Some(frame.code());
                    }
                    Vec::new()
                }
                ("ack", "resume") | ("customer" | "manager" | "system", _) if deaf => Vec::new(),
                ("ack", "resume") | ("customer" | "manager" | "system", _) => {
                    state.notebook.hear(&frame).into_iter().collect()
                }
                ("ack", _) => {
                    state.outbox.answered(&frame, Instant::now(), &mut state.anomalies);
                    Vec::new()
                }
                _ => {
                    state.anomalies.push(Anomaly::Malformed(format!("an unknown frame: {}", frame.value)));
                    Vec::new()
                }
            }
        });
        match (frame.category(), frame.action()) {
            ("heartbeat", _) => self.unanswered = 0,
            ("ack", "auth") => self.greeted(&frame),
            ("system", "bye") => {
                let within = frame.ext_number("within").and_then(|millis| u64::try_from(millis).ok()).unwrap_or(0);
                self.leave_at = Some(Instant::now() + self.backoff.within(Duration::from_millis(within)));
            }
            _ => {}
        }
        self.ask_for(wishes).await
    }

    fn greeted(&mut self, frame: &V2Frame) {
        let millis = |name| frame.ext_number(name).and_then(|millis| u64::try_from(millis).ok());
        if frame.code() != 0 {
            self.retry_after = millis("retry_after").map(Duration::from_millis);
            return;
        }
        self.backoff.reset();
        let asked = millis("heartbeat").map(Duration::from_millis);
        self.heartbeat = self.start.manners.heartbeat.or(asked).unwrap_or(USUAL_HEARTBEAT);
        self.next_beat = Instant::now() + self.heartbeat;
    }
}
