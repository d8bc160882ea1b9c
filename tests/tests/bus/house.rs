//! A node without a database: a bus, a hub, and somebody who writes down what is heard.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kefu_bus::{MallBridge, NodeId, RedisBus, Settings};
use kefu_domain::{
    Announcement, Bus as _, ConversationId, Ear, Event, MemberId, Message, MessageId, Outline, Party, Scope, ShopId,
    TenantId, Timestamp, Typing, What,
};
use kefu_push::{ByteString, Hub, Inbox};
use kefu_tests::{JavaNode, PATIENCE};
use redis::aio::MultiplexedConnection;

pub(crate) const EPOCH: &str = "00c0ffee00c0ffee";
pub(crate) const ALICE: MemberId = MemberId(101);
pub(crate) const DESK: Scope = Scope::platform(TenantId(1));

/// What was heard, in order.
#[derive(Default)]
pub(crate) struct Heard {
    news: Mutex<Vec<Announcement>>,
    typing: Mutex<Vec<Typing>>,
    is_stuck: Mutex<bool>,
    freed: Condvar,
}

/// As long as it is held, whoever brings news waits.
pub(crate) struct Stuck(Arc<Heard>);

impl Heard {
    pub(crate) fn stick(self: &Arc<Self>) -> Stuck {
        *self.is_stuck.lock().unwrap_or_else(PoisonError::into_inner) = true;
        Stuck(self.clone())
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        *self.0.is_stuck.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_all();
    }
}

impl Ear for Heard {
    fn hear(&self, news: Announcement) {
        let is_stuck = self.is_stuck.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.freed.wait_while(is_stuck, |is_stuck| *is_stuck).unwrap_or_else(PoisonError::into_inner));
        self.news.lock().unwrap_or_else(PoisonError::into_inner).push(news);
    }

    fn hear_typing(&self, typing: Typing) {
        self.typing.lock().unwrap_or_else(PoisonError::into_inner).push(typing);
    }
}

/// Nodes that could hear each other.
#[derive(Clone)]
pub(crate) struct Street {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

impl Street {
    /// Nodes at that Redis, on channels of their own.
    pub(crate) fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: format!("test-{}", NodeId::random().unwrap()) }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::new(&self.url, EPOCH, NodeId::random().unwrap()).with_prefix(&self.prefix)
    }

    /// The mall's channel, on this street only.
    pub(crate) fn bridge(&self) -> MallBridge {
        MallBridge { channel: format!("{}-RedisWebSocketMessage", self.prefix), ..MallBridge::default() }
    }

    pub(crate) fn hint_channel(&self, conversation: i64) -> String {
        format!("{}:{EPOCH}:hint:{}", self.prefix, conversation % 16)
    }

    /// Somebody at the same Redis who is no node of ours.
    pub(crate) async fn stranger(&self) -> MultiplexedConnection {
        redis::Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// A node of the mall's at the same Redis.
    pub(crate) async fn java(&self) -> JavaNode {
        JavaNode::at(&self.url, &self.bridge().channel).await
    }
}

/// Says something over a channel, to however many listen.
pub(crate) async fn say(stranger: &mut MultiplexedConnection, channel: &str, bytes: &[u8]) -> usize {
    redis::cmd("PUBLISH").arg(channel).arg(bytes).query_async(stranger).await.unwrap()
}

pub(crate) struct Node {
    pub(crate) bus: RedisBus,
    pub(crate) hub: Hub,
    pub(crate) heard: Arc<Heard>,
}

impl Node {
    /// A node that speaks and hears.
    pub(crate) async fn start(settings: Settings) -> Self {
        let node = Self::begin(settings);
        node.until("the bus", |node| node.bus.health().is_up()).await;
        node
    }

    /// A node that has begun to look for its Redis.
    pub(crate) fn begin(settings: Settings) -> Self {
        let (bus, hub, heard) = (RedisBus::connect(settings).unwrap(), Hub::new(), Arc::new(Heard::default()));
        bus.listen(heard.clone(), hub.clone());
        Self { bus, hub, heard }
    }

    pub(crate) fn news(&self) -> Vec<Event> {
        let news = self.heard.news.lock().unwrap_or_else(PoisonError::into_inner);
        news.iter().map(|one| one.event.clone()).collect()
    }

    pub(crate) fn numbers(&self) -> Vec<i64> {
        self.news().iter().map(|event| event.after.change).collect()
    }

    pub(crate) fn typing(&self) -> Vec<Typing> {
        self.heard.typing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks until it is so.
    #[track_caller]
    pub(crate) fn until<'a>(
        &'a self,
        what: &'a str,
        holds: impl Fn(&Self) -> bool + 'a,
    ) -> impl Future<Output = ()> + 'a {
        let asked = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + PATIENCE;
            while !holds(self) {
                assert!(Instant::now() < deadline, "{asked}: in vain waited for {what}: {:?}", self.bus);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Says things of its own until the other node has heard one of them: hints before it may be lost.
    pub(crate) async fn reaches(&self, other: &Self) {
        let before = other.numbers().len();
        let deadline = Instant::now() + PATIENCE;
        while other.numbers().len() == before {
            assert!(Instant::now() < deadline, "in vain waited for news: {:?}, {:?}", self.bus, other.bus);
            self.bus.publish(&[announcement(posted(9, 1_000_000))]);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What the next frame says; a socket that hears nothing for long is an error.
pub(crate) async fn frame(inbox: &mut Inbox) -> ByteString {
    tokio::time::timeout(PATIENCE, inbox.next()).await.expect("a frame in time").expect("an open socket").text
}

pub(crate) fn announcement(event: Event) -> Announcement {
    Announcement { event, avatar: None, handed: None }
}

pub(crate) fn outline(conversation: i64, number: i64) -> Outline {
    Outline {
        conversation: ConversationId(conversation),
        scope: DESK,
        member: ALICE,
        head_seq: number,
        change: number,
        member_read_seq: 0,
        desk_read_seq: 0,
        desk_unread: number,
        pinned: false,
        hidden: false,
    }
}

pub(crate) fn message(conversation: i64, number: i64) -> Message {
    Message {
        id: MessageId(1_000 + number),
        conversation: ConversationId(conversation),
        seq: number,
        change: number,
        sender: Party::Member(ALICE),
        receiver: None,
        kind: 1,
        content: format!("{{\"text\":\"<b>{number}</b>\"}}"),
        read: false,
        time: Timestamp(1_795_287_600_000 + number),
        key: None,
        fingerprint: None,
        quote: None,
        revoked: None,
        deleted: kefu_domain::Deleted::default(),
    }
}

pub(crate) fn posted(conversation: i64, number: i64) -> Event {
    let what = What::Posted(message(conversation, number));
    Event { after: outline(conversation, number), by: Party::Member(ALICE), what }
}

pub(crate) fn at_shop(event: Event, shop: i64) -> Event {
    let scope = Scope { shop: ShopId(shop), ..event.after.scope };
    Event { after: Outline { scope, ..event.after }, ..event }
}
