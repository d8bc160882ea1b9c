//! What goes out: a queue with an end, and the task that hands it to Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kefu_domain::{Announcement, Event, Typing, What};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, RedisError};
use tokio::sync::mpsc;

use crate::channels::Channels;
use crate::mall::Bridge;
use crate::meter;
use crate::pause::Pause;
use crate::pulse::Pulse;
use crate::wire::Hand;

/// What may wait for Redis: letters, and bytes of what was said in them.
const LETTERS: usize = 8_192;
const BYTES: usize = 8 << 20;
/// Letters that are handed over at once.
const AT_ONCE: usize = 128;
/// News of which the others have found out by themselves are not sent any more.
const STALE: Duration = Duration::from_secs(2);
/// Redis answers within this, or is not there.
pub(crate) const WITHIN: Duration = Duration::from_secs(2);

/// Something to say to the others.
pub(crate) enum Letter {
    News(Box<(Event, Option<String>)>),
    Typing(Typing),
    Snapshot(Vec<u8>),
}

impl Letter {
    fn bytes(&self) -> usize {
        match self {
            Self::News(news) => match &news.0.what {
                What::Posted(message) | What::Revoked(message) | What::Deleted(_, message) => message.content.len(),
                What::Read(..) | What::Pinned(_) | What::Hidden | What::CaughtUp(_) => 0,
            },
            Self::Typing(_) => 0,
            Self::Snapshot(bytes) => bytes.len(),
        }
    }
}

struct Waiting {
    letter: Letter,
    since: Instant,
    /// Perhaps Redis has had it: what must not come twice is not sent again.
    tried: bool,
}

/// Where letters are put in.
pub(crate) struct Outbox {
    letters: mpsc::Sender<Waiting>,
    bytes: Arc<AtomicUsize>,
}

/// Where they are taken out.
pub(crate) struct Inbox {
    letters: mpsc::Receiver<Waiting>,
    bytes: Arc<AtomicUsize>,
}

pub(crate) fn queue() -> (Outbox, Inbox) {
    let (put, take) = mpsc::channel(LETTERS);
    let bytes = Arc::new(AtomicUsize::new(0));
    (Outbox { letters: put, bytes: bytes.clone() }, Inbox { letters: take, bytes })
}

impl Outbox {
    /// Never waits. The sender's sockets do not wait for other nodes either, so nobody's hand-over is kept.
    pub(crate) fn news(&self, news: &[Announcement]) {
        for one in news {
            if !matches!(one.event.what, What::CaughtUp(_)) {
                self.put(Letter::News(Box::new((one.event.clone(), one.avatar.clone()))));
            }
        }
    }

    /// Gives way to news: it is worth nothing a moment later.
    pub(crate) fn typing(&self, typing: &Typing) {
        if self.letters.capacity() * 2 > LETTERS {
            self.put(Letter::Typing(*typing));
        } else {
            meter::dropped("full", 1);
        }
    }

    pub(crate) fn snapshot(&self, bytes: Vec<u8>) {
        self.put(Letter::Snapshot(bytes));
    }

    fn put(&self, letter: Letter) {
        let size = letter.bytes();
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        let waiting = Waiting { letter, since: Instant::now(), tried: false };
        if before + size > BYTES || self.letters.try_send(waiting).is_err() {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            meter::dropped("full", 1);
        }
    }
}

impl Inbox {
    /// Waits for letters and takes what is there; `false` when there will be none.
    async fn take(&mut self, into: &mut Vec<Waiting>) -> bool {
        let taken = self.letters.recv_many(into, AT_ONCE).await;
        let size: usize = into.iter().rev().take(taken).map(|waiting| waiting.letter.bytes()).sum();
        self.bytes.fetch_sub(size, Ordering::Relaxed);
        taken > 0
    }
}

/// Puts letters into words.
pub(crate) struct Writer {
    pub(crate) client: Client,
    pub(crate) channels: Arc<Channels>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) bridge: Option<Bridge>,
    pub(crate) pulse: Arc<Pulse>,
}

impl Writer {
    /// Writes until nobody can put letters in any more.
    pub(crate) async fn run(self, mut inbox: Inbox) {
        let mut pause = Pause::new();
        let mut batch = Vec::new();
        loop {
            match self.connect().await {
                Ok(connection) => {
                    self.pulse.speaks(true);
                    let Err(error) = self.speak(connection, &mut inbox, &mut batch, &mut pause).await else { return };
                    tracing::debug!(%error, "Redis took no letters");
                }
                Err(error) => tracing::debug!(%error, "Redis is not there"),
            }
            self.pulse.speaks(false);
            tokio::time::sleep(pause.next()).await;
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let within =
            AsyncConnectionConfig::new().set_connection_timeout(Some(WITHIN)).set_response_timeout(Some(WITHIN));
        self.client.get_multiplexed_async_connection_with_config(&within).await
    }

    async fn speak(
        &self,
        mut connection: MultiplexedConnection,
        inbox: &mut Inbox,
        batch: &mut Vec<Waiting>,
        pause: &mut Pause,
    ) -> Result<(), RedisError> {
        loop {
            if batch.is_empty() && !inbox.take(batch).await {
                return Ok(());
            }
            let words = self.words(batch);
            if !words.pipeline.is_empty() {
                words.pipeline.query_async::<()>(&mut connection).await.inspect_err(|_| give_up_tried(batch))?;
                words.count.published();
            }
            batch.clear();
            pause.forget();
        }
    }

    fn words(&self, batch: &mut Vec<Waiting>) -> Words {
        let before = batch.len();
        batch.retain(|waiting| waiting.since.elapsed() < STALE);
        meter::dropped("stale", before - batch.len());

        let mut words = Words::default();
        for Waiting { letter, tried, .. } in batch {
            match letter {
                Letter::News(news) => {
                    let (event, avatar) = (&news.0, news.1.as_deref());
                    match self.hand.news(event, avatar) {
                        Some(bytes) => words.say(self.channels.hint(event.after.conversation), &bytes, Kind::News),
                        None => meter::dropped("large", 1),
                    }
                    // The mall's pages would show twice what came twice.
                    if let Some(bridge) = self.bridge.as_ref().filter(|_| !*tried) {
                        bridge.mail(event, avatar, |bytes| words.say(bridge.channel(), &bytes, Kind::Mall));
                    }
                }
                Letter::Typing(typing) => {
                    if let Some(bytes) = self.hand.typing(typing) {
                        words.say(self.channels.hint(typing.conversation), &bytes, Kind::Typing);
                    }
                }
                Letter::Snapshot(bytes) => words.say(self.channels.presence(), bytes, Kind::Presence),
            }
        }
        words
    }
}

/// After a failure everything is said once more, since a connection that was cut while it lay idle tells only now.
fn give_up_tried(batch: &mut Vec<Waiting>) {
    let before = batch.len();
    batch.retain(|waiting| !waiting.tried);
    meter::dropped("failed", before - batch.len());
    batch.iter_mut().for_each(|waiting| waiting.tried = true);
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    News,
    Typing,
    Presence,
    Mall,
}

#[derive(Default)]
struct Words {
    pipeline: Pipeline,
    count: Count,
}

impl Words {
    fn say(&mut self, channel: &str, bytes: &[u8], kind: Kind) {
        self.pipeline.cmd("PUBLISH").arg(channel).arg(bytes).ignore();
        self.count.0[kind as usize] += 1;
    }
}

#[derive(Default)]
struct Count([usize; 4]);

impl Count {
    fn published(&self) {
        for (kind, count) in ["news", "typing", "presence", "mall"].into_iter().zip(self.0) {
            meter::published(kind, count);
        }
    }
}

#[cfg(test)]
mod tests;
