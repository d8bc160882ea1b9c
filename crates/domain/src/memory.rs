//! A store in memory, for tests: it keeps every promise of the ports, and goes wrong when told to.
//!
//! It is a fake, not a mock: rows, locks, unique keys and a clock, without a disk. The [`contract`](crate::contract)
//! holds it to the promises of the databases. What it does not have: names compared by a collation (it folds case
//! and nothing else), a limit on the length of anything, and any way back from the end of the process.
//!
//! ```
//! use kefu_domain::memory::{At, Fault, MemoryStore};
//! use kefu_domain::{Member, MemberId, Scope, Store, TenantId};
//!
//! let store = MemoryStore::new();
//! let alice = Member { scope: Scope::platform(TenantId(1)), id: MemberId(101) };
//! let id = store.open(alice).unwrap();
//!
//! store.fail(At::Begin, 1, Fault::Unavailable);
//! assert!(store.begin(&[]).is_err());
//! assert!(store.begin(&[]).is_ok());
//! assert_eq!(store.open(alice).unwrap(), id);
//! ```

mod faults;
mod gate;
mod tables;
mod transaction;

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use faults::{At, Fault};
pub use gate::Gate;

use crate::{
    ChangedPage, Conversation, ConversationId, ConversationPage, ConversationRepository, Head, Member, MemberId,
    Message, MessagePage, MessageRepository, Need, Scope, ShopId, Side, Store, StoreError, TenantId, Timestamp,
    Transaction, UnitOfWork,
};
use faults::Faults;
use gate::Barrier;
use tables::Tables;
use transaction::MemoryTransaction;

/// A handle to one store; its clones share everything.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

/// What a store has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions that were asked for, refused ones included.
    pub begins: usize,
    /// Commits that were applied.
    pub commits: usize,
    /// The number of messages of each of them, in order.
    pub batches: Vec<usize>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Rung when the gate opens or somebody arrives at it.
    bell: Condvar,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    frozen: bool,
    tables: Tables,
    held: HashSet<ConversationId>,
    faults: Faults,
    gate: Barrier,
    counts: Counts,
}

impl Default for State {
    fn default() -> Self {
        Self {
            now: MemoryStore::START,
            frozen: false,
            tables: Tables::default(),
            held: HashSet::new(),
            faults: Faults::default(),
            gate: Barrier::default(),
            counts: Counts::default(),
        }
    }
}

impl State {
    fn tick(&mut self) {
        if !self.frozen {
            self.now = Timestamp(self.now.0 + 1);
        }
    }
}

impl MemoryStore {
    /// What its clock shows at first: the start of a second.
    pub const START: Timestamp = Timestamp(1_790_000_000_000);

    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- the clock ----

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state().now
    }

    /// Sets the clock, forwards or backwards. Unless it is frozen, each [`Store::begin`] moves it on by 1 ms first.
    pub fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Stops the clock for good; only [`Self::set_now`] moves it from here on.
    pub fn freeze(&self) {
        self.state().frozen = true;
    }

    // ---- what a directory would know ----

    /// Remembers a member's name for the search of the desk's list.
    pub fn remember_nickname(&self, tenant: TenantId, member: MemberId, nickname: &str) {
        self.state().tables.remember_nickname(tenant, member, nickname);
    }

    // ---- trouble ----

    /// Makes the next `times` calls of that sort go wrong, after those already planned.
    pub fn fail(&self, at: At, times: usize, fault: Fault) {
        self.state().faults.plan(at, times, fault);
    }

    /// From now on any commit with a message that contains `text` answers [`StoreError::Failed`] and writes nothing.
    pub fn refuse(&self, text: &str) {
        self.state().faults.refuse(text);
    }

    /// From now on commits wait, with their rows locked, until the gate is opened or dropped.
    ///
    /// There is one gate: shutting it again while it is shut gives a second handle to the same.
    #[must_use = "a gate opens when it is dropped"]
    pub fn shut_gate(&self) -> Gate {
        self.state().gate.shut();
        Gate::new(self.clone())
    }

    // ---- what a test looks at ----

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// How many conversations are locked by transactions that live.
    #[must_use]
    pub fn locked(&self) -> usize {
        self.state().held.len()
    }

    /// All messages of a conversation, in order, whatever its scope.
    #[must_use]
    pub fn messages(&self, id: ConversationId) -> Vec<Message> {
        self.state().tables.messages(id).cloned().collect()
    }

    /// Runs a read, unless it was told to fail.
    fn read<T>(&self, query: impl FnOnce(&Tables) -> T) -> Result<T, StoreError> {
        let mut state = self.state();
        state.faults.strike(At::Read)?;
        Ok(query(&state.tables))
    }
}

impl ConversationRepository for MemoryStore {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let theirs = |found: &&Conversation| found.scope.tenant == tenant && shops.contains(&found.scope.shop);
        self.read(|tables| tables.conversation(id).filter(theirs).cloned())
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.read(|tables| tables.conversation(tables.id_of(member)?).cloned())
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        self.read(|tables| tables.list(scope, page))
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        self.read(|tables| tables.changes(scope, page))
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        let now = self.now();
        self.read(|tables| (now, tables.heads(scopes, Timestamp(now.0 - within))))
    }
}

impl MessageRepository for MemoryStore {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        self.read(|tables| match tables.conversation(id) {
            Some(found) if found.scope == scope => tables.page(id, reader, page),
            _ => Vec::new(),
        })
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.read(|tables| match tables.conversation(id) {
            Some(found) if found.scope == scope => tables.altered(id, since, up_to, limit),
            _ => Vec::new(),
        })
    }
}

impl Store for MemoryStore {
    fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        let mut state = self.state();
        state.faults.strike(At::Open)?;
        let now = state.now;
        Ok(state.tables.open(member, now))
    }

    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let mut state = self.state();
        state.counts.begins += 1;
        state.faults.strike(At::Begin)?;
        state.tick();

        let State { now, tables, held, .. } = &mut *state;
        let mut work = UnitOfWork::new(*now);
        let mut mine = HashSet::new();
        for id in needs.iter().map(|need| need.conversation) {
            match tables.conversation(id) {
                Some(found) if held.insert(id) => {
                    mine.insert(id);
                    work.lock(found.clone());
                }
                Some(_) if !mine.contains(&id) => work.is_elsewhere(id),
                Some(_) | None => {}
            }
        }
        for need in needs.iter().filter(|need| mine.contains(&need.conversation)) {
            tables.load(need, &mut work);
        }
        Ok(Box::new(MemoryTransaction::new(self.clone(), work, mine)))
    }
}
