//! The bus as the desk and the server see it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kefu_domain::{Announcement, Bus, Ear, Typing};
use kefu_push::Hub;
use redis::{Client, IntoConnectionInfo as _, ProtocolVersion, RedisError};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::channels::Channels;
use crate::incoming::Listener;
use crate::mall::Bridge;
use crate::outgoing::{Outbox, Writer, queue};
use crate::presence::{EVERY, Everywhere, MOST_OF_A_NODE, Others, People};
use crate::pulse::Pulse;
use crate::wire::Hand;
use crate::{Health, NodeId, Settings, meter};

/// Why there is no bus. That Redis is away is no reason: it is waited for.
#[derive(Debug, thiserror::Error)]
#[error("the address of Redis cannot be used")]
pub struct BusError(#[from] RedisError);

/// This node's voice and ear among the others. Clones share them; with the last one they end.
#[derive(Clone)]
pub struct RedisBus(Arc<Inner>);

struct Inner {
    /// For whoever listens.
    client: Client,
    node: NodeId,
    outbox: Arc<Outbox>,
    channels: Arc<Channels>,
    hand: Arc<Hand>,
    others: Arc<Others>,
    pulse: Arc<Pulse>,
    tasks: Tasks,
}

impl RedisBus {
    /// Begins to speak; that nobody is there yet is no error. Call it inside a tokio runtime, which must go on.
    pub fn connect(settings: Settings) -> Result<Self, BusError> {
        let place = settings.url.as_str().into_connection_info()?;
        let resp3 = place.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let (speaking, client) = (Client::open(place.clone())?, Client::open(place.set_redis_settings(resp3))?);
        let channels = Arc::new(Channels::of(&settings));
        let hand = Arc::new(Hand::of(settings.node));
        let pulse = Arc::new(Pulse::new());
        let (outbox, inbox) = queue();
        let writer = Writer {
            client: speaking,
            channels: channels.clone(),
            hand: hand.clone(),
            bridge: settings.mall.map(|mall| Bridge::new(mall, settings.node)),
            pulse: pulse.clone(),
        };
        let tasks = Tasks::default();
        tasks.keep(tokio::spawn(writer.run(inbox)).abort_handle());
        let outbox = Arc::new(outbox);
        let others = Arc::default();
        Ok(Self(Arc::new(Inner { client, node: settings.node, outbox, channels, hand, others, pulse, tasks })))
    }

    /// Begins to listen: hints go to the ear, frames of Java nodes to the sockets of the hub. And begins to tell the
    /// others who sits at the hub. Once for each bus.
    pub fn listen(&self, ear: Arc<dyn Ear>, hub: Hub) {
        let inner = &self.0;
        let listener = Listener {
            node: inner.node,
            client: inner.client.clone(),
            channels: inner.channels.clone(),
            hand: inner.hand.clone(),
            others: inner.others.clone(),
            pulse: inner.pulse.clone(),
            ear,
            hub: hub.clone(),
        };
        inner.tasks.keep(tokio::spawn(listener.run()).abort_handle());
        let telling = tell(hub, inner.node, inner.outbox.clone(), inner.others.clone());
        inner.tasks.keep(tokio::spawn(telling).abort_handle());
    }

    /// Who is connected, to this hub or at the other nodes.
    #[must_use]
    pub fn everywhere(&self, hub: Hub) -> Everywhere {
        Everywhere::new(hub, self.0.others.clone())
    }

    /// Whether Redis is there. Sending and receiving go on without it, a little later.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.pulse.health()
    }
}

impl Bus for RedisBus {
    fn publish(&self, news: &[Announcement]) {
        self.0.outbox.news(news);
    }

    fn whisper(&self, typing: &Typing) {
        self.0.outbox.typing(typing);
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus").field("node", &self.0.node).field("health", &self.health()).finish()
    }
}

/// Tells the others, every so often, who is here; and remembers it like what the others say, so that somebody who
/// changes their socket is not away in between.
async fn tell(hub: Hub, node: NodeId, outbox: Arc<Outbox>, others: Arc<Others>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut people: People = hub.presence().into_iter().collect();
        let lost = people.shorten(MOST_OF_A_NODE);
        let (bytes, left_out) = people.write(node);
        meter::dropped("large", lost + left_out);
        outbox.snapshot(bytes);
        others.heard(node, people, Instant::now());
    }
}

/// What runs as long as the bus lives.
#[derive(Default)]
struct Tasks(Mutex<Vec<AbortHandle>>);

impl Tasks {
    fn keep(&self, task: AbortHandle) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(AbortHandle::abort);
    }
}
