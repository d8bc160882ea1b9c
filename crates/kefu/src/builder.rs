//! Putting a desk together. Required things are arguments, optional ones methods, so `build` cannot fail.

use std::sync::Arc;

use kefu_domain::{
    AdminDirectory, Announcer, ConversationRepository, DirectoryError, MemberDirectory, MessageRepository, Scope,
    ShopDirectory, Standing, Store,
};
use tokio::sync::Semaphore;

use crate::Desk;
use crate::desk::Inner;
use crate::known::Known;
use crate::lanes::Lanes;

/// Questions under way at once. A database has a handful of connections for reading; beyond some dozens more they
/// wait better where waiting costs no thread.
const QUESTIONS: usize = 128;

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
        conversations: store.clone(),
        messages: store,
        members: Arc::new(members),
        admins: Arc::new(admins),
        announcer: Arc::new(announcer),
        shops: Arc::new(NoShops),
        lanes: 2,
        batch: 128,
        queue: 4_096,
        remembered: 200_000,
    }
}

/// A desk in the making.
#[must_use = "a desk in the making does nothing until it is built"]
pub struct Builder {
    writes: Arc<dyn Store>,
    conversations: Arc<dyn ConversationRepository>,
    messages: Arc<dyn MessageRepository>,
    members: Arc<dyn MemberDirectory>,
    admins: Arc<dyn AdminDirectory>,
    announcer: Arc<dyn Announcer>,
    shops: Arc<dyn ShopDirectory>,
    lanes: usize,
    batch: usize,
    queue: usize,
    remembered: u64,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("lanes", &self.lanes)
            .field("batch", &self.batch)
            .field("queue", &self.queue)
            .field("remembered", &self.remembered)
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

    /// Starts the lanes, each a thread.
    #[must_use]
    pub fn build(self) -> Desk {
        let lanes = Lanes::start(&self.writes, &self.announcer, self.lanes, self.batch, self.queue);
        Desk::new(Inner {
            lanes,
            writes: self.writes,
            conversations: self.conversations,
            messages: self.messages,
            members: self.members,
            admins: self.admins,
            shops: self.shops,
            known: Known::new(self.remembered),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
        })
    }
}
