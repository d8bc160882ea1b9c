//! Putting a desk together. Required things are arguments, optional ones methods, so `build` cannot fail.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use kefu_domain::{
    AdminDirectory, Announcer, Bus, ConversationRepository, DirectoryError, MemberDirectory, MessageRepository, Scope,
    ShopDirectory, Standing, Store,
};
use tokio::sync::Semaphore;

use crate::Desk;
use crate::archive::{Archive, PAGE};
use crate::desk::Inner;
use crate::known::Known;
use crate::lanes::Lanes;
use crate::live::{Bounds, Follower, INTEREST, Live};

/// Questions under way at once. A database has a handful of connections for reading; beyond some dozens more they
/// wait better where waiting costs no thread.
const QUESTIONS: usize = 128;

/// Conversations of which news are missing and that wait to be read. What does not fit is found by asking what has
/// changed.
const BEHIND: usize = 10_000;

/// Begins a desk over a store, the directories of who members and admins are, and whoever is to be told.
///
/// `store` is a `kefu_storage::Database`, or anything that keeps the promises of `kefu_domain::contract`; `announcer`
/// is a clone of the `kefu_push::Hub` at which the sockets sit. The directories are asked where blocking is allowed.
pub fn builder<S>(
    store: S,
    members: impl MemberDirectory + 'static,
    admins: impl AdminDirectory + 'static,
    announcer: impl Announcer + 'static,
) -> Builder
where
    S: Store + ConversationRepository + MessageRepository + 'static,
{
    let store = Arc::new(store);
    Builder {
        writes: store.clone(),
        archive: Archive { conversations: store.clone(), messages: store, admins: Arc::new(admins), page: PAGE },
        members: Arc::new(members),
        announcer: Arc::new(announcer),
        shops: Arc::new(NoShops),
        lanes: 2,
        batch: 128,
        queue: 4_096,
        remembered: 200_000,
        epoch: None,
        revoke_within: Duration::from_secs(2 * 60),
        sweep_every: None,
        bus: None,
        ring: (64, 64 << 20),
    }
}

/// A desk in the making.
#[must_use = "a desk in the making does nothing until it is built"]
pub struct Builder {
    writes: Arc<dyn Store>,
    archive: Archive,
    members: Arc<dyn MemberDirectory>,
    announcer: Arc<dyn Announcer>,
    shops: Arc<dyn ShopDirectory>,
    lanes: usize,
    batch: usize,
    queue: usize,
    remembered: u64,
    epoch: Option<String>,
    revoke_within: Duration,
    sweep_every: Option<Duration>,
    bus: Option<Arc<dyn Bus>>,
    /// Messages kept at hand of one conversation, and bytes of all of them.
    ring: (usize, u64),
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("lanes", &self.lanes)
            .field("batch", &self.batch)
            .field("queue", &self.queue)
            .field("remembered", &self.remembered)
            .field("sweep_every", &self.sweep_every)
            .finish_non_exhaustive()
    }
}

/// A mall that is one shop: the platform, which nobody needs to be asked about.
struct NoShops;

impl ShopDirectory for NoShops {
    fn standing(&self, _: Scope) -> Result<Standing, DirectoryError> {
        Ok(Standing::Unknown)
    }
}

impl Builder {
    /// Which shops there are besides the platform; none unless said otherwise.
    pub fn shops(mut self, shops: impl ShopDirectory + 'static) -> Self {
        self.shops = Arc::new(shops);
        self
    }

    /// How many lanes there are; 2 unless said otherwise. SQLite, which has one writer, gains nothing from a second.
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes.max(1);
        self
    }

    /// How many commands one transaction may carry; 128 unless said otherwise. One is the classic transaction per
    /// message.
    pub fn batch(mut self, commands: usize) -> Self {
        self.batch = commands.max(1);
        self
    }

    /// How many commands may wait for one lane before the next is refused with [`Error::Busy`](crate::Error::Busy);
    /// 4,096 unless said otherwise.
    pub fn queue(mut self, commands: usize) -> Self {
        self.queue = commands.max(1);
        self
    }

    /// How many conversations, and how many (person, conversation) pairs, are remembered at most; 200,000 unless said
    /// otherwise.
    pub fn remembered(mut self, most: u64) -> Self {
        self.remembered = most;
        self
    }

    /// The life of the database: 16 hex digits, another one after a backup was restored. Whoever comes back with a
    /// cursor of another life starts over. Unless said otherwise it is this process's own, which is right for a store
    /// that ends with the process.
    pub fn epoch(mut self, epoch: impl Into<String>) -> Self {
        self.epoch = Some(epoch.into());
        self
    }

    /// How old a message may be that its sender takes back; 2 minutes unless said otherwise.
    pub fn revoke_within(mut self, age: Duration) -> Self {
        self.revoke_within = age;
        self
    }

    /// Other processes write to the same database: what they do is told here too, in order. What the bus does not
    /// bring, or not in order, is read from the database, and every so often the database is asked what has changed
    /// in the scopes that the announcer listens for. Unless said otherwise this process is alone with its database.
    pub fn several_nodes(mut self, sweep_every: Duration) -> Self {
        self.sweep_every = Some(sweep_every);
        self
    }

    /// Tells the other nodes at once what was done here. None unless said otherwise: then they find it out by asking
    /// the database. What the bus brings goes into [`Desk::ear`].
    pub fn bus(mut self, bus: impl Bus + 'static) -> Self {
        self.bus = Some(Arc::new(bus));
        self
    }

    /// How much is kept at hand of conversations that somebody has resumed within the last 2 minutes, or listens to,
    /// so that whoever comes back costs the database nothing: messages of one conversation, and bytes of all. 64
    /// messages and 64 MiB unless said otherwise.
    pub fn ring(mut self, messages_per_conversation: usize, bytes: u64) -> Self {
        self.ring = (messages_per_conversation, bytes);
        self
    }

    /// Starts the lanes, each a thread, and with [`Builder::several_nodes`] one more.
    #[must_use]
    pub fn build(self) -> Desk {
        let archive = Arc::new(self.archive);
        let (messages, bytes) = self.ring;
        let bounds = Bounds { conversations: self.remembered, messages, bytes, behind: BEHIND, linger: INTEREST };
        let live = Arc::new(Live::new(self.announcer, self.bus, self.sweep_every.is_some(), bounds));
        let lanes = Lanes::start(&self.writes, &live, self.lanes, self.batch, self.queue);
        let follower = self.sweep_every.and_then(|every| Follower::start(&live, &archive, every));
        Desk::new(Inner {
            lanes,
            live,
            follower,
            writes: self.writes,
            archive,
            members: self.members,
            shops: self.shops,
            known: Known::new(self.remembered),
            epoch: self.epoch.unwrap_or_else(fresh_epoch),
            revoke_within: i64::try_from(self.revoke_within.as_millis()).unwrap_or(i64::MAX),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
        })
    }
}

/// 16 hex digits. Guessing them gains nobody anything; they must only differ.
fn fresh_epoch() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
